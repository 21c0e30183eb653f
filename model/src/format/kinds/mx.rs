//! OCP microscaling and its relatives: small elements with a shared E8M0 power of two.

use super::minifloat::{built_element, derived_element, element_fields, element_values};
use crate::format::arithmetic::{
    Arithmetic, ElementArithmetic, ElementScale, GridArithmetic, GridOrder,
};
use crate::format::family::{Family, field_values};
use crate::format::schema::{Field, FieldDefault, FieldValue, FieldValues, Kind, Role, Spelling};
use crate::format::size::BlockBits;
use crate::format::{
    BlockLen, Format, FormatError, Minifloat, OperandKind, OperandWidths, Rounding, ScaleRule,
};

/// Block length of the OCP MX specification v1.0.
const MX_BLOCK: BlockLen = BlockLen::fixed(32);

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
    element: MxElement,
    block_len: BlockLen,
    rounding: Rounding,
    scale: ScaleRule,
}

impl MxFormat {
    /// An element in the specification's block of 32, nearest-even, floor.
    ///
    /// # Errors
    /// Integer elements outside 2 to 16 bits.
    pub fn new(element: MxElement) -> Result<Self, FormatError> {
        Self::plain(element).checked()
    }

    const fn plain(element: MxElement) -> Self {
        Self {
            element,
            block_len: MX_BLOCK,
            rounding: Rounding::NearestEven,
            scale: ScaleRule::Floor,
        }
    }

    /// One value.
    pub const fn element(self) -> MxElement {
        self.element
    }

    /// Rounding of an element.
    pub const fn rounding(self) -> Rounding {
        self.rounding
    }

    /// Rule from the largest magnitude to the scale.
    pub const fn scale(self) -> ScaleRule {
        self.scale
    }
}

const BLOCK: Field = Field::block("b", FieldDefault::Value(FieldValue::Block(MX_BLOCK)));

/// Block length where only another one than 32 is written.
const NAMED_BLOCK: Field = Field {
    is_always_written: false,
    ..BLOCK
};

const FIELDS: [Field; 9] = {
    let width = Field {
        default: FieldDefault::Derived,
        ..Field::bits(
            "w",
            Role::ElementBits,
            "element bits",
            2,
            16,
            "Bits of an integer element, the sign included; instead of e and m.",
        )
    };
    let [e, m, bias, special, overflow] = element_fields(FieldDefault::Derived);
    [
        width,
        e,
        m,
        bias,
        special,
        overflow,
        BLOCK,
        Field::ROUNDING,
        Field::SCALE,
    ]
};

const fn named(word: &'static str, title: &'static str, element: MxElement) -> Spelling {
    Spelling {
        word,
        title,
        base: Format::Mx(MxFormat::plain(element)),
        fields: &[NAMED_BLOCK, Field::ROUNDING, Field::SCALE],
        is_printed: true,
    }
}

impl Family for MxFormat {
    const KIND: Kind = Kind {
        word: "mx",
        title: "Microscaling",
        short: "mx",
        example: "mx:e=3,m=3,b=32",
        fields: &FIELDS,
    };
    /// The concrete formats of the OCP MX specification v1.0, table 1.
    const SPELLINGS: &'static [Spelling] = &[
        named(
            "mxfp8-e4m3",
            "MXFP8 E4M3",
            MxElement::Float(Minifloat::E4M3),
        ),
        named(
            "mxfp8-e5m2",
            "MXFP8 E5M2",
            MxElement::Float(Minifloat::E5M2),
        ),
        named(
            "mxfp6-e2m3",
            "MXFP6 E2M3",
            MxElement::Float(Minifloat::E2M3),
        ),
        named(
            "mxfp6-e3m2",
            "MXFP6 E3M2",
            MxElement::Float(Minifloat::E3M2),
        ),
        named("mxfp4", "MXFP4", MxElement::Float(Minifloat::E2M1)),
        named("mxint8", "MXINT8", MxElement::Integer { bits: 8 }),
    ];

    fn values(self) -> FieldValues {
        let (width, [e, m, bias, special, overflow]) = match self.element {
            MxElement::Float(element) => (FieldValue::Absent, element_values(element)),
            MxElement::Integer { bits } => {
                (FieldValue::Whole(bits.into()), [FieldValue::Absent; 5])
            }
        };
        let block = FieldValue::Block(self.block_len);
        let (rounding, scale) = (self.rounding.value(), self.scale.value());
        field_values([width, e, m, bias, special, overflow, block, rounding, scale])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        let element = match values[0] {
            FieldValue::Whole(_) => {
                let unused = (1..6).find(|index| values[*index] != FieldValue::Absent);
                if let Some(index) = unused {
                    return Err(FormatError::Value {
                        kind: Self::KIND.word.to_owned(),
                        key: FIELDS[index].key.to_owned(),
                        value: FIELDS[index].domain.written(values[index]),
                        allowed: "possible beside w=, which makes integer elements".to_owned(),
                    });
                }
                MxElement::Integer {
                    bits: values[0].bits(),
                }
            }
            _ => {
                for field in 1..3 {
                    if values[field] == FieldValue::Absent {
                        return Err(FormatError::MissingKey {
                            kind: Self::KIND.word.to_owned(),
                            key: FIELDS[field].key,
                            allowed: format!("{}, or w=2 to 16", FIELDS[field].domain),
                        });
                    }
                }
                MxElement::Float(built_element(&Self::KIND, &FIELDS[1..6], &values[1..6])?)
            }
        };
        Ok(Self {
            element,
            block_len: values[6].block_len(),
            rounding: Rounding::of(values[7]),
            scale: ScaleRule::of(values[8]),
        })
    }

    fn derived(index: usize, values: &FieldValues) -> FieldValue {
        match index.checked_sub(1) {
            Some(index) => derived_element(index, &values[1..6]),
            None => FieldValue::Absent,
        }
    }

    fn block_len(self) -> BlockLen {
        self.block_len
    }

    fn operand(self) -> OperandWidths {
        let kind = match self.element {
            MxElement::Float(element) => OperandKind::MinifloatBlock {
                exponent: element.exponent_bits(),
                fraction: element.fraction_bits(),
            },
            MxElement::Integer { bits } => OperandKind::TwosComplement { bits },
        };
        OperandWidths::scaled(kind, 8, 0, self.block_len)
    }

    fn block_bits(self) -> BlockBits {
        let bits = match self.element {
            MxElement::Float(element) => element.bits().into(),
            MxElement::Integer { bits } => bits.into(),
        };
        BlockBits::plain(bits, 8, self.block_len)
    }

    fn arithmetic(self) -> Arithmetic {
        match self.element {
            MxElement::Float(element) => Arithmetic::Elements(ElementArithmetic {
                element,
                scale: ElementScale::PowerOfTwo(self.scale),
                rounding: self.rounding,
            }),
            MxElement::Integer { bits } => Arithmetic::Grid(GridArithmetic {
                scale: self.scale,
                exponent_bits: 8,
                has_nan: true,
                magnitude_bits: bits - 1,
                shift: bits - 2,
                is_lopsided: false,
                keeps_negative_zero: false,
                rounding: self.rounding,
                order: GridOrder::TwosComplement,
            }),
        }
    }
}
