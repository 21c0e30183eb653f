//! Coefficients of a cell library and what they make of a unit.

use serde::{Deserialize, Serialize};

use super::{Cell, Gates, Logic, Part, Step, Unit};
use crate::hardware::by_name;
use crate::hardware::sourced::Sourced;
use crate::units::{Area, Energy, Time};

/// Which switching counts: a stated choice, since glitches move ratios of floating point to block floating point by up to 2x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switching {
    /// Changes between settled values only: a lower bound.
    #[default]
    Settled,
    /// Changes between settled values, and the glitches of a simulation as far as registers leave them depth to grow: a
    /// unit cut into n times its stages keeps an nth of them.
    Modelled,
    /// All changes in a gate-level simulation with delays of the unit as built, whatever registers cut it.
    WithGlitches,
}

/// Energy by what registers do to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Switched {
    /// Switching that stays however the logic is cut.
    pub fixed: Energy,
    /// Glitches that depth between registers lets grow.
    pub glitches: Energy,
}

impl Switched {
    /// Nothing.
    pub const ZERO: Self = Self {
        fixed: Energy::ZERO,
        glitches: Energy::ZERO,
    };

    /// The energy where registers leave `depth` of the logic as built between them, 0 to 1.
    pub fn at_depth(self, depth: f64) -> Energy {
        self.fixed + self.glitches * depth
    }

    /// With more of both.
    #[must_use]
    pub fn and(self, other: Self, times: f64) -> Self {
        Self {
            fixed: self.fixed + other.fixed * times,
            glitches: self.glitches + other.glitches * times,
        }
    }
}

/// Energy coefficients for one kind of switching.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchingTable {
    /// Femtojoules a gate equivalent and cycle by [`Logic`]; for registers, of their data at full activity.
    #[serde(
        deserialize_with = "by_name::read::<_, Logic, _>",
        serialize_with = "by_name::write::<_, Logic, _>"
    )]
    pub per_gate: [f64; Logic::COUNT],
    /// Femtojoules a multiplier saves for each row and column (m + n), and for each row of the shorter side; then its constant.
    pub multiplier: [f64; 3],
    /// Femtojoules a lane of a dot product adds at its ends, and each partial product of a seldom set bit.
    pub product: [f64; 2],
    /// Femtojoules a zero fill of a shifter adds: its neighbors switch more or less for it.
    pub shifter_mask: f64,
    /// Femtojoules of a flip-flop's clock pin a cycle.
    pub clock_pin: f64,
}

/// A cell library: gate equivalents of each cell, energy by logic, delay by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellLibrary {
    /// Name as in the synthesis table.
    pub name: String,
    /// Where the coefficients come from.
    pub source: String,
    /// Node, voltage and corner in words.
    pub condition: String,
    /// Area of one gate equivalent, the smallest two-input NAND, in um2.
    pub gate_area_um2: Sourced<f64>,
    /// Gate equivalents by [`Cell`].
    #[serde(
        deserialize_with = "by_name::read::<_, Cell, _>",
        serialize_with = "by_name::write::<_, Cell, _>"
    )]
    pub gate_equivalents: [f64; Cell::COUNT],
    /// Energy without glitches.
    pub settled: SwitchingTable,
    /// Energy with glitches.
    pub with_glitches: SwitchingTable,
    /// Picoseconds by [`Step`].
    #[serde(
        deserialize_with = "by_name::read::<_, Step, _>",
        serialize_with = "by_name::write::<_, Step, _>"
    )]
    pub step_ps: [f64; Step::COUNT],
    /// Area of a fitted unit against its synthesis: 1 with the spread of the residuals.
    pub area_fit: Sourced<f64>,
    /// Energy of a fitted unit against its simulation: 1 with the spread of the residuals.
    pub energy_fit: Sourced<f64>,
    /// Area on a node against the library's cells by [`Logic`], beyond the node's own factor; 1 for the library itself.
    #[serde(skip, default = "no_factors")]
    pub area_factors: [f64; Logic::COUNT],
}

