//! Phi 1 to 4.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Activation, Architecture, Arrangement, AttentionBiases, Dense, DescriptionError, FeedForward,
    GroupedAttention, Head, Layer, PartNorms, Span,
};

pub(super) const PHI: Family = Family {
    model_types: &["phi"],
    read: read_phi,
};

pub(super) const PHI3: Family = Family {
    model_types: &["phi3"],
    read: read_phi3,
};

const PHI_DEFAULTS: Defaults = Defaults {
    hidden: 2048,
    layers: 24,
    heads: 32,
    key_heads: None,
    head_dim: None,
    width: 8192,
    vocabulary: 51_200,
    context: 2048,
};

const PHI3_DEFAULTS: Defaults = Defaults {
    hidden: 3072,
    layers: 32,
    vocabulary: 32_064,
    context: 4096,
    ..PHI_DEFAULTS
};

fn read_phi(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    fields.only("qk_layernorm", false, "norms of queries and keys")?;
    let sizes = config.sizes(&PHI_DEFAULTS)?;
    let norm = config.layer_norm(&["layer_norm_eps"], 1e-5)?;
    let usual = Usual::halves(10_000.0).part(0.5);
    let rotary = config.rotary(sizes.head_dim, sizes.context, usual)?;
    let attention = GroupedAttention {
        biases: AttentionBiases {
            query_key_value: true,
            output: true,
        },
        ..Config::attention(&sizes, Some(rotary), Span::Full)
    };
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: false,
        activation: config.activation(&["hidden_act"], Activation::GeluTanh)?,
        biases: true,
    });
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

fn read_phi3(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let sizes = config.sizes(&PHI3_DEFAULTS)?;
    let norm = config.rms_norm(1e-5)?;
    let rotary = config.rotary(sizes.head_dim, sizes.context, Usual::halves(10_000.0))?;
    config.fields.ignore(&["original_max_position_embeddings"]);
    config
        .fields
        .only("attention_bias", false, "a bias in attention")?;
    let span = config.window(None)?.map_or(Span::Full, Span::Window);
    let name = if span == Span::Full { "full" } else { "window" };
    let attention = Config::attention(&sizes, Some(rotary), span);
    let feed_forward = FeedForward::Dense(config.gated(&sizes)?);
    let layer = llama::plain(name, attention, feed_forward, norm);
    llama::uniform(config, &sizes, false, layer, norm)
}
