//! The fields of a model's description: each is asked for by name, and what nobody asked for is an error.
//!
//! A field that a reader does not know may change every result. So fields are ticked off as they are read, and the rest is
//! refused by name, unless it is known to change nothing or says that something is switched off.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};
use thiserror::Error;

use super::harmless::is_harmless;

/// Why a description is not read: the field and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {reason}")]
pub struct DescriptionError {
    /// The file's part, line and field.
    pub place: String,
    /// What is wrong and what is allowed.
    pub reason: String,
}

/// The fields of one object of a description.
#[derive(Debug)]
pub struct Fields<'t> {
    /// Of what they are: `config.json` or `metadata`.
    origin: &'static str,
    /// The text, to find lines in.
    text: &'t str,
    /// Names of the objects around it, each with a dot behind it.
    path: String,
    values: Map<String, Value>,
    read: RefCell<BTreeSet<String>>,
}

/// Largest count that a description may hold.
const MOST: u64 = u32::MAX as u64;

impl<'t> Fields<'t> {
    /// The fields of a `config.json`, a byte order mark in front of it aside.
    ///
    /// # Errors
    /// Text that is not JSON, with line and column, or not an object.
    pub fn of_config(text: &'t str) -> Result<Self, DescriptionError> {
        let text = text.trim_start_matches('\u{feff}');
        let wrong = |reason: String| DescriptionError {
            place: "config.json".to_owned(),
            reason,
        };
        // The position of the first attempt is that of the file.
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => match serde_json::from_str(&without_infinities(text)) {
                Ok(value) => value,
                Err(_same_elsewhere) => return Err(wrong(error.to_string())),
            },
        };
        match value {
            Value::Object(values) => Ok(Self {
                origin: "config.json",
                text,
                path: String::new(),
                values,
                read: RefCell::default(),
            }),
            _ => Err(wrong(
                "is not an object; a model's config.json is needed".to_owned(),
            )),
        }
    }

    /// The metadata of a GGUF file under the name of its architecture, which is not part of the keys.
    pub fn of_metadata(architecture: &str, values: Map<String, Value>) -> Self {
        Self {
            origin: "metadata",
            text: "",
            path: format!("{architecture}."),
            values,
            read: RefCell::default(),
        }
    }

    /// An error of a field.
    pub fn fault(&self, name: &str, reason: impl Into<String>) -> DescriptionError {
        let quoted = format!("\"{name}\"");
        let line = match (
            self.text.is_empty(),
            self.text.match_indices(&quoted).next(),
        ) {
            (false, Some((at, _))) => {
                let line = 1 + self.text[..at].matches('\n').count();
                format!(" line {line},")
            }
            _ => String::new(),
        };
        DescriptionError {
            place: match self.origin {
                "metadata" => format!("metadata {}{name}", self.path),
                origin => format!("{origin}{line} field {}{name}", self.path),
            },
            reason: reason.into(),
        }
    }

    /// An error for a field that must be there.
    pub fn missing(&self, name: &str) -> DescriptionError {
        self.fault(name, "is missing")
    }

    /// Whether there is such a field and it is not null.
    pub fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// The value of the first of these names that is there; null counts as absent.
    ///
    /// # Errors
    /// Two of the names with different values.
    pub fn value(&self, names: &[&str]) -> Result<Option<(String, &Value)>, DescriptionError> {
        let mut found: Option<(String, &Value)> = None;
        for name in names {
            let Some(value) = self.values.get(*name) else {
                continue;
            };
            self.read.borrow_mut().insert((*name).to_owned());
            match &found {
                _ if value.is_null() => {}
                None => found = Some(((*name).to_owned(), value)),
                Some((_, first)) if *first == value => {}
                Some((other, first)) => {
                    return Err(self.fault(
                        name,
                        format!(
                            "is {}, while {other} is {}; both mean the same",
                            shown(value),
                            shown(first)
                        ),
                    ));
                }
            }
        }
        Ok(found)
    }

    fn read_as<T>(
        &self,
        names: &[&str],
        kind: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, DescriptionError> {
        let Some((name, value)) = self.value(names)? else {
            return Ok(None);
        };
        read(value)
            .map(Some)
            .ok_or_else(|| self.fault(&name, format!("is {}; {kind} is needed", shown(value))))
    }

    /// A whole number of at least 0.
    ///
    /// # Errors
    /// Any other value.
    pub fn count(&self, names: &[&str]) -> Result<Option<u32>, DescriptionError> {
        self.read_as(names, "a whole number from 0 to 4294967295", as_count)
    }

    /// A whole number that must be there.
    ///
    /// # Errors
    /// Any other value, or none.
    pub fn needed(&self, names: &[&str]) -> Result<u32, DescriptionError> {
        self.count(names)?
            .ok_or_else(|| self.missing(names.first().unwrap_or(&"")))
    }

    /// A number.
    ///
    /// # Errors
    /// Any other value.
    pub fn number(&self, names: &[&str]) -> Result<Option<f64>, DescriptionError> {
        self.read_as(names, "a number", Value::as_f64)
    }

    /// A truth value.
    ///
    /// # Errors
    /// Any other value.
    pub fn flag(&self, names: &[&str]) -> Result<Option<bool>, DescriptionError> {
        self.read_as(names, "true or false", Value::as_bool)
    }

    /// A text.
    ///
    /// # Errors
    /// Any other value.
    pub fn word(&self, names: &[&str]) -> Result<Option<String>, DescriptionError> {
        self.read_as(names, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// Texts.
    ///
    /// # Errors
    /// Any other value.
    pub fn words(&self, names: &[&str]) -> Result<Option<Vec<String>>, DescriptionError> {
        self.read_as(names, "a list of texts", |value| {
            value
                .as_array()?
                .iter()
                .map(|each| each.as_str().map(str::to_owned))
                .collect()
        })
    }

    /// Whole numbers, truth values among them.
    ///
    /// # Errors
    /// Any other value.
    pub fn counts(&self, names: &[&str]) -> Result<Option<Vec<u32>>, DescriptionError> {
        self.read_as(names, "a list of whole numbers", |value| {
            let each = |value: &Value| as_count(value).or_else(|| value.as_bool().map(u32::from));
            value.as_array()?.iter().map(each).collect()
        })
    }

    /// Numbers.
    ///
    /// # Errors
    /// Any other value.
    pub fn numbers(&self, names: &[&str]) -> Result<Option<Vec<f64>>, DescriptionError> {
        self.read_as(names, "a list of numbers", |value| {
            value.as_array()?.iter().map(Value::as_f64).collect()
        })
    }

    /// The fields of an object inside; `None` where it is absent.
    ///
    /// # Errors
    /// A value that is not an object.
    pub fn nested(&self, name: &str) -> Result<Option<Fields<'t>>, DescriptionError> {
        let values = self.read_as(&[name], "an object", |value| value.as_object().cloned())?;
        Ok(values.map(|values| Fields {
            origin: self.origin,
            text: self.text,
            path: format!("{}{name}.", self.path),
            values,
            read: RefCell::default(),
        }))
    }

    /// Ticks off fields that a reader knows not to matter here.
    pub fn ignore(&self, names: &[&str]) {
        let mut read = self.read.borrow_mut();
        read.extend(names.iter().map(|name| (*name).to_owned()));
    }

    /// Refuses a flag that is not what is supported; absent means supported.
    ///
    /// # Errors
    /// The other truth value.
    pub fn only(&self, name: &str, supported: bool, meaning: &str) -> Result<(), DescriptionError> {
        match self.flag(&[name])? {
            Some(value) if value != supported => Err(self.fault(
                name,
                format!("is {value}: {meaning} is not supported; {supported} is"),
            )),
            _ => Ok(()),
        }
    }

    /// Refuses what nobody asked for.
    ///
    /// # Errors
    /// The first field that is neither read, nor harmless, nor switched off.
    pub fn finish(&self) -> Result<(), DescriptionError> {
        let read = self.read.borrow();
        let unknown = self
            .values
            .iter()
            .find(|(name, value)| !read.contains(*name) && !is_harmless(name) && !is_off(value));
        match unknown {
            None => Ok(()),
            Some((name, value)) => Err(self.fault(
                name,
                format!(
                    "is {}: this field of the model is not understood, and it may change its shape or its results",
                    shown(value)
                ),
            )),
        }
    }

    /// Names of all fields, for errors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// Whether a value switches off whatever it stands for.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "none",
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    }
}

