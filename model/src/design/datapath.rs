//! Readings of a datapath that papers leave open, each a parameter: none is chosen in secret.

use serde::{Deserialize, Serialize};

use super::PipelineStages;

/// How operands reach the processing elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Delivery {
    /// From element to element, a cycle each: every fold fills and drains the array (SCALE-Sim's closed form).
    #[default]
    Systolic,
    /// Along rows and columns at once: one fill for a whole product.
    Broadcast,
}

/// What a design's description leaves open about its arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Datapath {
    /// How operands are delivered.
    pub delivery: Delivery,
    /// Whether floating-point adders are built in three stages, with three sums that alternate.
    pub pipelined: bool,
    /// Registers that cut the logic so that it keeps up with the clock.
    pub pipelining: PipelineStages,
    /// Most sums that may alternate in an accumulator, 1 to 16: where the clock asks for it, registers cut its loop into as
    /// many stages. The order of additions changes with them, and they are added up when a sum is done. Lanes of the
    /// vector unit alternate between outputs instead.
    pub interleaved_sums: u8,
    /// Processing elements that share one FP32 accumulation stage, 1 to 1024.
    pub float_stage_elements: u16,
    /// Whether floating-point inputs may be subnormal, which costs a normalizer for each.
    pub subnormals: bool,
    /// Mantissa bits to which floating-point activations are aligned before an integer datapath (FIGNA: 13, 11, 8);
    /// two more than the significand where absent.
    pub aligned_mantissa_bits: Option<u8>,
    /// Floating-point lanes of the vector unit, which also runs products whose formats the array cannot take; 1 to 4096.
    pub vector_lanes: u16,
    /// Rows and columns, 0 to 1024, of a floating-point array beside the main one: it runs the products whose formats
    /// the main array cannot take, one product an element and cycle, and reuses operands along rows and columns, which
    /// the vector unit cannot. None where either is 0.
    pub float_array: [u16; 2],
    /// Converters from floating point to blocks that work at the same time, 1 to 4096.
    pub converter_lanes: u16,
}

impl Default for Datapath {
    fn default() -> Self {
        Self {
            delivery: Delivery::Systolic,
            pipelined: false,
            pipelining: PipelineStages::Auto,
            interleaved_sums: 4,
            float_stage_elements: 1,
            subnormals: false,
            aligned_mantissa_bits: None,
            vector_lanes: 64,
            float_array: [0, 0],
            converter_lanes: 16,
        }
    }
}

impl Datapath {
    /// Whether a floating-point array stands beside the main one.
    pub const fn has_float_array(&self) -> bool {
        self.float_array[0] > 0 && self.float_array[1] > 0
    }

    pub(super) fn check(&self, number: &mut impl FnMut(&str, f64, f64, f64)) {
        let aligned = self.aligned_mantissa_bits.map_or(1, u16::from);
        for (field, value, most) in [
            (
                "datapath.float_stage_elements",
                self.float_stage_elements,
                1024.0,
            ),
            ("datapath.vector_lanes", self.vector_lanes, 4096.0),
            ("datapath.converter_lanes", self.converter_lanes, 4096.0),
            ("datapath.aligned_mantissa_bits", aligned, 24.0),
        ] {
            number(field, f64::from(value), 1.0, most);
        }
        let sums = f64::from(self.interleaved_sums);
        number("datapath.interleaved_sums", sums, 1.0, 16.0);
        if let PipelineStages::Number(stages) = self.pipelining {
            let most = f64::from(PipelineStages::MOST);
            number("datapath.pipelining", f64::from(stages), 1.0, most);
        }
        for edge in self.float_array {
            number("datapath.float_array", f64::from(edge), 0.0, 1024.0);
        }
    }
}
