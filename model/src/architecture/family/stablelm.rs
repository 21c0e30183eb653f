//! `StableLM` 2: a quarter of each head rotated, normalization with mean and bias.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Architecture, Arrangement, AttentionBiases, DescriptionError, FeedForward, GroupedAttention,
    Layer, PartNorms, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["stablelm"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 2560,
    layers: 32,
    heads: 32,
    key_heads: Some(32),
    head_dim: None,
    width: 6912,
    vocabulary: 50_304,
    context: 4096,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    fields.only("qk_layernorm", false, "norms of queries and keys")?;
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.layer_norm(&["layer_norm_eps", "norm_eps"], 1e-5)?;
    let usual = Usual::halves(10_000.0).part(0.25);
    let rotary = config.rotary(sizes.head_dim, sizes.context, usual)?;
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: fields.flag(&["use_qkv_bias"])?.unwrap_or(false),
            output: false,
        },
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let parallel = fields.flag(&["use_parallel_residual"])?.unwrap_or(false);
    let layer = llama::plain(
        "full",
        attention,
        FeedForward::Dense(config.gated(&sizes)?),
        norm,
    );
    let layer = if parallel {
        Layer {
            feed_forward_norms: PartNorms::default(),
            arrangement: Arrangement::Parallel,
            ..layer
        }
    } else {
        layer
    };
    llama::uniform(config, &sizes, false, layer, norm)
}
