//! `tokenizer.json` by way of the `tokenizers` crate.

use crate::language_model::checkpoint::CheckpointError;

/// A tokenizer of the `tokenizers` crate.
#[derive(Debug)]
pub(super) struct HuggingFace(tokenizers::Tokenizer);

impl HuggingFace {
    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let tokenizer = tokenizers::Tokenizer::from_bytes(bytes)
            .map_err(|error| CheckpointError::new("tokenizer.json", error.to_string()))?;
        Ok(Self(tokenizer))
    }

    /// Tokens of the vocabulary, or one more than the largest id where ids leave gaps.
    pub(super) fn vocab_size(&self) -> usize {
        let largest = self.0.get_vocab(true).into_values().max();
        largest.map_or(0, |id| id as usize + 1)
    }

    /// The token that the tokenizer itself puts in front of a text, if it is one token.
    pub(super) fn start_token(&self) -> Option<u32> {
        let of_empty = self.0.encode_fast("", true).ok()?;
        of_empty.get_ids().first().copied()
    }

    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, CheckpointError> {
        let encoding = self
            .0
            .encode_fast(text, false)
            .map_err(|error| CheckpointError::new("tokenizer", error.to_string()))?;
        Ok(encoding.get_ids().to_vec())
    }
}
