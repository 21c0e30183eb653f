//! A `tokenizer.json` reduced to what turns text into tokens: added tokens, normalizer, splitting, model.
//!
//! Stored truncation and padding describe batches of a training run; decoder and post-processor describe other
//! directions. None of them is applied to a text, so none reaches the `tokenizers` crate. Everything that the crate would
//! take without a check (lengths, templates, compressed tables, growth of the text) is checked here.

use serde_json::{Map, Value, json};

use crate::language_model::checkpoint::CheckpointError;

/// Largest file: the vocabularies of 262,144 tokens take 33 MB.
const LARGEST_FILE: usize = 128 << 20;
/// Largest text that a step puts in, and longest run of a table of replacements, in bytes.
const LONGEST_INSERT: usize = 1024;
/// Most times longer that the replacements of a normalizer may make a text.
const LARGEST_GROWTH: usize = 1024;

/// Steps of normalizers that the `tokenizers` crate knows.
const NORMALIZERS: [&str; 14] = [
    "BertNormalizer",
    "ByteLevel",
    "Lowercase",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Nmt",
    "Precompiled",
    "Prepend",
    "Replace",
    "Sequence",
    "Strip",
    "StripAccents",
];
/// Ways to split that the `tokenizers` crate knows.
const PRE_TOKENIZERS: [&str; 12] = [
    "BertPreTokenizer",
    "ByteLevel",
    "CharDelimiterSplit",
    "Digits",
    "FixedLength",
    "Metaspace",
    "Punctuation",
    "Sequence",
    "Split",
    "UnicodeScripts",
    "Whitespace",
    "WhitespaceSplit",
];
/// Models that the `tokenizers` crate knows.
const MODELS: [&str; 4] = ["BPE", "Unigram", "WordLevel", "WordPiece"];

/// What is kept of the file.
#[derive(Debug)]
pub(super) struct TokenizerJson {
    /// The document without what does not turn text into tokens.
    pub(super) document: Value,
    /// The token that the post-processor puts in front of a text.
    pub(super) start: Option<u32>,
    /// The token that it puts behind.
    pub(super) end: Option<u32>,
}

impl TokenizerJson {
    /// Reads and checks the file.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        if bytes.len() > LARGEST_FILE {
            return Err(CheckpointError::new(
                "tokenizer.json",
                format!("has {} bytes; at most {LARGEST_FILE} are read", bytes.len()),
            ));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let document: Value = serde_json::from_slice(bytes)
            .map_err(|error| CheckpointError::new("tokenizer.json", error.to_string()))?;
        let Value::Object(mut document) = document else {
            return Err(CheckpointError::new("tokenizer.json", "is not an object"));
        };
        check_model(document.get("model"))?;
        check_added_tokens(document.get("added_tokens"))?;
        let mut growth = 1;
        check_step(
            "normalizer",
            &NORMALIZERS,
            document.get("normalizer"),
            &mut growth,
        )?;
        check_step(
            "pre_tokenizer",
            &PRE_TOKENIZERS,
            document.get("pre_tokenizer"),
            &mut growth,
        )?;
        let (start, end) = match document.get("post_processor") {
            Some(processor) => ends_of(processor)?,
            None => (None, None),
        };
        let mut keep = |key: &str| document.remove(key).unwrap_or(Value::Null);
        let added_tokens = match keep("added_tokens") {
            Value::Null => json!([]),
            tokens => tokens,
        };
        Ok(Self {
            document: json!({
                "version": "1.0",
                "truncation": null,
                "padding": null,
                "added_tokens": added_tokens,
                "normalizer": keep("normalizer"),
                "pre_tokenizer": keep("pre_tokenizer"),
                "post_processor": null,
                "decoder": null,
                "model": keep("model"),
            }),
            start,
            end,
        })
    }
}

fn fault(field: &str, reason: impl Into<String>) -> CheckpointError {
    CheckpointError::new(format!("tokenizer.json field {field}"), reason)
}

