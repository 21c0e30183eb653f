//! Dimensions of a transformer language model.

use serde::{Deserialize, Serialize};

use crate::architecture::{Architecture, FeedForward, Mixer};
use crate::violation::Violation;

/// Model family: which sub-layers a model has, as far as shapes and published calibrations need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// OPT.
    Opt,
    /// GPT-2.
    Gpt2,
    /// LLaMA, LLaMA-2, Llama-3, `TinyLlama` and models of the same build.
    Llama,
    /// Mistral.
    Mistral,
    /// Qwen2 and Qwen2.5.
    Qwen2,
    /// Phi-2.
    Phi,
    /// Phi-3.
    Phi3,
    /// Gemma.
    Gemma,
    /// Gemma 2.
    Gemma2,
    /// Falcon.
    Falcon,
    /// Any other, known by its shapes alone.
    Other,
}

impl Family {
    /// Its name as `model_type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opt => "opt",
            Self::Gpt2 => "gpt2",
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
            Self::Phi => "phi",
            Self::Phi3 => "phi3",
            Self::Gemma => "gemma",
            Self::Gemma2 => "gemma2",
            Self::Falcon => "falcon",
            Self::Other => "other",
        }
    }

    /// The family of a `model_type`; [`Family::Other`] where no calibration depends on it.
    pub fn named(model_type: &str) -> Self {
        match model_type {
            "opt" => Self::Opt,
            "gpt2" => Self::Gpt2,
            "llama" => Self::Llama,
            "mistral" => Self::Mistral,
            "qwen2" => Self::Qwen2,
            "phi" => Self::Phi,
            "phi3" => Self::Phi3,
            "gemma" => Self::Gemma,
            "gemma2" => Self::Gemma2,
            "falcon" => Self::Falcon,
            _ => Self::Other,
        }
    }
}

/// Shape of a decoder-only transformer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelShape {
    /// Name as its authors write it.
    pub name: String,
    /// Where the figures come from.
    pub source: String,
    /// Family.
    pub family: Family,
    /// Transformer layers.
    pub n_layers: u32,
    /// Width of the residual stream.
    pub hidden_size: u32,
    /// Query heads.
    pub n_heads: u32,
    /// Key and value heads; divides `n_heads`.
    pub n_kv_heads: u32,
    /// Values a head.
    pub head_dim: u32,
    /// Inner width of the feed-forward layer.
    pub ffn_size: u32,
    /// Whether the feed-forward layer has a gate projection.
    pub gated_mlp: bool,
    /// Entries of the vocabulary.
    pub vocab_size: u32,
    /// Whether the head shares the embedding's weights.
    pub tied_embeddings: bool,
    /// Longest context in tokens.
    pub max_context: u32,
}

impl ModelShape {
    /// The shape of a model whose layers all have grouped attention and one perceptron.
    ///
    /// # Errors
    /// The part that this shape cannot express.
    pub fn of(model: &Architecture) -> Result<Self, Violation> {
        let only = |field: &str, value: String| {
            Violation::new(
                field,
                value,
                "layers of grouped attention and one perceptron, all of one size",
            )
        };
        let mut shape: Option<Self> = None;
        for layer in model.layers() {
            let attention = match &layer.mixer {
                Some(Mixer::Grouped(attention)) => attention,
                Some(Mixer::Latent(_)) => {
                    return Err(only("attention", "latent (kv_lora_rank)".to_owned()));
                }
                Some(Mixer::Linear(_)) => return Err(only("attention", "linear".to_owned())),
                Some(Mixer::StateSpace(_)) => {
                    return Err(only("mixer", "a state space".to_owned()));
                }
                None => return Err(only("layer", "without attention".to_owned())),
            };
            let dense = match layer.feed_forward {
                Some(FeedForward::Dense(dense)) => dense,
                Some(FeedForward::Experts(experts)) => {
                    let value = format!("a mixture of {} experts", experts.count);
                    return Err(only("feed-forward part", value));
                }
                None => return Err(only("layer", "without a feed-forward part".to_owned())),
            };
            if attention.value_dim() != attention.head_dim || attention.output_gate {
                return Err(only(
                    "attention",
                    "with values or gates of another width".to_owned(),
                ));
            }
            let this = Self {
                name: model.name.clone(),
                source: model.source.clone(),
                family: Family::named(&model.family),
                n_layers: model.n_layers(),
                hidden_size: model.hidden_size,
                n_heads: attention.heads,
                n_kv_heads: attention.key_heads,
                head_dim: attention.head_dim,
                ffn_size: dense.width,
                gated_mlp: dense.gated,
                vocab_size: model.vocab_size,
                tied_embeddings: model.head.tied,
                max_context: model.max_context,
            };
            if shape.as_ref().is_some_and(|shape| *shape != this) {
                return Err(only("layers", "of different sizes".to_owned()));
            }
            shape = Some(this);
        }
        shape.ok_or_else(|| only("layers", "none".to_owned()))
    }

    /// Weights of all linear layers, embedding and head excluded.
    pub fn linear_weights(&self) -> u64 {
        let [hidden, head_dim, ffn] =
            [self.hidden_size, self.head_dim, self.ffn_size].map(u64::from);
        let [heads, kv_heads] = [self.n_heads, self.n_kv_heads].map(u64::from);
        let attention = hidden * head_dim * (2 * heads + 2 * kv_heads);
        let mlp = hidden * ffn * if self.gated_mlp { 3 } else { 2 };
        u64::from(self.n_layers) * (attention + mlp)
    }

    /// Weights of the head (counted also where it shares the embedding).
    pub fn head_weights(&self) -> u64 {
        u64::from(self.hidden_size) * u64::from(self.vocab_size)
    }

    /// What is wrong with the shape, if anything.
    ///
    /// # Errors
    /// One violation for each dimension outside its range.
    pub fn check(&self) -> Result<(), Vec<Violation>> {
        let mut violations = Vec::new();
        let mut within = |field: &str, value: u32, most: u32| {
            if value < 1 || value > most {
                violations.push(Violation::out_of_range(field, value, 1, most));
            }
        };
        within("n_layers", self.n_layers, 1024);
        within("hidden_size", self.hidden_size, 1 << 20);
        within("n_heads", self.n_heads, 4096);
        within("n_kv_heads", self.n_kv_heads, 4096);
        within("head_dim", self.head_dim, 1 << 14);
        within("ffn_size", self.ffn_size, 1 << 22);
        within("vocab_size", self.vocab_size, 1 << 24);
        within("max_context", self.max_context, 1 << 24);
        if violations.is_empty() && !self.n_heads.is_multiple_of(self.n_kv_heads) {
            violations.push(Violation::new(
                "n_kv_heads",
                self.n_kv_heads,
                format!("a divisor of n_heads ({})", self.n_heads),
            ));
        }
        if violations.is_empty() {
            Ok(())
        } else {
            Err(violations)
        }
    }
}
