//! The schema of a format: the fields of its kind, their roles, ranges, defaults and help. Parser, printer, sliders, parameters,
//! recipes and error lists iterate it.

use std::fmt;

use super::{BlockLen, Format, FormatError, Rounding, ScaleRule};

/// Most fields of one kind.
pub(crate) const MAX_FIELDS: usize = 9;

/// Values of a kind's fields, in its order; [`FieldValue::Absent`] beyond them.
pub(crate) type FieldValues = [FieldValue; MAX_FIELDS];

/// Meaning that fields of different kinds share, so that one parameter changes all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Bits of one element.
    ElementBits,
    /// Bits of the exponent that a block shares.
    ExponentBits,
    /// Values that share a scale.
    BlockLength,
    /// Rounding of an element.
    Rounding,
    /// Rule from the largest magnitude of a block to its scale.
    ScaleRule,
    /// Anything that belongs to one kind alone.
    Detail,
}

/// Value of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldValue {
    /// The format has no such field: a block of integers has no exponent bits.
    Absent,
    /// A whole number.
    Whole(i32),
    /// A block length.
    Block(BlockLen),
    /// Position in the list of words.
    Word(usize),
    /// Present or not.
    Flag(bool),
}

impl FieldValue {
    /// A checked number of bits; 0 for any other value.
    pub(super) fn bits(self) -> u8 {
        match self {
            Self::Whole(value) => u8::try_from(value).unwrap_or(0),
            _ => 0,
        }
    }

    /// A checked block length; one for any other value.
    pub(super) const fn block_len(self) -> BlockLen {
        match self {
            Self::Block(length) => length,
            _ => BlockLen::One,
        }
    }
}

/// Values that a field may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldDomain {
    /// Whole numbers.
    Whole {
        /// Smallest.
        least: i32,
        /// Largest.
        most: i32,
    },
    /// 1 to [`BlockLen::LONGEST`] values, or the whole row.
    BlockLength,
    /// One of some words.
    Words(&'static [&'static str]),
    /// A word that is there or not.
    Flag,
}

impl FieldDomain {
    /// Membership of a value.
    pub fn contains(self, value: FieldValue) -> bool {
        match (self, value) {
            (Self::Whole { least, most }, FieldValue::Whole(value)) => {
                (least..=most).contains(&value)
            }
            (Self::BlockLength, FieldValue::Block(length)) => length != BlockLen::One,
            (Self::Words(words), FieldValue::Word(index)) => index < words.len(),
            (Self::Flag, FieldValue::Flag(_)) => true,
            _ => false,
        }
    }

    /// The value that a text stands for; `None` outside the domain.
    pub fn read(self, text: &str) -> Option<FieldValue> {
        let value = match self {
            Self::Whole { .. } => FieldValue::Whole(text.parse().ok()?),
            Self::BlockLength if text == "row" => FieldValue::Block(BlockLen::Row),
            Self::BlockLength => FieldValue::Block(BlockLen::new(text.parse().ok()?)?),
            Self::Words(words) => FieldValue::Word(words.iter().position(|each| *each == text)?),
            Self::Flag if text.is_empty() => FieldValue::Flag(true),
            Self::Flag => return None,
        };
        self.contains(value).then_some(value)
    }

    /// A value as text, as [`Self::read`] takes it.
    pub fn written(self, value: FieldValue) -> String {
        match (self, value) {
            (Self::Words(words), FieldValue::Word(index)) => {
                words.get(index).copied().unwrap_or_default().to_owned()
            }
            (_, FieldValue::Whole(value)) => value.to_string(),
            (_, FieldValue::Block(length)) => length.to_string(),
            _ => String::new(),
        }
    }
}

impl fmt::Display for FieldDomain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { least, most } => write!(formatter, "{least} to {most}"),
            Self::BlockLength => write!(formatter, "1 to {} or row", BlockLen::LONGEST),
            Self::Words(words) => write!(formatter, "one of {}", words.join(" ")),
            Self::Flag => formatter.write_str("a word that takes no value"),
        }
    }
}

/// Value of a field that is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldDefault {
    /// None: the field must be written.
    Required,
    /// Always the same.
    Value(FieldValue),
    /// Follows from the other fields.
    Derived,
}

/// One field of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Key in the text form.
    pub key: &'static str,
    /// Shared meaning.
    pub role: Role,
    /// Name on screen.
    pub label: &'static str,
    /// Allowed values.
    pub domain: FieldDomain,
    /// Value if none is written.
    pub default: FieldDefault,
    /// Printed even where it equals the default.
    pub is_always_written: bool,
    /// One sentence of help.
    pub help: &'static str,
}

