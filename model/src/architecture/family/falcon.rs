//! Falcon: one key head, or groups in its newer form; both parts beside each other.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Activation, Architecture, Arrangement, AttentionBiases, Dense, DescriptionError, FeedForward,
    GroupedAttention, Layer, PartNorms, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["falcon", "RefinedWebModel", "RefinedWeb"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 4544,
    layers: 32,
    heads: 71,
    key_heads: None,
    head_dim: None,
    width: 0,
    vocabulary: 65_024,
    context: 2048,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    fields.only("alibi", false, "linear biases of attention in Falcon")?;
    let mut sizes = config.sizes_without_width(&DEFAULTS)?;
    sizes.width = fields
        .count(&["ffn_hidden_size"])?
        .unwrap_or_else(|| sizes.hidden.saturating_mul(4));
    let newer = fields.flag(&["new_decoder_architecture"])?.unwrap_or(false);
    let multi_query = fields.flag(&["multi_query"])?.unwrap_or(true);
    let key_heads = fields.count(&["num_kv_heads", "n_head_kv"])?;
    sizes.key_heads = match (newer, multi_query) {
        (true, _) => key_heads.unwrap_or(sizes.heads),
        // The class ignores a number of key heads here.
        (false, true) => 1,
        (false, false) => sizes.heads,
    };
    let bias = fields.flag(&["bias"])?.unwrap_or(false);
    let parallel = newer || fields.flag(&["parallel_attn"])?.unwrap_or(true);
    fields.ignore(&["parallel_attn"]);
    let norms = fields
        .count(&["num_ln_in_parallel_attn"])?
        .unwrap_or(if newer { 2 } else { 1 });
    let norm = config.layer_norm(&["layer_norm_epsilon"], 1e-5)?;
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(10_000.0))?;
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias,
        },
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: false,
        activation: config.activation(&["activation"], Activation::Gelu)?,
        biases: bias,
    });
    let layer = llama::plain("full", attention, feed_forward, norm);
    let layer = if parallel {
        Layer {
            feed_forward_norms: if newer && norms == 2 {
                PartNorms::before(norm)
            } else {
                PartNorms::default()
            },
            arrangement: Arrangement::Parallel,
            ..layer
        }
    } else {
        layer
    };
    llama::uniform(config, &sizes, true, layer, norm)
}