fn check_model(model: Option<&Value>) -> Result<(), CheckpointError> {
    let model = model
        .and_then(Value::as_object)
        .ok_or_else(|| fault("model", "is missing or not an object"))?;
    match model.get("type") {
        None => {}
        Some(Value::String(kind)) if MODELS.contains(&kind.as_str()) => {}
        Some(other) => {
            return Err(fault(
                "model.type",
                format!("is {other}; {} are read", MODELS.join(", ")),
            ));
        }
    }
    // Merges left out by chance belong to training: the same text would give other tokens each time.
    if model
        .get("dropout")
        .and_then(Value::as_f64)
        .is_some_and(|share| share != 0.0)
    {
        return Err(fault("model.dropout", "asks for random merges; 0 is read"));
    }
    match model.get("vocab") {
        Some(Value::Object(vocabulary)) => {
            let bad = vocabulary.iter().find(|(_, id)| !is_token(id));
            bad.map_or(Ok(()), |(token, id)| {
                Err(fault(
                    "model.vocab",
                    format!("gives \"{token}\" the id {id}"),
                ))
            })
        }
        Some(Value::Array(pieces)) => {
            let unknown = model.get("unk_id").and_then(Value::as_u64);
            if unknown.is_some_and(|id| id >= pieces.len() as u64) {
                return Err(fault(
                    "model.unk_id",
                    format!("is not one of the {} pieces", pieces.len()),
                ));
            }
            Ok(())
        }
        _ => Err(fault("model.vocab", "is missing or no list of tokens")),
    }
}

fn is_token(id: &Value) -> bool {
    id.as_u64().is_some_and(|id| u32::try_from(id).is_ok())
}

fn check_added_tokens(tokens: Option<&Value>) -> Result<(), CheckpointError> {
    let tokens = match tokens {
        None | Some(Value::Null) => return Ok(()),
        Some(tokens) => tokens
            .as_array()
            .ok_or_else(|| fault("added_tokens", "is not a list"))?,
    };
    for (index, token) in tokens.iter().enumerate() {
        let content = token.get("content").and_then(Value::as_str);
        let is_sound = token.get("id").is_some_and(is_token)
            && content.is_some_and(|content| content.len() <= LONGEST_INSERT);
        if !is_sound {
            return Err(fault(
                &format!("added_tokens[{index}]"),
                format!("needs an id and a content of at most {LONGEST_INSERT} bytes"),
            ));
        }
    }
    Ok(())
}

/// Checks a step and the steps in it; `growth` is how many times longer the text may have become.
fn check_step(
    place: &str,
    known: &[&str],
    step: Option<&Value>,
    growth: &mut usize,
) -> Result<(), CheckpointError> {
    let step = match step {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(step)) => step,
        Some(_) => return Err(fault(place, "is not an object")),
    };
    let kind = step.get("type").and_then(Value::as_str).unwrap_or_default();
    if !known.contains(&kind) {
        return Err(fault(
            place,
            format!("has the type \"{kind}\"; {} are read", known.join(", ")),
        ));
    }
    let text = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default();
    match kind {
        "Sequence" => {
            let key = if place.starts_with("normalizer") {
                "normalizers"
            } else {
                "pretokenizers"
            };
            let steps = step
                .get(key)
                .and_then(Value::as_array)
                .ok_or_else(|| fault(place, format!("is a sequence without {key}")))?;
            for (index, step) in steps.iter().enumerate() {
                check_step(&format!("{place}[{index}]"), known, Some(step), growth)?;
            }
        }
        "FixedLength" => check_length(place, step.get("length"))?,
        "Precompiled" => check_table(place, text("precompiled_charsmap"))?,
        "Prepend" => check_insert(place, text("prepend"))?,
        "Replace" => {
            check_insert(place, text("content"))?;
            let replaced = step
                .get("pattern")
                .and_then(|pattern| pattern.get("String"))
                .and_then(Value::as_str)
                .map_or(1, |pattern| pattern.len().max(1));
            *growth = growth.saturating_mul(text("content").len().div_ceil(replaced).max(1));
            if *growth > LARGEST_GROWTH {
                return Err(fault(
                    place,
                    format!("can make a text more than {LARGEST_GROWTH} times longer"),
                ));
            }
        }
        _ => {}
    }
    Ok(())
}

