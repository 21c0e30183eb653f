//! MASE's `MXInt`: two's complement fractions with a rounded-up shared exponent.

use crate::format::arithmetic::{Arithmetic, GridArithmetic, GridOrder};
use crate::format::family::{Family, field_values};
use crate::format::schema::{Field, FieldDefault, FieldValue, FieldValues, Kind, Role};
use crate::format::size::BlockBits;
use crate::format::{BlockLen, FormatError, OperandKind, OperandWidths, Rounding, ScaleRule};

/// Block length of MASE's released configurations (papers of the same authors use [1, 16] throughout).
const MASE_BLOCK: BlockLen = BlockLen::fixed(16);

/// MASE's `MXInt`: `q x 2^(e - (w - 1))` with `e = ceil(log2 max)`, q in two's complement of w bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MxIntFormat {
    /// w: bits of an element, the sign included; 2 to 24.
    width: u8,
    exponent_bits: u8,
    block_len: BlockLen,
    rounding: Rounding,
}

impl MxIntFormat {
    /// w: bits of an element, the sign included; 2 to 24.
    pub const fn width(self) -> u8 {
        self.width
    }

    /// Width of the shared exponent, 1 to 8.
    pub const fn exponent_bits(self) -> u8 {
        self.exponent_bits
    }

    /// Rounding of an element.
    pub const fn rounding(self) -> Rounding {
        self.rounding
    }
}

impl Family for MxIntFormat {
    const KIND: Kind = Kind {
        word: "mxint",
        title: "MASE MXInt",
        short: "mx",
        example: "mxint:w=6,b=16",
        fields: &[
            Field::bits(
                "w",
                Role::ElementBits,
                "element bits",
                2,
                24,
                "Bits of one element, the sign included.",
            ),
            Field::block("b", FieldDefault::Value(FieldValue::Block(MASE_BLOCK))),
            Field::exponent_bits(false),
            Field::ROUNDING,
        ],
    };

    fn values(self) -> FieldValues {
        field_values([
            FieldValue::Whole(self.width.into()),
            FieldValue::Block(self.block_len),
            FieldValue::Whole(self.exponent_bits.into()),
            self.rounding.value(),
        ])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        Ok(Self {
            width: values[0].bits(),
            block_len: values[1].block_len(),
            exponent_bits: values[2].bits(),
            rounding: Rounding::of(values[3]),
        })
    }

    fn block_len(self) -> BlockLen {
        self.block_len
    }

    fn operand(self) -> OperandWidths {
        let kind = OperandKind::TwosComplement { bits: self.width };
        OperandWidths::scaled(kind, self.exponent_bits, 0, self.block_len)
    }

    fn block_bits(self) -> BlockBits {
        BlockBits::plain(self.width.into(), self.exponent_bits.into(), self.block_len)
    }

    fn arithmetic(self) -> Arithmetic {
        Arithmetic::Grid(GridArithmetic {
            scale: ScaleRule::Ceil,
            exponent_bits: self.exponent_bits,
            has_nan: false,
            magnitude_bits: self.width - 1,
            shift: self.width - 1,
            is_lopsided: true,
            keeps_negative_zero: false,
            rounding: self.rounding,
            order: GridOrder::TwosComplement,
        })
    }
}
