//! The technologies built into the program and how their texts are put together.

use super::{FpgaFamily, NodeConstants, Technology};
use crate::hardware::gates::CellLibrary;
use crate::preset::{PresetError, from_ron, same_name};
use crate::violation::Violation;

const NODES: [&str; 6] = [
    include_str!("../../../../presets/technologies/nangate45.ron"),
    include_str!("../../../../presets/technologies/28nm.ron"),
    include_str!("../../../../presets/technologies/22nm.ron"),
    include_str!("../../../../presets/technologies/16nm.ron"),
    include_str!("../../../../presets/technologies/7nm.ron"),
    include_str!("../../../../presets/technologies/asap7.ron"),
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

/// Names of the built-in technologies.
pub const TECHNOLOGY_NAMES: [&str; 6] = ["nangate45", "28 nm", "22 nm", "16 nm", "7 nm", "asap7"];

impl Technology {
    /// Reads a technology from the text of its node; cell library and memories are the built-in ones.
    ///
    /// # Errors
    /// Line and column of what cannot be read, or a constant whose range does not contain it.
    pub fn from_ron(text: &str) -> Result<Self, PresetError> {
        let node: NodeConstants = from_ron(text)?;
        let mut names = Vec::new();
        for (library, netlist_cells) in LIBRARIES.into_iter().zip(NETLIST_CELLS) {
            let cells: CellLibrary = from_ron(library)?;
            if cells.name == node.cells {
                let technology = Self {
                    node,
                    cells,
                    netlist_cells: from_ron(netlist_cells)?,
                    memories: from_ron(MEMORIES)?,
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
        Ok(self)
    }
}

/// All built-in technologies.
pub fn technologies() -> Vec<Technology> {
    NODES
        .iter()
        .map(|text| {
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
            Technology::from_ron(NODES[index])
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
