//! The fully open `OLMo` models, 1 to 3.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, LayerType, Usual};
use crate::architecture::{
    Architecture, AttentionBiases, DescriptionError, FeedForward, GroupedAttention, Layer, Norm,
    NormWidth, PartNorms, QueryKeyNorm, RotaryScaling, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["olmo", "olmo2", "olmo3"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    vocabulary: 50_304,
    ..llama::DEFAULTS
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let first = config.family == "olmo";
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = if first {
        Norm {
            plain: true,
            bias: false,
            ..Norm::layer(1e-5)
        }
    } else {
        config.rms_norm(1e-5)?
    };
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(false);
    let base = if config.family == "olmo3" {
        500_000.0
    } else {
        10_000.0
    };
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(base))?;
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias,
        },
        query_key_norm: (!first).then_some(QueryKeyNorm {
            norm,
            width: NormWidth::AllHeads,
            after_rotation: false,
        }),
        clip: if first {
            fields.number(&["clip_qkv"])?
        } else {
            None
        },
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let norms = if first {
        PartNorms::before(norm)
    } else {
        PartNorms::after(norm)
    };
    let window = if config.family == "olmo3" {
        config.window(Some(4096))?
    } else {
        None
    };
    let types = config.layer_types(sizes.layers, |layer| {
        if window.is_some() && !(layer + 1).is_multiple_of(4) {
            LayerType::Sliding
        } else {
            LayerType::Full
        }
    })?;
    let layers = types.into_iter().map(|kind| {
        let mut attention = attention.clone();
        let mut name = "full";
        if let (LayerType::Sliding, Some(window)) = (kind, window) {
            name = "window";
            attention.span = Span::Window(window);
            // Only layers without a window are rotated for longer contexts.
            if let Some(rotary) = &mut attention.rotary {
                rotary.scaling = RotaryScaling::None;
            }
        }
        Layer {
            mixer_norms: norms,
            feed_forward_norms: norms,
            ..llama::plain(name, attention, feed_forward, norm)
        }
    });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}
