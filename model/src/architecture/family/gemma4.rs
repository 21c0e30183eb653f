//! Gemma 4: experts beside a dense part, wider heads whose values are their keys in layers without a window.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, LayerType, Sizes, Usual};
use crate::architecture::{
    Activation, Architecture, Dense, DescriptionError, Embedding, Experts, FeedForward,
    GroupedAttention, Head, Layer, Norm, NormWidth, PartNorms, QueryKeyNorm, Router, Scoring, Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["gemma4_text", "gemma4"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 2304,
    layers: 30,
    heads: 8,
    key_heads: Some(4),
    head_dim: Some(256),
    width: 9216,
    vocabulary: 262_144,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    // Images alone are seen in both directions.
    if let Some(direction) = fields.word(&["use_bidirectional_attention"])?
        && direction != "vision"
    {
        return Err(fields.fault(
            "use_bidirectional_attention",
            format!("is \"{direction}\"; attention to earlier tokens, or \"vision\", is supported"),
        ));
    }
    for name in ["num_kv_shared_layers", "hidden_size_per_layer_input"] {
        // The class's default of the second is 256.
        let value = fields
            .count(&[name])?
            .unwrap_or(if name.starts_with("hidden") { 256 } else { 0 });
        if value != 0 {
            return Err(fields.fault(name, format!("is {value}; 0 is supported")));
        }
    }
    fields.only("use_double_wide_mlp", false, "a wider part in some layers")?;
    fields.only("attention_bias", false, "a bias in attention")?;
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.rms_norm(1e-6)?;
    let [full, local] = attentions(config, &sizes, norm)?;
    let window = config.window(Some(512))?.unwrap_or(512);
    let types = config.layer_types(sizes.layers, |layer| {
        if (layer + 1).is_multiple_of(6) {
            LayerType::Full
        } else {
            LayerType::Sliding
        }
    })?;
    let feed_forward = feed_forward(config, &sizes)?;
    let layers = types.into_iter().map(|kind| {
        let attention = match kind {
            LayerType::Full => full.clone(),
            _ => GroupedAttention {
                span: Span::Window(window),
                ..local.clone()
            },
        };
        Layer {
            mixer_norms: PartNorms::around(norm),
            feed_forward_norms: PartNorms::around(norm),
            ..llama::plain(kind.name(), attention, feed_forward, norm)
        }
    });
    let model = llama::of_layers(config, &sizes, true, layers.collect(), norm)?;
    Ok(Architecture {
        embedding: Embedding {
            scale: Some(f64::from(sizes.hidden).sqrt()),
            ..Embedding::default()
        },
        head: Head {
            soft_cap: fields.number(&["final_logit_softcapping"])?,
            ..model.head
        },
        ..model
    })
}

fn attentions(
    config: &Config<'_>,
    sizes: &Sizes,
    norm: Norm,
) -> Result<[GroupedAttention; 2], DescriptionError> {
    let fields = &config.fields;
    let global_dim = fields.count(&["global_head_dim"])?.unwrap_or(512);
    let shares = fields.flag(&["attention_k_eq_v"])?.unwrap_or(false);
    let global_keys = fields.count(&["num_global_key_value_heads"])?;
    let rope = config.rope()?;
    let (full, local) = match &rope {
        Some(rope) => (
            rope.nested("full_attention")?,
            rope.nested("sliding_attention")?,
        ),
        None => (None, None),
    };
    let attention =
        |rope: Option<&crate::architecture::Fields<'_>>, heads: [u32; 2], theta: f64| {
            let [key_heads, head_dim] = heads;
            let rotary = config.rotary_of(rope, head_dim, sizes.context, Usual::halves(theta))?;
            Ok(GroupedAttention {
                key_heads,
                head_dim,
                score_scale: Some(1.0),
                query_key_norm: Some(QueryKeyNorm {
                    norm,
                    width: NormWidth::Head,
                    after_rotation: false,
                }),
                value_norm: Some(Norm {
                    plain: true,
                    ..norm
                }),
                ..Config::attention(sizes, Some(rotary), Span::Full)
            })
        };
    let global_keys = if shares {
        global_keys.unwrap_or(sizes.key_heads)
    } else {
        sizes.key_heads
    };
    let full = GroupedAttention {
        values_are_keys: shares,
        ..attention(full.as_ref(), [global_keys, global_dim], 1_000_000.0)?
    };
    let local = attention(local.as_ref(), [sizes.key_heads, sizes.head_dim], 10_000.0)?;
    Ok([full, local])
}

fn feed_forward(config: &Config<'_>, sizes: &Sizes) -> Result<FeedForward, DescriptionError> {
    let fields = &config.fields;
    let dense = Dense {
        width: sizes.width,
        gated: true,
        activation: config.activation(&["hidden_activation"], Activation::GeluTanh)?,
        biases: false,
    };
    let names = ["num_experts", "top_k_experts", "moe_intermediate_size"];
    if fields.flag(&["enable_moe_block"])? != Some(true) {
        fields.ignore(&names);
        return Ok(FeedForward::Dense(dense));
    }
    let [count, top_k, width] = names.map(|name| fields.needed(&[name]));
    Ok(FeedForward::Experts(Experts {
        count: count?,
        top_k: top_k?,
        expert: Dense {
            width: width?,
            ..dense
        },
        router: Router {
            scoring: Scoring::Softmax,
            normalized: true,
            ..Router::default()
        },
        shared: None,
        shared_gate: false,
        beside: Some(dense),
    }))
}
