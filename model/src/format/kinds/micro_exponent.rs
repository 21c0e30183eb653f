//! Shared micro-exponents MX4, MX6, MX9 (Rouhani et al., ISCA 2023).

use crate::format::arithmetic::Arithmetic;
use crate::format::family::{Family, field_values};
use crate::format::schema::{Field, FieldValue, FieldValues, Kind, Role, Spelling};
use crate::format::size::BlockBits;
use crate::format::{
    BlockLen, Format, FormatError, OperandKind, OperandWidths, Rounding, SecondLevel,
};

/// Values that share an exponent.
const BLOCK: BlockLen = BlockLen::fixed(16);

/// Blocks of 16 with an 8-bit exponent, pairs with one bit of exponent less (Rouhani et al., ISCA 2023, table 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MicroExponentFormat {
    mantissa_bits: u8,
    rounding: Rounding,
}

impl MicroExponentFormat {
    /// Magnitude bits, the leading one included, the sign excluded: 2 (MX4), 4 (MX6), 7 (MX9).
    pub const fn mantissa_bits(self) -> u8 {
        self.mantissa_bits
    }

    /// Rounding of an element.
    pub const fn rounding(self) -> Rounding {
        self.rounding
    }
}

const fn named(word: &'static str, title: &'static str, mantissa_bits: u8) -> Spelling {
    Spelling {
        word,
        title,
        base: Format::MicroExponent(MicroExponentFormat {
            mantissa_bits,
            rounding: Rounding::NearestEven,
        }),
        fields: &[Field::ROUNDING],
        is_printed: true,
    }
}

impl Family for MicroExponentFormat {
    const KIND: Kind = Kind {
        word: "micro",
        title: "Shared micro-exponents",
        short: "me",
        example: "mx6",
        fields: &[
            Field::bits(
                "m",
                Role::Detail,
                "mantissa bits",
                1,
                7,
                "Magnitude bits of one element, the leading one included: 2 is MX4, 4 is MX6, 7 is MX9.",
            ),
            Field::ROUNDING,
        ],
    };
    const SPELLINGS: &'static [Spelling] = &[
        named("mx9", "MX9", 7),
        named("mx6", "MX6", 4),
        named("mx4", "MX4", 2),
    ];

    fn values(self) -> FieldValues {
        field_values([
            FieldValue::Whole(self.mantissa_bits.into()),
            self.rounding.value(),
        ])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        Ok(Self {
            mantissa_bits: values[0].bits(),
            rounding: Rounding::of(values[1]),
        })
    }

    fn block_len(self) -> BlockLen {
        BLOCK
    }

    fn operand(self) -> OperandWidths {
        let kind = OperandKind::SignMagnitude {
            bits: self.mantissa_bits,
        };
        OperandWidths {
            second_level: Some(SecondLevel {
                block_len: 2,
                scale_bits: 1,
                minimum_bits: 0,
                is_shift: true,
            }),
            ..OperandWidths::scaled(kind, 8, 0, BLOCK)
        }
    }

    fn block_bits(self) -> BlockBits {
        let mut bits = BlockBits::plain(1 + u64::from(self.mantissa_bits), 8, BLOCK);
        bits.add(1, BlockLen::fixed(2));
        bits
    }

    fn arithmetic(self) -> Arithmetic {
        Arithmetic::MicroExponent {
            mantissa_bits: self.mantissa_bits,
            rounding: self.rounding,
        }
    }
}
