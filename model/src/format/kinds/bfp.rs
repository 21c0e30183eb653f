//! Block floating point: sign and magnitude with one shared exponent.

use crate::format::arithmetic::{Arithmetic, GridArithmetic, GridOrder};
use crate::format::family::{Family, field_values};
use crate::format::schema::{
    Field, FieldDefault, FieldDomain, FieldValue, FieldValues, Kind, Role, Spelling,
};
use crate::format::size::BlockBits;
use crate::format::{
    BlockLen, Format, FormatError, OperandKind, OperandWidths, Rounding, ScaleRule,
};

/// Group length of Anda (HPCA 2025, section III: chosen from a sweep of 1 to the channel count).
const ANDA_GROUP: BlockLen = BlockLen::fixed(64);
/// Anda shares the exponent of FP16.
const ANDA_EXPONENT_BITS: u8 = 5;
/// Most mantissa bits of Anda and Harmonia.
const MOST_ANDA_BITS: u8 = 16;

/// Block floating point: `sign x magnitude x 2^(E - (M - 1))`, magnitude in `0 ..= 2^M - 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BfpFormat {
    mantissa_bits: u8,
    exponent_bits: u8,
    block_len: BlockLen,
    rounding: Rounding,
    scale: ScaleRule,
}

impl BfpFormat {
    /// Plain block floating point: nearest-even, floor.
    ///
    /// # Errors
    /// Mantissa bits outside 1 to 23, exponent bits outside 1 to 8, a block of one value.
    pub fn new(
        mantissa_bits: u8,
        exponent_bits: u8,
        block_len: BlockLen,
    ) -> Result<Self, FormatError> {
        Self::plain(mantissa_bits, exponent_bits, block_len).checked()
    }

    /// [`Self::new`] for numbers known to be in range where they are written.
    const fn plain(mantissa_bits: u8, exponent_bits: u8, block_len: BlockLen) -> Self {
        Self {
            mantissa_bits,
            exponent_bits,
            block_len,
            rounding: Rounding::NearestEven,
            scale: ScaleRule::Floor,
        }
    }

    /// An exponent of 8 bits, mantissa bits brought into 1 to 23.
    pub(crate) const fn clamped(mantissa_bits: u8, block_len: BlockLen) -> Self {
        let mantissa_bits = match mantissa_bits {
            0 => 1,
            1..=23 => mantissa_bits,
            _ => 23,
        };
        Self::plain(mantissa_bits, 8, block_len)
    }

    /// Four mantissa bits, an exponent of 8 for 32 values.
    pub(crate) const M4: Self = Self::plain(4, 8, BlockLen::fixed(32));

    const fn anda_of(mantissa_bits: u8) -> Self {
        Self {
            rounding: Rounding::Truncate,
            ..Self::plain(mantissa_bits, ANDA_EXPONENT_BITS, ANDA_GROUP)
        }
    }

    /// Anda's activations: groups of 64, FP16's exponent, truncation; M is chosen for each module.
    ///
    /// # Errors
    /// Mantissa bits outside 1 to 23.
    pub fn anda(mantissa_bits: u8) -> Result<Self, FormatError> {
        Self::anda_of(mantissa_bits).checked()
    }

    /// Membership in Anda's formats, M of 1 to 16.
    pub fn is_anda(self) -> bool {
        self.mantissa_bits <= MOST_ANDA_BITS && self == Self::anda_of(self.mantissa_bits)
    }

    /// Harmonia's activations (M = 8) and keys and values (M = 4): groups of 32 with FP16's exponent.
    ///
    /// Exponent width and rounding are not published; FP16 input suggests 5 bits, nearest-even is our choice.
    ///
    /// # Errors
    /// Mantissa bits outside 1 to 23.
    pub fn harmonia(mantissa_bits: u8) -> Result<Self, FormatError> {
        Self::new(mantissa_bits, ANDA_EXPONENT_BITS, BlockLen::fixed(32))
    }

    /// Microsoft floating point: 1 sign, 8 shared exponent bits for 16 values, the rest magnitude.
    ///
    /// # Errors
    /// Fewer than 10 bits, which leave no magnitude, or more than 32.
    pub fn msfp(bits: u8) -> Result<Self, FormatError> {
        Self::msfp_of(bits.saturating_sub(9)).checked()
    }

    const fn msfp_of(mantissa_bits: u8) -> Self {
        Self::plain(mantissa_bits, 8, BlockLen::fixed(16))
    }

    /// M: magnitude bits, the leading one included, the sign excluded; 1 to 23.
    pub const fn mantissa_bits(self) -> u8 {
        self.mantissa_bits
    }

