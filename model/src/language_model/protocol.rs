//! How a text is cut into windows, and which of their tokens are scored.

use super::Tokenizer;
use super::checkpoint::CheckpointError;

/// What ends a document in a text of several.
const END_OF_TEXT: &str = "<|endoftext|>";

/// How a text is cut into windows. Every window starts at position 0 with an empty cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cutting {
    /// One window a document: split at `<|endoftext|>`, trimmed, the start token and its first tokens; all but the
    /// start token are scored.
    Documents,
    /// Consecutive pieces of the whole text, each behind a start token; a last partial piece is dropped.
    StartedChunks,
    /// Windows that overlap: each starts `stride` tokens after the one before and scores what that did not.
    Strided {
        /// Tokens from one window's start to the next; at most the context.
        stride: usize,
    },
}

/// A cutting with its context and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Protocol {
    /// How the text is cut.
    pub cutting: Cutting,
    /// Tokens of a window, the start token included; at least 2.
    pub context: usize,
    /// Most windows that are used, the first ones.
    pub max_windows: Option<usize>,
}

/// Tokens that are run together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The tokens.
    pub tokens: Vec<u32>,
    /// Position of the first scored token; all after it are scored too. At least 1.
    pub first_scored: usize,
}

impl Protocol {
    /// The windows of a text; `start_token` goes in front where the cutting says so and the model has one, the tokenizer's
    /// end token behind documents where its rule says so.
    ///
    /// # Errors
    /// When the context or stride is out of range, the text is empty or too short to score a token.
    pub fn windows(
        &self,
        text: &str,
        tokenizer: &Tokenizer,
        start_token: Option<u32>,
    ) -> Result<Vec<Window>, CheckpointError> {
        if self.context < 2 {
            return Err(CheckpointError::new(
                "context",
                format!("is {}; at least 2 tokens are needed", self.context),
            ));
        }
        if text.trim().is_empty() {
            return Err(CheckpointError::new("text", "is empty"));
        }
        let most = self.max_windows.unwrap_or(usize::MAX);
        let windows = match self.cutting {
            Cutting::Documents => self.documents(text, tokenizer, start_token, most)?,
            Cutting::StartedChunks => self.started_chunks(&tokenizer.encode(text)?, start_token),
            Cutting::Strided { stride } => {
                if stride == 0 || stride > self.context {
                    return Err(CheckpointError::new(
                        "stride",
                        format!(
                            "is {stride}; 1 to the context of {} is allowed",
                            self.context
                        ),
                    ));
                }
                let mut tokens: Vec<u32> = start_token.into_iter().collect();
                tokens.extend(tokenizer.encode(text)?);
                self.strided(&tokens, stride)
            }
        };
        let windows: Vec<Window> = windows.into_iter().take(most).collect();
        if windows.is_empty() {
            return Err(CheckpointError::new(
                "text",
                format!(
                    "is too short: no window with a scored token at a context of {}",
                    self.context
                ),
            ));
        }
        Ok(windows)
    }

    fn documents(
        &self,
        text: &str,
        tokenizer: &Tokenizer,
        start_token: Option<u32>,
        most: usize,
    ) -> Result<Vec<Window>, CheckpointError> {
        let mut windows = Vec::new();
        for document in text
            .split(END_OF_TEXT)
            .map(str::trim)
            .filter(|document| !document.is_empty())
        {
            if windows.len() == most {
                break;
            }
            let mut tokens: Vec<u32> = start_token.into_iter().collect();
            tokens.extend(tokenizer.encode(document)?);
            let end = tokenizer.end();
            tokens.extend(end.token.filter(|_| end.is_added == Some(true)));
            tokens.truncate(self.context);
            if tokens.len() > 1 {
                windows.push(Window {
                    tokens,
                    first_scored: 1,
                });
            }
        }
        Ok(windows)
    }

    fn started_chunks(&self, tokens: &[u32], start_token: Option<u32>) -> Vec<Window> {
        let n = self.context - start_token.iter().len();
        tokens
            .chunks_exact(n)
            .map(|chunk| Window {
                tokens: start_token
                    .into_iter()
                    .chain(chunk.iter().copied())
                    .collect(),
                first_scored: 1,
            })
            .collect()
    }

    fn strided(&self, tokens: &[u32], stride: usize) -> Vec<Window> {
        let mut windows = Vec::new();
        let mut scored = 1;
        for start in (0..tokens.len()).step_by(stride) {
            let end = (start + self.context).min(tokens.len());
            if end > scored {
                windows.push(Window {
                    tokens: tokens[start..end].to_vec(),
                    first_scored: scored.max(start + 1) - start,
                });
                scored = end;
            }
            if end == tokens.len() {
                break;
            }
        }
        windows
    }
}
