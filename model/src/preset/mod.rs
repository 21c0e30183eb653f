//! RON text to checked types and back, and the presets built into the program. Reads no file.

mod design_text;
mod fingerprint;
mod model_text;

pub use fingerprint::{fingerprint, fnv1a, text_fingerprint};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::design::Design;
use crate::violation::Violation;
use crate::workload::ModelShape;

/// Why a text is not a preset.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PresetError {
    /// Not valid RON, or a field unknown, missing or of the wrong kind.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
        /// What is wrong there and what is allowed.
        message: String,
    },
    /// A value outside its range.
    #[error("{0}")]
    Value(Violation),
}

/// Reads a value from RON text; unknown fields are errors where the type says so.
///
/// # Errors
/// Line, column and what was expected there.
pub fn from_ron<T: DeserializeOwned>(text: &str) -> Result<T, PresetError> {
    options()
        .from_str(text)
        .map_err(|error| PresetError::Syntax {
            line: error.span.start.line,
            column: error.span.start.col,
            message: error.code.to_string(),
        })
}

/// Writes a value as indented RON text that [`from_ron`] reads back to the same value.
///
/// # Errors
/// A value that RON cannot express; none of the preset types has one.
pub fn to_ron<T: Serialize>(value: &T) -> Result<String, ron::Error> {
    let pretty = ron::ser::PrettyConfig::new()
        .indentor("    ")
        .struct_names(false);
    options()
        .to_string_pretty(value, pretty)
        .map(|text| text + "\n")
}

fn options() -> ron::Options {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
}

/// Shapes of the built-in models.
pub fn models() -> Vec<ModelShape> {
    model_text::MODELS
        .iter()
        .map(|(stem, text)| {
            from_ron(text).unwrap_or_else(|error| unreachable!("built-in model {stem}: {error}"))
        })
        .collect()
}

/// The built-in model of this name, letter case, blanks, dashes and underscores aside.
pub fn model(name: &str) -> Option<ModelShape> {
    models()
        .into_iter()
        .find(|model| same_name(&model.name, name))
}

/// The built-in designs.
pub fn designs() -> Vec<Design> {
    design_text::DESIGNS
        .iter()
        .map(|(stem, text)| {
            from_ron(text).unwrap_or_else(|error| unreachable!("built-in design {stem}: {error}"))
        })
        .collect()
}

/// The built-in design of this name, letter case, blanks, dashes and underscores aside.
pub fn design(name: &str) -> Option<Design> {
    designs()
        .into_iter()
        .find(|design| same_name(&design.name, name))
}

/// Whether two names differ in letter case, blanks, dashes and underscores at most (a dot counts: 1.3B is not 13B).
pub fn same_name(left: &str, right: &str) -> bool {
    let letters = |text: &str| -> Vec<char> {
        text.chars()
            .filter(|each| each.is_alphanumeric() || *each == '.')
            .flat_map(char::to_lowercase)
            .collect()
    };
    letters(left) == letters(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_model_is_sound_and_found_by_name() {
        for shape in models() {
            assert_eq!(shape.check(), Ok(()), "{}", shape.name);
            assert_eq!(
                model(&shape.name.to_lowercase().replace('-', " ")),
                Some(shape.clone())
            );
            let text = to_ron(&shape).expect("RON");
            assert_eq!(from_ron(&text), Ok(shape));
        }
    }

    #[test]
    fn every_built_in_design_is_in_range_and_reads_back() {
        for built_in in designs() {
            assert_eq!(built_in.check(), Ok(()), "{}", built_in.name);
            assert_eq!(
                design(&built_in.name.to_uppercase()),
                Some(built_in.clone())
            );
            assert_eq!(from_ron(&to_ron(&built_in).expect("RON")), Ok(built_in));
        }
    }

    #[test]
    fn an_unknown_field_is_named_with_its_position() {
        let text = "(\n    name: \"x\",\n    colour: 3,\n)";
        let error = from_ron::<ModelShape>(text).expect_err("unknown field");
        assert!(error.to_string().starts_with("line 3"), "{error}");
        assert!(error.to_string().contains("colour"), "{error}");
    }
}
