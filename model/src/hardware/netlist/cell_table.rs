//! Costs of cells in a library, as data.

use serde::{Deserialize, Serialize};

use super::{CellClass, GlitchRule, PathSteps, SwitchingCounts};

/// Area, energy and delay of each class of cell, fitted to synthesized elements by `model/examples/fit_elements.rs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellTable {
    /// Name as in the synthesis tables.
    pub name: String,
    /// Where the numbers come from.
    pub source: String,
    /// Area of each class in um2, in the order of [`CellClass`].
    pub area_um2: [f64; CellClass::COUNT],
    /// Energy of each change in fJ, in the order of [`SwitchingCounts`].
    pub switching_fj: [f64; SwitchingCounts::COUNT],
    /// Delay of each step in ps, in the order of [`PathSteps`].
    pub step_ps: [f64; PathSteps::COUNT],
    /// The way glitches arise and die.
    pub glitches: GlitchRule,
}

impl CellTable {
    /// Area of counted cells in um2.
    pub fn area(&self, census: &[f64; CellClass::COUNT]) -> f64 {
        census
            .iter()
            .zip(self.area_um2)
            .map(|(count, each)| count * each)
            .sum()
    }
}
