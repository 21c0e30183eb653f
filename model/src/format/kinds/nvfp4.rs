//! NVIDIA's FP4: E2M1 elements, an E4M3 scale for each 16, one FP32 scale a tensor.
//!
//! Tensor scale `t`: largest magnitude / (6 x 448), rounded to FP32. Block scale `s`: the nearest E4M3 number to
//! `largest of the block / t / 6`, 2^-9 to 448. Element: `x / t`, rounded to FP32, `/ s`, rounded to E2M1. Value: `element x s`,
//! which is exact, `x t`, rounded once.

use crate::format::arithmetic::{Arithmetic, ElementArithmetic, ElementScale};
use crate::format::family::{Family, field_values};
use crate::format::schema::{Field, FieldValues, Kind};
use crate::format::size::BlockBits;
use crate::format::{BlockLen, FormatError, Minifloat, OperandKind, OperandWidths, Rounding};

/// Values that share an E4M3 scale.
const BLOCK: BlockLen = BlockLen::fixed(16);

/// NVIDIA's two-level FP4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nvfp4Format {
    rounding: Rounding,
}

impl Family for Nvfp4Format {
    const KIND: Kind = Kind {
        word: "nvfp4",
        title: "NVFP4",
        short: "",
        example: "nvfp4",
        fields: &[Field::ROUNDING],
    };

    fn values(self) -> FieldValues {
        field_values([self.rounding.value()])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        Ok(Self {
            rounding: Rounding::of(values[0]),
        })
    }

    fn block_len(self) -> BlockLen {
        BLOCK
    }

    fn operand(self) -> OperandWidths {
        let kind = OperandKind::MinifloatBlock {
            exponent: 2,
            fraction: 1,
        };
        OperandWidths::scaled(kind, 4, 3, BLOCK)
    }

    fn block_bits(self) -> BlockBits {
        BlockBits {
            tensor: 32,
            ..BlockBits::plain(4, 8, BLOCK)
        }
    }

    fn arithmetic(self) -> Arithmetic {
        Arithmetic::Elements(ElementArithmetic {
            element: Minifloat::E2M1,
            scale: ElementScale::TwoLevel,
            rounding: self.rounding,
        })
    }
}
