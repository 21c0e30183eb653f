//! Byte-level BPE vocabularies of GGUF files, brought to the `tokenizers` crate as the JSON that it reads.

use serde_json::{Value, json};

use super::hugging_face::HuggingFace;
use super::sentence_piece::{CONTROL, USER_DEFINED};
use super::splitting_rule::SplittingRule;
use crate::language_model::checkpoint::{CheckpointError, Metadata};

/// Reads tokens, their kinds, merges and the name of the splitting rule.
pub(super) fn from_gguf(metadata: &Metadata) -> Result<HuggingFace, CheckpointError> {
    let list = |key: &str| {
        metadata.texts(key).ok_or_else(|| {
            CheckpointError::new(format!("metadata {key}"), "is not a list of texts")
        })
    };
    let tokens = list("tokenizer.ggml.tokens")?;
    let merges = list("tokenizer.ggml.merges")?;
    let key = "tokenizer.ggml.pre";
    let name = metadata.text(key).unwrap_or("gpt-2");
    let rule = SplittingRule::of_name(name).ok_or_else(|| {
        CheckpointError::new(
            format!("metadata {key}"),
            format!(
                "is \"{name}\"; give the tokenizer.json, or one of {}",
                SplittingRule::names()
            ),
        )
    })?;
    let mut vocabulary = serde_json::Map::with_capacity(tokens.len());
    for (token, id) in tokens.iter().zip(0_u32..) {
        vocabulary.entry(token.clone()).or_insert_with(|| id.into());
    }
    let document = json!({
        "version": "1.0",
        "added_tokens": whole_tokens(metadata, tokens)?,
        "normalizer": null,
        "pre_tokenizer": pre_tokenizer(rule),
        "post_processor": null,
        "decoder": null,
        "model": { "type": "BPE", "vocab": vocabulary, "merges": merges, "ignore_merges": rule.ignores_merges },
    });
    HuggingFace::from_json(document.to_string().as_bytes())
}

/// The rule's patterns one after the other, then bytes as letters.
fn pre_tokenizer(rule: SplittingRule) -> Value {
    let mut steps: Vec<Value> = rule
        .patterns
        .iter()
        .map(|pattern| json!({ "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false }))
        .collect();
    steps.push(json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false }));
    json!({ "type": "Sequence", "pretokenizers": steps })
}

/// Tokens that are found in a text before it is split: control tokens and those that a user defined.
fn whole_tokens(metadata: &Metadata, tokens: &[String]) -> Result<Vec<Value>, CheckpointError> {
    let key = "tokenizer.ggml.token_type";
    let Some(kinds) = metadata.integers(key) else {
        return Ok(Vec::new());
    };
    if kinds.len() != tokens.len() {
        return Err(CheckpointError::new(
            format!("metadata {key}"),
            format!("has {} entries for {} tokens", kinds.len(), tokens.len()),
        ));
    }
    let whole = tokens.iter().zip(kinds).zip(0_u32..);
    Ok(whole
        .filter(|((token, kind), _)| [CONTROL, USER_DEFINED].contains(*kind) && !token.is_empty())
        .map(|((token, kind), id)| {
            json!({
                "id": id, "content": token, "special": *kind == CONTROL,
                "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of a text under a rule: every piece is one token, since everything merges.
    fn pieces(name: &str, text: &str) -> Vec<String> {
        let rule = SplittingRule::of_name(name).unwrap();
        let vocabulary = json!({ "type": "BPE", "vocab": { "a": 0 }, "merges": [] });
        let document = json!({ "pre_tokenizer": pre_tokenizer(rule), "model": vocabulary });
        HuggingFace::from_json(document.to_string().as_bytes()).unwrap();
        let pre_tokenizer = pre_tokenizer(rule).to_string();
        let split: tokenizers::pre_tokenizers::PreTokenizerWrapper =
            serde_json::from_str(&pre_tokenizer).unwrap();
        let mut split_text = tokenizers::PreTokenizedString::from(text);
        tokenizers::PreTokenizer::pre_tokenize(&split, &mut split_text).unwrap();
        split_text
            .get_splits(
                tokenizers::OffsetReferential::Original,
                tokenizers::OffsetType::Byte,
            )
            .into_iter()
            .map(|(_, (start, end), _)| text[start..end].to_owned())
            .collect()
    }

    #[test]
    fn every_rule_splits_and_loses_nothing() {
        let text = "It's 12345 naïve  tests,\n\n 日本語 ½ IMGIMGAZ \u{300}x\t<|y|> HELLOworld ";
        for name in SplittingRule::names().split(", ") {
            assert_eq!(pieces(name, text).concat(), text, "{name}");
        }
    }

    #[test]
    fn rules_differ_where_their_models_do() {
        let text = "We'LL pay 12345\n";
        for (name, expected) in [
            (
                "gpt-2",
                &["We", "'", "LL", " pay", " 12345", "\n"] as &[&str],
            ),
            ("llama-bpe", &["We", "'LL", " pay", " ", "123", "45", "\n"]),
            (
                "qwen2",
                &["We", "'LL", " pay", " ", "1", "2", "3", "4", "5", "\n"],
            ),
            (
                "smollm",
                &["We", "'", "LL", " pay", " ", "1", "2", "3", "4", "5", "\n"],
            ),
            (
                "tekken",
                &["We", "'LL", " pay", " ", "1", "2", "3", "4", "5", "\n"],
            ),
            ("gpt-4o", &["We'LL", " pay", " ", "123", "45", "\n"]),
            ("falcon", &["We", "'", "LL", " pay", " ", "123", "45", "\n"]),
            (
                "deepseek-v3",
                &["We", "'LL", " pay", " ", "123", "45", "\n"],
            ),
            (
                "deepseek-coder",
                &["We", "'", "LL", " pay", " ", "1", "2", "3", "4", "5", "\n"],
            ),
        ] {
            assert_eq!(pieces(name, text), expected, "{name}");
        }
    }
}
