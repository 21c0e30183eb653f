//! GLM-4 and its mixtures of experts.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Sizes, Usual};
use crate::architecture::{
    Architecture, AttentionBiases, Dense, DescriptionError, Experts, FeedForward, GroupedAttention,
    Layer, NormWidth, PartNorms, QueryKeyNorm, Router, Scoring, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["glm", "glm4"],
    read,
};

pub(super) const EXPERTS: Family = Family {
    model_types: &["glm4_moe", "glm4v_moe_text"],
    read: read_experts,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 4096,
    layers: 40,
    heads: 32,
    key_heads: Some(2),
    head_dim: Some(128),
    width: 13_696,
    vocabulary: 151_552,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.rms_norm(1.5625e-7)?;
    let attention = attention(config, &sizes, true, Usual::neighbors(10_000.0).part(0.5))?;
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let norms = if config.family == "glm" {
        PartNorms::before(norm)
    } else {
        PartNorms::around(norm)
    };
    let layer = Layer {
        mixer_norms: norms,
        feed_forward_norms: norms,
        ..llama::plain("full", attention, feed_forward, norm)
    };
    llama::uniform(config, &sizes, false, layer, norm)
}

fn attention(
    config: &Config<'_>,
    sizes: &Sizes,
    bias: bool,
    usual: Usual,
) -> Result<GroupedAttention, DescriptionError> {
    let rotary = config.rotary(sizes.head_dim, sizes.context, usual)?;
    Ok(GroupedAttention {
        biases: AttentionBiases {
            query_key_value: config.fields.flag(&["attention_bias"])?.unwrap_or(bias),
            output: false,
        },
        ..Config::attention(sizes, Some(rotary), Span::Full)
    })
}

fn read_experts(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let sizes = config.sizes(&Defaults {
        layers: 46,
        heads: 96,
        key_heads: Some(8),
        head_dim: None,
        width: 10_944,
        ..DEFAULTS
    })?;
    let norm = config.rms_norm(1e-5)?;
    let normalized = fields.flag(&["use_qk_norm"])?.unwrap_or(false);
    let usual = Usual::halves(10_000.0).part(0.5);
    let attention = GroupedAttention {
        query_key_norm: normalized.then_some(QueryKeyNorm {
            norm,
            width: NormWidth::Head,
            after_rotation: false,
        }),
        ..attention(config, &sizes, false, usual)?
    };
    let dense = config.gated(&sizes)?;
    let experts = experts(config, dense)?;
    let first = fields.count(&["first_k_dense_replace"])?.unwrap_or(1);
    let layers = (0..sizes.layers).map(|layer| {
        let (name, feed_forward) = if layer < first {
            ("dense", FeedForward::Dense(dense))
        } else {
            ("experts", FeedForward::Experts(experts))
        };
        llama::plain(name, attention.clone(), feed_forward, norm)
    });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}

fn experts(config: &Config<'_>, dense: Dense) -> Result<Experts, DescriptionError> {
    let fields = &config.fields;
    let count = |names: &[&str], default: u32| -> Result<u32, DescriptionError> {
        Ok(fields.count(names)?.unwrap_or(default))
    };
    let expert = Dense {
        width: count(&["moe_intermediate_size"], 1408)?,
        ..dense
    };
    let groups = [count(&["n_group"], 1)?, count(&["topk_group"], 1)?];
    let shared = count(&["n_shared_experts"], 1)?;
    Ok(Experts {
        count: count(&["n_routed_experts", "num_local_experts"], 128)?,
        top_k: count(&["num_experts_per_tok"], 8)?,
        expert,
        router: Router {
            scoring: Scoring::Sigmoid,
            choice_bias: true,
            groups: (groups[0] > 1).then_some(groups),
            normalized: fields.flag(&["norm_topk_prob"])?.unwrap_or(true),
            scale: fields.number(&["routed_scaling_factor"])?.unwrap_or(1.0),
            ..Router::default()
        },
        shared: (shared > 0).then(|| Dense {
            width: expert.width.saturating_mul(shared),
            ..expert
        }),
        ..Experts::default()
    })
}
