//! Nemotron-H and Nemotron 3: layers of one part each, most of them state spaces.

use super::Family;
use crate::architecture::config::{Config, Defaults, Sizes};
use crate::architecture::{
    Activation, Architecture, Arrangement, AttentionBiases, Dense, DescriptionError, Experts,
    FeedForward, GroupedAttention, Layer, Mixer, Norm, PartNorms, Router, Scoring, Span,
    StateSpace,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["nemotron_h"],
    read,
};

const DEFAULTS: Defaults = Defaults {
    hidden: 4096,
    layers: 52,
    heads: 32,
    key_heads: Some(8),
    head_dim: Some(128),
    width: 21_504,
    vocabulary: 131_072,
    context: 4096,
};

fn read(config: &Config<'_>) -> Result<Architecture, DescriptionError> {
    let fields = &config.fields;
    // Attention has no rotation here: the fields of one stand in published files all the same.
    fields.ignore(&[
        "rope_theta",
        "partial_rotary_factor",
        "chunk_size",
        "moe_shared_expert_overlap",
    ]);
    fields.only("use_bias", false, "a bias in the projections")?;
    if let Some(window) = fields.count(&["sliding_window"])? {
        return Err(fields.fault("sliding_window", format!("is {window}; none is supported")));
    }
    if let Some(latent) = fields.count(&["moe_latent_size"])? {
        return Err(fields.fault(
            "moe_latent_size",
            format!("is {latent}: experts in a latent space are not supported"),
        ));
    }
    let pattern = pattern(config)?;
    let sizes = config.sizes(&Defaults {
        head_dim: fields.count(&["attention_head_dim"])?.or(DEFAULTS.head_dim),
        ..DEFAULTS
    })?;
    config.expect_len("hybrid_override_pattern", pattern.len(), sizes.layers)?;
    let epsilon = fields.number(&["layer_norm_epsilon", "norm_eps", "rms_norm_eps"])?;
    let norm = Norm::root_mean_square(epsilon.unwrap_or(1e-5));
    let parts = Parts::read(config, &sizes, norm.epsilon)?;
    let layers = pattern
        .into_iter()
        .map(|letter| parts.layer(config, letter, norm))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Architecture {
        final_norm: Some(norm),
        ..config.architecture(&sizes, false, layers)?
    })
}

/// One letter a layer: M state space, * attention, - feed-forward, E experts.
fn pattern(config: &Config<'_>) -> Result<Vec<char>, DescriptionError> {
    let fields = &config.fields;
    if let Some(text) = fields.word(&["hybrid_override_pattern"])? {
        fields.ignore(&["layers_block_type", "layer_types"]);
        return Ok(text.chars().collect());
    }
    let words = fields.words(&["layers_block_type", "layer_types"])?;
    let words = words.ok_or_else(|| fields.missing("hybrid_override_pattern"))?;
    let letter = |word: &String| match word.as_str() {
        "mamba" | "linear_attention" => 'M',
        "attention" | "full_attention" => '*',
        "mlp" => '-',
        "moe" => 'E',
        _ => '?',
    };
    Ok(words.iter().map(letter).collect())
}

/// What the letters stand for.
struct Parts {
    space: StateSpace,
    attention: GroupedAttention,
    dense: Dense,
    experts: Option<Experts>,
}

impl Parts {
    fn read(config: &Config<'_>, sizes: &Sizes, epsilon: f64) -> Result<Self, DescriptionError> {
        let fields = &config.fields;
        let count = |name: &str, default: u32| -> Result<u32, DescriptionError> {
            Ok(fields.count(&[name])?.unwrap_or(default))
        };
        let bias = fields.flag(&["attention_bias"])?.unwrap_or(false);
        config.activation(&["mamba_hidden_act"], Activation::Silu)?;
        // Heads times their width is what counts; the factor of the older form stands beside it.
        fields.ignore(&["expand"]);
        let space = StateSpace {
            heads: count("mamba_num_heads", 128)?,
            head_dim: count("mamba_head_dim", 64)?,
            state: count("ssm_state_size", 128)?,
            groups: count("n_groups", 8)?,
            convolution: count("conv_kernel", 4)?,
            convolution_bias: fields.flag(&["use_conv_bias"])?.unwrap_or(true),
            biases: fields.flag(&["mamba_proj_bias"])?.unwrap_or(false),
            epsilon,
        };
        let dense = Dense {
            width: sizes.width,
            gated: false,
            activation: config.activation(&["mlp_hidden_act"], Activation::ReluSquared)?,
            biases: fields.flag(&["mlp_bias"])?.unwrap_or(false),
        };
        let expert = Dense {
            width: count("moe_intermediate_size", 7688)?,
            ..dense
        };
        let shared = count("n_shared_experts", 1)?;
        let shared_width = count("moe_shared_expert_intermediate_size", 7688)?;
        let groups = [count("n_group", 1)?, count("topk_group", 1)?];
        let router = Router {
            scoring: Scoring::Sigmoid,
            choice_bias: true,
            groups: (groups[0] > 1).then_some(groups),
            normalized: fields.flag(&["norm_topk_prob"])?.unwrap_or(true),
            scale: fields.number(&["routed_scaling_factor"])?.unwrap_or(1.0),
            ..Router::default()
        };
        let experts = fields.count(&["n_routed_experts", "num_local_experts"])?;
        let top_k = count("num_experts_per_tok", 2)?;
        Ok(Self {
            space,
            attention: GroupedAttention {
                biases: AttentionBiases {
                    query_key_value: bias,
                    output: bias,
                },
                ..Config::attention(sizes, None, Span::Full)
            },
            dense,
            experts: experts.map(|count| Experts {
                count,
                top_k,
                expert,
                router,
                shared: (shared > 0).then(|| Dense {
                    width: shared_width.saturating_mul(shared),
                    ..expert
                }),
                ..Experts::default()
            }),
        })
    }

    fn layer(
        &self,
        config: &Config<'_>,
        letter: char,
        norm: Norm,
    ) -> Result<Layer, DescriptionError> {
        let (name, mixer, feed_forward) = match (letter, self.experts) {
            ('M', _) => (
                "state space",
                Some(Mixer::StateSpace(self.space.clone())),
                None,
            ),
            ('*', _) => (
                "attention",
                Some(Mixer::Grouped(self.attention.clone())),
                None,
            ),
            ('-', _) => ("dense", None, Some(FeedForward::Dense(self.dense))),
            ('E', Some(experts)) => ("experts", None, Some(FeedForward::Experts(experts))),
            ('E', None) => return Err(config.fields.missing("n_routed_experts")),
            _ => {
                return Err(config.fields.fault(
                    "hybrid_override_pattern",
                    format!("holds {letter:?}; M, *, - and E are known"),
                ));
            }
        };
        let norms = |there: bool| {
            if there {
                PartNorms::before(norm)
            } else {
                PartNorms::default()
            }
        };
        Ok(Layer {
            name: name.to_owned(),
            mixer_norms: norms(mixer.is_some()),
            feed_forward_norms: norms(feed_forward.is_some()),
            mixer,
            feed_forward,
            arrangement: Arrangement::Sequential,
            residual_scale: None,
        })
    }
}
