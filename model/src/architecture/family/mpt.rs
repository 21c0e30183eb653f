//! MPT: linear biases of attention, no other biases.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults};
use crate::architecture::{
    Activation, Architecture, Dense, DescriptionError, FeedForward, Fields, GroupedAttention, Norm,
    Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["mpt"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 2048,
    layers: 24,
    heads: 16,
    key_heads: None,
    head_dim: None,
    width: 0,
    vocabulary: 50_368,
    context: 2048,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    // The library computes neither: positions enter by the linear biases alone.
    fields.ignore(&[
        "learned_pos_emb",
        "embedding_fraction",
        "norm_type",
        "init_config",
        "verbose",
        "ffn_config",
        "attn_pdrop",
    ]);
    fields.only("no_bias", true, "biases in the projections")?;
    if let Some((name, value)) = fields.value(&["logit_scale"])? {
        return Err(fields.fault(&name, format!("is {value}; none is supported")));
    }
    let mut sizes = config.sizes_without_width(&DEFAULTS)?;
    let ratio = fields.count(&["expansion_ratio"])?.unwrap_or(4);
    sizes.width = sizes.hidden.saturating_mul(ratio);
    let norm = Norm {
        bias: false,
        ..config.layer_norm(&["layer_norm_epsilon"], 1e-5)?
    };
    let attention = match fields.nested("attn_config")? {
        Some(inner) => {
            let attention = attention(&inner, Config::attention(&sizes, None, Span::Full))?;
            inner.finish()?;
            attention
        }
        None => GroupedAttention {
            alibi: Some(8.0),
            ..Config::attention(&sizes, None, Span::Full)
        },
    };
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: false,
        activation: Activation::Gelu,
        biases: false,
    });
    let layer = llama::plain("full", attention, feed_forward, norm);
    llama::uniform(config, &sizes, true, layer, norm)
}

fn attention(
    inner: &Fields<'_>,
    plain: GroupedAttention,
) -> Result<GroupedAttention, DescriptionError> {
    inner.ignore(&[
        "attn_impl",
        "chunk_size_feed_forward",
        "attn_uses_sequence_id",
    ]);
    inner.only("alibi", true, "learned positions in place of linear biases")?;
    inner.only("qk_ln", false, "norms of queries and keys")?;
    inner.only("prefix_lm", false, "attention to later tokens")?;
    if let Some(kind) = inner.word(&["attn_type"])?
        && kind != "multihead_attention"
    {
        return Err(inner.fault(
            "attn_type",
            format!("is \"{kind}\"; multihead_attention is supported"),
        ));
    }
    Ok(GroupedAttention {
        alibi: Some(inner.number(&["alibi_bias_max"])?.unwrap_or(8.0)),
        clip: inner.number(&["clip_qkv"])?,
        score_scale: inner.number(&["softmax_scale"])?,
        ..plain
    })
}
