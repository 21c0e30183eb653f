//! `DeepSeek` V2 to V3.2, Kimi K2 and GLM-5: latent attention, shared and routed experts.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Sizes, Usual};
use crate::architecture::{
    Architecture, AttentionBiases, Dense, DescriptionError, Experts, FeedForward, Indexer,
    LatentAttention, Layer, Mixer, Norm, PartNorms, Rotary, RotaryScaling, Router, Scoring, Yarn,
};

pub(super) const FAMILY: Family = Family {
    model_types: &[
        "deepseek_v2",
        "deepseek_v3",
        "deepseek_v32",
        "kimi_k2",
        "glm_moe_dsa",
    ],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 7168,
    layers: 61,
    heads: 128,
    key_heads: None,
    head_dim: None,
    width: 18_432,
    vocabulary: 129_280,
    context: 4096,
};

fn is_second(config: &Config<'_>) -> bool {
    config.family == "deepseek_v2"
}

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    // Heads have widths of their own here; what the general fields say of them is not used.
    fields.ignore(&["head_dim", "num_key_value_heads", "qk_head_dim"]);
    let sizes = config.sizes(&DEFAULTS)?;
    let norm = config.rms_norm(1e-6)?;
    let attention = attention(config, &sizes, norm)?;
    let dense = config.gated(&sizes)?;
    let experts = experts(config, dense)?;
    let first = fields.count(&["first_k_dense_replace"])?;
    let first = first.unwrap_or(if is_second(config) { 0 } else { 3 });
    let every = fields.count(&["moe_layer_freq"])?.unwrap_or(1).max(1);
    let words = fields.words(&["mlp_layer_types"])?;
    if let Some(words) = &words {
        config.expect_len("mlp_layer_types", words.len(), sizes.layers)?;
    }
    let layers = (0..sizes.layers).map(|layer| {
        let sparse = match &words {
            Some(words) => words[layer as usize] == "sparse",
            None => layer >= first && layer.is_multiple_of(every),
        };
        Layer {
            name: if sparse { "experts" } else { "dense" }.to_owned(),
            mixer: Some(Mixer::Latent(attention.clone())),
            mixer_norms: PartNorms::before(norm),
            feed_forward: Some(if sparse {
                FeedForward::Experts(experts)
            } else {
                FeedForward::Dense(dense)
            }),
            feed_forward_norms: PartNorms::before(norm),
            arrangement: crate::architecture::Arrangement::Sequential,
            residual_scale: None,
        }
    });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}

fn attention(
    config: &Config<'_>,
    sizes: &Sizes,
    norm: Norm,
) -> Result<LatentAttention, DescriptionError> {
    let fields = &config.fields;
    let count = |name: &str, default: u32| -> Result<u32, DescriptionError> {
        Ok(fields.count(&[name])?.unwrap_or(default))
    };
    let has_rank = fields.names().any(|name| name == "q_lora_rank");
    let rotary_dim = count("qk_rope_head_dim", 64)?;
    let plain_dim = count("qk_nope_head_dim", 128)?;
    // Interleaved pairs are brought to halves before the rotation: the scores are those of neighbors.
    let interleaved = fields.flag(&["rope_interleave"])?.unwrap_or(true);
    let usual = if interleaved {
        Usual::neighbors(10_000.0)
    } else {
        Usual::halves(10_000.0)
    };
    let rope = config.rope()?;
    let all_scale = match &rope {
        Some(rope) => rope.number(&["mscale_all_dim"])?,
        None => None,
    };
    let rotary = config.rotary_of(rope.as_ref(), rotary_dim, sizes.context, usual)?;
    let bias = fields.flag(&["attention_bias"])?.unwrap_or(false);
    fields.ignore(&["indexer_rope_interleave"]);
    let indexer = match fields.count(&["index_topk"])? {
        Some(top_k) => Some(Indexer {
            heads: count("index_n_heads", 64)?,
            head_dim: count("index_head_dim", 128)?,
            top_k,
        }),
        None => None,
    };
    Ok(LatentAttention {
        heads: sizes.heads,
        query_rank: fields
            .count(&["q_lora_rank"])?
            .or((!has_rank).then_some(1536)),
        key_value_rank: count("kv_lora_rank", 512)?,
        plain_dim,
        rotary_dim,
        value_dim: count("v_head_dim", 128)?,
        score_scale: score_scale(&rotary, all_scale, plain_dim + rotary_dim),
        rotary,
        norm,
        temperature: None,
        biases: AttentionBiases {
            query_key_value: bias,
            output: bias,
        },
        indexer,
    })
}

/// Scores grow with the square of the magnitude of a scaled rotation.
fn score_scale(rotary: &Rotary, all_scale: Option<f64>, width: u32) -> Option<f64> {
    let RotaryScaling::Yarn(yarn) = &rotary.scaling else {
        return None;
    };
    let magnitude =
        Yarn::recommended_magnitude(yarn.factor, all_scale.filter(|each| *each != 0.0)?);
    Some(magnitude * magnitude / f64::from(width).sqrt())
}

fn experts(config: &Config<'_>, dense: Dense) -> Result<Experts, DescriptionError> {
    let fields = &config.fields;
    let second = is_second(config);
    let count = |names: &[&str], default: u32| -> Result<u32, DescriptionError> {
        Ok(fields.count(names)?.unwrap_or(default))
    };
    let scoring = fields.word(&["scoring_func"])?;
    let scoring = match scoring.as_deref() {
        None if second => Scoring::Softmax,
        None | Some("sigmoid") => Scoring::Sigmoid,
        Some("softmax") => Scoring::Softmax,
        Some(other) => {
            return Err(fields.fault(
                "scoring_func",
                format!("is \"{other}\"; softmax and sigmoid are supported"),
            ));
        }
    };
    let method = fields.word(&["topk_method"])?;
    let method = method
        .as_deref()
        .unwrap_or(if second { "greedy" } else { "noaux_tc" });
    if !["greedy", "group_limited_greedy", "noaux_tc"].contains(&method) {
        return Err(fields.fault(
            "topk_method",
            format!("is \"{method}\"; greedy, group_limited_greedy and noaux_tc are supported"),
        ));
    }
    let groups = count(&["n_group"], if second { 1 } else { 8 })?;
    let chosen = count(&["topk_group"], if second { 1 } else { 4 })?;
    let expert = Dense {
        width: count(&["moe_intermediate_size"], 2048)?,
        ..dense
    };
    let shared = count(&["n_shared_experts"], if second { 2 } else { 1 })?;
    Ok(Experts {
        count: count(&["n_routed_experts", "num_local_experts"], 256)?,
        top_k: count(&["num_experts_per_tok"], 8)?,
        expert,
        router: Router {
            scoring,
            choice_bias: method == "noaux_tc",
            bias: false,
            groups: (groups > 1 && method != "greedy").then_some([groups, chosen]),
            normalized: fields.flag(&["norm_topk_prob"])?.unwrap_or(!second),
            scale: fields
                .number(&["routed_scaling_factor"])?
                .unwrap_or(if second { 1.0 } else { 2.5 }),
            on_input: false,
        },
        shared: (shared > 0).then(|| Dense {
            width: expert.width.saturating_mul(shared),
            ..expert
        }),
        shared_gate: false,
        beside: None,
    })
}
