//! What a checkpoint says about its architecture: shapes and the few choices in which families differ.
//!
//! Read from `config.json`, GGUF metadata or a llama2.c header; the forward pass asks only this.

mod from_config;
mod from_gguf;

use super::checkpoint::{CheckpointError, Llama2cHeader};
use crate::workload::{Family, ModelShape};

pub use from_config::hyperparameters_from_config;
pub use from_gguf::hyperparameters_from_gguf;

/// Which names and layout the tensors of a checkpoint have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// GGUF names (`blk.0.attn_q.weight`).
    Gguf,
    /// Hugging Face names of Llama, Mistral and Qwen2 (`model.layers.0.self_attn.q_proj.weight`).
    HuggingFaceLlama,
    /// Hugging Face names of OPT (`model.decoder.layers.0.self_attn.q_proj.weight`).
    HuggingFaceOpt,
    /// Hugging Face names of GPT-2 (`transformer.h.0.attn.c_attn.weight`, stored with the input axis first).
    HuggingFaceGpt2,
}

/// How a layer's input is normalized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalization {
    /// Division by the root mean square, times a gain.
    RootMeanSquare,
    /// Mean subtracted, divided by the standard deviation, times a gain, plus a bias.
    Layer,
}

/// Where attention and feed-forward parts have their normalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormPlacement {
    /// On the input of the part, and once more before the head.
    Before,
    /// On the sum of the part's input and output; nothing before the head (OPT-350m).
    After,
}

/// The nonlinearity of the feed-forward part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x / (1 + exp(-x)).
    Silu,
    /// max(x, 0).
    Relu,
    /// x times the normal distribution function, by the error function.
    Gelu,
    /// The tanh approximation of [`Self::Gelu`] (`gelu_new`).
    GeluTanh,
}

/// Which two channels of a head one rotation turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotaryPairs {
    /// Channels 2i and 2i+1.
    Neighbors,
    /// Channels i and i + half the rotated width.
    Halves,
}

/// Change of the rotation frequencies for contexts longer than those trained on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RotaryScaling {
    /// As trained.
    None,
    /// All frequencies divided by a factor.
    Linear {
        /// The divisor.
        factor: f64,
    },
    /// Low frequencies divided, high ones kept, a ramp between (Llama 3.1 `rope_type: llama3`).
    Llama3 {
        /// The divisor of low frequencies.
        factor: f64,
        /// Wavelengths above `original_context / low_frequency_factor` are divided.
        low_frequency_factor: f64,
        /// Wavelengths below `original_context / high_frequency_factor` are kept.
        high_frequency_factor: f64,
        /// Context of the original training.
        original_context: f64,
    },
    /// As [`Self::Llama3`] with a ramp over channels, and larger queries and keys (Peng et al., "`YaRN`", ICLR 2024).
    Yarn(Yarn),
}

/// The figures of `YaRN`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yarn {
    /// The divisor of low frequencies.
    pub factor: f64,
    /// Context of the original training.
    pub original_context: f64,
    /// Turns over the original context from which on a frequency is kept; 32 in the paper.
    pub fast_turns: f64,
    /// Turns up to which a frequency is divided; 1 in the paper.
    pub slow_turns: f64,
    /// Whether the ends of the ramp are rounded outwards to whole channels.
    pub whole_channels: bool,
    /// What rotated queries and keys are multiplied by.
    pub magnitude: f64,
}

impl Yarn {
    /// The magnitude that the paper recommends for a factor: `0.1 ln(factor) + 1`, 1 for factors up to 1.
    pub fn recommended_magnitude(factor: f64) -> f64 {
        0.1 * factor.max(1.0).ln() + 1.0
    }
}

/// How a token's position enters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Position {
    /// Rotation of Q and K.
    Rotary {
        /// Base of the geometric series of frequencies.
        theta: f64,
        /// Channels of a head that are rotated, from the first on; even.
        n_rotated: u32,
        /// Which channels form a pair.
        pairs: RotaryPairs,
        /// Change of the frequencies.
        scaling: RotaryScaling,
    },
    /// A learned vector a position, added to the embedding.
    Learned {
        /// Row of the table that belongs to position 0.
        offset: u32,
    },
}

