//! The matrix products of a transformer and their operands.

use serde::{Deserialize, Serialize};

use super::Side;
use crate::units::Macs;

/// Which of the two phases of inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// The whole prompt at once.
    Prefill,
    /// One token a step.
    Decode,
}

impl Phase {
    /// Both, in the order of execution.
    pub const ALL: [Self; 2] = [Self::Prefill, Self::Decode];

    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefill => "prefill",
            Self::Decode => "decode",
        }
    }
}

/// One kind of matrix product in a transformer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// Query projection.
    Q,
    /// Key projection.
    K,
    /// Value projection.
    V,
    /// Attention scores, query times key.
    Qk,
    /// Attention output, probability times value.
    Pv,
    /// Output projection of attention.
    O,
    /// Gate projection of a gated feed-forward layer.
    Gate,
    /// Up projection of the feed-forward layer (its first where there is no gate).
    Up,
    /// Down projection of the feed-forward layer.
    Down,
    /// Projection to the vocabulary.
    Head,
}

impl Product {
    /// All, in the order of execution.
    pub const ALL: [Self; 10] = [
        Self::Q,
        Self::K,
        Self::V,
        Self::Qk,
        Self::Pv,
        Self::O,
        Self::Gate,
        Self::Up,
        Self::Down,
        Self::Head,
    ];

    /// Lower-case name as in site patterns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Q => "q",
            Self::K => "k",
            Self::V => "v",
            Self::Qk => "qk",
            Self::Pv => "pv",
            Self::O => "o",
            Self::Gate => "gate",
            Self::Up => "up",
            Self::Down => "down",
            Self::Head => "head",
        }
    }

    /// Position in [`Product::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether its stationary operand is a weight: neither of the two attention products.
    pub const fn is_linear(self) -> bool {
        !matches!(self, Self::Qk | Self::Pv)
    }

    /// What stands on a side of the product.
    pub const fn operand(self, side: Side) -> Operand {
        match (self, side) {
            (Self::Qk, Side::Moving) => Operand::Query,
            (Self::Qk, Side::Stationary) => Operand::Key,
            (Self::Pv, Side::Moving) => Operand::Probability,
            (Self::Pv, Side::Stationary) => Operand::Value,
            (_, Side::Moving) => Operand::Activation,
            (_, Side::Stationary) => Operand::Weight,
        }
    }
}

/// The role of a tensor in a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operand {
    /// Input of a linear layer.
    Activation,
    /// Weight of a linear layer.
    Weight,
    /// Query of attention.
    Query,
    /// Key of attention, held in the key cache.
    Key,
    /// Attention probability, the output of softmax.
    Probability,
    /// Value of attention, held in the value cache.
    Value,
}

impl Operand {
    /// Lower-case name as in site patterns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::Weight => "weight",
            Self::Query => "query",
            Self::Key => "key",
            Self::Probability => "probability",
            Self::Value => "value",
        }
    }
}

/// `count` products `out[m, n] = moving[m, k] x stationary[k, n]`; quantization blocks run along `k`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MatrixProduct {
    /// Which product of the transformer it is.
    pub product: Product,
    /// Rows of the moving operand.
    pub m: u64,
    /// Columns of the stationary operand.
    pub n: u64,
    /// Length of the reduction.
    pub k: u64,
    /// How often it occurs in one layer with other data (attention: sequences x key heads).
    pub count: u64,
}

impl MatrixProduct {
    /// Multiply-accumulate operations of all `count`.
    pub const fn macs(self) -> Macs {
        Macs(self.m * self.n * self.k * self.count)
    }
}
