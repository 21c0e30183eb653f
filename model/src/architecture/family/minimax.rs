//! `MiniMax-M2`: experts chosen by sigmoids, norms over all query and all key heads.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Architecture, DescriptionError, Experts, FeedForward, GroupedAttention, NormWidth,
    QueryKeyNorm, Router, Scoring, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["minimax_m2"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 3072,
    layers: 62,
    heads: 48,
    key_heads: Some(8),
    head_dim: Some(128),
    width: 1536,
    vocabulary: 200_064,
    context: 196_608,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    fields.only(
        "use_qk_norm",
        true,
        "attention without norms of queries and keys",
    )?;
    fields.only(
        "use_routing_bias",
        true,
        "a choice of experts without a bias",
    )?;
    for (name, supported) in [("qk_norm_type", "per_layer"), ("scoring_func", "sigmoid")] {
        if let Some(word) = fields.word(&[name])?
            && word != supported
        {
            return Err(fields.fault(name, format!("is \"{word}\"; {supported} is supported")));
        }
    }
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.rms_norm(1e-6)?;
    let mut rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(5_000_000.0))?;
    if let Some(channels) = fields.count(&["rotary_dim"])? {
        rotary.channels = channels;
    }
    let attention = GroupedAttention {
        query_key_norm: Some(QueryKeyNorm {
            norm,
            width: NormWidth::AllHeads,
            after_rotation: false,
        }),
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let experts = Experts {
        count: fields
            .count(&["num_local_experts", "num_experts"])?
            .unwrap_or(256),
        top_k: fields.count(&["num_experts_per_tok"])?.unwrap_or(8),
        expert: config.gated(&sizes)?,
        router: Router {
            scoring: Scoring::Sigmoid,
            choice_bias: true,
            normalized: true,
            ..Router::default()
        },
        ..Experts::default()
    };
    let layer = llama::plain("full", attention, FeedForward::Experts(experts), norm);
    llama::uniform(config, &sizes, false, layer, norm)
}
