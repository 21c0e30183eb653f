//! The `key=value` parts of a format's text.

use super::FormatError;

/// Parts of one format's text.
pub(super) struct Parts<'a> {
    /// Word before the colon.
    kind: &'a str,
    /// Key and value; the value of a flag is empty.
    parts: Vec<(&'a str, &'a str)>,
}

impl<'a> Parts<'a> {
    /// Splits what follows the colon.
    pub(super) fn new(kind: &'a str, text: &'a str) -> Result<Self, FormatError> {
        let mut parts: Vec<(&str, &str)> = Vec::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (key, value) = match part.split_once('=') {
                Some((key, value)) => (key.trim(), value.trim()),
                None => (part, ""),
            };
            if parts.iter().any(|(other, _)| *other == key) {
                return Err(FormatError::RepeatedKey {
                    kind: kind.to_owned(),
                    key: key.to_owned(),
                });
            }
            parts.push((key, value));
        }
        Ok(Self { kind, parts })
    }

    /// The value of a key, which is then done with.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a str> {
        let index = self.parts.iter().position(|(other, _)| *other == key)?;
        Some(self.parts.swap_remove(index).1)
    }

    /// Refuses what no one asked for.
    pub(super) fn finish(self, known: &[&str]) -> Result<(), FormatError> {
        match self.parts.first() {
            None => Ok(()),
            Some((key, _)) => Err(FormatError::UnknownKey {
                kind: self.kind.to_owned(),
                key: (*key).to_owned(),
                allowed: if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(" ")
                },
            }),
        }
    }
}
