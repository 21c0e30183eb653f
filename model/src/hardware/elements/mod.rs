//! Processing elements and converters, one file a kind: parameters, netlist, operands in operation.
//!
//! Adding a kind is one file with an [`Element`] and one line in `KINDS`. The structures are those of
//! `synthesis-elements.md`, from which names and parameters come.

mod bfp_bfp;
mod bfp_integer;
mod bfp_pipeline;
mod bit_serial;
mod block;
mod block_sequential;
mod codebook;
mod design_element;
mod float_accumulator;
mod four_over_six;
mod hadamard;
mod integer;
mod microscaling;
mod operation;
mod requantizer;
mod serial_converter;
mod stages;
mod stimulus;

pub use bfp_integer::BfpInteger;
pub use bfp_pipeline::BfpPipeline;
pub use bit_serial::BitSerial;
pub use block::BlockElement;
pub use block_sequential::BlockSequential;
pub use codebook::Codebook;
pub use design_element::DesignElement;
pub use float_accumulator::FloatAccumulator;
pub use four_over_six::FourOverSix;
pub use hadamard::Hadamard;
pub use integer::{IntegerElement, Stationary};
pub use requantizer::Requantizer;
pub use serial_converter::SerialConverter;
pub use stages::{Lanes, Minifloat, ScaleFormat};

use std::fmt::Debug;

use super::netlist::Netlist;
use super::parameters::Parameters;
use crate::quality::SeededValues;
use crate::violation::Violation;

/// Words of all input ports in order, one list a cycle.
pub type Stream = Vec<Vec<u128>>;

/// One piece of hardware with chosen widths.
pub trait Element: Debug + Send + Sync {
    /// Its circuit.
    fn netlist(&self) -> Netlist;

    /// Operands of one run in operation, about this many cycles, from a stream of random numbers.
    fn stream(&self, random: &mut SeededValues, cycles: usize) -> Stream;

    /// Cycles of a run that shows what an average cycle takes.
    fn cycles(&self) -> usize {
        33
    }

    /// Encoding of the words of a port, for manifests.
    fn encoding(&self, port: &str) -> String {
        match port {
            "acc" => "IEEE binary32; subnormals are zero",
            "exponent" | "sum_exponent" | "b" | "b_out" | "sum" => "two's complement",
            _ => "unsigned",
        }
        .to_owned()
    }

    /// Multiply-accumulates a cycle; 0 for converters.
    fn macs_per_cycle(&self) -> f64;
}

/// Reads the parameters of a kind.
type Reader = fn(&mut Parameters<'_>) -> Result<Box<dyn Element>, Violation>;

/// Every kind by the name of `synthesis-elements.csv`.
const KINDS: &[(&str, Reader)] = &[
    ("bfp_bfp_pe", bfp_bfp::read),
    ("bfp_bfp_seq_pe", bfp_bfp::read_sequential),
    ("mx_pe", microscaling::read),
    ("mx_seq_pe", microscaling::read_sequential),
    ("float_acc_pe", float_accumulator::read),
    ("int_pe", integer::read),
    ("bfp_int_pe", bfp_integer::read),
    ("bfp_int_pipe", bfp_pipeline::read),
    ("bit_serial_pe", bit_serial::read),
    ("fp16_to_bfp_serial", serial_converter::read),
    ("bfp_requantize", requantizer::read),
    ("hadamard", hadamard::read),
    ("codebook_decoder", codebook::read),
    ("four_over_six", four_over_six::read),
];

/// Names of all kinds.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

/// An element described in text.
#[derive(Debug)]
pub struct Described {
    /// The element.
    pub element: Box<dyn Element>,
    /// True if its operands stay constant, so that only clock pins switch.
    pub constant_operands: bool,
}

/// The element of a kind with parameters in text; nothing if no element has that name.
///
/// # Errors
/// A parameter missing, unknown or out of range, with what is allowed.
pub fn from_text(kind: &str, given: &[(&str, &str)]) -> Option<Result<Described, Violation>> {
    let (_, read) = KINDS.iter().find(|(name, _)| *name == kind)?;
    let mut parameters = Parameters {
        kind,
        given: given.to_vec(),
    };
    Some(read_all(*read, &mut parameters).and_then(|described| {
        parameters.finish()?;
        Ok(described)
    }))
}

fn read_all(read: Reader, parameters: &mut Parameters<'_>) -> Result<Described, Violation> {
    let constant_operands = parameters.choice(
        "operands",
        Some(false),
        &[("constant", true), ("new", false)],
    )?;
    Ok(Described {
        element: read(parameters)?,
        constant_operands,
    })
}
