//! `tokenizer.json` by way of the `tokenizers` crate.

use super::containment::contained;
use super::tokenizer_json::TokenizerJson;
use crate::language_model::checkpoint::CheckpointError;

/// A tokenizer of the `tokenizers` crate.
#[derive(Debug)]
pub(super) struct HuggingFace {
    tokenizer: tokenizers::Tokenizer,
    /// The token that its post-processor puts in front of a text.
    pub(super) start: Option<u32>,
    /// The token that its post-processor puts behind a text.
    pub(super) end: Option<u32>,
}

impl HuggingFace {
    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let TokenizerJson {
            document,
            start,
            end,
        } = TokenizerJson::parse(bytes)?;
        let text = document.to_string();
        drop(document);
        let tokenizer = contained("tokenizer.json", || {
            tokenizers::Tokenizer::from_bytes(text.as_bytes())
                .map_err(|error| CheckpointError::new("tokenizer.json", error.to_string()))
        })?;
        Ok(Self {
            tokenizer,
            start,
            end,
        })
    }

    /// Tokens of the vocabulary, or one more than the largest id where ids leave gaps.
    pub(super) fn vocab_size(&self) -> usize {
        let largest = self.tokenizer.get_vocab(true).into_values().max();
        largest.map_or(0, |id| id as usize + 1)
    }

    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, CheckpointError> {
        contained("tokenizer", || {
            let encoding = self
                .tokenizer
                .encode_fast(text, false)
                .map_err(|error| CheckpointError::new("tokenizer", error.to_string()))?;
            Ok(encoding.get_ids().to_vec())
        })
    }
}