pub(super) const ROUNDING_WORDS: [&str; 4] = [
    Rounding::ALL[0].word(),
    Rounding::ALL[1].word(),
    Rounding::ALL[2].word(),
    Rounding::ALL[3].word(),
];

pub(super) const SCALE_WORDS: [&str; 4] = [
    ScaleRule::ALL[0].word(),
    ScaleRule::ALL[1].word(),
    ScaleRule::ALL[2].word(),
    ScaleRule::ALL[3].word(),
];

impl Field {
    /// Rounding of an element, nearest-even by default.
    pub(super) const ROUNDING: Self = Self {
        key: "round",
        role: Role::Rounding,
        label: "rounding",
        domain: FieldDomain::Words(&ROUNDING_WORDS),
        default: FieldDefault::Value(FieldValue::Word(0)),
        is_always_written: false,
        help: "Rounding of a value between two codes.",
    };

    /// Scale rule, floor by default.
    pub(super) const SCALE: Self = Self {
        key: "scale",
        role: Role::ScaleRule,
        label: "scale rule",
        domain: FieldDomain::Words(&SCALE_WORDS),
        default: FieldDefault::Value(FieldValue::Word(0)),
        is_always_written: false,
        help: "Rule by which the largest magnitude of a block sets its scale.",
    };

    /// A number of bits that must be written.
    pub(super) const fn bits(
        key: &'static str,
        role: Role,
        label: &'static str,
        least: i32,
        most: i32,
        help: &'static str,
    ) -> Self {
        Self {
            key,
            role,
            label,
            domain: FieldDomain::Whole { least, most },
            default: FieldDefault::Required,
            is_always_written: true,
            help,
        }
    }

    /// Width of the shared exponent, 1 to 8 bits, 8 by default.
    pub(super) const fn exponent_bits(is_always_written: bool) -> Self {
        Self {
            default: FieldDefault::Value(FieldValue::Whole(8)),
            is_always_written,
            ..Self::bits(
                "e",
                Role::ExponentBits,
                "exponent bits",
                1,
                8,
                "Bits of the exponent that a block shares; fewer narrow its range.",
            )
        }
    }

    /// Values that share a scale.
    pub(super) const fn block(key: &'static str, default: FieldDefault) -> Self {
        Self {
            key,
            role: Role::BlockLength,
            label: "block length",
            domain: FieldDomain::BlockLength,
            default,
            is_always_written: true,
            help: "Values along the reduction that share one scale; the whole row at most.",
        }
    }
}

/// A kind of format: its word, its fields, its names on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Word before the colon of the text form.
    pub word: &'static str,
    /// Name on screen.
    pub title: &'static str,
    /// Letters that, with the bits of an element, fit a cell of a table; empty: the word alone.
    pub short: &'static str,
    /// A usual member, as text.
    pub example: &'static str,
    /// Fields in the order of the text form.
    pub fields: &'static [Field],
}

impl Kind {
    /// Position of the first field with a role.
    pub fn position(&self, role: Role) -> Option<usize> {
        self.fields.iter().position(|field| field.role == role)
    }

    /// Refuses the first value outside its field's domain.
    pub(super) fn check(&self, values: &FieldValues) -> Result<(), FormatError> {
        for (field, value) in self.fields.iter().zip(values) {
            if *value != FieldValue::Absent && !field.domain.contains(*value) {
                return Err(self.refused(field, *value));
            }
        }
        Ok(())
    }

    /// The error about one value of one field.
    pub(super) fn refused(&self, field: &Field, value: FieldValue) -> FormatError {
        FormatError::Value {
            kind: self.word.to_owned(),
            key: field.key.to_owned(),
            value: field.domain.written(value),
            allowed: field.domain.to_string(),
        }
    }
}

/// A word of its own for some members of a kind: `anda` for BFP, `mxfp4` for MX.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spelling {
    /// Word before the colon.
    pub word: &'static str,
    /// Name on screen.
    pub title: &'static str,
    /// The member with the defaults of all fields.
    pub base: Format,
    /// Fields that may be written; the others are those of `base`.
    pub fields: &'static [Field],
    /// Printed for its members, where they are more than its kind's.
    pub is_printed: bool,
}

impl Spelling {
    /// A member complete without any field.
    pub fn is_complete(&self) -> bool {
        let required = |field: &Field| field.default == FieldDefault::Required;
        !self.fields.iter().any(required)
    }
}
