//! The text form of a format: `kind` or `kind:key=value,...`, parsed everywhere.
//!
//! Every key of its kind in any order. Printing gives the shortest text that reads back as the same format.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::fields::Parts;
use super::schema::{
    Field, FieldDefault, FieldValue, FieldValues, Kind, MAX_FIELDS, Role, Spelling,
};
use super::{FAMILIES, Format, FormatError, GgmlFormat, build, derived};

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let text = text.trim();
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        let word = word.trim().to_ascii_lowercase();
        let parts = Parts::new(&word, rest)?;
        if let Some((kind, _)) = FAMILIES.iter().find(|(kind, _)| kind.word == word) {
            return read(kind, parts);
        }
        match Self::spellings().find(|spelling| spelling.word == word) {
            Some(spelling) => read_spelling(&spelling, parts),
            None => Err(FormatError::UnknownKind { word }),
        }
    }
}

/// Keys of a block length: every kind takes both.
const BLOCK_KEYS: [&str; 2] = ["b", "g"];

/// A member of a kind from all its fields.
fn read(kind: &Kind, mut parts: Parts<'_>) -> Result<Format, FormatError> {
    let mut values: FieldValues = [FieldValue::Absent; MAX_FIELDS];
    for (index, field) in kind.fields.iter().enumerate() {
        values[index] = match (value(kind.word, field, &mut parts)?, field.default) {
            (Some(value), _) | (None, FieldDefault::Value(value)) => value,
            (None, FieldDefault::Derived) => derived(kind.word, index, &values),
            (None, FieldDefault::Required) => return Err(missing(kind.word, field)),
        };
    }
    let keys: Vec<&str> = kind.fields.iter().map(|field| field.key).collect();
    parts.finish(&keys)?;
    build(kind.word, &values).unwrap_or_else(|| {
        Err(FormatError::UnknownKind {
            word: kind.word.to_owned(),
        })
    })
}

/// A named format with the few keys that may change it.
fn read_spelling(spelling: &Spelling, mut parts: Parts<'_>) -> Result<Format, FormatError> {
    let kind = spelling.base.kind();
    let mut values = spelling.base.values();
    for field in spelling.fields {
        let place = kind.fields.iter().position(|each| each.key == field.key);
        let value = value(spelling.word, field, &mut parts)?;
        match (place, value) {
            (Some(place), Some(value)) => values[place] = value,
            (_, None) if field.default == FieldDefault::Required => {
                return Err(missing(spelling.word, field));
            }
            _ => {}
        }
    }
    let keys: Vec<&str> = spelling.fields.iter().map(|field| field.key).collect();
    parts.finish(&keys)?;
    spelling.base.rebuilt(&values)
}

fn value(
    word: &str,
    field: &Field,
    parts: &mut Parts<'_>,
) -> Result<Option<FieldValue>, FormatError> {
    let text = match (parts.take(field.key), field.role) {
        (None, Role::BlockLength) => BLOCK_KEYS.iter().find_map(|key| parts.take(key)),
        (text, _) => text,
    };
    let Some(text) = text else {
        return Ok(None);
    };
    match field.domain.read(text) {
        Some(value) => Ok(Some(value)),
        None => Err(FormatError::Value {
            kind: word.to_owned(),
            key: field.key.to_owned(),
            value: text.to_owned(),
            allowed: field.domain.to_string(),
        }),
    }
}

fn missing(word: &str, field: &Field) -> FormatError {
    FormatError::MissingKey {
        kind: word.to_owned(),
        key: field.key,
        allowed: field.domain.to_string(),
    }
}

/// The member of a kind that needs no field, if there is one.
pub(super) fn complete_kind(kind: &Kind) -> Option<Format> {
    read(kind, Parts::new(kind.word, "").ok()?).ok()
}

/// The word that a format is printed with, where that is not its kind's.
pub(super) fn printed_spelling(format: Format) -> Option<Spelling> {
    if let Format::General(format) = format {
        return Some(format.spelling());
    }
    let kind = format.kind();
    let values = format.values();
    let fits = |spelling: &&Spelling| {
        let base = spelling.base.values();
        spelling.is_printed
            && kind.fields.iter().enumerate().all(|(index, field)| {
                match spelling.fields.iter().find(|each| each.key == field.key) {
                    Some(free) => free.domain.contains(values[index]),
                    None => values[index] == base[index],
                }
            })
    };
    format.own_spellings().iter().find(fits).copied()
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        let values = self.values();
        let place = |key: &str| kind.fields.iter().position(|field| field.key == key);
        let spelling = printed_spelling(*self);
        let (word, fields, base) = match spelling {
            Some(spelling) => (spelling.word, spelling.fields, Some(spelling.base.values())),
            None => (kind.word, kind.fields, None),
        };
        formatter.write_str(word)?;
        let mut separator = ':';
        for field in fields {
            let Some(index) = place(field.key) else {
                continue;
            };
            let value = values[index];
            let default = match (base, field.default) {
                (_, FieldDefault::Required) => None,
                (Some(base), _) => Some(base[index]),
                (None, FieldDefault::Value(value)) => Some(value),
                (None, FieldDefault::Derived) => Some(derived(kind.word, index, &values)),
            };
            let is_written = field.is_always_written || default != Some(value);
            if value == FieldValue::Absent || !is_written {
                continue;
            }
            write!(formatter, "{separator}{}", field.key)?;
            if !matches!(value, FieldValue::Flag(_)) {
                write!(formatter, "={}", field.domain.written(value))?;
            }
            separator = ',';
        }
        Ok(())
    }
}

