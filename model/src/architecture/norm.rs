//! Normalizations.

use serde::{Deserialize, Serialize};

use super::is_default;

/// What a normalization divides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum NormKind {
    /// The root mean square.
    #[default]
    RootMeanSquare,
    /// The standard deviation, the mean subtracted first.
    Layer,
}

/// One normalization.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Norm {
    /// What it divides by.
    pub kind: NormKind,
    /// Added under the root, at least 0.
    pub epsilon: f64,
    /// Whether the stored gain `w` means a factor `1 + w`.
    #[serde(skip_serializing_if = "is_default")]
    pub one_plus: bool,
    /// Whether it has no gain at all.
    #[serde(skip_serializing_if = "is_default")]
    pub plain: bool,
    /// Whether a bias is added.
    #[serde(skip_serializing_if = "is_default")]
    pub bias: bool,
}

impl Default for Norm {
    fn default() -> Self {
        Self::root_mean_square(1e-6)
    }
}

impl Norm {
    /// Division by the root mean square, times a gain.
    pub const fn root_mean_square(epsilon: f64) -> Self {
        Self {
            kind: NormKind::RootMeanSquare,
            epsilon,
            one_plus: false,
            plain: false,
            bias: false,
        }
    }

    /// Mean subtracted, division by the standard deviation, times a gain, plus a bias.
    pub const fn layer(epsilon: f64) -> Self {
        Self {
            kind: NormKind::Layer,
            epsilon,
            one_plus: false,
            plain: false,
            bias: true,
        }
    }

    /// Stored values for a width.
    pub const fn parameters(&self, width: u64) -> u64 {
        (if self.plain { 0 } else { width }) + (if self.bias { width } else { 0 })
    }
}

/// Where a part of a layer is normalized.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PartNorms {
    /// The input of the part; `None` in a parallel layer: that of the mixer is shared.
    #[serde(skip_serializing_if = "is_default")]
    pub before: Option<Norm>,
    /// The output of the part, before it is added to the residual stream.
    #[serde(skip_serializing_if = "is_default")]
    pub after: Option<Norm>,
    /// The sum of residual stream and output (OPT-350m).
    #[serde(skip_serializing_if = "is_default")]
    pub on_sum: Option<Norm>,
}

impl PartNorms {
    /// On the input alone.
    pub const fn before(norm: Norm) -> Self {
        Self {
            before: Some(norm),
            after: None,
            on_sum: None,
        }
    }

    /// On the output alone.
    pub const fn after(norm: Norm) -> Self {
        Self {
            before: None,
            after: Some(norm),
            on_sum: None,
        }
    }

    /// On input and output.
    pub const fn around(norm: Norm) -> Self {
        Self {
            before: Some(norm),
            after: Some(norm),
            on_sum: None,
        }
    }

    /// All that are there.
    pub fn iter(&self) -> impl Iterator<Item = Norm> {
        [self.before, self.after, self.on_sum].into_iter().flatten()
    }
}
