//! Text to tokens: SentencePiece vocabularies, byte-level BPE of GGUF files, and `tokenizer.json`.

mod byte_pair;
mod containment;
mod hugging_face;
mod sentence_piece;
mod sentence_piece_file;
mod splitting_rule;
mod tokenizer_json;

use super::checkpoint::{CheckpointError, Metadata};
use hugging_face::HuggingFace;
use sentence_piece::SentencePiece;

pub use containment::is_contained;

/// Turns text into token ids.
#[derive(Debug)]
pub struct Tokenizer {
    kind: Kind,
    start: EndToken,
    end: EndToken,
    /// Whether the vocabulary must have as many tokens as the model, as files without room for padding do.
    exact_size: bool,
}

/// A token that goes in front of a text or behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndToken {
    /// The token, if the vocabulary names one.
    pub token: Option<u32>,
    /// Whether the file says that it is put there; `None` where it does not say.
    pub is_added: Option<bool>,
}

impl EndToken {
    fn named(token: Option<u32>) -> Self {
        Self {
            token,
            is_added: None,
        }
    }
}

#[derive(Debug)]
enum Kind {
    SentencePiece(SentencePiece),
    HuggingFace(Box<HuggingFace>),
}

/// Share of the model's tokens that a padded vocabulary must at least have.
const LEAST_SHARE: f64 = 0.75;
/// Tokens beyond the model's, as a part of them: added ones that the model was never given rows for. A text that holds one
/// is refused when it is run.
const MOST_BEYOND: usize = 64;

impl Tokenizer {
    /// A llama2.c `tokenizer.bin`.
    ///
    /// # Errors
    /// When the bytes are not whole entries of score, length and text.
    pub fn from_llama2c(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let pieces = sentence_piece_file::read_llama2c(bytes)?;
        Ok(Self {
            kind: Kind::SentencePiece(pieces),
            start: EndToken::named(Some(1)),
            end: EndToken::named(Some(2)),
            exact_size: true,
        })
    }

    /// A SentencePiece `tokenizer.model` with merges (`model_type: BPE`).
    ///
    /// # Errors
    /// When the bytes are not such a file.
    pub fn from_sentencepiece(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (pieces, start_token) = sentence_piece_file::read_model(bytes)?;
        Ok(Self {
            kind: Kind::SentencePiece(pieces),
            start: EndToken::named(start_token),
            end: EndToken::default(),
            exact_size: false,
        })
    }

    /// A Hugging Face `tokenizer.json`.
    ///
    /// # Errors
    /// When the text is not a tokenizer.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let tokenizer = HuggingFace::from_json(bytes)?;
        Ok(Self {
            start: EndToken::named(tokenizer.start),
            end: EndToken::named(tokenizer.end),
            kind: Kind::HuggingFace(Box::new(tokenizer)),
            exact_size: false,
        })
    }

    /// By the first bytes: `{` is a `tokenizer.json`, a protobuf field a `tokenizer.model`, the rest a `tokenizer.bin`.
    ///
    /// # Errors
    /// As the reader of the kind that the bytes look like.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        // Field 1, length-delimited, and in it field 1 again: the text of the first piece.
        if bytes.first() == Some(&0x0a) && bytes.get(2) == Some(&0x0a) {
            return Self::from_sentencepiece(bytes);
        }
        match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Err(CheckpointError::new(
                "byte 0",
                "a tokenizer file is not empty",
            )),
            Some(b'{') => Self::from_json(bytes),
            Some(_) => Self::from_llama2c(bytes),
        }
    }

    /// The vocabulary inside a GGUF file.
    ///
    /// # Errors
    /// When there is none, it is damaged, or of a kind that is not read.
    pub fn from_gguf(metadata: &Metadata) -> Result<Self, CheckpointError> {
        let key = "tokenizer.ggml.model";
        let kind = match metadata.text(key) {
            Some("llama") => Kind::SentencePiece(SentencePiece::from_gguf(metadata)?),
            Some("gpt2") => Kind::HuggingFace(Box::new(byte_pair::from_gguf(metadata)?)),
            Some(other) => {
                return Err(CheckpointError::new(
                    format!("metadata {key}"),
                    format!("is \"{other}\"; llama and gpt2 are read, or give a tokenizer file"),
                ));
            }
            None => {
                return Err(CheckpointError::new(
                    format!("metadata {key}"),
                    "is missing: the file holds no vocabulary, give a tokenizer file",
                ));
            }
        };
        let end_token = |name: &str| {
            Ok::<_, CheckpointError>(EndToken {
                token: metadata.count(&format!("tokenizer.ggml.{name}_token_id"))?,
                is_added: metadata.bool(&format!("tokenizer.ggml.add_{name}_token")),
            })
        };
        Ok(Self {
            kind,
            start: end_token("bos")?,
            end: end_token("eos")?,
            exact_size: false,
        })
    }

    /// Number of tokens.
    pub fn vocab_size(&self) -> usize {
        match &self.kind {
            Kind::SentencePiece(pieces) => pieces.vocab_size(),
            Kind::HuggingFace(tokenizer) => tokenizer.vocab_size(),
        }
    }

    /// The token that starts a text, if the vocabulary names one.
    pub fn start_token(&self) -> Option<u32> {
        self.start.token
    }

    /// The same with the file's word on it.
    pub fn start(&self) -> EndToken {
        self.start
    }

    /// The token that ends a text, and the file's word on it. [`super::Protocol`] puts it behind a document where that is
    /// `Some(true)`.
    pub fn end(&self) -> EndToken {
        self.end
    }

    /// The same tokenizer with other rules for start and end; `None` leaves the file's.
    #[must_use]
    pub fn with_rules(mut self, adds_start: Option<bool>, adds_end: Option<bool>) -> Self {
        self.start.is_added = adds_start.or(self.start.is_added);
        self.end.is_added = adds_end.or(self.end.is_added);
        self
    }

    /// The tokens of a text, without a start token.
    ///
    /// # Errors
    /// When the tokenizer of a `tokenizer.json` refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, CheckpointError> {
        match &self.kind {
            Kind::SentencePiece(pieces) => Ok(pieces.encode(text)),
            Kind::HuggingFace(tokenizer) => tokenizer.encode(text),
        }
    }

    /// Whether the vocabulary can belong to a model with this many tokens. Models may have more tokens than their
    /// tokenizer, as vocabularies are padded to round numbers, and a few less, as tokens are added later.
    ///
    /// # Errors
    /// Names both sizes.
    #[expect(
        clippy::cast_precision_loss,
        reason = "vocabularies are far below 2^53"
    )]
    pub fn check_vocabulary(&self, model_vocab_size: u32) -> Result<(), CheckpointError> {
        let (own, model) = (self.vocab_size(), model_vocab_size as usize);
        let fits = if self.exact_size {
            own == model
        } else {
            own <= model + model / MOST_BEYOND && own as f64 >= LEAST_SHARE * model as f64
        };
        if fits {
            return Ok(());
        }
        Err(CheckpointError::new(
            "vocabulary",
            format!(
                "the tokenizer has {own} tokens, the model {model}: they do not belong together"
            ),
        ))
    }
}
