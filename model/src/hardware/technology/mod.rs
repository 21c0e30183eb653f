//! Technologies: what a gate, a bit of SRAM and a bit of external memory cost, each constant with range and source.

mod fpga;
mod memory;
mod sram;
mod synthesis;
mod technology_text;
mod voltage;

pub use fpga::{FpgaDevice, FpgaFamily};
pub use memory::MemoryTechnology;
pub use sram::{SramAccess, SramMacro, SramPorts, SramTable, SramTechnology};
pub use synthesis::Synthesis;
pub(crate) use technology_text::texts;
pub use technology_text::{TECHNOLOGY_NAMES, technologies, technology};
pub use voltage::VoltageScaling;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Sourced;
use super::gates::{CellLibrary, Switching};
use super::netlist::CellTable;
use crate::design::MemoryKind;
use crate::units::Voltage;
use crate::violation::Violation;

/// A process node with everything the cost model asks of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Technology {
    /// Constants of the node itself.
    pub node: NodeConstants,
    /// Cell library whose gates are scaled to the node.
    pub cells: CellLibrary,
    /// Costs of the cells that netlists consist of, in the library's own node.
    pub netlist_cells: CellTable,
    /// External memories.
    pub memories: BTreeMap<MemoryKind, MemoryTechnology>,
    /// Programmable devices, which hang on no node: a design that targets one asks nothing else of the technology.
    pub programmable: FpgaFamily,
}

/// Constants of a node; preset form under `presets/technologies`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConstants {
    /// Name.
    pub name: String,
    /// One sentence on where the node's figures come from.
    pub source: String,
    /// Name of the cell library.
    pub cells: String,
    /// Area of a gate against the library's own node.
    pub area: Sourced<f64>,
    /// Energy of a transition at nominal voltage against the library's own.
    pub energy: Sourced<f64>,
    /// Delay at nominal voltage against the library's own.
    pub delay: Sourced<f64>,
    /// Voltage dependence.
    pub voltage: VoltageScaling,
    /// Placed area against the sum of cell areas.
    pub layout_area: Sourced<f64>,
    /// Energy with wires and clock tree against cells alone.
    pub layout_energy: Sourced<f64>,
    /// Which switching is counted.
    pub switching: Switching,
    /// Leakage of logic at nominal voltage in W/mm2.
    pub leakage_w_per_mm2: Sourced<f64>,
    /// Whether leakage counts.
    pub include_leakage: bool,
    /// Area of each kind of logic beyond `area`: the node's own cells, and what its synthesis tool does better.
    #[serde(default)]
    pub synthesis: Synthesis,
    /// Control logic as a share of the other logic, in area and energy.
    pub control_share: Sourced<f64>,
    /// SRAM.
    pub sram: SramTechnology,
    /// External memories beside the built-in ones, or in their place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub memories: BTreeMap<MemoryKind, MemoryTechnology>,
}

impl Technology {
    /// The external memory of a kind.
    ///
    /// # Errors
    /// A kind without figures, with the kinds that have some.
    pub fn memory(&self, kind: MemoryKind) -> Result<&MemoryTechnology, Violation> {
        self.memories.get(&kind).ok_or_else(|| {
            let known: Vec<_> = self
                .memories
                .keys()
                .map(|kind| format!("{kind:?}"))
                .collect();
            Violation::new("memory.kind", format!("{kind:?}"), known.join(" "))
        })
    }

    /// Energy of a transition at a voltage against the library's own; nominal voltage where none is given.
    ///
    /// # Errors
    /// A voltage outside the range for which the polynomials hold.
    pub fn energy_factor(&self, voltage: Option<Voltage>) -> Result<f64, Violation> {
        Ok(self.node.energy.value * self.node.voltage.energy_ratio(voltage)?)
    }

    /// Every sourced constant of the node with a name, for tables of sources and for the uncertainty band.
    pub fn constants(&self) -> Vec<(String, &Sourced<f64>)> {
        let node = &self.node;
        let mut list = vec![
            ("gate area (um2)".to_owned(), &self.cells.gate_area_um2),
            ("area fit".to_owned(), &self.cells.area_fit),
            ("energy fit".to_owned(), &self.cells.energy_fit),
            ("node area".to_owned(), &node.area),
            ("node energy".to_owned(), &node.energy),
            ("node delay".to_owned(), &node.delay),
            ("adder area".to_owned(), &node.synthesis.adder),
            ("product area".to_owned(), &node.synthesis.product),
            ("float area".to_owned(), &node.synthesis.float),
            ("layout area".to_owned(), &node.layout_area),
            ("layout energy".to_owned(), &node.layout_energy),
            ("logic leakage (W/mm2)".to_owned(), &node.leakage_w_per_mm2),
            ("threshold (V)".to_owned(), &node.voltage.threshold_v),
            ("delay exponent".to_owned(), &node.voltage.alpha),
            (
                "leakage exponent (1/V)".to_owned(),
                &node.voltage.leakage_per_volt,
            ),
            ("control share".to_owned(), &node.control_share),
            ("SRAM area".to_owned(), &node.sram.area),
            ("SRAM energy".to_owned(), &node.sram.energy),
            ("SRAM access time".to_owned(), &node.sram.delay),
            ("SRAM leakage".to_owned(), &node.sram.leakage),
        ];
        for (kind, memory) in &self.memories {
            list.push((format!("{kind:?} energy (pJ/bit)"), &memory.pj_per_bit));
            list.push((
                format!("{kind:?} bandwidth (GB/s)"),
                &memory.gigabytes_per_second,
            ));
        }
        list
    }
}