const fn no_factors() -> [f64; Logic::COUNT] {
    [1.0; Logic::COUNT]
}

/// What a unit costs in its library's own node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitCost {
    /// Sum of the cell areas, before placement.
    pub area: Area,
    /// Area in smallest NANDs.
    pub gate_equivalents: f64,
    /// Flip-flops.
    pub register_bits: f64,
    /// Energy a cycle without glitches.
    pub settled: Energy,
    /// Energy a cycle with glitches.
    pub with_glitches: Energy,
    /// Longest path.
    pub delay: Time,
}

impl UnitCost {
    /// Energy a cycle for a choice of switching.
    pub const fn energy(&self, switching: Switching) -> Energy {
        match switching {
            Switching::Settled => self.settled,
            Switching::Modelled | Switching::WithGlitches => self.with_glitches,
        }
    }
}

impl CellLibrary {
    /// Gate equivalents of some gates.
    pub fn gate_equivalents(&self, gates: &Gates) -> f64 {
        gates.weigh(&self.gate_equivalents)
    }

    /// Area of some gates.
    pub fn area(&self, gates: &Gates) -> Area {
        Area::square_micrometers(self.gate_equivalents(gates) * self.gate_area_um2.value)
    }

    /// Area of a part, with what the node's cells and tool make of its kind of logic.
    pub fn part_area(&self, part: &Part) -> Area {
        self.area(&part.gates) * self.area_factors[part.logic.index()]
    }

    /// Energy of a part in one cycle.
    pub fn energy(&self, part: &Part, switching: Switching) -> Energy {
        let table = match switching {
            Switching::Settled => &self.settled,
            Switching::Modelled | Switching::WithGlitches => &self.with_glitches,
        };
        let gates = table.per_gate[part.logic.index()] * self.gate_equivalents(&part.gates);
        let femtojoules = match part.logic {
            Logic::Register => {
                let clock = table.clock_pin * part.gates.count(Cell::Flipflop);
                return Energy::femtojoules(clock + gates * part.activity);
            }
            Logic::Multiplier => {
                let [edge, row, constant] = table.multiplier;
                gates + edge * part.edges + row * part.rows + constant
            }
            Logic::Shifter => gates + table.shifter_mask * part.edges,
            Logic::Product => gates + table.product[0] * part.edges + table.product[1] * part.rows,
            _ => gates,
        };
        Energy::femtojoules(femtojoules.max(0.0) * part.activity)
    }

    /// Energy of parts in one cycle by what registers do to it.
    pub fn switched(&self, parts: &[Part], switching: Switching) -> Switched {
        let sum = |switching| -> Energy {
            let each = parts.iter().map(|part| self.energy(part, switching));
            each.sum()
        };
        match switching {
            Switching::Settled | Switching::WithGlitches => Switched {
                fixed: sum(switching),
                glitches: Energy::ZERO,
            },
            Switching::Modelled => {
                let fixed = sum(Switching::Settled);
                let all = sum(Switching::WithGlitches);
                Switched {
                    fixed,
                    glitches: (all - fixed).max(Energy::ZERO),
                }
            }
        }
    }

    /// Cost of a whole unit.
    pub fn cost(&self, unit: &Unit) -> UnitCost {
        let mut cost = UnitCost {
            area: Area::ZERO,
            gate_equivalents: 0.0,
            register_bits: 0.0,
            settled: Energy::ZERO,
            with_glitches: Energy::ZERO,
            delay: Time::ZERO,
        };
        for part in &unit.parts() {
            cost.area += self.part_area(part);
            cost.gate_equivalents += self.gate_equivalents(&part.gates);
            cost.register_bits += part.gates.count(Cell::Flipflop);
            cost.settled += self.energy(part, Switching::Settled);
            cost.with_glitches += self.energy(part, Switching::WithGlitches);
        }
        let slowest = unit
            .sections()
            .iter()
            .map(|section| section.uncut.delay(&self.step_ps))
            .fold(0.0, f64::max);
        cost.delay = Time::picoseconds(slowest);
        cost
    }
}
