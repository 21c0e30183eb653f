//! GPT-2.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults};
use crate::architecture::{
    Activation, Architecture, AttentionBiases, Dense, DescriptionError, Embedding, FeedForward,
    GroupedAttention, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["gpt2"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 768,
    layers: 12,
    heads: 12,
    key_heads: None,
    head_dim: None,
    width: 0,
    vocabulary: 50_257,
    context: 1024,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let meaning = "another scaling of attention";
    fields.only("scale_attn_weights", true, meaning)?;
    fields.only("scale_attn_by_inverse_layer_idx", false, meaning)?;
    fields.only("add_cross_attention", false, "attention to an encoder")?;
    // The order of a product in half precision, and a second name of the context.
    fields.ignore(&["reorder_and_upcast_attn", "n_ctx"]);
    let mut sizes = config.sizes_without_width(&DEFAULTS)?;
    sizes.width = fields
        .count(&["n_inner", "intermediate_size"])?
        .unwrap_or_else(|| sizes.hidden.saturating_mul(4));
    let norm = config.layer_norm(&["layer_norm_epsilon"], 1e-5)?;
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
        activation: config.activation(&names, Activation::GeluTanh)?,
        biases: true,
    });
    let layer = llama::plain("full", attention, feed_forward, norm);
    let model = llama::uniform(config, &sizes, true, layer, norm)?;
    Ok(Architecture {
        embedding: Embedding {
            learned_positions: Some(0),
            ..Embedding::default()
        },
        ..model
    })
}
