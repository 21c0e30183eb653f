//! Hyperparameters from the `config.json` of a Hugging Face checkpoint.

use super::{Hyperparameters, Naming};
use crate::architecture::{Architecture, DescriptionError};
use crate::language_model::checkpoint::CheckpointError;

/// Reads the text of a `config.json`.
///
/// # Errors
/// When it is not JSON, the family is not known, a field is missing, not understood or out of range.
pub fn hyperparameters_from_config(text: &str) -> Result<Hyperparameters, CheckpointError> {
    let architecture = Architecture::from_config(text, None)?;
    let naming = if architecture.family == "gpt2" {
        Naming::InputFirst
    } else {
        Naming::HuggingFace
    };
    Hyperparameters {
        start_token: architecture.start_token,
        architecture,
        naming,
    }
    .checked()
}

impl From<DescriptionError> for CheckpointError {
    fn from(error: DescriptionError) -> Self {
        Self::new(error.place, error.reason)
    }
}
