//! gpt-oss: experts with clamped gates, attention sinks, a window in every second layer.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, LayerType, Usual};
use crate::architecture::{
    Activation, Architecture, AttentionBiases, Dense, DescriptionError, Experts, FeedForward,
    GroupedAttention, Router, Scoring, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["gpt_oss"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 2880,
    layers: 36,
    heads: 64,
    key_heads: Some(8),
    head_dim: Some(64),
    width: 2880,
    vocabulary: 201_088,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    // Said twice in published files; the original context stands in the rotation.
    fields.ignore(&["initial_context_length", "hidden_act"]);
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.rms_norm(1e-5)?;
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(true);
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(150_000.0))?;
    let window = config.window(Some(128))?;
    let types = config.layer_types(sizes.layers, |layer| {
        if layer.is_multiple_of(2) {
            LayerType::Sliding
        } else {
            LayerType::Full
        }
    })?;
    let experts = FeedForward::Experts(Experts {
        count: fields
            .count(&["num_local_experts", "num_experts"])?
            .unwrap_or(128),
        top_k: fields
            .count(&["num_experts_per_tok", "experts_per_token"])?
            .unwrap_or(4),
        expert: Dense {
            width: sizes.width,
            gated: true,
            activation: Activation::ClampedSwiglu {
                alpha: fields.number(&["swiglu_alpha"])?.unwrap_or(1.702),
                limit: fields.number(&["swiglu_limit"])?.unwrap_or(7.0),
            },
            biases: true,
        },
        router: Router {
            scoring: Scoring::SoftmaxOfChosen,
            bias: true,
            ..Router::default()
        },
        ..Experts::default()
    });
    let layers = types.into_iter().map(|kind| {
        let span = match (kind, window) {
            (LayerType::Sliding, Some(window)) => Span::Window(window),
            _ => Span::Full,
        };
        let attention = GroupedAttention {
            sinks: true,
            biases: AttentionBiases {
                query_key_value: bias,
                output: bias,
            },
            ..Config::attention(&sizes, Some(rotary.clone()), span)
        };
        let name = if span == Span::Full { "full" } else { "window" };
        llama::plain(name, attention, experts, norm)
    });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}
