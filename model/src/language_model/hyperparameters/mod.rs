//! What a checkpoint says about its model: the description, and how its tensors are named.
//!
//! Read from `config.json`, GGUF metadata or a llama2.c header; the forward pass asks only this.

mod from_config;
mod from_gguf;

use super::checkpoint::{CheckpointError, Llama2cHeader};
use crate::architecture::{
    Activation, Architecture, Arrangement, Dense, Embedding, FeedForward, GroupedAttention, Head,
    Layer, Mixer, Norm, PartNorms, Rotary, RotaryPairs, RotaryScaling, Span,
};
use crate::workload::{Family, ModelShape};

pub use from_config::hyperparameters_from_config;
pub use from_gguf::hyperparameters_from_gguf;

/// Which names and layout the tensors of a checkpoint have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// GGUF names (`blk.0.attn_q.weight`).
    Gguf,
    /// Hugging Face names (`model.layers.0.self_attn.q_proj.weight` and others).
    HuggingFace,
    /// Hugging Face names, matrices stored with the input axis first, as GPT-2's.
    InputFirst,
}

/// The description of one language model, and the naming of its tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperparameters {
    /// Layers, sizes and choices.
    pub architecture: Architecture,
    /// Naming of the tensors.
    pub naming: Naming,
    /// Token that starts a text, where the file names one.
    pub start_token: Option<u32>,
}

impl Hyperparameters {
    /// Dimensions, where all layers are of grouped attention and one perceptron, all of one size.
    ///
    /// # Errors
    /// Names the part that such dimensions do not hold.
    pub fn shape(&self) -> Result<ModelShape, CheckpointError> {
        ModelShape::of(&self.architecture)
            .map_err(|violation| CheckpointError::new("model", violation.to_string()))
    }

    /// What estimators know a model by: the dimensions where [`Self::shape`] has them, else those of the first layer that
    /// has them. Costs are never computed from it.
    pub fn nearest_shape(&self) -> ModelShape {
        let model = &self.architecture;
        self.shape().unwrap_or_else(|_| {
            let attention = model.layers().find_map(Layer::grouped);
            let latent = model.layers().find_map(|layer| match &layer.mixer {
                Some(Mixer::Latent(attention)) => Some(attention),
                _ => None,
            });
            let (n_heads, n_kv_heads, head_dim) = match (attention, latent) {
                (Some(attention), _) => (attention.heads, attention.key_heads, attention.head_dim),
                (None, Some(latent)) => (latent.heads, latent.heads, latent.value_dim),
                (None, None) => (1, 1, model.hidden_size),
            };
            let dense = model.layers().find_map(|layer| match layer.feed_forward {
                Some(FeedForward::Dense(dense)) => Some(dense),
                Some(FeedForward::Experts(experts)) => Some(experts.expert),
                None => None,
            });
            ModelShape {
                name: model.name.clone(),
                source: model.source.clone(),
                family: Family::named(&model.family),
                n_layers: model.n_layers(),
                hidden_size: model.hidden_size,
                n_heads,
                n_kv_heads,
                head_dim,
                ffn_size: dense.map_or(1, |dense| dense.width),
                gated_mlp: dense.is_some_and(|dense| dense.gated),
                vocab_size: model.vocab_size,
                tied_embeddings: model.head.tied,
                max_context: model.max_context,
            }
        })
    }

