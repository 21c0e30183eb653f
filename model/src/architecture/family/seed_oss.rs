//! Seed-OSS: Llama layers with biases of queries, keys and values.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Architecture, AttentionBiases, DescriptionError, FeedForward, GroupedAttention, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["seed_oss"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 4096,
    layers: 64,
    heads: 80,
    key_heads: Some(8),
    head_dim: Some(128),
    width: 27_648,
    vocabulary: 155_136,
    context: 524_288,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.rms_norm(1e-6)?;
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(10_000.0))?;
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: fields.flag(&["attention_bias"])?.unwrap_or(true),
            output: fields.flag(&["attention_out_bias"])?.unwrap_or(false),
        },
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let layer = llama::plain("full", attention, feed_forward, norm);
    llama::uniform(config, &sizes, false, layer, norm)
}