/// A whole number, also one that is written as a float.
fn as_count(value: &Value) -> Option<u32> {
    if let Some(number) = value.as_u64() {
        return u32::try_from(number).ok();
    }
    let number = value.as_f64()?;
    let whole = number.fract() == 0.0 && (0.0..=4_294_967_295.0).contains(&number);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number in the range of u32"
    )]
    whole
        .then_some(number as u64)
        .filter(|number| *number <= MOST)
        .map(|number| number as u32)
}

/// A value in a message, cut to a readable length.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{} ...", &text[..at]),
        None => text,
    }
}

/// Python writes infinities and missing numbers as words that JSON does not have.
fn without_infinities(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut in_text = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let replaced = [
            ("-Infinity", "-1e308"),
            ("Infinity", "1e308"),
            ("NaN", "null"),
        ]
        .into_iter()
        .find(|(word, _)| !in_text && rest.starts_with(word));
        if let Some((word, number)) = replaced {
            cleaned.push_str(number);
            rest = &rest[word.len()..];
            continue;
        }
        let mut taken = first.len_utf8();
        match first {
            '"' => in_text = !in_text,
            '\\' if in_text => {
                taken += rest[1..].chars().next().map_or(0, char::len_utf8);
            }
            _ => {}
        }
        cleaned.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_asks_for_is_refused_by_name_and_line() {
        let fields =
            Fields::of_config("\u{feff}{\n\"a\": 1,\n\"mystery\": 3, \"off\": 0}").unwrap();
        assert_eq!(fields.count(&["a"]), Ok(Some(1)));
        let error = fields.finish().unwrap_err().to_string();
        assert!(
            error.contains("line 3") && error.contains("mystery is 3") || error.contains("mystery"),
            "{error}"
        );
        fields.ignore(&["mystery"]);
        assert_eq!(fields.finish(), Ok(()));
    }

    #[test]
    fn two_names_of_one_field_must_agree() {
        let fields = Fields::of_config(r#"{"n_layer": 2, "num_hidden_layers": 3}"#).unwrap();
        let error = fields.count(&["num_hidden_layers", "n_layer"]).unwrap_err();
        assert!(error.reason.contains("both mean the same"), "{error}");
    }

    #[test]
    fn infinities_of_python_are_read() {
        let fields =
            Fields::of_config(r#"{"limits": [0.0, Infinity], "name": "Infinity \" NaN"}"#).unwrap();
        assert_eq!(fields.word(&["name"]).unwrap().unwrap(), "Infinity \" NaN");
        assert!(fields.numbers(&["limits"]).unwrap().unwrap()[1] > 1e307);
    }
}
