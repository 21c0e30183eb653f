//! GPT-NeoX (Pythia) and GPT-J: both parts of a layer beside each other.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Activation, Architecture, Arrangement, AttentionBiases, Dense, DescriptionError, FeedForward,
    GroupedAttention, Head, Layer, PartNorms, Span,
};

pub(super) const NEOX: Family = Family {
    model_types: &["gpt_neox"],
    read: read_neox,
};

pub(super) const GPTJ: Family = Family {
    model_types: &["gptj"],
    read: read_gptj,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 6144,
    layers: 44,
    heads: 64,
    key_heads: None,
    head_dim: None,
    width: 24_576,
    vocabulary: 50_432,
    context: 2048,
};

fn read_neox(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.layer_norm(&["layer_norm_eps"], 1e-5)?;
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(true);
    let usual = Usual::halves(10_000.0).part(0.25);
    let rotary = config.rotary(sizes.head_dim, sizes.context, usual)?;
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias,
        },
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: false,
        activation: config.activation(&["hidden_act"], Activation::Gelu)?,
        biases: true,
    });
    let parallel = fields.flag(&["use_parallel_residual"])?.unwrap_or(true);
    let layer = Layer {
        arrangement: if parallel {
            Arrangement::Parallel
        } else {
            Arrangement::Sequential
        },
        ..llama::plain("full", attention, feed_forward, norm)
    };
    llama::uniform(config, &sizes, false, layer, norm)
}

fn read_gptj(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    // Settings of its first code, which the computation has anyway.
    fields.ignore(&[
        "rotary",
        "scale_attn_weights",
        "gradient_checkpointing",
        "n_ctx",
    ]);
    let mut sizes = config.sizes_without_width(&Defaults {
        hidden: 4096,
        layers: 28,
        heads: 16,
        vocabulary: 50_400,
        ..DEFAULTS
    })?;
    sizes.width = fields
        .count(&["n_inner", "intermediate_size"])?
        .unwrap_or_else(|| sizes.hidden.saturating_mul(4));
    let norm = config.layer_norm(&["layer_norm_epsilon"], 1e-5)?;
    let mut rotary = config.rotary(sizes.head_dim, sizes.context, Usual::neighbors(10_000.0))?;
    rotary.channels = fields.count(&["rotary_dim"])?.unwrap_or(64);
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: false,
        activation: config.activation(&["activation_function"], Activation::GeluTanh)?,
        biases: true,
    });
    let attention = Config::attention(&sizes, Some(rotary), Span::Full);
    let layer = Layer {
        feed_forward_norms: PartNorms::default(),
        arrangement: Arrangement::Parallel,
        ..llama::plain("full", attention, feed_forward, norm)
    };
    let model = llama::uniform(config, &sizes, false, layer, norm)?;
    Ok(Architecture {
        head: Head {
            bias: true,
            ..model.head
        },
        ..model
    })
}
