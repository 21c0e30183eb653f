//! How a text becomes the windows that a checkpoint is run on: tokenizer, protocol and how much of it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use blockscape_model::language_model::tokenizer::EndToken;
use blockscape_model::language_model::{Cutting, LanguageModel, Protocol, Tokenizer, Window};
use clap::ValueEnum;

use crate::checkpoint::file::CheckpointFile;
use crate::files::mapped_file::MappedFile;
use crate::files::output;

/// Arguments of every subcommand that runs a checkpoint on a text.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TextCutting {
    /// tokenizer.json, tokenizer.model or tokenizer.bin; else the one inside or beside the model
    #[arg(long, value_name = "FILE", requires = "model")]
    tokenizer: Option<PathBuf>,
    /// Whether a start token goes in front of a window [default: file, of boschunk always]
    #[arg(long, value_enum, value_name = "WHEN", requires = "model")]
    start_token: Option<EndTokenChoice>,
    /// Whether an end token goes behind a document of the doc protocol
    #[arg(long, value_enum, value_name = "WHEN", requires = "model")]
    end_token: Option<EndTokenChoice>,
    /// How the text is cut into windows [default: doc, of sweeps boschunk]
    #[arg(long, value_enum, requires = "model")]
    protocol: Option<ProtocolName>,
    /// Tokens of a window, the start token included [default: the model's, at most 2048, of sweeps 512]
    #[arg(long, value_name = "N", requires = "model")]
    context: Option<usize>,
    /// Tokens from one window to the next of the strided protocol [default: half the context]
    #[arg(long, value_name = "N", requires = "model")]
    stride: Option<usize>,
    /// Use the first windows only [default: all, of sweeps 16]
    #[arg(long, value_name = "N", requires = "model", value_parser = at_least_one)]
    max_windows: Option<usize>,
    /// Use the first bytes of the text only, back to a whole character
    #[arg(long, value_name = "N", requires = "model", value_parser = at_least_one)]
    max_bytes: Option<usize>,
}

/// What holds where nothing is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Usual {
    /// How the text is cut.
    pub protocol: ProtocolName,
    /// Longest context that is used without being asked for: attention grows with its square.
    pub longest_context: usize,
    /// Most windows.
    pub max_windows: Option<usize>,
}

impl Usual {
    /// A sample of the text: enough to rank designs, few enough to wait for.
    pub const SAMPLE: Self = Self {
        protocol: ProtocolName::Boschunk,
        longest_context: 512,
        max_windows: Some(16),
    };
}

/// The protocols by their short names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProtocolName {
    /// One window a document, split at <|endoftext|>
    Doc,
    /// Consecutive pieces, each behind a start token
    Boschunk,
    /// Overlapping windows that score only what is new
    Strided,
}

/// When a token is put in front of a text or behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EndTokenChoice {
    /// As the file says; a start token where it does not say
    File,
    /// Always
    Always,
    /// Never
    Never,
}

/// A checkpoint with the windows that it is run on.
#[derive(Debug)]
pub struct Subject {
    /// The checkpoint as it is named to people.
    pub name: String,
    /// Its weights.
    pub model: LanguageModel,
    /// How the text was cut.
    pub protocol: Protocol,
    /// The pieces.
    pub windows: Vec<Window>,
}

impl TextCutting {
    /// The file of the tokenizer, where one is given.
    pub fn tokenizer(&self) -> Option<&Path> {
        self.tokenizer.as_deref()
    }

    /// Opens a checkpoint and cuts a text for it.
    ///
    /// # Errors
    /// A file that cannot be read, options that do not go together, or a text without a window.
    pub fn subject(&self, model: &Path, text: &Path, usual: Usual) -> anyhow::Result<Subject> {
        let file = CheckpointFile::open(model)?;
        let tokenizer = file.tokenizer(self.tokenizer.as_deref())?;
        let model = file.language_model()?;
        let protocol = self.protocol(&model, usual)?;
        let name = || text.display().to_string();
        let mapped = MappedFile::open(text)?;
        let content = first_bytes(mapped.bytes(), self.max_bytes).with_context(name)?;
        let named = model.hyperparameters.start_token;
        let start_token = self.start_token(protocol.cutting, named, tokenizer.start())?;
        let tokenizer = self.with_end_token(tokenizer)?;
        let windows = protocol
            .windows(content, &tokenizer, start_token)
            .with_context(name)?;
        if protocol.cutting == Cutting::Documents
            && windows.len() == 1
            && windows[0].tokens.len() == protocol.context
        {
            output::note(&format!(
                "{}: one document; only its first {} tokens count, with --protocol boschunk all do",
                text.display(),
                protocol.context
            ));
        }
        Ok(Subject {
            name: file.name(),
            model,
            protocol,
            windows,
        })
    }

