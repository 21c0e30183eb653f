//! Why a text is not a format: what was written, and what is allowed.

use super::{Field, FieldDefault, Format, GeneralFormat, Kind};

/// Why a text is not a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The word before the colon.
    #[error("unknown format \"{word}\"; valid: {}", valid_words())]
    UnknownKind {
        /// What was written.
        word: String,
    },
    /// A key that this kind does not have.
    #[error("format {kind} has no key \"{key}\"; valid: {allowed}")]
    UnknownKey {
        /// The word before the colon.
        kind: String,
        /// What was written.
        key: String,
        /// Keys of this kind.
        allowed: String,
    },
    /// A key that must be given.
    #[error("format {kind} needs {key}=..., {allowed}")]
    MissingKey {
        /// The word before the colon.
        kind: String,
        /// The key.
        key: &'static str,
        /// What it may be.
        allowed: String,
    },
    /// The same key twice.
    #[error("format {kind} has {key} twice")]
    RepeatedKey {
        /// The word before the colon.
        kind: String,
        /// The key.
        key: String,
    },
    /// A value out of range or not a number or word of the list.
    #[error("format {kind}: {key}={value} is not {allowed}")]
    Value {
        /// The word before the colon.
        kind: String,
        /// The key.
        key: String,
        /// What was written.
        value: String,
        /// What it may be.
        allowed: String,
    },
}

fn valid_words() -> String {
    let words = |word: &str, fields: &[Field]| {
        let written = fields
            .iter()
            .filter(|field| field.default == FieldDefault::Required || field.is_always_written);
        let written: Vec<String> = written.map(|field| format!("{}=..", field.key)).collect();
        if written.is_empty() {
            word.to_owned()
        } else {
            format!("{word}:{}", written.join(","))
        }
    };
    // formats that are data have words of their own alone
    let written = |kind: &&Kind| kind.word != GeneralFormat::WORD;
    let kinds = Format::kinds()
        .filter(written)
        .map(|kind| words(kind.word, kind.fields));
    let own = Format::spellings().map(|spelling| words(spelling.word, spelling.fields));
    kinds.chain(own).collect::<Vec<String>>().join(" ")
}
