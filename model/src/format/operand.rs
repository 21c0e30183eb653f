//! What a datapath sees of a format: the widths that multipliers, shifters and adders are built for.

use super::BlockLen;

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

impl OperandWidths {
    /// A floating point number without a shared scale.
    pub(super) const fn unscaled(exponent: u8, fraction: u8) -> Self {
        Self::scaled(
            OperandKind::Float { exponent, fraction },
            0,
            0,
            BlockLen::One,
        )
    }

    /// Elements with one shared scale.
    pub(super) const fn scaled(
        kind: OperandKind,
        shared_exponent_bits: u8,
        shared_fraction_bits: u8,
        block_len: BlockLen,
    ) -> Self {
        Self {
            kind,
            shared_exponent_bits,
            shared_fraction_bits,
            block_len,
            zero_point_bits: 0,
            second_level: None,
        }
    }
}
