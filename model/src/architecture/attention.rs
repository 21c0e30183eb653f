//! Mixers that look at the keys of earlier tokens.

use serde::{Deserialize, Serialize};

use super::{Norm, Rotary, is_default};

/// Which earlier tokens a query sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Span {
    /// All.
    #[default]
    Full,
    /// This many, itself included.
    Window(u32),
    /// Those of its own chunk of this many tokens (Llama 4).
    Chunk(u32),
}

impl Span {
    /// Most tokens that a query sees of so many.
    pub fn at_most(self, tokens: u64) -> u64 {
        match self {
            Self::Full => tokens,
            Self::Window(length) | Self::Chunk(length) => tokens.min(u64::from(length)),
        }
    }
}

/// Heads, of which several may share one key and value head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupedAttention {
    /// Query heads.
    pub heads: u32,
    /// Key and value heads; divides `heads`.
    pub key_heads: u32,
    /// Values of a query or key head.
    pub head_dim: u32,
    /// Values of a value head, where they are not those of a key head.
    #[serde(skip_serializing_if = "is_default")]
    pub value_dim: Option<u32>,
    /// Rotation; `None`: positions do not enter here.
    #[serde(skip_serializing_if = "is_default")]
    pub rotary: Option<Rotary>,
    /// Largest bias of attention with linear biases; `None`: no such biases.
    #[serde(skip_serializing_if = "is_default")]
    pub alibi: Option<f64>,
    /// Which tokens a query sees.
    #[serde(skip_serializing_if = "is_default")]
    pub span: Span,
    /// Whether each head has a learned logit that takes part in the softmax and has no value (gpt-oss).
    #[serde(skip_serializing_if = "is_default")]
    pub sinks: bool,
    /// Normalization of queries and keys.
    #[serde(skip_serializing_if = "is_default")]
    pub query_key_norm: Option<QueryKeyNorm>,
    /// Factor of the scores; `None`: one over the root of the head width.
    #[serde(skip_serializing_if = "is_default")]
    pub score_scale: Option<f64>,
    /// Scores become `cap x tanh(score / cap)`.
    #[serde(skip_serializing_if = "is_default")]
    pub soft_cap: Option<f64>,
    /// Growth of queries with their position.
    #[serde(skip_serializing_if = "is_default")]
    pub temperature: Option<Temperature>,
    /// Biases of the projections.
    #[serde(skip_serializing_if = "is_default")]
    pub biases: AttentionBiases,
    /// Whether a second half of the query projection gates the output by a sigmoid (Qwen3-Next).
    #[serde(skip_serializing_if = "is_default")]
    pub output_gate: bool,
    /// Factor of the values (`MiMo-V2`).
    #[serde(skip_serializing_if = "is_default")]
    pub value_scale: Option<f64>,
    /// Whether values are the keys before their normalization and rotation: no value projection (Gemma 4).
    #[serde(skip_serializing_if = "is_default")]
    pub values_are_keys: bool,
    /// Whether values are normalized without a gain (Gemma 4).
    #[serde(skip_serializing_if = "is_default")]
    pub value_norm: Option<Norm>,
    /// Queries, keys and values are clamped to plus and minus this.
    #[serde(skip_serializing_if = "is_default")]
    pub clip: Option<f64>,
}

impl Default for GroupedAttention {
    fn default() -> Self {
        Self::new(0, 0, 0)
    }
}

impl GroupedAttention {
    /// Full attention without any addition.
    pub const fn new(heads: u32, key_heads: u32, head_dim: u32) -> Self {
        Self {
            heads,
            key_heads,
            head_dim,
            value_dim: None,
            rotary: None,
            alibi: None,
            span: Span::Full,
            sinks: false,
            query_key_norm: None,
            score_scale: None,
            soft_cap: None,
            temperature: None,
            biases: AttentionBiases {
                query_key_value: false,
                output: false,
            },
            output_gate: false,
            value_scale: None,
            values_are_keys: false,
            value_norm: None,
            clip: None,
        }
    }

    /// Values of a value head.
    pub fn value_dim(&self) -> u32 {
        self.value_dim.unwrap_or(self.head_dim)
    }
}

/// Biases of the projections of attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttentionBiases {
    /// Query, key and value projections.
    pub query_key_value: bool,
    /// Output projection.
    pub output: bool,
}

/// Normalization of queries and keys.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryKeyNorm {
    /// The normalization.
    pub norm: Norm,
    /// Over what it runs.
    pub width: NormWidth,
    /// Whether it follows the rotation; else it comes first.
    pub after_rotation: bool,
}

/// Values that one normalization of queries or keys runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NormWidth {
    /// Each head, with one gain for all heads.
    Head,
    /// Each head, with gains of its own.
    EachHead,
    /// All heads together.
    AllHeads,
}

/// Growth of queries with position `p`: times `1 + scale x ln(1 + floor((p + shift) / floor))`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Temperature {
    /// Factor of the logarithm.
    pub scale: f64,
    /// Tokens a step.
    pub floor: f64,
    /// Added to the position, which counts from 0.
    pub shift: f64,
}

/// Multi-head latent attention: keys and values of a token are kept as one latent vector and one rotated key.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LatentAttention {
    /// Heads.
    pub heads: u32,
    /// Width of the compressed query; `None`: one projection.
    #[serde(skip_serializing_if = "is_default")]
    pub query_rank: Option<u32>,
    /// Width of the latent vector that stands for keys and values.
    pub key_value_rank: u32,
    /// Values of a head that are not rotated.
    pub plain_dim: u32,
    /// Rotated values: of each query head, and one key for all heads.
    pub rotary_dim: u32,
    /// Values of a value head.
    pub value_dim: u32,
    /// Rotation.
    pub rotary: Rotary,
    /// Normalization of the compressed query and of the latent vector.
    pub norm: Norm,
    /// Factor of the scores; `None`: one over the root of the query width.
    #[serde(skip_serializing_if = "is_default")]
    pub score_scale: Option<f64>,
    /// Growth of queries with their position.
    #[serde(skip_serializing_if = "is_default")]
    pub temperature: Option<Temperature>,
    /// Biases of the projections into the ranks and of the output.
    #[serde(skip_serializing_if = "is_default")]
    pub biases: AttentionBiases,
    /// Which tokens a query sees.
    #[serde(skip_serializing_if = "is_default")]
    pub indexer: Option<Indexer>,
}

/// A small attention that chooses the tokens a query sees (`DeepSeek` sparse attention).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indexer {
    /// Heads.
    pub heads: u32,
    /// Values a head; one key of this width is kept a token.
    pub head_dim: u32,
    /// Tokens chosen.
    pub top_k: u32,
}
