//! Synthesis flows: what speed costs a unit in area and energy, relative to the smallest circuit.

use serde::{Deserialize, Serialize};

use super::{CellLibrary, Logic, Switching, Unit, UnitCost};
use crate::hardware::sourced::Confidence;
use crate::preset::{PresetError, from_ron};
use crate::units::{Area, Energy, Time};
use crate::violation::Violation;

pub(crate) const FLOWS: &str = include_str!("../../../../presets/technologies/synthesis_flows.ron");

/// Area, settled energy, energy with glitches and delay of a class of logic against flow `fa`.
type Factors = [f64; 4];

/// One flow of the synthesis table: how adders are built and toward which delay gates are sized.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SynthesisFlow {
    /// Name in the table: fa, fap, abc, each with @ and a target in ps where it has one.
    pub name: String,
    /// What it does, in words.
    pub description: String,
    /// Carry-propagating adders.
    pub adder: Factors,
    /// Multipliers, carry-save trees and products.
    pub array: Factors,
    /// Floating-point adders with their normalizers.
    pub float: Factors,
    /// Block converters.
    pub converter: Factors,
    /// Shifters, comparators, counters and multiplexers.
    pub selection: Factors,
    /// Least plausible factor of a unit against the one given.
    pub low: f64,
    /// Largest plausible factor of a unit against the one given.
    pub high: f64,
    /// Where the factors come from.
    pub source: String,
    /// How far to trust them.
    pub confidence: Confidence,
}

impl SynthesisFlow {
    /// All flows of the synthesis table, the smallest circuit first.
    ///
    /// # Errors
    /// Line and column of what cannot be read.
    pub fn built_in() -> Result<Vec<Self>, PresetError> {
        from_ron(FLOWS)
    }

    /// The flow of a name.
    ///
    /// # Errors
    /// An unknown name, with the flows that the synthesis table has.
    pub fn named(name: &str) -> Result<Self, Violation> {
        let flows = Self::built_in()
            .map_err(|error| Violation::new("synthesis flows", error, "a readable table"))?;
        let names: Vec<String> = flows.iter().map(|flow| flow.name.clone()).collect();
        flows
            .into_iter()
            .find(|flow| flow.name == name)
            .ok_or_else(|| Violation::new("flow", format!("\"{name}\""), names.join(", ")))
    }

    /// Factors of a kind of logic; flip-flops are the same cells in every flow.
    pub const fn factors(&self, logic: Logic) -> &Factors {
        match logic {
            Logic::Adder => &self.adder,
            Logic::Multiplier | Logic::Tree | Logic::Product => &self.array,
            Logic::Float | Logic::Control | Logic::Negate => &self.float,
            Logic::Converter => &self.converter,
            Logic::Gating
            | Logic::Mux
            | Logic::Shifter
            | Logic::Maximum
            | Logic::LeadingZero
            | Logic::Compare => &self.selection,
            Logic::Register => &[1.0; 4],
        }
    }

    /// Cost of a unit synthesized in this flow: each part by its class, the delay by the largest of them.
    pub fn cost(&self, cells: &CellLibrary, unit: &Unit) -> UnitCost {
        let base = cells.cost(unit);
        let mut cost = UnitCost {
            area: Area::ZERO,
            gate_equivalents: 0.0,
            settled: Energy::ZERO,
            with_glitches: Energy::ZERO,
            ..base
        };
        let mut largest = (Area::ZERO, 1.0);
        for part in &unit.parts() {
            let [area, settled, with_glitches, delay] = *self.factors(part.logic);
            let placed = cells.part_area(part);
            cost.area += placed * area;
            cost.gate_equivalents += cells.gate_equivalents(&part.gates) * area;
            cost.settled += cells.energy(part, Switching::Settled) * settled;
            cost.with_glitches += cells.energy(part, Switching::WithGlitches) * with_glitches;
            if part.logic != Logic::Register && placed > largest.0 {
                largest = (placed, delay);
            }
        }
        cost.delay = Time::picoseconds(base.delay.to_picoseconds() * largest.1);
        cost
    }
}
