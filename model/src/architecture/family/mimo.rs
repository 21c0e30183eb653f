//! `MiMo-V2-Flash`: windows with sinks and twice the key heads, values narrower than keys.

use super::{Family, llama};
use crate::architecture::config::{Config, Defaults, Usual};
use crate::architecture::{
    Architecture, Dense, DescriptionError, Experts, FeedForward, GroupedAttention, Router, Scoring,
    Span,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["mimo_v2_flash"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 4096,
    layers: 48,
    heads: 64,
    key_heads: Some(4),
    head_dim: Some(192),
    width: 16_384,
    vocabulary: 152_576,
    context: 131_072,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    // The chunk of the file's own code is the window again.
    fields.ignore(&["attention_chunk_size"]);
    fields.only("attention_bias", false, "a bias in attention")?;
    let sizes = config.sizes(&DEFAULTS)?;
    let epsilon = fields.number(&["rms_norm_eps", "layernorm_epsilon"])?;
    let norm = crate::architecture::Norm::root_mean_square(epsilon.unwrap_or(1e-5));
    let [full, window] = attentions(config, &sizes)?;
    let slides = match fields.counts(&["hybrid_layer_pattern"])? {
        Some(list) => list.into_iter().map(|each| each != 0).collect(),
        None => (0..sizes.layers)
            .map(|layer| layer != 0 && !(layer + 1).is_multiple_of(6))
            .collect::<Vec<bool>>(),
    };
    config.expect_len("hybrid_layer_pattern", slides.len(), sizes.layers)?;
    let sparse = match fields.counts(&["moe_layer_freq"])? {
        Some(list) => list.into_iter().map(|each| each != 0).collect(),
        None => (0..sizes.layers)
            .map(|layer| layer > 0)
            .collect::<Vec<bool>>(),
    };
    config.expect_len("moe_layer_freq", sparse.len(), sizes.layers)?;
    let dense = config.gated(&sizes)?;
    let experts = experts(config, dense)?;
    let layers = slides.into_iter().zip(sparse).map(|(slides, sparse)| {
        let attention = if slides { window.clone() } else { full.clone() };
        let feed_forward = if sparse {
            FeedForward::Experts(experts)
        } else {
            FeedForward::Dense(dense)
        };
        let name = match (slides, sparse) {
            (true, true) => "window",
            (true, false) => "window, dense",
            (false, true) => "full",
            (false, false) => "full, dense",
        };
        llama::plain(name, attention, feed_forward, norm)
    });
    llama::of_layers(config, &sizes, false, layers.collect(), norm)
}

fn attentions(
    config: &Config<'_>,
    sizes: &crate::architecture::config::Sizes,
) -> Result<[GroupedAttention; 2], DescriptionError> {
    let fields = &config.fields;
    let value_dim = fields.count(&["v_head_dim"])?.unwrap_or(128);
    let value_scale = fields.number(&["attention_value_scale"])?;
    let own = |name: &str, default: u32| -> Result<u32, DescriptionError> {
        Ok(fields.count(&[name])?.unwrap_or(default))
    };
    let usual = Usual::halves(5_000_000.0).part(0.334);
    let full = GroupedAttention {
        value_dim: Some(value_dim),
        value_scale,
        sinks: fields
            .flag(&["add_full_attention_sink_bias"])?
            .unwrap_or(false),
        ..Config::attention(
            sizes,
            Some(config.rotary(sizes.head_dim, sizes.context, usual)?),
            Span::Full,
        )
    };
    let head_dim = own("swa_head_dim", sizes.head_dim)?;
    let mut rotary = config.rotary(head_dim, sizes.context, usual)?;
    rotary.base = fields.number(&["swa_rope_theta"])?.unwrap_or(10_000.0);
    // Both names of the window stand in published files; the reference code adds the query itself to it.
    let length = fields
        .count(&["sliding_window_size", "sliding_window"])?
        .unwrap_or(128);
    let window = GroupedAttention {
        heads: own("swa_num_attention_heads", sizes.heads)?,
        key_heads: own("swa_num_key_value_heads", sizes.key_heads)?,
        head_dim,
        value_dim: Some(own("swa_v_head_dim", value_dim)?),
        rotary: Some(rotary),
        span: Span::Window(length),
        sinks: fields
            .flag(&["add_swa_attention_sink_bias"])?
            .unwrap_or(true),
        ..full.clone()
    };
    Ok([full, window])
}

fn experts(config: &Config<'_>, dense: Dense) -> Result<Experts, DescriptionError> {
    let fields = &config.fields;
    let count = |names: &[&str], default: u32| -> Result<u32, DescriptionError> {
        Ok(fields.count(names)?.unwrap_or(default))
    };
    if let Some(word) = fields.word(&["scoring_func"])?
        && word != "sigmoid"
    {
        return Err(fields.fault(
            "scoring_func",
            format!("is \"{word}\"; sigmoid is supported"),
        ));
    }
    fields.ignore(&["topk_method"]);
    let expert = Dense {
        width: count(&["moe_intermediate_size"], 2048)?,
        ..dense
    };
    let shared = count(&["n_shared_experts"], 0)?;
    let groups = [count(&["n_group"], 1)?, count(&["topk_group"], 1)?];
    Ok(Experts {
        count: count(&["n_routed_experts", "num_local_experts"], 256)?,
        top_k: count(&["num_experts_per_tok"], 8)?,
        expert,
        router: Router {
            scoring: Scoring::Sigmoid,
            choice_bias: true,
            groups: (groups[0] > 1).then_some(groups),
            normalized: fields.flag(&["norm_topk_prob"])?.unwrap_or(true),
            scale: fields.number(&["routed_scaling_factor"])?.unwrap_or(1.0),
            ..Router::default()
        },
        shared: (shared > 0).then(|| Dense {
            width: expert.width.saturating_mul(shared),
            ..expert
        }),
        ..Experts::default()
    })
}
