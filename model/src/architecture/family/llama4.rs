//! Llama 4: experts beside a shared one, attention within chunks in three of four layers.

use super::{Family, llama, smollm3};
use crate::architecture::config::{Config, Defaults, LayerType, Usual};
use crate::architecture::{
    Architecture, AttentionBiases, Dense, DescriptionError, Experts, FeedForward, GroupedAttention,
    Norm, NormWidth, QueryKeyNorm, Router, Scoring, Span, Temperature,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["llama4_text", "llama4"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 5120,
    layers: 48,
    heads: 40,
    key_heads: Some(8),
    head_dim: Some(128),
    width: 8192,
    vocabulary: 202_048,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.rms_norm(1e-5)?;
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::neighbors(500_000.0))?;
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(false);
    let chunk = fields.count(&["attention_chunk_size"])?.unwrap_or(8192);
    let rotated = smollm3::rotated_layers(config, sizes.layers, 4)?;
    let types = config.layer_types(sizes.layers, |layer| {
        if rotated[layer as usize] {
            LayerType::Chunked
        } else {
            LayerType::Full
        }
    })?;
    let temperature = Temperature {
        scale: fields.number(&["attn_scale"])?.unwrap_or(0.1),
        floor: fields.number(&["floor_scale"])?.unwrap_or(8192.0),
        shift: 1.0,
    };
    let tuned = fields.flag(&["attn_temperature_tuning"])?.unwrap_or(true);
    let normalized = fields.flag(&["use_qk_norm"])?.unwrap_or(true);
    let [dense, experts] = feed_forwards(config, sizes.width)?;
    let step = fields
        .count(&["interleave_moe_layer_step"])?
        .unwrap_or(1)
        .max(1);
    let sparse = fields.counts(&["moe_layers"])?.unwrap_or_else(|| {
        (0..sizes.layers)
            .filter(|layer| (layer + 1).is_multiple_of(step))
            .collect()
    });
    let layers =
        (0..sizes.layers)
            .zip(rotated.iter().zip(&types))
            .map(|(layer, (rotates, kind))| {
                let span = if *kind == LayerType::Chunked {
                    Span::Chunk(chunk)
                } else {
                    Span::Full
                };
                let attention = GroupedAttention {
                    biases: AttentionBiases {
                        query_key_value: bias,
                        output: bias,
                    },
                    query_key_norm: (normalized && *rotates).then_some(QueryKeyNorm {
                        norm: Norm {
                            plain: true,
                            ..norm
                        },
                        width: NormWidth::Head,
                        after_rotation: true,
                    }),
                    temperature: (tuned && !rotates).then_some(temperature),
                    ..Config::attention(&sizes, rotates.then(|| rotary.clone()), span)
                };
                let is_sparse = sparse.contains(&layer);
                let name = format!("{}{}", kind.name(), if is_sparse { "" } else { ", dense" });
                llama::plain(
                    &name,
                    attention,
                    if is_sparse { experts } else { dense },
                    norm,
                )
            });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}

fn feed_forwards(config: &Config<'_>, width: u32) -> Result<[FeedForward; 2], DescriptionError> {
    let fields = &config.fields;
    let expert = Dense {
        width,
        gated: true,
        activation: config.activation(&["hidden_act"], crate::architecture::Activation::Silu)?,
        biases: false,
    };
    let dense = Dense {
        width: fields.count(&["intermediate_size_mlp"])?.unwrap_or(16_384),
        ..expert
    };
    let experts = Experts {
        count: fields
            .count(&["num_local_experts", "num_experts"])?
            .unwrap_or(16),
        top_k: fields.count(&["num_experts_per_tok"])?.unwrap_or(1),
        expert,
        router: Router {
            scoring: Scoring::Sigmoid,
            on_input: true,
            ..Router::default()
        },
        shared: Some(expert),
        shared_gate: false,
        beside: None,
    };
    Ok([FeedForward::Dense(dense), FeedForward::Experts(experts)])
}
