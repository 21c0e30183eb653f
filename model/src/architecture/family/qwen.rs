//! Qwen2, Qwen2.5 and Qwen3, dense and with experts, and the language models inside their vision models.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, LayerType, Sizes, Usual};
use crate::architecture::{
    Architecture, AttentionBiases, Dense, DescriptionError, Experts, FeedForward, GroupedAttention,
    NormWidth, QueryKeyNorm, Router, Scoring, Span,
};

pub(super) const DENSE: Family = Family {
    model_types: &[
        "qwen2",
        "qwen2_vl_text",
        "qwen2_5_vl_text",
        "qwen3",
        "qwen3_vl_text",
    ],
    read,
};

pub(super) const EXPERTS: Family = Family {
    model_types: &["qwen2_moe", "qwen3_moe", "qwen3_vl_moe_text"],
    read: read_experts,
};

const QWEN2: Defaults = Defaults {
    hidden: 4096,
    layers: 32,
    heads: 32,
    key_heads: Some(32),
    head_dim: None,
    width: 22_016,
    vocabulary: 151_936,
    context: 32_768,
};

const QWEN3: Defaults = Defaults {
    head_dim: Some(128),
    ..QWEN2
};

fn is_third(config: &Config<'_>) -> bool {
    config.family.starts_with("qwen3")
}

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let sizes = config.sizes(if is_third(config) { &QWEN3 } else { &QWEN2 })?;
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let norm = config.rms_norm(1e-6)?;
    let attention = attention(config, &sizes)?;
    let layers = spans(config, &sizes)?.into_iter().map(|span| {
        let name = if span == Span::Full { "full" } else { "window" };
        let attention = GroupedAttention {
            span,
            ..attention.clone()
        };
        llama::plain(name, attention, feed_forward, norm)
    });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}

fn attention(config: &Config<'_>, sizes: &Sizes) -> Result<GroupedAttention, DescriptionError> {
    let third = is_third(config);
    let fields = &config.fields;
    let bias = fields
        .flag(&["attention_bias", "qkv_bias"])?
        .unwrap_or(!third);
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(10_000.0))?;
    let norm = config.rms_norm(1e-6)?;
    Ok(GroupedAttention {
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias && third,
        },
        query_key_norm: third.then_some(QueryKeyNorm {
            norm,
            width: NormWidth::Head,
            after_rotation: false,
        }),
        ..Config::attention(sizes, Some(rotary), Span::Full)
    })
}

/// A window counts where it is switched on: in the layers of `layer_types`, else from `max_window_layers` on.
fn spans(config: &Config<'_>, sizes: &Sizes) -> Result<Vec<Span>, DescriptionError> {
    let fields = &config.fields;
    let used = fields.flag(&["use_sliding_window"])?.unwrap_or(false);
    let first = fields.count(&["max_window_layers"])?.unwrap_or(28);
    let window = config.window(Some(4096))?.filter(|_| used);
    let types = config.layer_types(sizes.layers, |layer| {
        if window.is_some() && layer >= first {
            LayerType::Sliding
        } else {
            LayerType::Full
        }
    })?;
    Ok(types
        .into_iter()
        .map(|kind| match (kind, window) {
            (LayerType::Sliding, Some(window)) => Span::Window(window),
            _ => Span::Full,
        })
        .collect())
}

fn read_experts(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let third = is_third(config);
    let sizes = config.sizes(&Defaults {
        hidden: 2048,
        layers: 24,
        heads: if third { 32 } else { 16 },
        key_heads: Some(if third { 4 } else { 16 }),
        head_dim: third.then_some(128),
        width: if third { 6144 } else { 5632 },
        ..QWEN2
    })?;
    let norm = config.rms_norm(1e-6)?;
    let dense = config.gated(&sizes)?;
    let experts = experts(config, dense, third)?;
    let sparse = sparse_layers(config, sizes.layers)?;
    let attention = attention(config, &sizes)?;
    let layers = spans(config, &sizes)?
        .into_iter()
        .zip(sparse)
        .map(|(span, sparse)| {
            let feed_forward = if sparse {
                FeedForward::Experts(experts)
            } else {
                FeedForward::Dense(dense)
            };
            let name = match (span, sparse) {
                (Span::Full, true) => "full",
                (Span::Full, false) => "full, dense",
                (_, true) => "window",
                (_, false) => "window, dense",
            };
            let attention = GroupedAttention {
                span,
                ..attention.clone()
            };
            llama::plain(name, attention, feed_forward, norm)
        });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}

fn experts(config: &Config<'_>, dense: Dense, third: bool) -> Result<Experts, DescriptionError> {
    let fields = &config.fields;
    let [count, top_k, width] = if third { [128, 8, 768] } else { [60, 4, 1408] };
    let expert = Dense {
        width: fields.count(&["moe_intermediate_size"])?.unwrap_or(width),
        ..dense
    };
    let shared = fields.count(&["shared_expert_intermediate_size"])?;
    let shared = shared
        .or((!third).then_some(5632))
        .filter(|width| *width > 0);
    Ok(Experts {
        count: fields
            .count(&["num_experts", "num_local_experts"])?
            .unwrap_or(count),
        top_k: fields.count(&["num_experts_per_tok"])?.unwrap_or(top_k),
        expert,
        router: Router {
            scoring: Scoring::Softmax,
            normalized: fields.flag(&["norm_topk_prob"])?.unwrap_or(false),
            ..Router::default()
        },
        shared: shared.map(|width| Dense { width, ..expert }),
        shared_gate: shared.is_some(),
        beside: None,
    })
}

/// Which layers have experts: every n-th, some left out.
pub(super) fn sparse_layers(
    config: &Config<'_>,
    n_layers: u32,
) -> Result<Vec<bool>, DescriptionError> {
    let step = config.fields.count(&["decoder_sparse_step"])?.unwrap_or(1);
    let dense = config
        .fields
        .counts(&["mlp_only_layers"])?
        .unwrap_or_default();
    let sparse =
        |layer: u32| step > 0 && !dense.contains(&layer) && (layer + 1).is_multiple_of(step);
    Ok((0..n_layers).map(sparse).collect())
}
