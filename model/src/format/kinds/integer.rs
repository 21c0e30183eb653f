//! Integers with an FP16 scale for each group, and a zero point if asymmetric.

use crate::format::arithmetic::Arithmetic;
use crate::format::family::{Family, field_values};
use crate::format::schema::{
    Field, FieldDefault, FieldDomain, FieldValue, FieldValues, Kind, Role,
};
use crate::format::size::BlockBits;
use crate::format::{BlockLen, FormatError, OperandKind, OperandWidths, Rounding};

/// Integers with an FP16 scale for each group, and a zero point if asymmetric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IntegerFormat {
    bits: u8,
    group_len: BlockLen,
    is_asymmetric: bool,
    rounding: Rounding,
}

impl IntegerFormat {
    /// Four bits, symmetric, in groups of 128.
    pub(crate) const W4_G128: Self = Self {
        bits: 4,
        group_len: BlockLen::fixed(128),
        is_asymmetric: false,
        rounding: Rounding::NearestEven,
    };

    /// Bits of an element, 2 to 16.
    pub const fn bits(self) -> u8 {
        self.bits
    }

    /// A zero point of as many bits as an element for each group.
    pub const fn is_asymmetric(self) -> bool {
        self.is_asymmetric
    }

    /// Rounding of an element.
    pub const fn rounding(self) -> Rounding {
        self.rounding
    }
}

impl Family for IntegerFormat {
    const KIND: Kind = Kind {
        word: "int",
        title: "Integer groups",
        short: "int",
        example: "int:w=4,g=128",
        fields: &[
            Field::bits(
                "w",
                Role::ElementBits,
                "element bits",
                2,
                16,
                "Bits of one element.",
            ),
            Field::block("g", FieldDefault::Required),
            Field {
                key: "asym",
                role: Role::Detail,
                label: "zero point",
                domain: FieldDomain::Flag,
                default: FieldDefault::Value(FieldValue::Flag(false)),
                is_always_written: false,
                help: "A zero point for each group, as wide as an element.",
            },
            Field::ROUNDING,
        ],
    };

    fn values(self) -> FieldValues {
        field_values([
            FieldValue::Whole(self.bits.into()),
            FieldValue::Block(self.group_len),
            FieldValue::Flag(self.is_asymmetric),
            self.rounding.value(),
        ])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        Ok(Self {
            bits: values[0].bits(),
            group_len: values[1].block_len(),
            is_asymmetric: values[2] == FieldValue::Flag(true),
            rounding: Rounding::of(values[3]),
        })
    }

    fn block_len(self) -> BlockLen {
        self.group_len
    }

    fn operand(self) -> OperandWidths {
        let bits = self.bits;
        if self.is_asymmetric {
            OperandWidths {
                zero_point_bits: bits,
                ..OperandWidths::scaled(OperandKind::Unsigned { bits }, 5, 10, self.group_len)
            }
        } else {
            OperandWidths::scaled(OperandKind::TwosComplement { bits }, 5, 10, self.group_len)
        }
    }

    fn block_bits(self) -> BlockBits {
        let zero_point = if self.is_asymmetric { self.bits } else { 0 };
        BlockBits::plain(self.bits.into(), 16 + u64::from(zero_point), self.group_len)
    }

    fn arithmetic(self) -> Arithmetic {
        Arithmetic::Groups {
            bits: self.bits,
            is_asymmetric: self.is_asymmetric,
            rounding: self.rounding,
        }
    }
}