/// Shape and choices of one language model.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperparameters {
    /// Dimensions, name and family.
    pub shape: ModelShape,
    /// Naming of the tensors.
    pub naming: Naming,
    /// Kind of normalization.
    pub normalization: Normalization,
    /// Where the normalization of a part stands.
    pub norm_placement: NormPlacement,
    /// Whether there is one more normalization before the head.
    pub has_final_norm: bool,
    /// Length of a token's embedding; where it is not the hidden size, two projections lead from one to the other.
    pub embedding_size: u32,
    /// Added under the root of the normalization.
    pub normalization_epsilon: f32,
    /// Nonlinearity.
    pub activation: Activation,
    /// Position encoding.
    pub position: Position,
    /// In each layer, how many tokens a query sees, itself included; `None`: all before it. No entry means `None`.
    pub windows: Vec<Option<u32>>,
    /// Token that starts a text, where the file names one.
    pub start_token: Option<u32>,
}

impl Hyperparameters {
    /// How many tokens a query of a layer sees; `None`: all before it.
    pub fn window(&self, layer: u32) -> Option<u32> {
        self.windows.get(layer as usize).copied().flatten()
    }

    /// Of a llama2.c checkpoint: interleaved pairs, theta 10000 and epsilon 1e-5 as in its `run.c`.
    pub fn from_llama2c(header: &Llama2cHeader) -> Self {
        let head_dim = header.hidden_size / header.n_heads;
        Self {
            shape: ModelShape {
                name: "llama2.c checkpoint".to_owned(),
                source: "llama2.c header".to_owned(),
                family: Family::Llama,
                n_layers: header.n_layers,
                hidden_size: header.hidden_size,
                n_heads: header.n_heads,
                n_kv_heads: header.n_kv_heads,
                head_dim,
                ffn_size: header.ffn_size,
                gated_mlp: true,
                vocab_size: header.vocab_size,
                tied_embeddings: header.tied_embeddings,
                max_context: header.max_context,
            },
            naming: Naming::Gguf,
            normalization: Normalization::RootMeanSquare,
            norm_placement: NormPlacement::Before,
            has_final_norm: true,
            embedding_size: header.hidden_size,
            normalization_epsilon: 1e-5,
            activation: Activation::Silu,
            position: Position::Rotary {
                theta: 10_000.0,
                n_rotated: head_dim,
                pairs: RotaryPairs::Neighbors,
                scaling: RotaryScaling::None,
            },
            windows: Vec::new(),
            start_token: Some(1),
        }
    }

    /// Checks what the forward pass relies on.
    ///
    /// # Errors
    /// Names the field, its value and what is allowed.
    pub(super) fn checked(self) -> Result<Self, CheckpointError> {
        let fault = |field: &str, reason: String| Err(CheckpointError::new(field, reason));
        if let Err(violations) = self.shape.check() {
            let reasons = violations
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>();
            return fault("model shape", reasons.join("; "));
        }
        if !(self.normalization_epsilon.is_finite() && self.normalization_epsilon >= 0.0) {
            return fault(
                "normalization epsilon",
                format!(
                    "is {}; a finite number from 0 is allowed",
                    self.normalization_epsilon
                ),
            );
        }
        if self.embedding_size == 0 {
            return fault("embedding size", "is 0; at least 1 is needed".to_owned());
        }
        if self.windows.contains(&Some(0)) {
            return fault(
                "sliding window",
                "is 0; at least 1 token is needed".to_owned(),
            );
        }
        if let Position::Rotary {
            theta,
            n_rotated,
            scaling,
            ..
        } = self.position
        {
            if n_rotated == 0 || n_rotated > self.shape.head_dim || !n_rotated.is_multiple_of(2) {
                return fault(
                    "rotary dimension",
                    format!(
                        "is {n_rotated}; an even number up to the head dimension {} is allowed",
                        self.shape.head_dim
                    ),
                );
            }
            if !(theta.is_finite() && theta > 0.0) {
                return fault(
                    "rotary base",
                    format!("is {theta}; a positive number is allowed"),
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
        }
        Ok(self)
    }
}

impl RotaryScaling {
    fn is_sound(self) -> bool {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        match self {
            Self::None => true,
            Self::Linear { factor } => positive(factor),
            Self::Llama3 {
                factor,
                low_frequency_factor,
                high_frequency_factor,
                original_context,
            } => {
                positive(factor)
                    && positive(low_frequency_factor)
                    && positive(high_frequency_factor)
                    && positive(original_context)
                    && high_frequency_factor > low_frequency_factor
            }
            Self::Yarn(yarn) => {
                positive(yarn.factor)
                    && positive(yarn.original_context)
                    && positive(yarn.fast_turns)
                    && positive(yarn.slow_turns)
                    && positive(yarn.magnitude)
            }
        }
    }
}