    /// The token in front of windows. Pieces of the boschunk protocol stand behind one by its definition.
    fn start_token(
        &self,
        cutting: Cutting,
        of_model: Option<u32>,
        of_tokenizer: EndToken,
    ) -> anyhow::Result<Option<u32>> {
        let token = of_model.or(of_tokenizer.token);
        let usual = match cutting {
            Cutting::StartedChunks => None,
            Cutting::Documents | Cutting::Strided { .. } => of_tokenizer.is_added,
        };
        Ok(match self.start_token {
            None => token.filter(|_| usual != Some(false)),
            Some(EndTokenChoice::File) => token.filter(|_| of_tokenizer.is_added != Some(false)),
            Some(EndTokenChoice::Never) => None,
            Some(EndTokenChoice::Always) => {
                Some(token.context("--start-token always: neither model nor tokenizer names one")?)
            }
        })
    }

    fn with_end_token(&self, tokenizer: Tokenizer) -> anyhow::Result<Tokenizer> {
        let is_added = match self.end_token {
            None | Some(EndTokenChoice::File) => None,
            Some(EndTokenChoice::Never) => Some(false),
            Some(EndTokenChoice::Always) => {
                if tokenizer.end().token.is_none() {
                    bail!("--end-token always: the tokenizer names none");
                }
                Some(true)
            }
        };
        Ok(tokenizer.with_rules(None, is_added))
    }

    fn protocol(&self, model: &LanguageModel, usual: Usual) -> anyhow::Result<Protocol> {
        let own = model.hyperparameters.architecture.max_context as usize;
        let context = self
            .context
            .unwrap_or_else(|| own.min(usual.longest_context));
        let name = self.protocol.unwrap_or(usual.protocol);
        if self.stride.is_some() && name != ProtocolName::Strided {
            bail!("--stride belongs to --protocol strided");
        }
        Ok(Protocol {
            cutting: match name {
                ProtocolName::Doc => Cutting::Documents,
                ProtocolName::Boschunk => Cutting::StartedChunks,
                ProtocolName::Strided => Cutting::Strided {
                    stride: self.stride.unwrap_or(context / 2),
                },
            },
            context,
            max_windows: self.max_windows.or(usual.max_windows),
        })
    }
}

/// The first bytes of a text, back to a whole character.
fn first_bytes(bytes: &[u8], max_bytes: Option<usize>) -> anyhow::Result<&str> {
    let part = &bytes[..max_bytes.unwrap_or(usize::MAX).min(bytes.len())];
    match std::str::from_utf8(part) {
        Ok(text) => Ok(text),
        // A character cut in two by the limit, not a damaged one.
        Err(error) if error.error_len().is_none() && part.len() < bytes.len() => {
            Ok(std::str::from_utf8(&part[..error.valid_up_to()])?)
        }
        Err(error) => bail!("byte {} is not UTF-8 text", error.valid_up_to()),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "a whole number from 1 is needed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_in_bytes_leaves_whole_characters() {
        let text = "aé€".as_bytes();
        for (limit, expected) in [
            (1, "a"),
            (2, "a"),
            (3, "aé"),
            (5, "aé"),
            (6, "aé€"),
            (99, "aé€"),
        ] {
            assert_eq!(first_bytes(text, Some(limit)).unwrap(), expected, "{limit}");
        }
        let error = first_bytes(b"ab\xffcd", None).unwrap_err();
        assert_eq!(error.to_string(), "byte 2 is not UTF-8 text");
    }
}
