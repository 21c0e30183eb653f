//! Checkpoint files, read from bytes that the caller has mapped.
//!
//! Opening parses headers and locates tensors; values are decoded when a row is asked for, so a mapped file of any
//! size costs no memory of its size. Nothing here opens a file: names of files come from the caller, who adds them
//! to the errors.

mod byte_reader;
mod codebook_blocks;
mod element_type;
mod ggml_blocks;
mod gguf;
mod llama2c;
mod metadata;
mod packing;
mod safetensors;
mod small_floats;
mod split_gguf;
mod tensor;

use std::collections::BTreeMap;

use super::hyperparameters::{
    Hyperparameters, hyperparameters_from_config, hyperparameters_from_gguf,
};

pub(crate) use byte_reader::ByteReader;
pub use element_type::{ElementType, GgmlType};
pub use gguf::Gguf;
pub use llama2c::{Llama2cHeader, parse_llama2c};
pub use metadata::{Metadata, MetadataValue};
pub use packing::unpack;
pub use safetensors::{parse_safetensors, parse_shards, shard_of_tensor};
pub use split_gguf::{join_gguf, shard_names};
pub use tensor::TensorView;

/// Why a checkpoint or tokenizer cannot be read: where, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct CheckpointError {
    /// A byte position, tensor, metadata key or field.
    pub place: String,
    /// What is wrong and, where it helps, what is allowed.
    pub reason: String,
}

impl CheckpointError {
    /// An error at a place.
    pub fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            place: one_line(place.into()),
            reason: one_line(reason.into()),
        }
    }

    /// The same error, named as lying inside a part such as a shard.
    #[must_use]
    pub fn within(self, part: &str) -> Self {
        Self {
            place: format!("{part}: {}", self.place),
            reason: self.reason,
        }
    }
}

impl CheckpointError {
    /// As [`Self::within`], where the part has a name.
    fn within_named(self, part: &str) -> Self {
        if part.is_empty() {
            self
        } else {
            self.within(part)
        }
    }
}

/// Longest part of a message, in characters: a damaged file can make anything a name.
const LONGEST_PART: usize = 300;

/// The text in one line of bounded length, whatever a damaged file put into it.
fn one_line(text: String) -> String {
    if text.len() <= LONGEST_PART && !text.contains(char::is_control) {
        return text;
    }
    let mut line = String::new();
    for (n, character) in text.chars().enumerate() {
        if n == LONGEST_PART {
            line.push_str(" ...");
            break;
        }
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// A language model's checkpoint: hyperparameters and located tensors.
#[derive(Debug, Clone)]
pub struct Checkpoint<'a> {
    /// Shape and choices of the architecture.
    pub hyperparameters: Hyperparameters,
    /// Tensors by the name that the file gives them.
    pub tensors: BTreeMap<String, TensorView<'a>>,
    /// Metadata of a GGUF file, its vocabulary among it; empty for other containers.
    pub metadata: Metadata,
}

impl<'a> Checkpoint<'a> {
    /// A GGUF file.
    ///
    /// # Errors
    /// When the file is damaged or its architecture cannot be run.
    pub fn from_gguf(bytes: &'a [u8]) -> Result<Self, CheckpointError> {
        Self::of_gguf(join_gguf(vec![(String::new(), Gguf::parse(bytes)?)])?)
    }

    /// A GGUF file, the shards of a split one joined.
    ///
    /// # Errors
    /// When the architecture cannot be run.
    pub fn of_gguf(file: Gguf<'a>) -> Result<Self, CheckpointError> {
        let hyperparameters = hyperparameters_from_gguf(&file)?;
        Ok(Self {
            hyperparameters,
            tensors: file.tensors,
            metadata: file.metadata,
        })
    }

    /// A llama2.c `.bin` file.
    ///
    /// # Errors
    /// When header and file length do not fit each other.
    pub fn from_llama2c(bytes: &'a [u8]) -> Result<Self, CheckpointError> {
        let (header, tensors) = parse_llama2c(bytes)?;
        let hyperparameters = Hyperparameters::from_llama2c(&header).checked()?;
        Ok(Self {
            hyperparameters,
            tensors,
            metadata: Metadata::default(),
        })
    }

    /// One or several safetensors files with the text of their `config.json`, and of the index where there is one.
    ///
    /// # Errors
    /// When a file is damaged, or the configuration asks for what cannot be run.
    pub fn from_safetensors(
        config: &str,
        shards: &[(String, &'a [u8])],
        index: Option<&str>,
    ) -> Result<Self, CheckpointError> {
        let hyperparameters = hyperparameters_from_config(config)?;
        let tensors = unpack(parse_shards(shards, index)?, Some(config))?;
        Ok(Self {
            hyperparameters,
            tensors,
            metadata: Metadata::default(),
        })
    }
}
