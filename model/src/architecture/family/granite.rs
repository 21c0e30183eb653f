//! Granite 3: Llama layers with multipliers of embedding, attention, residual stream and logits.

use super::{Family, llama};
use crate::architecture::config::{Config, Usual};
use crate::architecture::{
    Architecture, AttentionBiases, DescriptionError, Embedding, FeedForward, GroupedAttention,
    Head, Layer, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["granite"],
    read,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let sizes = config.sizes(&llama::DEFAULTS)?;
    let norm = config.rms_norm(1e-6)?;
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(false);
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(10_000.0))?;
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias,
        },
        score_scale: Some(fields.number(&["attention_multiplier"])?.unwrap_or(1.0)),
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let layer = Layer {
        residual_scale: fields.number(&["residual_multiplier"])?,
        ..llama::plain("full", attention, feed_forward, norm)
    };
    let model = llama::uniform(config, &sizes, false, layer, norm)?;
    let divisor = fields.number(&["logits_scaling"])?;
    Ok(Architecture {
        embedding: Embedding {
            scale: fields.number(&["embedding_multiplier"])?,
            ..Embedding::default()
        },
        head: Head {
            scale: divisor.map(f64::recip),
            ..model.head
        },
        ..model
    })
}
