//! Any small floating point type, one value at a time, and the fields of an element that others share.

use crate::format::arithmetic::{Arithmetic, ElementArithmetic, ElementScale};
use crate::format::family::{Family, field_values};
use crate::format::schema::{
    Field, FieldDefault, FieldDomain, FieldValue, FieldValues, Kind, Role,
};
use crate::format::size::BlockBits;
use crate::format::{
    BlockLen, FormatError, Minifloat, OperandWidths, Overflow, Rounding, Specials,
};

/// One small floating point number per value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MinifloatFormat {
    element: Minifloat,
    rounding: Rounding,
}

impl MinifloatFormat {
    /// An element without a scale.
    pub const fn new(element: Minifloat, rounding: Rounding) -> Self {
        Self { element, rounding }
    }

    /// Widths, bias and policy.
    pub const fn element(self) -> Minifloat {
        self.element
    }

    /// Rounding of an element.
    pub const fn rounding(self) -> Rounding {
        self.rounding
    }
}

const fn detail(
    key: &'static str,
    label: &'static str,
    domain: FieldDomain,
    default: FieldDefault,
    help: &'static str,
) -> Field {
    Field {
        key,
        role: Role::Detail,
        label,
        domain,
        default,
        is_always_written: matches!(default, FieldDefault::Required),
        help,
    }
}

/// Fields of an element: `e`, `m`, `bias`, `special`, `overflow`. `default` is that of the two widths.
pub(super) const fn element_fields(default: FieldDefault) -> [Field; 5] {
    [
        Field {
            is_always_written: true,
            ..detail(
                "e",
                "element exponent bits",
                FieldDomain::Whole { least: 1, most: 8 },
                default,
                "Exponent bits of one element.",
            )
        },
        Field {
            is_always_written: true,
            ..detail(
                "m",
                "element fraction bits",
                FieldDomain::Whole { least: 0, most: 22 },
                default,
                "Stored fraction bits of one element, the leading one excluded.",
            )
        },
        detail(
            "bias",
            "exponent bias",
            FieldDomain::Whole {
                least: -200,
                most: 200,
            },
            FieldDefault::Derived,
            "Number subtracted from the stored exponent; 2^(e-1) - 1 by default.",
        ),
        detail(
            "special",
            "special codes",
            FieldDomain::Words(&["none", "nan", "ieee"]),
            FieldDefault::Derived,
            "Codes for infinity and NaN; those of the OCP element of the same widths by default.",
        ),
        detail(
            "overflow",
            "overflow",
            FieldDomain::Words(&["saturate", "special"]),
            FieldDefault::Derived,
            "Result above the largest finite value.",
        ),
    ]
}

/// Specials of the OCP element with these widths; other widths use every code for a finite number.
const fn usual_specials(exponent_bits: u8, fraction_bits: u8) -> Specials {
    match (exponent_bits, fraction_bits) {
        (4, 3) => Specials::NanOnly,
        (5, 2) | (8, _) => Specials::Ieee,
        _ => Specials::None,
    }
}

/// Values of the fields of an element.
pub(super) const fn element_values(element: Minifloat) -> [FieldValue; 5] {
    [
        FieldValue::Whole(element.exponent_bits() as i32),
        FieldValue::Whole(element.fraction_bits() as i32),
        FieldValue::Whole(element.bias() as i32),
        FieldValue::Word(element.specials() as usize),
        FieldValue::Word(element.overflow() as usize),
    ]
}

/// Default of the bias (`index` 2), of the special codes (3) or of the overflow (4), where the widths are known.
pub(super) fn derived_element(index: usize, values: &[FieldValue]) -> FieldValue {
    let (FieldValue::Whole(exponent), FieldValue::Whole(fraction)) = (values[0], values[1]) else {
        return FieldValue::Absent;
    };
    let (exponent, fraction) = (small(exponent), small(fraction));
    match index {
        2 => FieldValue::Whole(Minifloat::usual_bias(exponent).into()),
        3 => FieldValue::Word(usual_specials(exponent, fraction) as usize),
        4 => FieldValue::Word(Overflow::Saturate as usize),
        _ => FieldValue::Absent,
    }
}

/// A checked number of bits.
pub(super) fn small(value: i32) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

/// The element of five values.
pub(super) fn built_element(
    kind: &Kind,
    fields: &[Field],
    values: &[FieldValue],
) -> Result<Minifloat, FormatError> {
    let whole = |index: usize| match values[index] {
        FieldValue::Whole(value) => Ok(value),
        other => Err(kind.refused(&fields[index], other)),
    };
    let word = |index: usize| match values[index] {
        FieldValue::Word(word) => word,
        _ => 0,
    };
    let exponent_bits = whole(0)?;
    let element = Minifloat::new(
        small(exponent_bits),
        small(whole(1)?),
        i16::try_from(whole(2)?).unwrap_or(i16::MAX),
        [Specials::None, Specials::NanOnly, Specials::Ieee][word(3).min(2)],
        [Overflow::Saturate, Overflow::Special][word(4).min(1)],
    );
    element.map_err(|error| FormatError::Value {
        kind: kind.word.to_owned(),
        key: fields[0].key.to_owned(),
        value: exponent_bits.to_string(),
        allowed: format!("usable here: {error}"),
    })
}

const FIELDS: [Field; 6] = {
    let [e, m, bias, special, overflow] = element_fields(FieldDefault::Required);
    [e, m, bias, special, overflow, Field::ROUNDING]
};

impl Family for MinifloatFormat {
    const KIND: Kind = Kind {
        word: "fp",
        title: "Small floating point, unscaled",
        short: "",
        example: "fp:e=4,m=3",
        fields: &FIELDS,
    };

    fn values(self) -> FieldValues {
        let [e, m, bias, special, overflow] = element_values(self.element);
        field_values([e, m, bias, special, overflow, self.rounding.value()])
    }

    fn build(values: &FieldValues) -> Result<Self, FormatError> {
        Ok(Self {
            element: built_element(&Self::KIND, &FIELDS, &values[..5])?,
            rounding: Rounding::of(values[5]),
        })
    }

    fn derived(index: usize, values: &FieldValues) -> FieldValue {
        derived_element(index, values)
    }

    fn block_len(self) -> BlockLen {
        BlockLen::One
    }

    fn operand(self) -> OperandWidths {
        OperandWidths::unscaled(self.element.exponent_bits(), self.element.fraction_bits())
    }

    fn block_bits(self) -> BlockBits {
        BlockBits::plain(self.element.bits().into(), 0, BlockLen::One)
    }

    fn arithmetic(self) -> Arithmetic {
        Arithmetic::Elements(ElementArithmetic {
            element: self.element,
            scale: ElementScale::One,
            rounding: self.rounding,
        })
    }
}
