//! What a datapath sees of a format: the widths that multipliers, shifters and adders are built for.

use super::{BlockLen, FloatFormat, Format, GgmlFormat, MxElement};

/// Kind and width of one element at a multiplier's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperandKind {
    /// A floating point number with an exponent of its own, no shared scale.
    Float {
        /// Exponent bits.
        exponent: u8,
        /// Stored fraction bits, the hidden one excluded.
        fraction: u8,
    },
    /// A sign and a magnitude.
    SignMagnitude {
        /// Magnitude bits, the sign excluded.
        bits: u8,
    },
    /// Two's complement.
    TwosComplement {
        /// Bits, the sign included.
        bits: u8,
    },
    /// Not negative; a minimum or zero point is handled apart.
    Unsigned {
        /// Bits.
        bits: u8,
    },
    /// A small floating point number inside a block with a shared scale.
    MinifloatBlock {
        /// Exponent bits.
        exponent: u8,
        /// Stored fraction bits, the hidden one excluded.
        fraction: u8,
    },
}

impl OperandKind {
    /// Magnitude bits that a multiplier array sees, a hidden one included, the sign excluded.
    pub const fn magnitude_bits(self) -> u8 {
        match self {
            Self::Float { fraction, .. } | Self::MinifloatBlock { fraction, .. } => fraction + 1,
            Self::SignMagnitude { bits } | Self::Unsigned { bits } => bits,
            Self::TwosComplement { bits } => bits - 1,
        }
    }
}

/// A finer scale inside the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecondLevel {
    /// Values that share it.
    pub block_len: u16,
    /// Bits of the scale.
    pub scale_bits: u8,
    /// Bits of the minimum, 0 if there is none.
    pub minimum_bits: u8,
    /// Whether the scale is a right shift (micro-exponents) instead of a multiplier.
    pub is_shift: bool,
}

/// Widths of one operand of a block dot product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OperandWidths {
    /// One element.
    pub kind: OperandKind,
    /// Exponent bits of the shared scale, 0 without one.
    pub shared_exponent_bits: u8,
    /// Fraction bits of the shared scale, 0 for a power of two.
    pub shared_fraction_bits: u8,
    /// Values that share the scale.
    pub block_len: BlockLen,
    /// Bits of a zero point or minimum of each block, 0 if there is none.
    pub zero_point_bits: u8,
    /// A finer scale inside the block.
    pub second_level: Option<SecondLevel>,
}

impl Format {
    /// What a datapath sees of the format.
    pub const fn operand(self) -> OperandWidths {
        let block_len = self.block_len();
        match self {
            Self::Float(FloatFormat::Fp32) => unscaled(8, 23),
            Self::Float(FloatFormat::Fp16) => unscaled(5, 10),
            Self::Float(FloatFormat::Bf16) => unscaled(8, 7),
            Self::Minifloat(format) => {
                unscaled(format.element.exponent_bits, format.element.fraction_bits)
            }
            Self::Bfp(format) => {
                let kind = OperandKind::SignMagnitude {
                    bits: format.mantissa_bits,
                };
                scaled(kind, format.exponent_bits, 0, block_len)
            }
            Self::Mx(format) => {
                let kind = match format.element {
                    MxElement::Float(element) => OperandKind::MinifloatBlock {
                        exponent: element.exponent_bits,
                        fraction: element.fraction_bits,
                    },
                    MxElement::Integer { bits } => OperandKind::TwosComplement { bits },
                };
                scaled(kind, 8, 0, block_len)
            }
            Self::Nvfp4(_) => scaled(
                OperandKind::MinifloatBlock {
                    exponent: 2,
                    fraction: 1,
                },
                4,
                3,
                block_len,
            ),
            Self::MicroExponent(format) => {
                let kind = OperandKind::SignMagnitude {
                    bits: format.mantissa_bits,
                };
                OperandWidths {
                    second_level: Some(SecondLevel {
                        block_len: 2,
                        scale_bits: 1,
                        minimum_bits: 0,
                        is_shift: true,
                    }),
                    ..scaled(kind, 8, 0, block_len)
                }
            }
            Self::MxInt(format) => {
                let kind = OperandKind::TwosComplement { bits: format.width };
                scaled(kind, format.exponent_bits, 0, block_len)
            }
            Self::BlockFp(format) => {
                let kind = OperandKind::SignMagnitude {
                    bits: format.width - 1,
                };
                scaled(kind, format.exponent_bits, 0, block_len)
            }
            Self::Integer(format) => {
                let bits = format.bits;
                if format.asymmetric {
                    OperandWidths {
                        zero_point_bits: bits,
                        ..scaled(OperandKind::Unsigned { bits }, 5, 10, block_len)
                    }
                } else {
                    scaled(OperandKind::TwosComplement { bits }, 5, 10, block_len)
                }
            }
            Self::Ggml(format) => ggml(format, block_len),
        }
    }
}

const fn unscaled(exponent: u8, fraction: u8) -> OperandWidths {
    scaled(
        OperandKind::Float { exponent, fraction },
        0,
        0,
        BlockLen::One,
    )
}

const fn scaled(
    kind: OperandKind,
    shared_exponent_bits: u8,
    shared_fraction_bits: u8,
    block_len: BlockLen,
) -> OperandWidths {
    OperandWidths {
        kind,
        shared_exponent_bits,
        shared_fraction_bits,
        block_len,
        zero_point_bits: 0,
        second_level: None,
    }
}

const fn ggml(format: GgmlFormat, block_len: BlockLen) -> OperandWidths {
    let bits = format.code_bits();
    let kind = match format {
        GgmlFormat::Mxfp4 => OperandKind::MinifloatBlock {
            exponent: 2,
            fraction: 1,
        },
        _ if format.has_minimum() => OperandKind::Unsigned { bits },
        _ => OperandKind::TwosComplement { bits },
    };
    let second_level = match format {
        GgmlFormat::Q2_K => Some(second_level(16, 4, 4)),
        GgmlFormat::Q3_K => Some(second_level(16, 6, 0)),
        GgmlFormat::Q4_K | GgmlFormat::Q5_K => Some(second_level(32, 6, 6)),
        GgmlFormat::Q6_K => Some(second_level(16, 8, 0)),
        _ => None,
    };
    let (shared_exponent_bits, shared_fraction_bits) = match format {
        GgmlFormat::Mxfp4 => (8, 0),
        GgmlFormat::Q8_K => (8, 23),
        _ => (5, 10),
    };
    OperandWidths {
        zero_point_bits: if format.has_minimum() { 16 } else { 0 },
        second_level,
        ..scaled(kind, shared_exponent_bits, shared_fraction_bits, block_len)
    }
}

const fn second_level(block_len: u16, scale_bits: u8, minimum_bits: u8) -> SecondLevel {
    SecondLevel {
        block_len,
        scale_bits,
        minimum_bits,
        is_shift: false,
    }
}
