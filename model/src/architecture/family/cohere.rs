//! Command R and Command A: both parts of a layer beside each other.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, LayerType, Usual};
use crate::architecture::{
    Architecture, Arrangement, AttentionBiases, DescriptionError, FeedForward, GroupedAttention,
    Head, Layer, Norm, NormWidth, PartNorms, QueryKeyNorm, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["cohere", "cohere2"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 8192,
    layers: 40,
    heads: 64,
    key_heads: None,
    head_dim: None,
    width: 22_528,
    vocabulary: 256_000,
    context: 8192,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    fields.ignore(&["cache_implementation"]);
    let second = config.family == "cohere2";
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = Norm {
        bias: false,
        ..config.layer_norm(&["layer_norm_eps"], 1e-5)?
    };
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(false);
    let base = if second { 10_000.0 } else { 500_000.0 };
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::neighbors(base))?;
    let normalized = fields.flag(&["use_qk_norm"])?.unwrap_or(false);
    let window = if second {
        config.window(Some(4096))?
    } else {
        None
    };
    let every = fields
        .count(&["sliding_window_pattern", "_sliding_window_pattern"])?
        .unwrap_or(4)
        .max(1);
    let types = config.layer_types(sizes.layers, |layer| {
        if second && !(layer + 1).is_multiple_of(every) {
            LayerType::Sliding
        } else {
            LayerType::Full
        }
    })?;
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let layers = types.into_iter().map(|kind| {
        // Layers of Cohere 2 without a window do not rotate.
        let span = match (kind, window) {
            (LayerType::Sliding, Some(window)) => Span::Window(window),
            _ => Span::Full,
        };
        let rotates = !second || span != Span::Full;
        let attention = GroupedAttention {
            biases: AttentionBiases {
                query_key_value: bias,
                output: bias,
            },
            query_key_norm: normalized.then_some(QueryKeyNorm {
                norm,
                width: NormWidth::EachHead,
                after_rotation: false,
            }),
            ..Config::attention(&sizes, rotates.then(|| rotary.clone()), span)
        };
        let name = if span == Span::Full { "full" } else { "window" };
        Layer {
            feed_forward_norms: PartNorms::default(),
            arrangement: Arrangement::Parallel,
            ..llama::plain(name, attention, feed_forward, norm)
        }
    });
    let model = llama::of_layers(config, &sizes, true, layers.collect(), norm)?;
    Ok(Architecture {
        head: Head {
            scale: Some(fields.number(&["logit_scale"])?.unwrap_or(0.0625)),
            ..model.head
        },
        ..model
    })
}
