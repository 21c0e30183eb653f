//! SRAM macros: a table computed with CACTI 7, interpolated in size and port width, scaled to the node.
//!
//! CACTI 7 with itrs-hp cells, ECC, cycle-time objective with ED^2, 360 K, one bank; sizes from 1 KiB to 8 MiB in
//! quarter octaves. Its choice of subarrays makes steps that no smooth formula follows, and near a step two choices take
//! turns from one whole row of cells to the next: there the table holds every row, and both sides of each turn.
//! Nodes between and below the table's are scaled, which the technology's constants say.

use serde::{Deserialize, Serialize};

use crate::hardware::Sourced;
use crate::violation::Violation;

pub(super) const TABLE: &str = include_str!("../../../../presets/technologies/sram_cacti.csv");

/// Port arrangement of a macro.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum SramPorts {
    /// One port that reads or writes.
    #[default]
    #[serde(rename = "single")]
    Single,
    /// One reading and one writing port: about twice the area.
    #[serde(rename = "read_and_write")]
    ReadAndWrite,
}

impl SramPorts {
    /// Name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "1rw",
            Self::ReadAndWrite => "1r1w",
        }
    }
}

/// How a node's SRAM follows from the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SramTechnology {
    /// Node of the table: 22, 28 or 45.
    pub table_nm: u32,
    /// Ports of the buffers.
    pub ports: SramPorts,
    /// Area against the table's node.
    pub area: Sourced<f64>,
    /// Access energy against the table's node, at nominal voltage.
    pub energy: Sourced<f64>,
    /// Access time against the table's node, at nominal voltage.
    pub delay: Sourced<f64>,
    /// Leakage against the table's, which is an upper bound.
    pub leakage: Sourced<f64>,
}

/// One macro.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SramMacro {
    /// Capacity in bytes.
    pub bytes: f64,
    /// Width of the port in bits.
    pub port_bits: f64,
}

/// What a macro costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SramAccess {
    /// Picojoules to read a whole word.
    pub read_pj: f64,
    /// Picojoules to write a whole word.
    pub write_pj: f64,
    /// Area in mm2.
    pub area_mm2: f64,
    /// Leakage in mW.
    pub leakage_mw: f64,
    /// Access time in ns.
    pub access_ns: f64,
}

impl SramAccess {
    fn mix(self, other: Self, share: f64) -> Self {
        let mix = |left: f64, right: f64| left + (right - left) * share;
        Self {
            read_pj: mix(self.read_pj, other.read_pj),
            write_pj: mix(self.write_pj, other.write_pj),
            area_mm2: mix(self.area_mm2, other.area_mm2),
            leakage_mw: mix(self.leakage_mw, other.leakage_mw),
            access_ns: mix(self.access_ns, other.access_ns),
        }
    }

    fn times(self, count: f64) -> Self {
        Self {
            read_pj: self.read_pj * count,
            write_pj: self.write_pj * count,
            area_mm2: self.area_mm2 * count,
            leakage_mw: self.leakage_mw * count,
            access_ns: self.access_ns,
        }
    }
}

/// The table of one node and port arrangement, read once.
#[derive(Debug, Clone, PartialEq)]
pub struct SramTable {
    narrow: Vec<(f64, SramAccess)>,
    wide: Vec<(f64, SramAccess)>,
}

/// Port widths of the table.
const NARROW_BITS: f64 = 64.0;
const WIDE_BITS: f64 = 256.0;

impl SramTable {
    /// The rows of a node.
    ///
    /// # Errors
    /// A node that the table lacks.
    pub fn of(table_nm: u32, ports: SramPorts) -> Result<Self, Violation> {
        let rows = |bits: &str| -> Vec<(f64, SramAccess)> {
            TABLE
                .lines()
                .skip(1)
                .filter_map(|line| {
                    let mut cells = line.split(',');
                    let fits = cells.next()?.parse() == Ok(table_nm)
                        && cells.next()? == ports.name()
                        && cells.next()? == bits;
                    let mut number = || cells.next()?.parse::<f64>().ok();
                    fits.then_some(())?;
                    Some((
                        number()?,
                        SramAccess {
                            read_pj: number()?,
                            write_pj: number()?,
                            area_mm2: number()?,
                            leakage_mw: number()?,
                            access_ns: number()?,
                        },
                    ))
                })
                .collect()
        };
        let table = Self {
            narrow: rows("64"),
            wide: rows("256"),
        };
        if table.narrow.is_empty() || table.wide.is_empty() {
            return Err(Violation::new("sram.table_nm", table_nm, "22, 28 or 45"));
        }
        Ok(table)
    }

    /// Cost of a macro at the table's node: linear between sizes and between port widths, except between sizes so near
    /// that CACTI rounds them to the same rows of cells.
    ///
    /// Ports wider than 256 bits are several macros side by side, narrower than 64 bits cost what 64 cost; sizes
    /// outside the table are several of its largest, or its smallest.
    pub fn access(&self, sram: SramMacro) -> SramAccess {
        if sram.port_bits > WIDE_BITS {
            let slices = (sram.port_bits / WIDE_BITS).ceil();
            let slice = SramMacro {
                bytes: sram.bytes / slices,
                port_bits: sram.port_bits / slices,
            };
            return self.access(slice).times(slices);
        }
        let narrow = at_size(&self.narrow, sram.bytes);
        if sram.port_bits <= NARROW_BITS {
            return narrow;
        }
        let share = (sram.port_bits - NARROW_BITS) / (WIDE_BITS - NARROW_BITS);
        narrow.mix(at_size(&self.wide, sram.bytes), share)
    }
}

fn at_size(rows: &[(f64, SramAccess)], bytes: f64) -> SramAccess {
    let after = rows.partition_point(|(size, _)| *size < bytes);
    let Some(&(size, access)) = rows.get(after) else {
        let (largest, access) = rows[rows.len() - 1];
        let blocks = (bytes / largest).ceil();
        let mut many = access.times(blocks);
        many.read_pj = access.read_pj;
        many.write_pj = access.write_pj;
        return many;
    };
    if after == 0 {
        return access;
    }
    let (before, smaller) = rows[after - 1];
    if size - before >= SAME_ROWS * size {
        smaller.mix(access, (bytes - before) / (size - before))
    } else if bytes - before <= size - bytes {
        smaller
    } else {
        access
    }
}

/// Sizes nearer than this, as a share, differ by less than a row of cells or stand on both sides of a step.
const SAME_ROWS: f64 = 0.006;
