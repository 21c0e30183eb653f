//! Field-programmable gate arrays: resources, bandwidth and power of a device, LUTs of a cell.

use serde::{Deserialize, Serialize};

use crate::hardware::Sourced;
use crate::hardware::by_name;
use crate::hardware::gates::{Cell, Step, Unit};
use crate::preset::{from_ron, same_name};
use crate::violation::Violation;

/// Devices and what cells take on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FpgaFamily {
    /// Look-up tables by [`Cell`].
    #[serde(
        deserialize_with = "by_name::read::<_, Cell, _>",
        serialize_with = "by_name::write::<_, Cell, _>"
    )]
    pub luts_per_cell: [f64; Cell::COUNT],
    /// Where they come from.
    pub luts_source: String,
    /// Picoseconds of a path's steps on the fabric, routing included, by [`Step`].
    #[serde(
        deserialize_with = "by_name::read::<_, Step, _>",
        serialize_with = "by_name::write::<_, Step, _>"
    )]
    pub step_ps: [f64; Step::COUNT],
    /// Where they come from.
    pub steps_source: String,
    /// Share of a device's LUTs that can be used.
    pub usable_luts: Sourced<f64>,
    /// Devices.
    pub devices: Vec<FpgaDevice>,
}

/// One device or board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FpgaDevice {
    /// Name.
    pub name: String,
    /// Six-input look-up tables.
    pub luts: u32,
    /// DSP slices.
    pub dsps: u32,
    /// Block RAMs of 36 Kbit.
    pub bram36: u32,
    /// Ultra RAMs of 288 Kbit.
    pub uram: u32,
    /// Fastest clock of block RAMs and clock network in MHz.
    pub fabric_mhz: Sourced<f64>,
    /// External bandwidth in 10^9 bytes a second.
    pub gigabytes_per_second: Sourced<f64>,
    /// Power of the board under load in W.
    pub power_w: Sourced<f64>,
    /// MACs a second of the processor beside the fabric.
    pub host_macs_per_second: Sourced<f64>,
    /// Seconds that the driver takes for a product: inputs brought to blocks, threads joined, registers written.
    pub product_seconds: Sourced<f64>,
    /// Seconds that a tile of a streamed product takes beside its data: opcode words, start and end of a transfer.
    pub tile_seconds: Sourced<f64>,
    /// Where the resources come from.
    pub source: String,
}

/// Devices and their constants.
pub(super) const DEVICES: &str = include_str!("../../../../presets/technologies/fpga.ron");

impl FpgaFamily {
    /// The built-in family.
    pub fn built_in() -> Self {
        from_ron(DEVICES).unwrap_or_else(|error| unreachable!("built-in devices: {error}"))
    }

    /// A device by name, letter case aside.
    ///
    /// # Errors
    /// An unknown name, with those that exist.
    pub fn device(&self, name: &str) -> Result<&FpgaDevice, Violation> {
        self.devices
            .iter()
            .find(|device| same_name(&device.name, name))
            .ok_or_else(|| {
                let names: Vec<_> = self
                    .devices
                    .iter()
                    .map(|device| device.name.as_str())
                    .collect();
                Violation::new("target.device", format!("\"{name}\""), names.join(", "))
            })
    }

    /// LUTs of a unit.
    pub fn luts(&self, unit: &Unit) -> f64 {
        unit.parts()
            .iter()
            .map(|part| part.gates.weigh(&self.luts_per_cell))
            .sum()
    }
}
