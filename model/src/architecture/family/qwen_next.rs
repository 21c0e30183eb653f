//! Qwen3-Next and Qwen3.5: three layers of linear attention to one of gated attention.

use super::{Family, llama, qwen};
use crate::architecture::config::{Config, Defaults, LayerType, Sizes, Usual};
use crate::architecture::{
    Architecture, Dense, DescriptionError, Experts, FeedForward, GroupedAttention, Layer,
    LinearAttention, Mixer, Norm, NormWidth, QueryKeyNorm, Router, Scoring, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &[
        "qwen3_next",
        "qwen3_5_text",
        "qwen3_5_moe_text",
        "qwen3_5",
        "qwen3_5_moe",
    ],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 2048,
    layers: 48,
    heads: 16,
    key_heads: Some(2),
    head_dim: Some(256),
    width: 5632,
    vocabulary: 151_936,
    context: 32_768,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let has_experts = config.family == "qwen3_next" || config.family.contains("moe");
    let sizes = sizes(config, has_experts)?;
    let every = fields
        .count(&["full_attention_interval"])?
        .unwrap_or(4)
        .max(1);
    let types = config.layer_types(sizes.layers, |layer| {
        if (layer + 1).is_multiple_of(every) {
            LayerType::Full
        } else {
            LayerType::Linear
        }
    })?;
    fields.only(
        "attn_output_gate",
        true,
        "attention without a gate of its output",
    )?;
    fields.only("attention_bias", false, "a bias in attention")?;
    let norm = Norm {
        one_plus: true,
        ..config.rms_norm(1e-6)?
    };
    let linear = linear(config, norm.epsilon)?;
    let usual = Usual::halves(10_000.0).part(0.25);
    let rotary = config.rotary(sizes.head_dim, sizes.context, usual)?;
    let attention = GroupedAttention {
        output_gate: true,
        query_key_norm: Some(QueryKeyNorm {
            norm,
            width: NormWidth::Head,
            after_rotation: false,
        }),
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let dense = config.gated(&sizes)?;
    let experts = if has_experts {
        Some(experts(config, dense)?)
    } else {
        None
    };
    let sparse = qwen::sparse_layers(config, sizes.layers)?;
    let layers = types.into_iter().zip(sparse).map(|(kind, sparse)| {
        let feed_forward = match experts {
            Some(experts) if sparse => FeedForward::Experts(experts),
            _ => FeedForward::Dense(dense),
        };
        let of_experts = experts.is_some();
        let name = format!(
            "{}{}",
            kind.name(),
            if of_experts && !sparse { ", dense" } else { "" }
        );
        let layer = llama::plain(&name, attention.clone(), feed_forward, norm);
        match kind {
            LayerType::Linear => Layer {
                mixer: Some(Mixer::Linear(linear.clone())),
                ..layer
            },
            _ => layer,
        }
    });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}

fn sizes(config: &Config<'_>, has_experts: bool) -> Result<Sizes, DescriptionError> {
    if has_experts {
        // Files with experts in every layer leave the width of dense layers out.
        let width = config.fields.count(&["intermediate_size"])?;
        Ok(Sizes {
            width: width.unwrap_or(DEFAULTS.width),
            ..config.sizes_without_width(&DEFAULTS)?
        })
    } else {
        config.sizes(&Defaults {
            width: 12_288,
            ..DEFAULTS
        })
    }
}

fn linear(config: &Config<'_>, epsilon: f64) -> Result<LinearAttention, DescriptionError> {
    let count = |name: &str, default: u32| -> Result<u32, DescriptionError> {
        Ok(config.fields.count(&[name])?.unwrap_or(default))
    };
    Ok(LinearAttention {
        key_heads: count("linear_num_key_heads", 16)?,
        key_dim: count("linear_key_head_dim", 128)?,
        value_heads: count("linear_num_value_heads", 32)?,
        value_dim: count("linear_value_head_dim", 128)?,
        convolution: count("linear_conv_kernel_dim", 4)?,
        epsilon,
    })
}

fn experts(config: &Config<'_>, dense: Dense) -> Result<Experts, DescriptionError> {
    let fields = &config.fields;
    let next = config.family == "qwen3_next";
    let expert = Dense {
        width: fields.count(&["moe_intermediate_size"])?.unwrap_or(512),
        ..dense
    };
    let shared = fields
        .count(&["shared_expert_intermediate_size"])?
        .unwrap_or(512);
    Ok(Experts {
        count: fields
            .count(&["num_experts", "num_local_experts"])?
            .unwrap_or(if next { 512 } else { 256 }),
        top_k: fields
            .count(&["num_experts_per_tok"])?
            .unwrap_or(if next { 10 } else { 8 }),
        expert,
        router: Router {
            scoring: Scoring::Softmax,
            normalized: fields.flag(&["norm_topk_prob"])?.unwrap_or(true),
            ..Router::default()
        },
        shared: (shared > 0).then_some(Dense {
            width: shared,
            ..expert
        }),
        shared_gate: shared > 0,
        beside: None,
    })
}
