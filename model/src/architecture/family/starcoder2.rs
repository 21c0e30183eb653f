//! `StarCoder2`: grouped heads, biases everywhere, a part without a gate.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Activation, Architecture, AttentionBiases, Dense, DescriptionError, FeedForward,
    GroupedAttention, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["starcoder2"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 3072,
    layers: 30,
    heads: 24,
    key_heads: Some(2),
    head_dim: None,
    width: 12_288,
    vocabulary: 49_152,
    context: 4096,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    // Written by its first code; both are what is computed anyway.
    fields.ignore(&["mlp_type", "norm_type"]);
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.layer_norm(&["norm_epsilon"], 1e-5)?;
    let bias = fields.flag(&["use_bias"])?.unwrap_or(true);
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(10_000.0))?;
    let span = config.window(None)?.map_or(Span::Full, Span::Window);
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias,
        },
        ..Config::attention(&sizes, Some(rotary), span)
    };
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: false,
        activation: config.activation(&["hidden_act"], Activation::GeluTanh)?,
        biases: bias,
    });
    let name = if span == Span::Full { "full" } else { "window" };
    let layer = llama::plain(name, attention, feed_forward, norm);
    llama::uniform(config, &sizes, true, layer, norm)
}
