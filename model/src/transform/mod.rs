//! Transforms of a tensor along the reduction before it is quantized.
//!
//! A product is unchanged where both operands get the same orthonormal transform along its reduction; the quantizers see other
//! values. Text form: `none`, `hadamard:32`, `hadamard:64,signs=7`.

mod hadamard;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use hadamard::Hadamard;

/// Transform along the reduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Transform {
    /// Values as they are.
    #[default]
    None,
    /// Orthonormal Walsh-Hadamard transform of runs of values.
    Hadamard(Hadamard),
}

/// Error of a text or a shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransformError {
    /// An unknown word.
    #[error("unknown transform \"{0}\"; valid: none hadamard:LENGTH[,signs=SEED]")]
    Unknown(String),
    /// A length that is no power of two in range.
    #[error("transform hadamard: {0} is not a power of two of 2 to 8192")]
    Length(String),
    /// A seed that is no number.
    #[error("transform hadamard: signs={0} is not a whole number of 0 to 4294967295")]
    Signs(String),
    /// Rows that are not whole runs.
    #[error("transform hadamard:{length}: rows of {row_len} values are not whole runs of {length}")]
    Rows {
        /// Values of a run.
        length: usize,
        /// Values of a row.
        row_len: usize,
    },
}

impl Transform {
    /// Rows that the transform can take.
    ///
    /// # Errors
    /// Rows of values that are not whole runs.
    pub const fn check(self, row_len: usize) -> Result<(), TransformError> {
        match self {
            Self::None => Ok(()),
            Self::Hadamard(hadamard) => {
                let length = hadamard.length();
                if row_len.is_multiple_of(length) {
                    Ok(())
                } else {
                    Err(TransformError::Rows { length, row_len })
                }
            }
        }
    }

    /// Transforms whole rows in place: in double precision, rounded once to `f32`.
    ///
    /// # Errors
    /// Rows of values that are not whole runs.
    pub fn apply(self, values: &mut [f32], row_len: usize) -> Result<(), TransformError> {
        self.check(row_len)?;
        if let Self::Hadamard(hadamard) = self {
            hadamard.apply(values, row_len);
        }
        Ok(())
    }

    /// The inverse of [`Self::apply`], rounded once to `f32`.
    ///
    /// # Errors
    /// Rows of values that are not whole runs.
    pub fn undo(self, values: &mut [f32], row_len: usize) -> Result<(), TransformError> {
        self.check(row_len)?;
        if let Self::Hadamard(hadamard) = self {
            hadamard.undo(values, row_len);
        }
        Ok(())
    }

    /// Additions a value on line: `log2` of the length; 0 for no transform.
    pub const fn additions_per_value(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Hadamard(hadamard) => hadamard.length().ilog2(),
        }
    }
}

impl FromStr for Transform {
    type Err = TransformError;

    fn from_str(text: &str) -> Result<Self, TransformError> {
        let text = text.trim().to_ascii_lowercase();
        if text == "none" {
            return Ok(Self::None);
        }
        let Some(rest) = text.strip_prefix("hadamard:") else {
            return Err(TransformError::Unknown(text));
        };
        let (length, signs) = match rest.split_once(',') {
            None => (rest, None),
            Some((length, signs)) => match signs.trim().strip_prefix("signs=") {
                Some(seed) => (length.trim(), Some(seed.trim())),
                None => return Err(TransformError::Unknown(text.clone())),
            },
        };
        let seed = signs
            .map(|seed| {
                seed.parse()
                    .ok()
                    .ok_or_else(|| TransformError::Signs(seed.to_owned()))
            })
            .transpose()?;
        let number = length.parse().ok();
        number
            .and_then(|length| Hadamard::new(length, seed))
            .map(Self::Hadamard)
            .ok_or_else(|| TransformError::Length(length.to_owned()))
    }
}

impl fmt::Display for Transform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("none"),
            Self::Hadamard(hadamard) => hadamard.fmt(formatter),
        }
    }
}

impl Serialize for Transform {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Transform {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_and_errors_name_what_is_allowed() {
        for text in ["none", "hadamard:32", "hadamard:8192,signs=7"] {
            let transform: Transform = text.parse().unwrap();
            assert_eq!(transform.to_string(), text);
        }
        for (text, word) in [
            ("hadamard:31", "power of two"),
            ("hadamard:1", "2 to 8192"),
            ("hadamard:32,sign=1", "signs=SEED"),
            ("hadamard:32,signs=-1", "whole number"),
            ("fourier:8", "hadamard:LENGTH"),
        ] {
            let error = text.parse::<Transform>().unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
        let rows = "hadamard:32".parse::<Transform>().unwrap().check(48);
        assert!(rows.unwrap_err().to_string().contains("48"));
    }
}
