//! Llama 1 to 3 and the many models of the same build.

use super::Family;
use crate::architecture::config::{Config, Defaults, Sizes, Usual};
use crate::architecture::{
    Architecture, Arrangement, AttentionBiases, DescriptionError, FeedForward, GroupedAttention,
    Layer, Mixer, Norm, PartNorms, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["llama"],
    read,
};

/// Llama-7B: what the class holds where a file leaves it out.
pub(super) const DEFAULTS: Defaults = Defaults {
    hidden: 4096,
    layers: 32,
    heads: 32,
    key_heads: None,
    head_dim: None,
    width: 11_008,
    vocabulary: 32_000,
    context: 2048,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let sizes = config.sizes(&DEFAULTS)?;
    let bias = config.fields.flag(&["attention_bias"])?.unwrap_or(false);
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(10_000.0))?;
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias,
        },
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let norm = config.rms_norm(1e-6)?;
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let layer = plain("full", attention, feed_forward, norm);
    uniform(config, &sizes, false, layer, norm)
}

/// A layer with norms on the input of each part.
pub(super) fn plain(
    name: &str,
    attention: GroupedAttention,
    feed_forward: FeedForward,
    norm: Norm,
) -> Layer {
    Layer {
        name: name.to_owned(),
        mixer: Some(Mixer::Grouped(attention)),
        mixer_norms: PartNorms::before(norm),
        feed_forward: Some(feed_forward),
        feed_forward_norms: PartNorms::before(norm),
        arrangement: Arrangement::Sequential,
        residual_scale: None,
    }
}

/// A model of equal layers.
pub(super) fn uniform(
    config: &Config<'_>,
    sizes: &Sizes,
    tied: bool,
    layer: Layer,
    norm: Norm,
) -> Result<Architecture, DescriptionError> {
    of_layers(
        config,
        sizes,
        tied,
        vec![layer; sizes.layers as usize],
        norm,
    )
}

/// A model of these layers with a norm before the head.
pub(super) fn of_layers(
    config: &Config<'_>,
    sizes: &Sizes,
    tied: bool,
    layers: Vec<Layer>,
    norm: Norm,
) -> Result<Architecture, DescriptionError> {
    Ok(Architecture {
        final_norm: Some(norm),
        ..config.architecture(sizes, tied, layers)?
    })
}
