//! EXAONE 4: norms behind each part, rotation in layers with a window alone.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, LayerType, Usual};
use crate::architecture::{
    Architecture, DescriptionError, FeedForward, GroupedAttention, Layer, NormWidth, PartNorms,
    QueryKeyNorm, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["exaone4"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    key_heads: Some(32),
    width: 16_384,
    vocabulary: 102_400,
    ..llama::DEFAULTS
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.rms_norm(1e-5)?;
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(10_000.0))?;
    let window = config.window(Some(4096))?;
    let every = every(config)?;
    let n_layers = sizes.layers;
    let types = config.layer_types(n_layers, |layer| {
        // The last layer has no window, whatever the pattern says.
        let slides = every > 0 && !(layer + 1).is_multiple_of(every) && layer + 1 < n_layers;
        if window.is_some() && slides {
            LayerType::Sliding
        } else {
            LayerType::Full
        }
    })?;
    fields.ignore(&["sliding_window_pattern"]);
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let layers = types.into_iter().map(|kind| {
        let span = match (kind, window) {
            (LayerType::Sliding, Some(window)) => Span::Window(window),
            _ => Span::Full,
        };
        let rotates = window.is_none() || span != Span::Full;
        let attention = GroupedAttention {
            query_key_norm: Some(QueryKeyNorm {
                norm,
                width: NormWidth::Head,
                after_rotation: false,
            }),
            ..Config::attention(&sizes, rotates.then(|| rotary.clone()), span)
        };
        let name = if span == Span::Full { "full" } else { "window" };
        Layer {
            mixer_norms: PartNorms::after(norm),
            feed_forward_norms: PartNorms::after(norm),
            ..llama::plain(name, attention, feed_forward, norm)
        }
    });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}

/// Every n-th layer has no window: a number, or letters of which the last stands for it.
fn every(config: &Config<'_>) -> Result<u32, DescriptionError> {
    let name = "sliding_window_pattern";
    match config.fields.value(&[name])? {
        Some((_, value)) if value.is_string() => {
            let letters = value.as_str().map_or(0, |text| text.chars().count());
            Ok(u32::try_from(letters).unwrap_or(u32::MAX))
        }
        Some(_) => config.fields.needed(&[name]),
        None => Ok(4),
    }
}
