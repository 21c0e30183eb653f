//! Standard floating point types, one value at a time.

use crate::format::arithmetic::{Arithmetic, ElementArithmetic, ElementScale};
use crate::format::family::{Family, field_values};
use crate::format::schema::{
    Field, FieldDefault, FieldDomain, FieldValue, FieldValues, Kind, Role, Spelling,
};
use crate::format::size::BlockBits;
use crate::format::{BlockLen, Format, FormatError, Minifloat, OperandWidths, Rounding};

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

impl FloatFormat {
    const ALL: [Self; 3] = [Self::Fp32, Self::Fp16, Self::Bf16];
}

const fn spelling(word: &'static str, title: &'static str, format: FloatFormat) -> Spelling {
    Spelling {
        word,
        title,
        base: Format::Float(format),
        fields: &[],
        is_printed: true,
    }
}

impl Family for FloatFormat {
    const KIND: Kind = Kind {
        word: "float",
        title: "Standard floating point",
        short: "",
        example: "fp16",
        fields: &[Field {
            key: "type",
            role: Role::Detail,
            label: "type",
            domain: FieldDomain::Words(&["fp32", "fp16", "bf16"]),
            default: FieldDefault::Required,
            is_always_written: true,
            help: "IEEE 754 binary32, binary16, or the upper half of binary32.",
        }],
    };
    const SPELLINGS: &'static [Spelling] = &[
        spelling("fp32", "FP32", Self::Fp32),
        spelling("fp16", "FP16", Self::Fp16),
        spelling("bf16", "BF16", Self::Bf16),
    ];

    fn values(self) -> FieldValues {
        field_values([FieldValue::Word(self as usize)])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        match values[0] {
            FieldValue::Word(index) if index < Self::ALL.len() => Ok(Self::ALL[index]),
            other => Err(Self::KIND.refused(&Self::KIND.fields[0], other)),
        }
    }

    fn block_len(self) -> BlockLen {
        BlockLen::One
    }

    fn operand(self) -> OperandWidths {
        match self {
            Self::Fp32 => OperandWidths::unscaled(8, 23),
            Self::Fp16 => OperandWidths::unscaled(5, 10),
            Self::Bf16 => OperandWidths::unscaled(8, 7),
        }
    }

    fn block_bits(self) -> BlockBits {
        let bits = if self == Self::Fp32 { 32 } else { 16 };
        BlockBits::plain(bits, 0, BlockLen::One)
    }

    fn arithmetic(self) -> Arithmetic {
        match self {
            Self::Fp32 => Arithmetic::Exact,
            Self::Bf16 => Arithmetic::Bf16,
            Self::Fp16 => Arithmetic::Elements(ElementArithmetic {
                element: Minifloat::BINARY16,
                scale: ElementScale::One,
                rounding: Rounding::NearestEven,
            }),
        }
    }
}