/// A length that is given must be a whole number from 1.
fn check_length(place: &str, length: Option<&Value>) -> Result<(), CheckpointError> {
    match length.map(Value::as_u64) {
        None | Some(Some(1..)) => Ok(()),
        _ => Err(fault(
            place,
            "cuts into pieces of no length; at least 1 is needed",
        )),
    }
}

fn check_insert(place: &str, text: &str) -> Result<(), CheckpointError> {
    if text.len() > LONGEST_INSERT {
        return Err(fault(
            place,
            format!(
                "puts in {} bytes; at most {LONGEST_INSERT} are read",
                text.len()
            ),
        ));
    }
    Ok(())
}

/// SentencePiece's table of replacements: the size of a trie in 32-bit units, the trie, texts that end with a zero.
fn check_table(place: &str, text: &str) -> Result<(), CheckpointError> {
    let bytes = from_base64(text)
        .ok_or_else(|| fault(place, "has a precompiled_charsmap that is not base64"))?;
    let Some((size, rest)) = bytes.split_first_chunk::<4>() else {
        return Err(fault(
            place,
            format!(
                "has a precompiled_charsmap of {} bytes; at least 4 are needed",
                bytes.len()
            ),
        ));
    };
    let size = u32::from_le_bytes(*size) as usize;
    if !size.is_multiple_of(4) || size == 0 || size > rest.len() {
        return Err(fault(
            place,
            format!(
                "has a precompiled_charsmap whose trie takes {size} of {} bytes",
                rest.len()
            ),
        ));
    }
    let longest = rest[size..].split(|byte| *byte == 0).map(<[u8]>::len).max();
    if longest.is_some_and(|longest| longest > LONGEST_INSERT) {
        return Err(fault(
            place,
            format!("has a precompiled_charsmap with a text of more than {LONGEST_INSERT} bytes"),
        ));
    }
    Ok(())
}

/// RFC 4648 without line breaks; `None` for anything else.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for group in text.chunks(4) {
        let mut bits = 0_u32;
        for &letter in group {
            let digit = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        let n_bytes = match group.len() {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => return None,
        };
        bits <<= 6 * (4 - group.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..=n_bytes]);
    }
    Some(bytes)
}

/// First and last token that a post-processor puts around a single text.
fn ends_of(processor: &Value) -> Result<(Option<u32>, Option<u32>), CheckpointError> {
    let place = "post_processor";
    let Value::Object(fields) = processor else {
        return match processor {
            Value::Null => Ok((None, None)),
            _ => Err(fault(place, "is not an object")),
        };
    };
    match fields.get("type").and_then(Value::as_str) {
        Some("ByteLevel") => Ok((None, None)),
        Some("BertProcessing" | "RobertaProcessing") => Ok((
            Some(pair_token(fields, "cls")?),
            Some(pair_token(fields, "sep")?),
        )),
        Some("TemplateProcessing") => template_ends(fields),
        Some("Sequence") => {
            let steps = fields.get("processors").and_then(Value::as_array);
            let mut ends = (None, None);
            for step in steps.into_iter().flatten() {
                let (start, end) = ends_of(step)?;
                ends = (ends.0.or(start), ends.1.or(end));
            }
            Ok(ends)
        }
        other => Err(fault(
            place,
            format!(
                "has the type \"{}\"; BertProcessing, ByteLevel, RobertaProcessing, Sequence and TemplateProcessing are read",
                other.unwrap_or_default()
            ),
        )),
    }
}

