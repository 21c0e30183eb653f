//! OPT.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults};
use crate::architecture::{
    Activation, Architecture, AttentionBiases, Dense, DescriptionError, Embedding, FeedForward,
    GroupedAttention, Layer, PartNorms, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["opt"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 768,
    layers: 12,
    heads: 12,
    key_heads: None,
    head_dim: None,
    width: 3072,
    vocabulary: 50_272,
    context: 2048,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    fields.only("enable_bias", true, "projections without biases")?;
    fields.only("layer_norm_elementwise_affine", true, "norms without gains")?;
    let mut sizes = config.sizes_without_width(&DEFAULTS)?;
    sizes.width = match fields.count(&["ffn_dim", "intermediate_size"])? {
        Some(width) => width,
        None if config.is_nested() => DEFAULTS.width,
        None => return Err(fields.missing("ffn_dim")),
    };
    let norm = config.layer_norm(&[], 1e-5)?;
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: true,
            output: true,
        },
        ..Config::attention(&sizes, None, Span::Full)
    };
    let names = ["activation_function", "hidden_act"];
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: false,
        activation: config.activation(&names, Activation::Relu)?,
        biases: true,
    });
    let before = fields.flag(&["do_layer_norm_before"])?.unwrap_or(true);
    let removed = fields.flag(&["_remove_final_layer_norm"])?.unwrap_or(false);
    let norms = if before {
        PartNorms::before(norm)
    } else {
        PartNorms {
            on_sum: Some(norm),
            ..PartNorms::default()
        }
    };
    let layer = Layer {
        mixer_norms: norms,
        feed_forward_norms: norms,
        ..llama::plain("full", attention, feed_forward, norm)
    };
    let model = llama::uniform(config, &sizes, true, layer, norm)?;
    let width = fields.count(&["word_embed_proj_dim"])?;
    Ok(Architecture {
        embedding: Embedding {
            width: width.filter(|width| *width != sizes.hidden),
            learned_positions: Some(2),
            ..Embedding::default()
        },
        final_norm: (before && !removed).then_some(norm),
        ..model
    })
}
