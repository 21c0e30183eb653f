//! A constant with its range and its origin.

use serde::{Deserialize, Serialize};

/// How far a constant can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Recalled or assumed.
    Low,
    /// Quoted second hand or scaled from another node.
    Medium,
    /// Read in the source or computed by the tool named.
    High,
}

/// A value, the range it may have, and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sourced<T> {
    /// What is computed with.
    pub value: T,
    /// Least plausible value.
    pub low: T,
    /// Largest plausible value.
    pub high: T,
    /// Paper or tool, node, voltage.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
}

impl Sourced<f64> {
    /// Whether the range contains the value and the source is named.
    pub fn is_consistent(&self) -> bool {
        self.low <= self.value && self.value <= self.high && !self.source.trim().is_empty()
    }

    /// Low and high relative to the value.
    pub fn relative_range(&self) -> [f64; 2] {
        if self.value == 0.0 {
            [1.0, 1.0]
        } else {
            [self.low / self.value, self.high / self.value]
        }
    }
}

/// A constant by name with its range and its origin: what a result rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceNote {
    /// What it is.
    pub name: String,
    /// Value.
    pub value: f64,
    /// Least plausible value.
    pub low: f64,
    /// Largest plausible value.
    pub high: f64,
    /// Paper or tool, node, voltage.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
}

impl SourceNote {
    pub(super) fn new(name: impl Into<String>, constant: &Sourced<f64>) -> Self {
        Self {
            name: name.into(),
            value: constant.value,
            low: constant.low,
            high: constant.high,
            source: constant.source.clone(),
            confidence: constant.confidence,
        }
    }
}
