//! Mixers that keep a state of fixed size instead of a cache.

use serde::{Deserialize, Serialize};

use super::is_default;

/// Linear attention with the gated delta rule (Qwen3-Next): a matrix of `key_dim x value_dim` a value head.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearAttention {
    /// Key and query heads; divides `value_heads`.
    pub key_heads: u32,
    /// Values a key.
    pub key_dim: u32,
    /// Value heads.
    pub value_heads: u32,
    /// Values a value.
    pub value_dim: u32,
    /// Tokens that the convolution over queries, keys and values sees.
    pub convolution: u32,
    /// Added under the root of the normalization of the output.
    pub epsilon: f64,
}

impl LinearAttention {
    /// Width of queries, keys and values together, which the convolution runs over.
    pub fn convolved(&self) -> u64 {
        2 * u64::from(self.key_heads) * u64::from(self.key_dim) + self.inner()
    }

    /// Width of the values.
    pub fn inner(&self) -> u64 {
        u64::from(self.value_heads) * u64::from(self.value_dim)
    }

    /// Columns of the projections in: queries, keys, values, output gate, and two gates a value head.
    pub fn columns_in(&self) -> u64 {
        self.convolved() + self.inner() + 2 * u64::from(self.value_heads)
    }
}

/// A state space of the Mamba-2 kind: a matrix of `state x head_dim` a head.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StateSpace {
    /// Heads.
    pub heads: u32,
    /// Values a head.
    pub head_dim: u32,
    /// Values of the state for each value of a head.
    pub state: u32,
    /// Groups of heads that share input and output vectors of the state.
    pub groups: u32,
    /// Tokens that the convolution sees.
    pub convolution: u32,
    /// Whether the convolution has a bias.
    #[serde(skip_serializing_if = "is_default")]
    pub convolution_bias: bool,
    /// Whether the projections have biases.
    #[serde(skip_serializing_if = "is_default")]
    pub biases: bool,
    /// Added under the root of the normalization of the output.
    pub epsilon: f64,
}

impl StateSpace {
    /// Width of the heads together.
    pub fn inner(&self) -> u64 {
        u64::from(self.heads) * u64::from(self.head_dim)
    }

    /// Width that the convolution runs over: values, and input and output vectors of the state.
    pub fn convolved(&self) -> u64 {
        self.inner() + 2 * u64::from(self.groups) * u64::from(self.state)
    }

    /// Columns of the projection in: what is convolved, the gate, and a step a head.
    pub fn columns_in(&self) -> u64 {
        self.convolved() + self.inner() + u64::from(self.heads)
    }
}