    /// Width of the shared exponent, 1 to 8; E spans `-(2^(n-1)-1) ..= 2^(n-1)`.
    pub const fn exponent_bits(self) -> u8 {
        self.exponent_bits
    }

    /// Rounding of an element.
    pub const fn rounding(self) -> Rounding {
        self.rounding
    }

    /// Rule from the largest magnitude to E.
    pub const fn scale(self) -> ScaleRule {
        self.scale
    }
}

const M: Field = Field::bits(
    "m",
    Role::ElementBits,
    "mantissa bits",
    1,
    23,
    "Magnitude bits of one element, the leading one included, the sign excluded.",
);

/// M of Anda and Harmonia.
const ANDA_M: Field = Field {
    domain: FieldDomain::Whole {
        least: 1,
        most: MOST_ANDA_BITS as i32,
    },
    ..M
};

const fn msfp(word: &'static str, title: &'static str, mantissa_bits: u8) -> Spelling {
    Spelling {
        word,
        title,
        base: Format::Bfp(BfpFormat::msfp_of(mantissa_bits)),
        fields: &[Field::ROUNDING, Field::SCALE],
        is_printed: false,
    }
}

impl Family for BfpFormat {
    const KIND: Kind = Kind {
        word: "bfp",
        title: "Block floating point",
        short: "m",
        example: "bfp:m=6,e=8,b=32",
        fields: &[
            M,
            Field::exponent_bits(true),
            Field::block("b", FieldDefault::Required),
            Field::ROUNDING,
            Field::SCALE,
        ],
    };
    const SPELLINGS: &'static [Spelling] = &[
        Spelling {
            word: "anda",
            title: "Anda (BFP, truncated)",
            base: Format::Bfp(Self::anda_of(6)),
            fields: &[ANDA_M],
            is_printed: true,
        },
        Spelling {
            word: "harmonia",
            title: "Harmonia (BFP)",
            base: Format::Bfp(Self::plain(8, ANDA_EXPONENT_BITS, BlockLen::fixed(32))),
            fields: &[ANDA_M],
            is_printed: false,
        },
        msfp("msfp16", "MSFP16", 7),
        msfp("msfp15", "MSFP15", 6),
        msfp("msfp14", "MSFP14", 5),
        msfp("msfp13", "MSFP13", 4),
        msfp("msfp12", "MSFP12", 3),
        msfp("msfp11", "MSFP11", 2),
    ];

    fn values(self) -> FieldValues {
        field_values([
            FieldValue::Whole(self.mantissa_bits.into()),
            FieldValue::Whole(self.exponent_bits.into()),
            FieldValue::Block(self.block_len),
            self.rounding.value(),
            self.scale.value(),
        ])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        Ok(Self {
            mantissa_bits: values[0].bits(),
            exponent_bits: values[1].bits(),
            block_len: values[2].block_len(),
            rounding: Rounding::of(values[3]),
            scale: ScaleRule::of(values[4]),
        })
    }

    fn block_len(self) -> BlockLen {
        self.block_len
    }

    fn operand(self) -> OperandWidths {
        let kind = OperandKind::SignMagnitude {
            bits: self.mantissa_bits,
        };
        OperandWidths::scaled(kind, self.exponent_bits, 0, self.block_len)
    }

    fn block_bits(self) -> BlockBits {
        BlockBits::plain(
            1 + u64::from(self.mantissa_bits),
            self.exponent_bits.into(),
            self.block_len,
        )
    }

    fn arithmetic(self) -> Arithmetic {
        Arithmetic::Grid(GridArithmetic {
            scale: self.scale,
            exponent_bits: self.exponent_bits,
            has_nan: false,
            magnitude_bits: self.mantissa_bits,
            shift: self.mantissa_bits - 1,
            is_lopsided: false,
            keeps_negative_zero: true,
            rounding: self.rounding,
            order: if self.is_anda() {
                GridOrder::Planes
            } else {
                GridOrder::SignMagnitude
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_out_of_range_are_errors() {
        let block = BlockLen::fixed(32);
        for (m, e) in [(0, 8), (40, 8), (4, 0), (4, 9)] {
            assert!(BfpFormat::new(m, e, block).is_err(), "m={m}, e={e}");
        }
        assert!(BfpFormat::new(4, 8, BlockLen::One).is_err());
        assert!(BfpFormat::msfp(8).is_err() && BfpFormat::msfp(9).is_err());
        assert!(BfpFormat::anda(0).is_err() && BfpFormat::harmonia(99).is_err());
        let msfp12 = BfpFormat::msfp(12).map(Format::Bfp);
        assert_eq!(msfp12, "msfp12".parse());
    }
}