/// The id in `["[CLS]", 101]`.
fn pair_token(fields: &Map<String, Value>, key: &str) -> Result<u32, CheckpointError> {
    fields
        .get(key)
        .and_then(|pair| pair.get(1))
        .and_then(Value::as_u64)
        .and_then(|id| u32::try_from(id).ok())
        .ok_or_else(|| {
            fault(
                &format!("post_processor.{key}"),
                "is not a token with its id",
            )
        })
}

fn template_ends(
    fields: &Map<String, Value>,
) -> Result<(Option<u32>, Option<u32>), CheckpointError> {
    let pieces = fields
        .get("single")
        .and_then(Value::as_array)
        .ok_or_else(|| fault("post_processor.single", "is not a list"))?;
    let token = |piece: Option<&Value>, last: bool| {
        let Some(name) = piece
            .and_then(|piece| piece.get("SpecialToken"))
            .and_then(|token| token.get("id"))
            .and_then(Value::as_str)
        else {
            return Ok(None);
        };
        let ids = fields
            .get("special_tokens")
            .and_then(|tokens| tokens.get(name))
            .and_then(|token| token.get("ids"))
            .and_then(Value::as_array);
        let id = ids.and_then(|ids| if last { ids.last() } else { ids.first() });
        id.and_then(Value::as_u64)
            .and_then(|id| u32::try_from(id).ok())
            .map(Some)
            .ok_or_else(|| {
                fault(
                    "post_processor",
                    format!("names the token {name} in its template, but has no id for it"),
                )
            })
    };
    let last = (pieces.len() > 1).then(|| pieces.last()).flatten();
    Ok((token(pieces.first(), false)?, token(last, true)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(fields: &str) -> Result<TokenizerJson, String> {
        let text = format!(r#"{{{fields}"model":{{"type":"BPE","vocab":{{"a":0}},"merges":[]}}}}"#);
        TokenizerJson::parse(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn truncation_padding_and_decoder_are_dropped() {
        let kept = parse(
            r#""truncation":{"max_length":4,"stride":8},"padding":{"strategy":{"Fixed":1000000000}},"decoder":7,"#,
        )
        .unwrap();
        for key in ["truncation", "padding", "decoder", "post_processor"] {
            assert_eq!(kept.document[key], Value::Null, "{key}");
        }
    }

    #[test]
    fn a_template_tells_the_tokens_around_a_text() {
        let kept = parse(
            r#""post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
            "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
            {"SpecialToken":{"id":"</s>","type_id":0}}],"special_tokens":{"<s>":{"ids":[5]},"</s>":{"ids":[6]}}}]},"#,
        )
        .unwrap();
        assert_eq!((kept.start, kept.end), (Some(5), Some(6)));
    }

    #[test]
    fn growth_without_limit_is_refused() {
        let step = |n: usize| {
            format!(
                r#"{{"type":"Replace","pattern":{{"String":" "}},"content":"{}"}}"#,
                "x".repeat(n)
            )
        };
        assert!(parse(&format!(r#""normalizer":{},"#, step(1000))).is_ok());
        assert!(parse(&format!(r#""normalizer":{},"#, step(2000))).is_err());
        let twice = format!(
            r#""normalizer":{{"type":"Sequence","normalizers":[{},{}]}},"#,
            step(100),
            step(100)
        );
        let error = parse(&twice).unwrap_err();
        assert!(error.contains("normalizer[1]: can make a text"), "{error}");
    }

    #[test]
    fn base64_gives_the_bytes_back() {
        assert_eq!(from_base64("AQIDBA=="), Some(vec![1, 2, 3, 4]));
        assert_eq!(from_base64("TWFu"), Some(b"Man".to_vec()));
        assert_eq!(from_base64("TWFuTWE="), Some(b"ManMa".to_vec()));
        assert_eq!(from_base64("A"), None);
        assert_eq!(from_base64("A*=="), None);
    }
}
