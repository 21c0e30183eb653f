//! The rule from values to codes as data: a few families of arithmetic serve every kind of format.

use super::{GeneralFormat, GgmlFormat, Minifloat, Rounding, ScaleRule};

/// Rule from values to codes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Arithmetic {
    /// Every `f32` stays.
    Exact,
    /// The upper half of an `f32`, nearest-even.
    Bf16,
    /// Whole multiples of one power of two a block.
    Grid(GridArithmetic),
    /// Small floating point numbers.
    Elements(ElementArithmetic),
    /// Shared exponents of blocks and of pairs.
    MicroExponent {
        /// Magnitude bits, the leading one included.
        mantissa_bits: u8,
        /// Rounding of an element.
        rounding: Rounding,
    },
    /// Integers with an FP16 scale a group.
    Groups {
        /// Bits of an element.
        bits: u8,
        /// A zero point a group.
        is_asymmetric: bool,
        /// Rounding of an element.
        rounding: Rounding,
    },
    /// A block format of ggml.
    Ggml(GgmlFormat),
    /// Arithmetic that is data itself.
    General(GeneralFormat),
}

/// Order of the bits of a block on a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GridOrder {
    /// Magnitude, then sign, value by value.
    SignMagnitude,
    /// Two's complement, value by value.
    TwosComplement,
    /// A plane of signs, then planes of magnitude bits (Anda).
    Planes,
}

/// Blocks whose values are whole multiples of `2^(shared exponent - shift)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GridArithmetic {
    /// From the largest magnitude to the shared exponent.
    pub(crate) scale: ScaleRule,
    /// Width of the stored exponent.
    pub(crate) exponent_bits: u8,
    /// The last code of the exponent is NaN, as in E8M0.
    pub(crate) has_nan: bool,
    /// Magnitude bits, the sign excluded.
    pub(crate) magnitude_bits: u8,
    /// The step is `2^(shared exponent - shift)`.
    pub(crate) shift: u8,
    /// One step more on the negative side, as two's complement has it.
    pub(crate) is_lopsided: bool,
    /// Negative zero stays one.
    pub(crate) keeps_negative_zero: bool,
    /// Rounding of an element.
    pub(crate) rounding: Rounding,
    /// Order of the bits.
    pub(crate) order: GridOrder,
}

/// Divisor of small floating point numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementScale {
    /// None.
    One,
    /// A power of two in E8M0.
    PowerOfTwo(ScaleRule),
    /// An E4M3 number a block times an FP32 number a tensor.
    TwoLevel,
}

/// Blocks of small floating point numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ElementArithmetic {
    /// One element.
    pub(crate) element: Minifloat,
    /// Its divisor.
    pub(crate) scale: ElementScale,
    /// Rounding of an element.
    pub(crate) rounding: Rounding,
}
