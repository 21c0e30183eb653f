//! Mistral, Ministral and Mixtral.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, LayerType, Sizes, Usual};
use crate::architecture::{
    Architecture, DescriptionError, Experts, FeedForward, GroupedAttention, Router, Scoring, Span,
    Temperature,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["mistral", "ministral", "ministral3"],
    read,
};

pub(super) const MIXTRAL: Family = Family {
    model_types: &["mixtral"],
    read: read_experts,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 4096,
    layers: 32,
    heads: 32,
    key_heads: Some(8),
    head_dim: None,
    width: 14_336,
    vocabulary: 32_000,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let sizes = config.sizes(&DEFAULTS)?;
    let window = config.window((config.family != "ministral3").then_some(4096))?;
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let types = config.layer_types(sizes.layers, |_| match window {
        Some(_) => LayerType::Sliding,
        None => LayerType::Full,
    })?;
    let norm = config.rms_norm(if config.family == "ministral3" {
        1e-5
    } else {
        1e-6
    })?;
    let attention = attention(config, &sizes, 10_000.0)?;
    let layers = types.into_iter().map(|kind| {
        let span = match (kind, window) {
            (LayerType::Sliding, Some(window)) => Span::Window(window),
            _ => Span::Full,
        };
        let name = if span == Span::Full { "full" } else { "window" };
        let attention = GroupedAttention {
            span,
            ..attention.clone()
        };
        llama::plain(name, attention, feed_forward, norm)
    });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}

fn read_experts(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let sizes = config.sizes(&DEFAULTS)?;
    let expert = config.gated(&sizes)?;
    let window = config.window(None)?;
    let fields = &config.fields;
    let experts = Experts {
        count: fields
            .count(&["num_local_experts", "num_experts"])?
            .unwrap_or(8),
        top_k: fields.count(&["num_experts_per_tok"])?.unwrap_or(2),
        expert,
        router: Router {
            scoring: Scoring::Softmax,
            normalized: true,
            ..Router::default()
        },
        ..Experts::default()
    };
    let norm = config.rms_norm(1e-5)?;
    let attention = GroupedAttention {
        span: window.map_or(Span::Full, Span::Window),
        ..attention(config, &sizes, 1_000_000.0)?
    };
    let name = if window.is_some() { "window" } else { "full" };
    let layer = llama::plain(name, attention, FeedForward::Experts(experts), norm);
    llama::uniform(config, &sizes, false, layer, norm)
}

fn attention(
    config: &Config<'_>,
    sizes: &Sizes,
    theta: f64,
) -> Result<GroupedAttention, DescriptionError> {
    let rope = config.rope()?;
    let mut temperature = None;
    if let Some(rope) = &rope
        && let Some(scale) = rope
            .number(&["llama_4_scaling_beta"])?
            .filter(|scale| *scale != 0.0)
    {
        let floor = rope.number(&["original_max_position_embeddings"])?;
        temperature = Some(Temperature {
            scale,
            floor: floor.ok_or_else(|| rope.missing("original_max_position_embeddings"))?,
            shift: 0.0,
        });
    }
    let rotary = config.rotary_of(
        rope.as_ref(),
        sizes.head_dim,
        sizes.context,
        Usual::halves(theta),
    )?;
    Ok(GroupedAttention {
        temperature,
        ..Config::attention(sizes, Some(rotary), Span::Full)
    })
}
