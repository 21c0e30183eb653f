//! Typed key-value pairs of a GGUF file.

use std::collections::BTreeMap;

use super::CheckpointError;

/// A value of a GGUF file's metadata.
#[derive(Debug, Clone, PartialEq)]
pub enum MetadataValue {
    /// An unsigned integer of any width.
    Unsigned(u64),
    /// A signed integer of any width.
    Signed(i64),
    /// A float of either width.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// Text.
    Text(String),
    /// Integers, truth values among them, of one type.
    Integers(Vec<i64>),
    /// Floats of one type.
    Floats(Vec<f32>),
    /// Texts.
    Texts(Vec<String>),
}

/// The metadata of a GGUF file by key.
#[derive(Debug, Clone, Default)]
pub struct Metadata(pub(super) BTreeMap<String, MetadataValue>);

impl Metadata {
    /// The value under a key.
    pub fn value(&self, key: &str) -> Option<&MetadataValue> {
        self.0.get(key)
    }

    /// All pairs in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MetadataValue)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The text under a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            MetadataValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value under a key.
    pub fn bool(&self, key: &str) -> Option<bool> {
        match self.value(key)? {
            MetadataValue::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number under a key as a float.
    #[expect(
        clippy::cast_precision_loss,
        reason = "metadata integers are counts far below 2^53"
    )]
    pub fn float(&self, key: &str) -> Option<f64> {
        match self.value(key)? {
            MetadataValue::Float(value) => Some(*value),
            MetadataValue::Unsigned(value) => Some(*value as f64),
            MetadataValue::Signed(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// The count under a key, if there is one.
    ///
    /// # Errors
    /// When the value is not an integer from 0 to 2^32 - 1.
    pub fn count(&self, key: &str) -> Result<Option<u32>, CheckpointError> {
        let count = match self.value(key) {
            None => return Ok(None),
            Some(MetadataValue::Unsigned(value)) => u32::try_from(*value).ok(),
            Some(MetadataValue::Signed(value)) => u32::try_from(*value).ok(),
            // Some writers give one count a layer; they are used only where all agree.
            Some(MetadataValue::Integers(values)) => values
                .first()
                .filter(|first| values.iter().all(|value| value == *first))
                .and_then(|first| u32::try_from(*first).ok()),
            Some(_) => None,
        };
        count.map(Some).ok_or_else(|| {
            CheckpointError::new(
                format!("metadata {key}"),
                "is not one integer from 0 to 4294967295".to_owned(),
            )
        })
    }

    /// The count under a key that must be there.
    ///
    /// # Errors
    /// When it is missing or as [`Self::count`].
    pub fn required_count(&self, key: &str) -> Result<u32, CheckpointError> {
        self.count(key)?
            .ok_or_else(|| CheckpointError::new(format!("metadata {key}"), "is missing"))
    }

    /// The texts under a key.
    pub fn texts(&self, key: &str) -> Option<&[String]> {
        match self.value(key)? {
            MetadataValue::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// The floats under a key.
    pub fn floats(&self, key: &str) -> Option<&[f32]> {
        match self.value(key)? {
            MetadataValue::Floats(values) => Some(values),
            _ => None,
        }
    }

    /// The integers under a key.
    pub fn integers(&self, key: &str) -> Option<&[i64]> {
        match self.value(key)? {
            MetadataValue::Integers(values) => Some(values),
            _ => None,
        }
    }
}