    /// Of a llama2.c checkpoint: interleaved pairs, theta 10000 and epsilon 1e-5 as in its `run.c`.
    pub fn from_llama2c(header: &Llama2cHeader) -> Self {
        let head_dim = header.hidden_size / header.n_heads;
        let norm = Norm::root_mean_square(1e-5);
        let attention = GroupedAttention {
            rotary: Some(Rotary {
                channels: head_dim,
                base: 10_000.0,
                pairs: RotaryPairs::Neighbors,
                scaling: RotaryScaling::None,
            }),
            ..GroupedAttention::new(header.n_heads, header.n_kv_heads, head_dim)
        };
        let dense = Dense {
            width: header.ffn_size,
            gated: true,
            activation: Activation::Silu,
            biases: false,
        };
        let model = Architecture {
            name: "llama2.c checkpoint".to_owned(),
            source: "llama2.c header".to_owned(),
            family: "llama".to_owned(),
            hidden_size: header.hidden_size,
            vocab_size: header.vocab_size,
            max_context: header.max_context,
            embedding: Embedding::default(),
            kinds: Vec::new(),
            order: Vec::new(),
            final_norm: Some(norm),
            head: Head {
                tied: header.tied_embeddings,
                ..Head::default()
            },
            start_token: Some(1),
        };
        Self {
            architecture: model.with_layers(vec![
                plain_layer(attention, dense, norm);
                header.n_layers as usize
            ]),
            naming: Naming::Gguf,
            start_token: Some(1),
        }
    }

    /// Checks what the forward pass relies on.
    ///
    /// # Errors
    /// Names the field, its value and what is allowed.
    pub(super) fn checked(self) -> Result<Self, CheckpointError> {
        for kind in &self.architecture.kinds {
            check_layer(kind)?;
        }
        if let Err(violations) = self.architecture.check() {
            let reasons = violations
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>();
            return Err(CheckpointError::new("model shape", reasons.join("; ")));
        }
        Ok(self)
    }
}

/// A layer of attention and one perceptron with a norm before each.
fn plain_layer(attention: GroupedAttention, dense: Dense, norm: Norm) -> Layer {
    Layer {
        name: "layer".to_owned(),
        mixer: Some(Mixer::Grouped(attention)),
        mixer_norms: PartNorms::before(norm),
        feed_forward: Some(FeedForward::Dense(dense)),
        feed_forward_norms: PartNorms::before(norm),
        arrangement: Arrangement::Sequential,
        residual_scale: None,
    }
}

fn check_layer(layer: &Layer) -> Result<(), CheckpointError> {
    let fault = |field: &str, reason: String| Err(CheckpointError::new(field, reason));
    for norm in layer
        .mixer_norms
        .iter()
        .chain(layer.feed_forward_norms.iter())
    {
        if !(norm.epsilon.is_finite() && norm.epsilon >= 0.0) {
            return fault(
                "normalization epsilon",
                format!("is {}; a finite number from 0 is allowed", norm.epsilon),
            );
        }
    }
    let (rotary, head_dim) = match &layer.mixer {
        Some(Mixer::Grouped(attention)) => {
            if let Span::Window(0) | Span::Chunk(0) = attention.span {
                return fault(
                    "sliding window",
                    "is 0; at least 1 token is needed".to_owned(),
                );
            }
            (attention.rotary.as_ref(), attention.head_dim)
        }
        Some(Mixer::Latent(attention)) => (Some(&attention.rotary), attention.rotary_dim),
        _ => (None, 0),
    };
    let Some(rotary) = rotary else {
        return Ok(());
    };
    let n_rotated = rotary.channels;
    if n_rotated == 0 || n_rotated > head_dim || !n_rotated.is_multiple_of(2) {
        return fault(
            "rotary dimension",
            format!(
                "is {n_rotated}; an even number up to the head dimension {head_dim} is allowed"
            ),
        );
    }
    if !(rotary.base.is_finite() && rotary.base > 0.0) {
        return fault(
            "rotary base",
            format!("is {}; a positive number is allowed", rotary.base),
        );
    }
    let scaling = &rotary.scaling;
    if let RotaryScaling::Proportional { .. } = scaling {
        return fault(
            "rotary scaling",
            "is proportional, which is not computed yet".to_owned(),
        );
    }
    if !scaling.is_sound() {
        return fault(
            "rotary scaling",
            format!(
                "is {scaling:?}; positive numbers are allowed, the high frequency factor above the low one"
            ),
        );
    }
    Ok(())
}
