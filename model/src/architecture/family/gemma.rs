//! Gemma 1 to 3.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, LayerType, Sizes, Usual};
use crate::architecture::{
    Activation, Architecture, AttentionBiases, Dense, DescriptionError, Embedding, FeedForward,
    GroupedAttention, Head, Layer, Norm, NormWidth, PartNorms, QueryKeyNorm, Rotary, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["gemma", "gemma2", "gemma3_text", "gemma3"],
    read,
};

const GEMMA: Defaults = Defaults {
    hidden: 3072,
    layers: 28,
    heads: 16,
    key_heads: Some(16),
    head_dim: Some(256),
    width: 24_576,
    vocabulary: 256_000,
    context: 8192,
};

const GEMMA2: Defaults = Defaults {
    hidden: 2304,
    layers: 26,
    heads: 8,
    key_heads: Some(4),
    width: 9216,
    ..GEMMA
};

const GEMMA3: Defaults = Defaults {
    vocabulary: 262_208,
    context: 131_072,
    ..GEMMA2
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    // An old file of Gemma 1 names gelu, where the tanh form was meant and is computed.
    fields.ignore(&["hidden_act"]);
    fields.only(
        "use_bidirectional_attention",
        false,
        "attention to later tokens",
    )?;
    let generation = match config.family.as_str() {
        "gemma" => 1,
        "gemma2" => 2,
        _ => 3,
    };
    let sizes = config.sizes(match generation {
        1 => &GEMMA,
        2 => &GEMMA2,
        _ => &GEMMA3,
    })?;
    let norm = Norm {
        one_plus: true,
        ..config.rms_norm(1e-6)?
    };
    let feed_forward = FeedForward::Dense(Dense {
        width: sizes.width,
        gated: true,
        activation: config.activation(&["hidden_activation"], Activation::GeluTanh)?,
        biases: false,
    });
    let attentions = attentions(config, &sizes, generation, norm)?;
    let window = match generation {
        1 => None,
        _ => config.window(Some(4096))?,
    };
    let every = fields
        .count(&["sliding_window_pattern", "_sliding_window_pattern"])?
        .unwrap_or(if generation == 2 { 2 } else { 6 })
        .max(1);
    let types = config.layer_types(sizes.layers, |layer| {
        if generation > 1 && !(layer + 1).is_multiple_of(every) {
            LayerType::Sliding
        } else {
            LayerType::Full
        }
    })?;
    let [full, local] = attentions;
    let layers = types.into_iter().map(|kind| {
        let attention = match (kind, window) {
            (LayerType::Sliding, Some(window)) => GroupedAttention {
                span: Span::Window(window),
                ..local.clone()
            },
            _ => full.clone(),
        };
        let name = if attention.span == Span::Full {
            "full"
        } else {
            "window"
        };
        let layer = llama::plain(name, attention, feed_forward, norm);
        if generation == 1 {
            return layer;
        }
        Layer {
            mixer_norms: PartNorms::around(norm),
            feed_forward_norms: PartNorms::around(norm),
            ..layer
        }
    });
    let model = llama::of_layers(config, &sizes, true, layers.collect(), norm)?;
    Ok(Architecture {
        embedding: Embedding {
            scale: Some(f64::from(sizes.hidden).sqrt()),
            ..Embedding::default()
        },
        head: Head {
            soft_cap: cap(
                config,
                "final_logit_softcapping",
                (generation == 2).then_some(30.0),
            )?,
            ..model.head
        },
        ..model
    })
}

/// A soft cap: null switches it off, absence means the class's default.
fn cap(
    config: &Config<'_>,
    name: &str,
    default: Option<f64>,
) -> Result<Option<f64>, DescriptionError> {
    let there = config.fields.names().any(|each| each == name);
    let value = config.fields.number(&[name])?;
    Ok(if there { value } else { default })
}

/// Attention of full layers and of those with a window.
fn attentions(
    config: &Config<'_>,
    sizes: &Sizes,
    generation: u32,
    norm: Norm,
) -> Result<[GroupedAttention; 2], DescriptionError> {
    let fields = &config.fields;
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(false);
    let query = match generation {
        1 => None,
        _ => Some(fields.number(&["query_pre_attn_scalar"])?.unwrap_or(256.0)),
    };
    let soft_cap = match generation {
        1 => None,
        _ => cap(
            config,
            "attn_logit_softcapping",
            (generation == 2).then_some(50.0),
        )?,
    };
    let [full, local] = rotaries(config, sizes, generation)?;
    let attention = |rotary: Rotary| GroupedAttention {
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias,
        },
        query_key_norm: (generation == 3).then_some(QueryKeyNorm {
            norm,
            width: NormWidth::Head,
            after_rotation: false,
        }),
        score_scale: query.map(|query: f64| query.powf(-0.5)),
        soft_cap,
        ..Config::attention(sizes, Some(rotary), Span::Full)
    };
    Ok([attention(full), attention(local)])
}

/// Gemma 3 rotates layers with a window by a base of their own, never scaled.
fn rotaries(
    config: &Config<'_>,
    sizes: &Sizes,
    generation: u32,
) -> Result<[Rotary; 2], DescriptionError> {
    let rotary = |rope: Option<&crate::architecture::Fields<'_>>, theta: f64| {
        config.rotary_of(rope, sizes.head_dim, sizes.context, Usual::halves(theta))
    };
    if generation < 3 {
        let both = config.rotary(sizes.head_dim, sizes.context, Usual::halves(10_000.0))?;
        return Ok([both.clone(), both]);
    }
    let local_base = config
        .fields
        .number(&["rope_local_base_freq"])?
        .unwrap_or(10_000.0);
    let rope = config.rope()?;
    if let Some(rope) = &rope
        && let Some(full) = rope.nested("full_attention")?
    {
        let local = rope.nested("sliding_attention")?;
        rope.finish()?;
        return Ok([
            rotary(Some(&full), 1_000_000.0)?,
            rotary(local.as_ref(), local_base)?,
        ]);
    }
    let full = rotary(rope.as_ref(), 1_000_000.0)?;
    let local = Rotary {
        base: local_base,
        scaling: crate::architecture::RotaryScaling::None,
        ..full.clone()
    };
    Ok([full, local])
}
