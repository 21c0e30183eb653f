//! Apertus: a learned nonlinearity without a gate, norms of queries and keys.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Activation, Architecture, AttentionBiases, Dense, DescriptionError, FeedForward,
    GroupedAttention, NormWidth, QueryKeyNorm, RotaryScaling, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["apertus"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    width: 14_336,
    vocabulary: 131_072,
    context: 65_536,
    ..llama::DEFAULTS
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.rms_norm(1e-5)?;
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(false);
    let has_rope = config.rope()?.is_some();
    let mut rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(12_000_000.0))?;
    if !has_rope {
        // The class scales as Llama 3 does where a file says nothing.
        rotary.scaling = RotaryScaling::Llama3 {
            factor: 8.0,
            low_frequency_factor: 1.0,
            high_frequency_factor: 4.0,
            original_context: 8192.0,
        };
    }
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias,
        },
        query_key_norm: Some(QueryKeyNorm {
            norm,
            width: NormWidth::Head,
            after_rotation: false,
        }),
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: false,
        activation: config.activation(&["hidden_act"], Activation::Xielu)?,
        biases: false,
    });
    let layer = llama::plain("full", attention, feed_forward, norm);
    llama::uniform(config, &sizes, false, layer, norm)
}
