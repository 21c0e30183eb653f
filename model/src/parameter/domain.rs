//! The values a parameter may take.

use std::fmt;

use crate::format::{Format, Rounding, ScaleRule};
use crate::violation::Violation;

/// One value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A number in the parameter's unit.
    Number(f64),
    /// Position in a list of names.
    Choice(usize),
    /// A number format.
    Format(Format),
}

impl Value {
    /// The number, if it is one.
    pub const fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The position, if it is a choice.
    pub const fn choice(self) -> Option<usize> {
        match self {
            Self::Choice(index) => Some(index),
            _ => None,
        }
    }

    /// The number, if it is whole and fits.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and in range"
    )]
    pub fn whole(self) -> Option<u32> {
        let number = self.number()?;
        (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number))
            .then_some(number as u32)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Choice(index) => index.fmt(f),
            Self::Format(format) => format.fmt(f),
        }
    }
}

/// What values are allowed.
#[derive(Debug, Clone, PartialEq)]
pub enum Domain {
    /// Whole numbers.
    Integer {
        /// Smallest.
        least: u32,
        /// Largest.
        most: u32,
    },
    /// Real numbers.
    Real {
        /// Smallest.
        least: f64,
        /// Largest.
        most: f64,
    },
    /// One of some names.
    Choice(&'static [&'static str]),
    /// Any number format.
    Format,
}

const ROUNDING_WORDS: [&str; 4] = [
    Rounding::ALL[0].word(),
    Rounding::ALL[1].word(),
    Rounding::ALL[2].word(),
    Rounding::ALL[3].word(),
];

const SCALE_WORDS: [&str; 4] = [
    ScaleRule::ALL[0].word(),
    ScaleRule::ALL[1].word(),
    ScaleRule::ALL[2].word(),
    ScaleRule::ALL[3].word(),
];

impl Domain {
    /// Names of the rounding modes in the order of [`Rounding::ALL`].
    pub const ROUNDINGS: Self = Self::Choice(&ROUNDING_WORDS);
    /// Names of the scale rules in the order of [`ScaleRule::ALL`].
    pub const SCALE_RULES: Self = Self::Choice(&SCALE_WORDS);

    /// Whether a value is allowed.
    pub fn contains(&self, value: Value) -> bool {
        match (self, value) {
            (Self::Integer { least, most }, Value::Number(_)) => value
                .whole()
                .is_some_and(|whole| (*least..=*most).contains(&whole)),
            (Self::Real { least, most }, Value::Number(number)) => {
                (*least..=*most).contains(&number)
            }
            (Self::Choice(names), Value::Choice(index)) => index < names.len(),
            (Self::Format, Value::Format(_)) => true,
            _ => false,
        }
    }

    /// A value from its text.
    ///
    /// # Errors
    /// What is allowed, if the text is not.
    pub fn parse(&self, text: &str) -> Result<Value, Violation> {
        let refuse = || Violation::new("value", format!("\"{text}\""), self.to_string());
        match self {
            Self::Integer { .. } | Self::Real { .. } => text
                .parse()
                .ok()
                .map(Value::Number)
                .filter(|value| self.contains(*value))
                .ok_or_else(refuse),
            Self::Choice(names) => names
                .iter()
                .position(|name| crate::preset::same_name(name, text))
                .map(Value::Choice)
                .ok_or_else(refuse),
            Self::Format => text.parse().map(Value::Format).map_err(|error| {
                Violation::new("format", format!("\"{text}\""), error.to_string())
            }),
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { least, most } => write!(f, "a whole number from {least} to {most}"),
            Self::Real { least, most } => write!(f, "a number from {least} to {most}"),
            Self::Choice(names) => write!(f, "{}", names.join(", ")),
            Self::Format => f.write_str("a number format such as bfp:m=4,e=8,b=32"),
        }
    }
}
