//! How the exponent shared by a block follows from its largest magnitude.
//!
//! All four rules are one integer addition to the bits of the largest magnitude: a carry out of the fraction moves the exponent
//! up. The shared exponent is the exponent of the sum, less the exponent of the element's largest value.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::schema::FieldValue;

/// Number of stored fraction bits of an `f32`.
pub(crate) const F32_FRACTION_BITS: u32 = 23;
/// Exponent bias of an `f32`.
pub(crate) const F32_BIAS: i32 = 127;

/// Rule by which the largest magnitude of a block sets the shared power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum ScaleRule {
    /// `floor(log2(max))`: the rule of the OCP MX specification v1.0 (section 6.3); the top of the range saturates.
    #[default]
    Floor,
    /// `ceil(log2(max))`: never saturates, spends up to one bit.
    Ceil,
    /// `ceil(log2(max / largest element))`: the smallest power of two that does not saturate.
    Rceil,
    /// `floor(log2(max rounded to the element's fraction))`: one up only where rounding would overflow.
    Even,
}

impl ScaleRule {
    /// Every rule, in the order of menus.
    pub const ALL: [Self; 4] = [Self::Floor, Self::Ceil, Self::Rceil, Self::Even];

    /// The word used in the text form of a format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Ceil => "ceil",
            Self::Rceil => "rceil",
            Self::Even => "even",
        }
    }

    /// What is added to the bits of the largest magnitude before its exponent is taken.
    ///
    /// `largest_fraction`: the 23 fraction bits of the element's largest value (an E4M3 element: 448 = 1.75 x 2^8, so
    /// `0x60_0000`); `fraction_bits`: stored fraction bits of the element, at most 22.
    pub(crate) const fn addend(self, largest_fraction: u32, fraction_bits: u32) -> u32 {
        const FRACTION_MASK: u32 = (1 << F32_FRACTION_BITS) - 1;
        match self {
            Self::Floor => 0,
            Self::Ceil => FRACTION_MASK,
            Self::Rceil => FRACTION_MASK - largest_fraction,
            Self::Even => 1 << (F32_FRACTION_BITS - 1 - fraction_bits),
        }
    }
}

impl ScaleRule {
    /// As the value of a field.
    pub(super) const fn value(self) -> FieldValue {
        FieldValue::Word(self as usize)
    }

    /// From the value of a field; floor for any other.
    pub fn of(value: FieldValue) -> Self {
        match value {
            FieldValue::Word(index) => Self::ALL.get(index).copied().unwrap_or_default(),
            _ => Self::default(),
        }
    }
}

impl Serialize for ScaleRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for ScaleRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = Self::ALL.into_iter().find(|each| each.word() == text);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::word).join(" ");
            serde::de::Error::custom(format!("\"{text}\"; allowed: {words}"))
        })
    }
}

impl fmt::Display for ScaleRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
