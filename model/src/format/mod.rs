//! Number formats: what the bits of a value and of its block mean, how many there are, and how a format is written.
//!
//! A [`Format`] is a small `Copy` description; tensors are brought to it by [`crate::quantization`]. Text form: `text`.
//! Formats fixed by a publication: `standard`. One scalar: `minifloat`, `integer`. Shared scales: `block`, `scale`.

mod block;
mod fields;
mod ggml;
mod integer;
mod minifloat;
mod operand;
mod rounding;
mod scale;
mod size;
mod standard;
mod text;
mod text_display;
mod text_error;

pub use block::BlockLen;
pub use ggml::GgmlFormat;
pub use integer::{IntegerCoding, IntegerElement};
pub use minifloat::{Minifloat, MinifloatError, Overflow, Specials};
pub use operand::{OperandKind, OperandWidths, SecondLevel};
pub use rounding::Rounding;
pub use scale::ScaleRule;
pub use text_error::FormatError;

pub(crate) use minifloat::{floor_log2, power_of_two, power_of_two_f64, round_f64};
pub(crate) use scale::{F32_BIAS, F32_FRACTION_BITS};

/// How one tensor's values are represented.
///
/// Text form by `Display` and `FromStr`, for instance `bfp:m=4,e=8,b=32`; the serde form is the same string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// A standard floating point type, one value at a time.
    Float(FloatFormat),
    /// Any small floating point type, one value at a time, without a scale.
    Minifloat(MinifloatFormat),
    /// Block floating point: sign and magnitude with one shared exponent.
    Bfp(BfpFormat),
    /// OCP microscaling and its relatives: small elements with a shared power of two.
    Mx(MxFormat),
    /// NVIDIA's FP4: E2M1 elements, an E4M3 scale for each 16, one FP32 scale a tensor.
    Nvfp4(Nvfp4Format),
    /// Shared micro-exponents MX4, MX6, MX9 (ISCA 2023).
    MicroExponent(MicroExponentFormat),
    /// MASE's `MXInt`: two's complement fractions with a rounded-up shared exponent.
    MxInt(MxIntFormat),
    /// MASE's `block_fp`: sign and magnitude with a rounded-up shared exponent.
    BlockFp(BlockFpFormat),
    /// Integers with an FP16 scale for each group.
    Integer(IntegerFormat),
    /// A block format of ggml (llama.cpp).
    Ggml(GgmlFormat),
}

/// Standard floating point types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FloatFormat {
    /// IEEE 754 binary32: nothing is lost.
    Fp32,
    /// IEEE 754 binary16.
    Fp16,
    /// The upper half of binary32.
    Bf16,
}

/// One small floating point number per value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MinifloatFormat {
    /// Widths, bias and policy.
    pub element: Minifloat,
    /// How values between codes are brought to one.
    pub rounding: Rounding,
}

/// Block floating point: `sign x magnitude x 2^(E - (M - 1))`, magnitude in `0 ..= 2^M - 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BfpFormat {
    /// M: magnitude bits, the leading one included, the sign excluded; 1 to 23.
    pub mantissa_bits: u8,
    /// Width of the shared exponent, 1 to 8; E spans `-(2^(n-1)-1) ..= 2^(n-1)`.
    pub exponent_bits: u8,
    /// Values that share an exponent.
    pub block_len: BlockLen,
    /// How values between codes are brought to one.
    pub rounding: Rounding,
    /// How the largest magnitude sets E.
    pub scale: ScaleRule,
}

/// Element of a microscaling block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MxElement {
    /// A small floating point number.
    Float(Minifloat),
    /// A two's complement fraction with one bit before the point, range kept symmetric; bits include the sign.
    Integer {
        /// Width, 2 to 16.
        bits: u8,
    },
}