impl Serialize for Format {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl GgmlFormat {
    /// The type with this word, for instance `q4_k`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, printed: &str) {
        let format: Format = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(format.to_string(), printed);
        assert_eq!(printed.parse::<Format>().as_ref(), Ok(&format));
        let ron = ron::to_string(&format).unwrap();
        assert_eq!(ron::from_str::<Format>(&ron).as_ref(), Ok(&format));
    }

    #[test]
    fn text_forms_are_printed_shortest_and_read_back() {
        check("bfp:m=4,e=8,b=32", "bfp:m=4,e=8,b=32");
        check("BFP: b=32, m=4", "bfp:m=4,e=8,b=32");
        check(
            "bfp:m=23,e=1,b=row,round=stochastic,scale=rceil",
            "bfp:m=23,e=1,b=row,round=stochastic,scale=rceil",
        );
        check("anda:m=6", "anda:m=6");
        check("bfp:m=6,e=5,b=64,round=truncate", "anda:m=6");
        check("harmonia:m=8", "bfp:m=8,e=5,b=32");
        check("msfp12", "bfp:m=3,e=8,b=16");
        check("mxint:w=4,b=16", "mxint:w=4,b=16");
        check("mxint:w=4,b=16,e=6", "mxint:w=4,b=16,e=6");
        check("blockfp:w=5", "blockfp:w=5,b=16");
        check("int:w=4,g=128", "int:w=4,g=128");
        check("int:asym,w=4,g=row", "int:w=4,g=row,asym");
        check("mxfp4:scale=even", "mxfp4:scale=even");
        check(
            "mxfp8-e4m3:b=16,round=nearest-away",
            "mxfp8-e4m3:b=16,round=nearest-away",
        );
        check("mx:e=4,m=3", "mxfp8-e4m3");
        check("mx:e=3,m=3,b=64", "mx:e=3,m=3,b=64");
        check("mx:w=4", "mx:w=4,b=32");
        check("mx:w=8,b=32", "mxint8");
        check("fp:e=4,m=3", "fp:e=4,m=3");
        check(
            "fp:e=4,m=3,bias=11,special=none,overflow=special",
            "fp:e=4,m=3,bias=11,special=none,overflow=special",
        );
        check("nvfp4:round=truncate", "nvfp4:round=truncate");
        check("mx9", "mx9");
        for format in GgmlFormat::ALL {
            check(format.word(), format.word());
        }
    }

    #[test]
    fn every_named_format_reads_back_as_itself() {
        for (name, format) in Format::named() {
            assert_eq!(name.parse::<Format>(), Ok(format));
            assert_eq!(format.to_string().parse::<Format>(), Ok(format));
        }
    }

    fn refuse(text: &str, words: &[&str]) {
        let error = text.parse::<Format>().unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(!error.contains('\n'), "one line: {error}");
    }

    #[test]
    fn errors_name_what_is_allowed() {
        refuse("bfq:m=4", &["bfq", "mxfp4", "anda:m=", "q2_k"]);
        refuse("", &["unknown format", "bfp:"]);
        refuse(
            "bfp:m=4,x=3,b=32",
            &["\"x\"", "m", "e", "b", "round", "scale"],
        );
        refuse("bfp:m=24,b=32", &["m=24", "1 to 23"]);
        refuse("bfp:m=0,b=32", &["m=0", "1 to 23"]);
        refuse("bfp:m=4", &["needs b=", "row"]);
        refuse("bfp:b=32", &["needs m=", "1 to 23"]);
        refuse("bfp:m=4,m=5,b=32", &["m twice"]);
        refuse("bfp:m=4,b=9000", &["b=9000", "8192"]);
        refuse(
            "bfp:m=4,b=32,round=up",
            &["round=up", "nearest-even", "truncate"],
        );
        refuse("bfp:m=4,b=32,scale=up", &["scale=up", "floor", "rceil"]);
        refuse("fp32:m=4", &["\"m\""]);
        refuse("fp:e=8,m=3,special=none", &["e=8", "f32"]);
        refuse("int:w=4,g=128,sym", &["\"sym\"", "asym"]);
        refuse("anda:m=17", &["1 to 16"]);
        refuse("bfp:m=4=5,b=2", &["m=4=5"]);
        refuse("bfp:m=é,b=2", &["m=é"]);
    }
}
