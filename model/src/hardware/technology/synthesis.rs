//! Area that the cells and the synthesis tool of a node make of each kind of logic.

use serde::{Deserialize, Serialize};

use crate::hardware::gates::Logic;
use crate::hardware::{Confidence, Sourced};

/// Area against the gate model's library and tool, beyond the node's own factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synthesis {
    /// Carry-propagating adders, registers, and whatever is no product and no floating point.
    pub adder: Sourced<f64>,
    /// Multipliers, carry-save trees and products.
    pub product: Sourced<f64>,
    /// Floating-point adders, normalizers, exponents and rounding.
    pub float: Sourced<f64>,
}

impl Default for Synthesis {
    fn default() -> Self {
        let same = || Sourced {
            value: 1.0,
            low: 1.0,
            high: 1.0,
            source: "as the gate model's library and tool".to_owned(),
            confidence: Confidence::Medium,
        };
        Self {
            adder: same(),
            product: same(),
            float: same(),
        }
    }
}

impl Synthesis {
    /// Factors by logic.
    pub(super) fn factors(&self) -> [f64; Logic::COUNT] {
        Logic::ALL.map(|logic| match logic {
            Logic::Multiplier | Logic::Tree | Logic::Product => self.product.value,
            Logic::Float | Logic::Control | Logic::Negate => self.float.value,
            Logic::Adder
            | Logic::Gating
            | Logic::Mux
            | Logic::Shifter
            | Logic::Maximum
            | Logic::LeadingZero
            | Logic::Compare
            | Logic::Converter
            | Logic::Register => self.adder.value,
        })
    }
}
