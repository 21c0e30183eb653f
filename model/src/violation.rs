//! Why a design, workload or preset cannot be used. Not called an error: here that word means quantization error.

use std::fmt::{self, Display};

use thiserror::Error;

/// One field with a value that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Violation {
    /// The field, as it is written in presets.
    pub field: String,
    /// The value found.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

impl Violation {
    /// A value that is not allowed, and what is.
    pub fn new(field: impl Into<String>, value: impl Display, allowed: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }

    /// A value outside `least ..= most`.
    pub fn out_of_range(
        field: impl Into<String>,
        value: impl Display,
        least: impl Display,
        most: impl Display,
    ) -> Self {
        Self::new(field, value, format!("{least} to {most}"))
    }
}

impl Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is {}; allowed: {}",
            self.field, self.value, self.allowed
        )
    }
}
