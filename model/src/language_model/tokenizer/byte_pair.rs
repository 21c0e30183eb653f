//! Byte-level BPE vocabularies of GGUF files, brought to the `tokenizers` crate as the JSON that it reads.

use serde_json::json;

use super::hugging_face::HuggingFace;
use crate::language_model::checkpoint::{CheckpointError, Metadata};

/// How Llama 3 splits text before merging; the pattern is part of its published tokenizer.
const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// How Qwen2 does: digits one by one.
const QWEN_2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Reads tokens, merges and the name of the splitting rule.
pub(super) fn from_gguf(metadata: &Metadata) -> Result<HuggingFace, CheckpointError> {
    let list = |key: &str| {
        metadata.texts(key).ok_or_else(|| {
            CheckpointError::new(format!("metadata {key}"), "is not a list of texts")
        })
    };
    let tokens = list("tokenizer.ggml.tokens")?;
    let merges = list("tokenizer.ggml.merges")?;
    let key = "tokenizer.ggml.pre";
    let rule = metadata.text(key).unwrap_or("gpt-2");
    let (pattern, ignore_merges) = match rule {
        "gpt-2" | "gpt2" | "default" => (None, false),
        "llama-bpe" | "llama3" | "llama-v3" => (Some(LLAMA_3), true),
        "qwen2" => (Some(QWEN_2), false),
        other => {
            return Err(CheckpointError::new(
                format!("metadata {key}"),
                format!(
                    "is \"{other}\"; gpt-2, llama-bpe and qwen2 are read, or give the tokenizer.json"
                ),
            ));
        }
    };
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": pattern.is_none()
    });
    let pre_tokenizer = match pattern {
        None => byte_level,
        Some(pattern) => json!({ "type": "Sequence", "pretokenizers": [
            { "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false },
            byte_level,
        ]}),
    };
    let mut vocabulary = serde_json::Map::with_capacity(tokens.len());
    for (token, id) in tokens.iter().zip(0_u32..) {
        vocabulary.entry(token.clone()).or_insert_with(|| id.into());
    }
    let document = json!({
        "version": "1.0",
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": null,
        "decoder": null,
        "model": { "type": "BPE", "vocab": vocabulary, "merges": merges, "ignore_merges": ignore_merges },
    });
    HuggingFace::from_json(document.to_string().as_bytes())
}
