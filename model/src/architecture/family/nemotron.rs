//! Nemotron-4 and Minitron: squared rectifiers, normalizations with gains `1 + w`.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Activation, Architecture, AttentionBiases, Dense, DescriptionError, FeedForward,
    GroupedAttention, Norm, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["nemotron"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 6144,
    layers: 32,
    heads: 48,
    key_heads: None,
    head_dim: None,
    width: 24_576,
    vocabulary: 256_000,
    context: 4096,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = Norm {
        one_plus: true,
        ..config.layer_norm(&["norm_eps"], 1e-5)?
    };
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(false);
    let usual = Usual::halves(10_000.0).part(0.5);
    let rotary = config.rotary(sizes.head_dim, sizes.context, usual)?;
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
        activation: config.activation(&["hidden_act"], Activation::ReluSquared)?,
        biases: fields.flag(&["mlp_bias"])?.unwrap_or(false),
    });
    let layer = llama::plain("full", attention, feed_forward, norm);
    llama::uniform(config, &sizes, false, layer, norm)
}
