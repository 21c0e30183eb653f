//! Floating-point operators: subnormals flushed, round to nearest even, no NaN or infinity on input.

use super::primitive::{
    adder, comparator, leading_zeros, multiplier, negation, normalizing_shifter, registers, shifter,
};
use super::{Cell, Gates, Logic, Part, Parts, ceil_log2};

/// A floating-point format of a datapath.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FloatKind {
    /// IEEE binary16: 11 significant bits, 5 exponent bits.
    Fp16,
    /// bfloat16: 8 and 8.
    Bf16,
    /// IEEE binary32: 24 and 8.
    Fp32,
}

impl FloatKind {
    /// Significant bits, the leading one included.
    pub const fn significand_bits(self) -> u32 {
        match self {
            Self::Fp16 => 11,
            Self::Bf16 => 8,
            Self::Fp32 => 24,
        }
    }

    /// Exponent bits.
    pub const fn exponent_bits(self) -> u32 {
        match self {
            Self::Fp16 => 5,
            Self::Bf16 | Self::Fp32 => 8,
        }
    }

    /// Stored bits.
    pub const fn bits(self) -> u32 {
        self.significand_bits() + self.exponent_bits()
    }

    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fp16 => "fp16",
            Self::Bf16 => "bf16",
            Self::Fp32 => "fp32",
        }
    }
}

/// Multiplier with rounded result: significands, exponents, one-place normalization, rounding, flush.
pub(super) fn float_multiplier(kind: FloatKind) -> [Part; 2] {
    let (p, e) = (kind.significand_bits(), kind.exponent_bits());
    let rounding = Gates::of(Cell::Mux, f64::from(p))
        + Gates::of(Cell::FullAdder, 2.0 * f64::from(e))
        + negation(p)
        + Gates::of(Cell::And, f64::from(p + e));
    [
        multiplier(p, p),
        Part::new("exponent and rounding", Logic::Control, rounding),
    ]
}

/// Adder of `kind`; `operand_bits` significant bits of the incoming operand are not constantly zero, and the
/// datapath switches in that proportion.
pub(super) fn float_adder(kind: FloatKind, operand_bits: u32) -> [Part; 4] {
    let (p, e) = (kind.significand_bits(), kind.exponent_bits());
    let (width, exponent) = (f64::from(p), f64::from(e));
    let share = f64::from(operand_bits.min(p)) / width;
    let swap = comparator(p + e - 1) + Gates::of(Cell::Mux, 2.0 * width + exponent) + adder(e);
    let align = shifter(p, p + 3) + Gates::of(Cell::And, width);
    let add = Gates::of(Cell::FullAdder, width + 4.0).and(Cell::Xor, width);
    let finish = leading_zeros(p + 3)
        + Gates::of(Cell::Mux, (width + 1.0) * f64::from(ceil_log2(p + 3)))
        + Gates::of(Cell::FullAdder, exponent)
        + negation(p)
        + negation(e)
        + Gates::of(Cell::And, width + exponent)
        + Gates::of(Cell::FloatControl, 1.0);
    [
        Part::new("compare and swap", Logic::Float, swap).active(share),
        Part::new("aligner", Logic::Float, align).active(share),
        Part::new("significand adder", Logic::Float, add).active(share),
        Part::new("normalizer and rounder", Logic::Float, finish).active(share),
    ]
}

/// A w-bit signed integer with a 10-bit exponent made a normalized float: magnitude, leading zeros, shift, exponent.
pub(super) fn integer_normalizer(w: u32) -> Part {
    let gates =
        negation(w) + leading_zeros(w) + normalizing_shifter(w) + Gates::of(Cell::FullAdder, 10.0);
    Part::new("integer to float", Logic::Control, gates)
}

/// FP32 accumulation of a w-bit integer: input register, normalizer, adder, accumulator.
///
/// `activity` is the share of cycles with a new integer (1 / passes where a dot product takes several).
pub(super) fn float_accumulator(w: u32, pipelined: bool, activity: f64, parts: &mut Parts) {
    let significant = w.min(FloatKind::Fp32.significand_bits());
    parts.push(integer_normalizer(w).active(activity));
    for part in float_adder(FloatKind::Fp32, significant) {
        parts.push(part.active(activity));
    }
    let bits = if pipelined {
        151 + w + significant
    } else {
        let uncut = Gates::of(Cell::UncutPath, f64::from(w));
        parts.push(Part::new("uncut path", Logic::Control, uncut).active(0.0));
        44 + w
    };
    parts.push(registers(bits, ACCUMULATOR_DATA * activity));
}

/// Data activity of accumulator and pipeline registers against uniform random words: signs, exponents and high bits
/// of a running sum change less (fitted with the accumulator rows of the synthesis table).
pub(in crate::hardware) const ACCUMULATOR_DATA: f64 = 0.6;
