//! How a value between two codes is brought to one of them.
//!
//! Only the rule and its words; the arithmetic stands in `quantization`, where it is inlined in the kernels.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::schema::FieldValue;

/// What happens to a value between two neighboring codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Rounding {
    /// To the nearer code, ties to the even one (IEEE 754 `roundTiesToEven`).
    #[default]
    NearestEven,
    /// To the nearer code, ties away from zero.
    NearestAway,
    /// Toward zero: the bits below the last one are dropped, as Anda does (HPCA 2025, section III).
    Truncate,
    /// Up with a probability equal to the distance from the code below; seeded and a function of the value's position.
    Stochastic,
}

impl Rounding {
    /// Every rule, in the order of menus.
    pub const ALL: [Self; 4] = [
        Self::NearestEven,
        Self::NearestAway,
        Self::Truncate,
        Self::Stochastic,
    ];

    /// The word used in the text form of a format.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NearestEven => "nearest-even",
            Self::NearestAway => "nearest-away",
            Self::Truncate => "truncate",
            Self::Stochastic => "stochastic",
        }
    }
}

impl Rounding {
    /// As the value of a field.
    pub(super) const fn value(self) -> FieldValue {
        FieldValue::Word(self as usize)
    }

    /// From the value of a field; nearest-even for any other.
    pub fn of(value: FieldValue) -> Self {
        match value {
            FieldValue::Word(index) => Self::ALL.get(index).copied().unwrap_or_default(),
            _ => Self::default(),
        }
    }
}

impl Serialize for Rounding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Rounding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = Self::ALL.into_iter().find(|each| each.word() == text);
        found.ok_or_else(|| {
            let words = Self::ALL.map(Self::word).join(" ");
            serde::de::Error::custom(format!("\"{text}\"; allowed: {words}"))
        })
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
