//! The technologies built into the program and how their texts are put together.

use std::collections::BTreeMap;

use super::{FpgaFamily, MemoryTechnology, NodeConstants, Technology, fpga, sram};
use crate::design::MemoryKind;
use crate::hardware::gates::{CellLibrary, FLOWS};
use crate::preset::{PresetError, from_ron, same_name};
use crate::violation::Violation;

/// Built-in technologies by name: the chain of nodes from large to small, and the predictive kit as synthesized.
const NODES: [(&str, &str); 9] = [
    (
        "nangate45",
        include_str!("../../../../presets/technologies/nangate45.ron"),
    ),
    (
        "28 nm",
        include_str!("../../../../presets/technologies/28nm.ron"),
    ),
    (
        "22 nm",
        include_str!("../../../../presets/technologies/22nm.ron"),
    ),
    (
        "16 nm",
        include_str!("../../../../presets/technologies/16nm.ron"),
    ),
    (
        "12 nm",
        include_str!("../../../../presets/technologies/12nm.ron"),
    ),
    (
        "7 nm",
        include_str!("../../../../presets/technologies/7nm.ron"),
    ),
    (
        "5 nm",
        include_str!("../../../../presets/technologies/5nm.ron"),
    ),
    (
        "3 nm",
        include_str!("../../../../presets/technologies/3nm.ron"),
    ),
    (
        "asap7",
        include_str!("../../../../presets/technologies/asap7.ron"),
    ),
];

const LIBRARIES: [&str; 2] = [
    include_str!("../../../../presets/technologies/cells_nangate45.ron"),
    include_str!("../../../../presets/technologies/cells_asap7.ron"),
];

const NETLIST_CELLS: [&str; 2] = [
    include_str!("../../../../presets/technologies/netlist_nangate45.ron"),
    include_str!("../../../../presets/technologies/netlist_asap7.ron"),
];

const MEMORIES: &str = include_str!("../../../../presets/technologies/memories.ron");

/// All built-in texts of technologies.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    let tables = [MEMORIES, sram::TABLE, fpga::DEVICES, FLOWS];
    let nodes = NODES.into_iter().map(|(_, text)| text);
    nodes.chain(LIBRARIES).chain(NETLIST_CELLS).chain(tables)
}

/// Names of the built-in technologies.
pub const TECHNOLOGY_NAMES: [&str; NODES.len()] = {
    let mut names = [""; NODES.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = NODES[index].0;
        index += 1;
    }
    names
};

impl Technology {
    /// Reads a technology from the text of its node; the cell library is a built-in one, and so are the memories that the
    /// text does not describe.
    ///
    /// # Errors
    /// Line and column of what cannot be read, or a constant whose range does not contain it.
    pub fn from_ron(text: &str) -> Result<Self, PresetError> {
        let node: NodeConstants = from_ron(text)?;
        let mut names = Vec::new();
        for (library, netlist_cells) in LIBRARIES.into_iter().zip(NETLIST_CELLS) {
            let mut cells: CellLibrary = from_ron(library)?;
            if cells.name == node.cells {
                cells.area_factors = node.synthesis.factors();
                let mut memories: BTreeMap<MemoryKind, MemoryTechnology> = from_ron(MEMORIES)?;
                memories.extend(node.memories.clone());
                let technology = Self {
                    node,
                    cells,
                    netlist_cells: from_ron(netlist_cells)?,
                    memories,
                    programmable: FpgaFamily::built_in(),
                };
                return technology.checked();
            }
            names.push(cells.name);
        }
        Err(PresetError::Value(Violation::new(
            "cells",
            node.cells,
            names.join(", "),
        )))
    }

    /// Constants in their ranges, a supply in its curves.
    fn checked(self) -> Result<Self, PresetError> {
        for (name, constant) in self.constants() {
            if !constant.is_consistent() {
                return Err(PresetError::Value(Violation::new(
                    name,
                    constant.value,
                    format!("{} to {}, with a source", constant.low, constant.high),
                )));
            }
        }
        let voltage = &self.node.voltage;
        let ordered = voltage.threshold_v.value < voltage.least_v
            && voltage.least_v <= voltage.nominal_v
            && voltage.nominal_v <= voltage.most_v;
        if ordered {
            Ok(self)
        } else {
            Err(PresetError::Value(Violation::new(
                "voltage",
                format!("{} V", voltage.nominal_v),
                "threshold_v below least_v, nominal_v from least_v to most_v",
            )))
        }
    }
}

/// All built-in technologies.
pub fn technologies() -> Vec<Technology> {
    NODES
        .iter()
        .map(|(_, text)| {
            Technology::from_ron(text)
                .unwrap_or_else(|error| unreachable!("built-in technology: {error}"))
        })
        .collect()
}

/// The built-in technology of this name, letter case and blanks aside.
///
/// # Errors
/// A name that no built-in technology has, with those that exist.
pub fn technology(name: &str) -> Result<Technology, Violation> {
    TECHNOLOGY_NAMES
        .iter()
        .position(|each| same_name(each, name))
        .map(|index| {
            Technology::from_ron(NODES[index].1)
                .unwrap_or_else(|error| unreachable!("built-in technology: {error}"))
        })
        .ok_or_else(|| {
            Violation::new(
                "technology",
                format!("\"{name}\""),
                TECHNOLOGY_NAMES.join(", "),
            )
        })
}
