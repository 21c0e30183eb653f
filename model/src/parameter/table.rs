//! The table of all parameters that are not formats.

use super::{Domain, Parameter};

/// One row of the table: parameter, key, label, unit, section, help, domain.
pub(super) type Row = (
    Parameter,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Domain,
);

const ARRAY: &str = "Processing array";
const BUFFERS: &str = "Buffers";
const MEMORY: &str = "External memory";
const OPERATION: &str = "Clock and supply";
const CACHE: &str = "Key-value cache";
const WORKLOAD: &str = "Workload";

/// Parameters that are not formats.
pub(super) const TABLE: [Row; 27] = [
    (
        Parameter::Unit,
        "unit",
        "Unit",
        "",
        ARRAY,
        "Kind of processing element; its bit widths follow from the formats.",
        Domain::Choice(UNITS),
    ),
    (
        Parameter::Rows,
        "rows",
        "Rows",
        "",
        ARRAY,
        "Rows of processing elements.",
        Domain::Integer {
            least: 1,
            most: 1024,
        },
    ),
    (
        Parameter::Columns,
        "columns",
        "Columns",
        "",
        ARRAY,
        "Columns of processing elements.",
        Domain::Integer {
            least: 1,
            most: 1024,
        },
    ),
    (
        Parameter::Lanes,
        "lanes",
        "Lanes",
        "",
        ARRAY,
        "Multipliers in one processing element, summed by its adder tree.",
        Domain::Integer {
            least: 1,
            most: 1024,
        },
    ),
    (
        Parameter::AccumulatorBits,
        "accumulator_bits",
        "Accumulator",
        "bit",
        ARRAY,
        "Width of the integer accumulator in a processing element.",
        Domain::Integer { least: 8, most: 64 },
    ),
    (
        Parameter::Dataflow,
        "dataflow",
        "Dataflow",
        "",
        ARRAY,
        "Operand that stays in the array while the others stream through.",
        Domain::Choice(DATAFLOWS),
    ),
    (
        Parameter::FloatStageElements,
        "float_stage_elements",
        "Elements a FP stage",
        "",
        ARRAY,
        "Processing elements that share one FP32 accumulation stage; where they ask for more than it gives, they wait.",
        Domain::Integer {
            least: 1,
            most: 1024,
        },
    ),
    (
        Parameter::ConverterLanes,
        "converter_lanes",
        "Converters",
        "",
        ARRAY,
        "Converters from floating point to blocks that work at the same time.",
        Domain::Integer {
            least: 1,
            most: 4096,
        },
    ),
    (
        Parameter::VectorLanes,
        "vector_lanes",
        "Vector lanes",
        "",
        ARRAY,
        "Floating-point lanes of the vector unit: they scale the array's results and take what the array cannot.",
        Domain::Integer {
            least: 1,
            most: 4096,
        },
    ),
    (
        Parameter::LutBudget,
        "lut_budget",
        "LUT budget",
        "",
        ARRAY,
        "Look-up tables of an FPGA that the design may take; never more than the device can route.",
        Domain::Integer {
            least: 1000,
            most: 10_000_000,
        },
    ),
    (
        Parameter::ActivationBuffer,
        "activation_kib",
        "Activation buffer",
        "KiB",
        BUFFERS,
        "On-chip buffer for activations, double-buffered.",
        Domain::Integer {
            least: 1,
            most: 65536,
        },
    ),
    (
        Parameter::WeightBuffer,
        "weight_kib",
        "Weight buffer",
        "KiB",
        BUFFERS,
        "On-chip buffer for weights, keys and values, double-buffered.",
        Domain::Integer {
            least: 1,
            most: 65536,
        },
    ),
    (
        Parameter::OutputBuffer,
        "output_kib",
        "Output buffer",
        "KiB",
        BUFFERS,
        "On-chip buffer for outputs; 0 lets them use the activation buffer.",
        Domain::Integer {
            least: 0,
            most: 65536,
        },
    ),
    (
        Parameter::Banks,
        "banks",
        "Banks",
        "",
        BUFFERS,
        "Banks of each buffer, read in parallel.",
        Domain::Integer { least: 1, most: 64 },
    ),
    (
        Parameter::PortBits,
        "port_bits",
        "Port width",
        "bit",
        BUFFERS,
        "Width of one bank's port.",
        Domain::Integer {
            least: 8,
            most: 4096,
        },
    ),
    (
        Parameter::MemoryKind,
        "memory",
        "Memory",
        "",
        MEMORY,
        "Kind of external memory: sets bandwidth and energy per bit.",
        Domain::Choice(MEMORIES),
    ),
    (
        Parameter::MemoryChannels,
        "memory_channels",
        "Channels",
        "",
        MEMORY,
        "Channels of 64 bits (GDDR: 32) or stacks.",
        Domain::Integer { least: 1, most: 64 },
    ),
    (
        Parameter::Clock,
        "clock_mhz",
        "Clock",
        "MHz",
        OPERATION,
        "Clock of the chip, refused above what its slowest path allows.",
        Domain::Real {
            least: 1.0,
            most: 10_000.0,
        },
    ),
    (
        Parameter::Voltage,
        "voltage_v",
        "Supply",
        "V",
        OPERATION,
        "Supply voltage: energy, delay and leakage follow the technology's curves.",
        Domain::Real {
            least: 0.3,
            most: 1.5,
        },
    ),
    (
        Parameter::Pipelining,
        "pipelining",
        "Pipelining",
        "",
        OPERATION,
        "Registers in elements, converters and vector lanes: none, as many as the clock asks for, or a number of stages.",
        Domain::Choice(STAGES),
    ),
    (
        Parameter::InterleavedSums,
        "interleaved_sums",
        "Interleaved sums",
        "",
        OPERATION,
        "Most sums that may alternate in an accumulator, whose loop registers can then cut; they are added up at the end.",
        Domain::Integer { least: 1, most: 16 },
    ),
    (
        Parameter::InitialTokens,
        "initial_tokens",
        "Initial tokens",
        "",
        CACHE,
        "First tokens of a sequence kept in the protected format.",
        Domain::Integer {
            least: 0,
            most: 65536,
        },
    ),
    (
        Parameter::LocalTokens,
        "local_tokens",
        "Local tokens",
        "",
        CACHE,
        "Most recent tokens kept in the protected format.",
        Domain::Integer {
            least: 0,
            most: 65536,
        },
    ),
    (
        Parameter::Smoothing,
        "smoothing",
        "Key smoothing",
        "",
        CACHE,
        "Per-channel scales folded into the query and key weights, per-channel offsets subtracted from keys.",
        Domain::Choice(SWITCH),
    ),
    (
        Parameter::Batch,
        "batch",
        "Batch",
        "",
        WORKLOAD,
        "Sequences processed together.",
        Domain::Integer {
            least: 1,
            most: 1024,
        },
    ),
    (
        Parameter::PrefillTokens,
        "prefill_tokens",
        "Prompt",
        "tokens",
        WORKLOAD,
        "Length of the prompt in the prefill phase.",
        Domain::Integer {
            least: 1,
            most: 1_048_576,
        },
    ),
    (
        Parameter::ContextTokens,
        "context_tokens",
        "Context",
        "tokens",
        WORKLOAD,
        "Keys and values that one decode step attends to.",
        Domain::Integer {
            least: 1,
            most: 1_048_576,
        },
    ),
];

const UNITS: &[&str] = &[
    "FP x FP",
    "FP x INT",
    "INT x INT",
    "iFPU",
    "FIGNA",
    "Anda bit-serial",
    "BFP x INT",
    "BFP x BFP",
    "reconfigurable",
    "MX dot product",
    "super-block",
    "dataflow MXInt",
];
const DATAFLOWS: &[&str] = &["output stationary", "weight stationary", "input stationary"];
const MEMORIES: &[&str] = &[
    "HBM2", "HBM2E", "HBM3", "LPDDR4", "LPDDR5", "LPDDR5X", "DDR4", "DDR5", "GDDR6", "HBM3E",
    "HBM4", "GDDR7", "LPDDR6", "custom",
];
const STAGES: &[&str] = &[
    "none", "auto", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14",
    "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30",
    "31", "32",
];
const SWITCH: &[&str] = &["off", "on"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::{Dataflow, MemoryKind, UnitKind};

    #[test]
    fn choices_line_up_with_their_enums() {
        assert_eq!(UNITS.len(), UnitKind::ALL.len());
        assert_eq!(DATAFLOWS.len(), Dataflow::ALL.len());
        assert_eq!(MEMORIES.len(), MemoryKind::ALL.len());
    }
}
