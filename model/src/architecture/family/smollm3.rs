//! `SmolLM3`: Llama layers, of which every fourth has no rotation.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, LayerType, Usual};
use crate::architecture::{
    Architecture, AttentionBiases, DescriptionError, FeedForward, GroupedAttention, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["smollm3"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 2048,
    layers: 36,
    heads: 16,
    key_heads: Some(4),
    head_dim: None,
    width: 11_008,
    vocabulary: 128_256,
    context: 32_768,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let sizes = config.sizes(&DEFAULTS)?;
    let bias = config.fields.flag(&["attention_bias"])?.unwrap_or(false);
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(2_000_000.0))?;
    let norm = config.rms_norm(1e-6)?;
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let rotated = rotated_layers(config, sizes.layers, 4)?;
    let slides = config.fields.flag(&["use_sliding_window"])? == Some(true);
    let window = config.window(None)?.filter(|_| slides);
    let types = config.layer_types(sizes.layers, |_| LayerType::Full)?;
    let layers = rotated.iter().zip(&types).map(|(rotates, kind)| {
        let span = match (kind, window) {
            (LayerType::Sliding, Some(window)) => Span::Window(window),
            _ => Span::Full,
        };
        let attention = GroupedAttention {
            biases: AttentionBiases {
                query_key_value: bias,
                output: bias,
            },
            ..Config::attention(&sizes, rotates.then(|| rotary.clone()), span)
        };
        let name = match (span, rotates) {
            (Span::Full, true) => "full",
            (Span::Full, false) => "full without rotation",
            (_, true) => "window",
            (_, false) => "window without rotation",
        };
        llama::plain(name, attention, feed_forward, norm)
    });
    llama::of_layers(config, &sizes, true, layers.collect(), norm)
}

/// Which layers rotate: a list, or all but every n-th.
pub(super) fn rotated_layers(
    config: &Config<'_>,
    n_layers: u32,
    default: u32,
) -> Result<Vec<bool>, DescriptionError> {
    let every = config
        .fields
        .count(&["no_rope_layer_interval"])?
        .unwrap_or(default);
    let list = config
        .fields
        .counts(&["no_rope_layers"])?
        .filter(|list| !list.is_empty());
    let Some(list) = list else {
        return Ok((1..=n_layers)
            .map(|layer| !layer.is_multiple_of(every))
            .collect());
    };
    config.expect_len("no_rope_layers", list.len(), n_layers)?;
    // Despite its name the list holds 1 for layers that rotate.
    Ok(list.into_iter().map(|rotates| rotates != 0).collect())
}