/// Small elements with a shared E8M0 power of two (OCP MX specification v1.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MxFormat {
    /// What stands for one value.
    pub element: MxElement,
    /// Values that share a scale; 32 in the specification.
    pub block_len: BlockLen,
    /// How values between codes are brought to one.
    pub rounding: Rounding,
    /// How the largest magnitude sets the scale.
    pub scale: ScaleRule,
}

/// NVIDIA's two-level FP4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nvfp4Format {
    /// How values between codes are brought to one.
    pub rounding: Rounding,
}

/// Blocks of 16 with an 8-bit exponent, pairs with one bit of exponent less (Rouhani et al., ISCA 2023, table 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MicroExponentFormat {
    /// Magnitude bits, the leading one included, the sign excluded: 2 (MX4), 4 (MX6), 7 (MX9).
    pub mantissa_bits: u8,
    /// How values between codes are brought to one.
    pub rounding: Rounding,
}

/// MASE's `MXInt`: `q x 2^(e - (w - 1))` with `e = ceil(log2 max)`, q in two's complement of w bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MxIntFormat {
    /// w: bits of an element, the sign included; 2 to 24.
    pub width: u8,
    /// Width of the shared exponent, 1 to 8.
    pub exponent_bits: u8,
    /// Values that share an exponent.
    pub block_len: BlockLen,
    /// How values between codes are brought to one.
    pub rounding: Rounding,
}

/// MASE's `block_fp`: sign and `w - 1` magnitude bits with `e = ceil(log2 max)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockFpFormat {
    /// w: bits of an element, the sign included; 2 to 24.
    pub width: u8,
    /// Width of the shared exponent, 1 to 8.
    pub exponent_bits: u8,
    /// Values that share an exponent.
    pub block_len: BlockLen,
    /// How values between codes are brought to one.
    pub rounding: Rounding,
}

/// Integers with an FP16 scale for each group, and a zero point if asymmetric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegerFormat {
    /// Bits of an element, 2 to 16.
    pub bits: u8,
    /// Values that share a scale.
    pub group_len: BlockLen,
    /// Whether each group has a zero point of `bits` bits.
    pub asymmetric: bool,
    /// How values between codes are brought to one.
    pub rounding: Rounding,
}

impl Format {
    /// Nothing is lost: IEEE 754 binary32.
    pub const FP32: Self = Self::Float(FloatFormat::Fp32);
    /// IEEE 754 binary16.
    pub const FP16: Self = Self::Float(FloatFormat::Fp16);
    /// The upper half of binary32.
    pub const BF16: Self = Self::Float(FloatFormat::Bf16);

    /// Values that share a scale.
    pub const fn block_len(self) -> BlockLen {
        match self {
            Self::Float(_) | Self::Minifloat(_) => BlockLen::One,
            Self::Bfp(format) => format.block_len,
            Self::Mx(format) => format.block_len,
            Self::Nvfp4(_) | Self::MicroExponent(_) => BlockLen::fixed(16),
            Self::MxInt(format) => format.block_len,
            Self::BlockFp(format) => format.block_len,
            Self::Integer(format) => format.group_len,
            Self::Ggml(format) => {
                if format.is_super_block() {
                    BlockLen::fixed(256)
                } else {
                    BlockLen::fixed(32)
                }
            }
        }
    }

    /// How values between codes are brought to one; nearest-even for types that know no other.
    pub const fn rounding(self) -> Rounding {
        match self {
            Self::Float(_) | Self::Ggml(_) => Rounding::NearestEven,
            Self::Minifloat(format) => format.rounding,
            Self::Bfp(format) => format.rounding,
            Self::Mx(format) => format.rounding,
            Self::Nvfp4(format) => format.rounding,
            Self::MicroExponent(format) => format.rounding,
            Self::MxInt(format) => format.rounding,
            Self::BlockFp(format) => format.rounding,
            Self::Integer(format) => format.rounding,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_small_enough_to_pass_by_value() {
        assert!(size_of::<Format>() <= 16, "{}", size_of::<Format>());
    }
}
