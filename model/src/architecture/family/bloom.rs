//! BLOOM: linear biases of attention, a normalized embedding.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults};
use crate::architecture::{
    Activation, Architecture, AttentionBiases, Dense, DescriptionError, Embedding, FeedForward,
    GroupedAttention, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["bloom"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 64,
    layers: 2,
    heads: 8,
    key_heads: None,
    head_dim: None,
    width: 0,
    vocabulary: 250_880,
    context: 2048,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    fields.only(
        "apply_residual_connection_post_layernorm",
        false,
        "a residual stream of normalized values",
    )?;
    // Names of its first code for what stands elsewhere or does not matter.
    fields.ignore(&[
        "attention_softmax_in_fp32",
        "masked_softmax_fusion",
        "bias_dropout_fusion",
        "skip_bias_add",
        "skip_bias_add_qkv",
        "unk_token_id",
        "offset_alibi",
        "n_inner",
    ]);
    let mut sizes = config.sizes_without_width(&DEFAULTS)?;
    sizes.width = fields
        .count(&["n_inner"])?
        .unwrap_or_else(|| sizes.hidden.saturating_mul(4));
    let norm = config.layer_norm(&["layer_norm_epsilon"], 1e-5)?;
    let attention = GroupedAttention {
        alibi: Some(8.0),
        biases: AttentionBiases {
            query_key_value: true,
            output: true,
        },
        ..Config::attention(&sizes, None, Span::Full)
    };
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: false,
        activation: Activation::GeluTanh,
        biases: true,
    });
    let layer = llama::plain("full", attention, feed_forward, norm);
    let model = llama::uniform(config, &sizes, true, layer, norm)?;
    Ok(Architecture {
        embedding: Embedding {
            norm: Some(norm),
            ..Embedding::default()
        },
        ..model
    })
}
