//! The hardware half of a design: array, buffers, memory, target.

use serde::{Deserialize, Serialize};

/// Kind of processing element; its bit widths follow from the formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum UnitKind {
    /// Floating point by floating point, as in tensor cores.
    FpFp,
    /// Floating-point activation by integer weight.
    FpInt,
    /// Integer by integer.
    IntInt,
    /// Bit-serial integer weights against pre-aligned mantissas (iFPU, ICLR'23).
    IFpu,
    /// Bit-parallel pre-aligned mantissa by integer weight (FIGNA, HPCA'24).
    Figna,
    /// Bit-serial mantissa planes by integer weight (Anda, HPCA'25).
    AndaBitSerial,
    /// Block floating point by integer, bit-parallel.
    BfpInt,
    /// Block floating point by block floating point, bit-parallel.
    BfpBfp,
    /// 8 x 4 bit lanes that also do 8 x 8 in two passes (Harmonia, 2026).
    Reconfigurable,
    /// Microscaling minifloats or integers with a shared scale (OCP MX).
    MxDot,
    /// llama.cpp super-blocks `Q2_K` and `Q3_K` by `Q8_K` (F-BFQ, 2025).
    SuperBlock,
    /// One dataflow engine a layer with `MXInt` dot products (MASE, 2023).
    DataflowMxInt,
}

impl UnitKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::FpFp,
        Self::FpInt,
        Self::IntInt,
        Self::IFpu,
        Self::Figna,
        Self::AndaBitSerial,
        Self::BfpInt,
        Self::BfpBfp,
        Self::Reconfigurable,
        Self::MxDot,
        Self::SuperBlock,
        Self::DataflowMxInt,
    ];
}

/// Which operand stays in the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Dataflow {
    /// Sums stay in the processing elements.
    #[default]
    OutputStationary,
    /// Weights stay.
    WeightStationary,
    /// Activations stay.
    InputStationary,
}

impl Dataflow {
    /// All kinds.
    pub const ALL: [Self; 3] = [
        Self::OutputStationary,
        Self::WeightStationary,
        Self::InputStationary,
    ];
}

/// Rows x columns of processing elements with `lanes` multipliers each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessingArray {
    /// Rows of processing elements, 1 to 1024.
    pub rows: u32,
    /// Columns of processing elements, 1 to 1024.
    pub columns: u32,
    /// Multipliers in one processing element, summed by its tree; 1 to 1024.
    pub lanes: u32,
    /// Width of the integer accumulator, 8 to 64 bits; refused where a group of lanes does not fit.
    pub accumulator_bits: u8,
    /// What stays in the array.
    pub dataflow: Dataflow,
}

impl ProcessingArray {
    /// Multipliers in the whole array.
    pub fn multipliers(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns) * u64::from(self.lanes)
    }

    pub(super) fn check(&self, number: &mut impl FnMut(&str, f64, f64, f64)) {
        number("array.rows", f64::from(self.rows), 1.0, 1024.0);
        number("array.columns", f64::from(self.columns), 1.0, 1024.0);
        number("array.lanes", f64::from(self.lanes), 1.0, 1024.0);
        number(
            "array.accumulator_bits",
            f64::from(self.accumulator_bits),
            8.0,
            64.0,
        );
    }
}

/// On-chip buffers; tiles are double-buffered in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buffers {
    /// Activation buffer in KiB, 1 to 65536.
    pub activation_kib: u32,
    /// Weight buffer in KiB, 1 to 65536.
    pub weight_kib: u32,
    /// Output buffer in KiB, 0 (outputs go to the activation buffer) to 65536.
    pub output_kib: u32,
    /// Banks of each buffer, 1 to 64.
    pub banks: u16,
    /// Width of one bank's port in bits, 8 to 4096.
    pub port_bits: u16,
}

impl Buffers {
    pub(super) fn check(&self, number: &mut impl FnMut(&str, f64, f64, f64)) {
        number(
            "buffers.activation_kib",
            f64::from(self.activation_kib),
            1.0,
            65536.0,
        );
        number(
            "buffers.weight_kib",
            f64::from(self.weight_kib),
            1.0,
            65536.0,
        );
        number(
            "buffers.output_kib",
            f64::from(self.output_kib),
            0.0,
            65536.0,
        );
        number("buffers.banks", f64::from(self.banks), 1.0, 64.0);
        number("buffers.port_bits", f64::from(self.port_bits), 8.0, 4096.0);
    }
}

/// Kind of external memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MemoryKind {
    /// HBM2, one stack a channel.
    Hbm2,
    /// HBM2E, one stack a channel.
    Hbm2e,
    /// HBM3, one stack a channel.
    Hbm3,
    /// LPDDR4-4266, 64 bits a channel.
    Lpddr4,
    /// LPDDR5-6400, 64 bits a channel.
    Lpddr5,
    /// LPDDR5X-8533, 64 bits a channel.
    Lpddr5x,
    /// DDR4-2400, 64 bits a channel.
    Ddr4,
    /// DDR5-4800, 64 bits a channel.
    Ddr5,
    /// GDDR6, 32 bits a channel.
    Gddr6,
    /// HBM3E, one stack a channel.
    Hbm3e,
    /// HBM4, one stack a channel.
    Hbm4,
    /// GDDR7, 32 bits a channel.
    Gddr7,
    /// LPDDR6, 24 bits a channel.
    Lpddr6,
    /// The one that a technology file of the user's describes under this name.
    Custom,
}

impl MemoryKind {
    /// All kinds.
    pub const ALL: [Self; 14] = [
        Self::Hbm2,
        Self::Hbm2e,
        Self::Hbm3,
        Self::Lpddr4,
        Self::Lpddr5,
        Self::Lpddr5x,
        Self::Ddr4,
        Self::Ddr5,
        Self::Gddr6,
        Self::Hbm3e,
        Self::Hbm4,
        Self::Gddr7,
        Self::Lpddr6,
        Self::Custom,
    ];
}

/// External memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Kind.
    pub kind: MemoryKind,
    /// Stacks or channels, 1 to 64.
    pub channels: u16,
}

/// What the design is built on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Target {
    /// Standard cells of the technology.
    #[default]
    Asic,
    /// A field-programmable gate array.
    #[serde(rename = "Fpga")]
    Fpga {
        /// Name of a device preset.
        device: String,
        /// Look-up tables that the design may take, 1,000 to 10,000,000; where absent, or where it has fewer, all that
        /// the device can route.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        luts: Option<u32>,
    },
}
