//! The `key=value` parts of a format's text, taken one by one so that what is left over can be refused by name.

use std::ops::RangeInclusive;

use super::{BlockLen, FormatError, Rounding, ScaleRule};

/// Parts of one format's text.
pub(super) struct Fields<'a> {
    kind: &'a str,
    /// Key and value; the value of a flag is empty.
    parts: Vec<(&'a str, &'a str)>,
    /// Keys asked for so far: those the kind has.
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
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
        Ok(Self {
            kind,
            parts,
            known: Vec::new(),
        })
    }

    /// Refuses what no one asked for.
    pub(super) fn finish(self) -> Result<(), FormatError> {
        match self.parts.first() {
            None => Ok(()),
            Some((key, _)) => Err(FormatError::UnknownKey {
                kind: self.kind.to_owned(),
                key: (*key).to_owned(),
                allowed: if self.known.is_empty() {
                    "none".to_owned()
                } else {
                    self.known.join(" ")
                },
            }),
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'a str> {
        self.known.push(key);
        let index = self.parts.iter().position(|(other, _)| *other == key)?;
        Some(self.parts.swap_remove(index).1)
    }

    /// An error about one value.
    pub(super) fn refused(&self, key: &str, value: &str, allowed: &str) -> FormatError {
        FormatError::Value {
            kind: self.kind.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            allowed: allowed.to_owned(),
        }
    }

    fn missing(&self, key: &'static str, allowed: &str) -> FormatError {
        FormatError::MissingKey {
            kind: self.kind.to_owned(),
            key,
            allowed: allowed.to_owned(),
        }
    }

    /// A width that must be given.
    pub(super) fn required(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u8>,
    ) -> Result<u8, FormatError> {
        let allowed = between(&range);
        self.optional(key, range)?
            .ok_or_else(|| self.missing(key, &allowed))
    }

    /// A width that may be left out.
    pub(super) fn optional(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u8>,
    ) -> Result<Option<u8>, FormatError> {
        let allowed = between(&range);
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        match value.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(self.refused(key, value, &allowed)),
        }
    }

    /// An exponent bias.
    pub(super) fn optional_bias(&mut self) -> Result<Option<i16>, FormatError> {
        const ALLOWED: &str = "-200 to 200";
        let Some(value) = self.take("bias") else {
            return Ok(None);
        };
        match value.parse() {
            Ok(bias) if (-200..=200).contains(&bias) => Ok(Some(bias)),
            _ => Err(self.refused("bias", value, ALLOWED)),
        }
    }

    /// A block length that must be given.
    pub(super) fn required_block(&mut self, key: &'static str) -> Result<BlockLen, FormatError> {
        self.block(key)?
            .ok_or_else(|| self.missing(key, &block_allowed()))
    }

    /// A block length that may be left out.
    pub(super) fn block(&mut self, key: &'static str) -> Result<Option<BlockLen>, FormatError> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        if value == "row" {
            return Ok(Some(BlockLen::Row));
        }
        match value.parse().ok().and_then(BlockLen::new) {
            Some(block_len) => Ok(Some(block_len)),
            None => Err(self.refused(key, value, &block_allowed())),
        }
    }

    /// A word without a value.
    pub(super) fn flag(&mut self, key: &'static str) -> Result<bool, FormatError> {
        match self.take(key) {
            None => Ok(false),
            Some("") => Ok(true),
            Some(value) => Err(self.refused(key, value, "a word that takes no value")),
        }
    }

    /// One of a list of words.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, FormatError> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let allowed = format!("one of {}", names.join(" "));
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        let found = words.iter().find(|(name, _)| *name == value);
        found
            .map(|(_, meaning)| Some(*meaning))
            .ok_or_else(|| self.refused(key, value, &allowed))
    }

    /// The rounding, or this one if none is written.
    pub(super) fn rounding(&mut self, default: Rounding) -> Result<Rounding, FormatError> {
        let words = Rounding::ALL.map(|rounding| (rounding.word(), rounding));
        Ok(self.word("round", &words)?.unwrap_or(default))
    }

    /// The scale rule; floor if none is written.
    pub(super) fn scale(&mut self) -> Result<ScaleRule, FormatError> {
        let words = ScaleRule::ALL.map(|rule| (rule.word(), rule));
        Ok(self.word("scale", &words)?.unwrap_or_default())
    }
}

fn between(range: &RangeInclusive<u8>) -> String {
    format!("{} to {}", range.start(), range.end())
}

fn block_allowed() -> String {
    format!("1 to {} or row", BlockLen::LONGEST)
}
