//! A language model on disk: which files belong to it, and the tokenizer that goes with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use blockscape_model::language_model::checkpoint::{
    Gguf, TensorView, parse_llama2c, parse_safetensors, parse_shards, shard_of_tensor,
};
use blockscape_model::language_model::{Checkpoint, LanguageModel, Tokenizer};

use crate::files::mapped_file::MappedFile;

/// Configuration and index files are text of a few megabytes at most.
const LARGEST_TEXT: u64 = 64 << 20;
const INDEX: &str = "model.safetensors.index.json";

/// The mapped files of one checkpoint.
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Gguf(MappedFile),
    Llama2c(MappedFile),
    Safetensors {
        shards: Vec<(String, MappedFile)>,
        /// Path and text; absent where only tensors are asked for.
        config: Option<(PathBuf, String)>,
        index: Option<String>,
    },
}

impl CheckpointFile {
    /// Opens a GGUF, safetensors or llama2.c file, the index of a sharded checkpoint, or a folder that holds one, to run
    /// the model: safetensors need their `config.json`.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let mut file = Self::open_tensors(path)?;
        if let Kind::Safetensors { config, .. } = &mut file.kind {
            *config = Some(read_config(&file.path)?);
        }
        Ok(file)
    }

    /// The same for its tensors alone, whatever model they belong to.
    pub fn open_tensors(path: &Path) -> anyhow::Result<Self> {
        let path = if path.is_dir() {
            model_in_folder(path)?
        } else {
            path.to_owned()
        };
        let kind = if path.to_string_lossy().ends_with(".index.json") {
            open_shards(&path)?
        } else {
            let file = MappedFile::open(&path)?;
            if Gguf::is_gguf(file.bytes()) {
                Kind::Gguf(file)
            } else if looks_like_safetensors(&path, file.bytes()) {
                // The file's own damage is worth more than a missing configuration.
                parse_safetensors(file.bytes()).with_context(|| path.display().to_string())?;
                Kind::Safetensors {
                    config: None,
                    shards: vec![(file_name(&path), file)],
                    index: None,
                }
            } else if file.bytes().starts_with(b"PK") {
                bail!(
                    "{}: is a PyTorch archive; GGUF, safetensors and llama2.c files are read",
                    path.display()
                );
            } else if file.bytes().is_empty() {
                bail!("{}: the file is empty", path.display());
            } else {
                Kind::Llama2c(file)
            }
        };
        Ok(Self { path, kind })
    }

    /// Parses headers and locates tensors.
    pub fn checkpoint(&self) -> anyhow::Result<Checkpoint<'_>> {
        match &self.kind {
            Kind::Gguf(file) => Checkpoint::from_gguf(file.bytes()).with_context(|| self.name()),
            Kind::Llama2c(file) => Checkpoint::from_llama2c(file.bytes())
                .with_context(|| format!("{}: read as a llama2.c checkpoint", self.name())),
            Kind::Safetensors {
                shards,
                config,
                index,
            } => {
                let shards = named_bytes(shards);
                let (path, text) = config
                    .as_ref()
                    .with_context(|| format!("{}: opened for its tensors alone", self.name()))?;
                let folder = path.parent().unwrap_or_else(|| Path::new("."));
                Checkpoint::from_safetensors(text, &shards, index.as_deref())
                    .with_context(|| format!("{}", folder.display()))
            }
        }
    }

    /// Locates tensors, whatever the architecture of the model.
    pub fn tensors(&self) -> anyhow::Result<BTreeMap<String, TensorView<'_>>> {
        let tensors = match &self.kind {
            Kind::Gguf(file) => Gguf::parse(file.bytes()).map(|file| file.tensors),
            Kind::Llama2c(file) => parse_llama2c(file.bytes()).map(|(_, tensors)| tensors),
            Kind::Safetensors { shards, index, .. } => {
                parse_shards(&named_bytes(shards), index.as_deref())
            }
        };
        tensors.with_context(|| self.name())
    }

    /// Decodes the weights.
    pub fn language_model(&self) -> anyhow::Result<LanguageModel> {
        LanguageModel::from_checkpoint(&self.checkpoint()?).with_context(|| self.name())
    }

    /// The tokenizer of a file, else the vocabulary inside the checkpoint, else a tokenizer file beside it; checked to
    /// have as many tokens as the model.
    pub fn tokenizer(&self, given: Option<&Path>) -> anyhow::Result<Tokenizer> {
        let checkpoint = self.checkpoint()?;
        let vocab_size = checkpoint.hyperparameters.shape.vocab_size;
        let (tokenizer, name) = match (given, &self.kind) {
            (Some(path), _) => (read_tokenizer(path)?, path.display().to_string()),
            (None, Kind::Gguf(_)) => (
                Tokenizer::from_gguf(&checkpoint.metadata).with_context(|| self.name())?,
                self.name(),
            ),
            (None, _) => {
                let path = self.tokenizer_beside(vocab_size)?;
                (read_tokenizer(&path)?, path.display().to_string())
            }
        };
        tokenizer
            .check_vocabulary(vocab_size)
            .with_context(|| format!("{name} with {}", self.name()))?;
        Ok(tokenizer)
    }

    fn tokenizer_beside(&self, vocab_size: u32) -> anyhow::Result<PathBuf> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        let names = [
            "tokenizer.json".to_owned(),
            "tokenizer.model".to_owned(),
            "tokenizer.bin".to_owned(),
            format!("tok{vocab_size}.bin"),
        ];
        names
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file())
            .with_context(|| {
                format!(
                    "{}: no tokenizer beside it ({}); give one with --tokenizer",
                    self.name(),
                    names.join(", ")
                )
            })
    }

    /// The path, for messages.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

fn named_bytes(shards: &[(String, MappedFile)]) -> Vec<(String, &[u8])> {
    shards
        .iter()
        .map(|(name, file)| (name.clone(), file.bytes()))
        .collect()
}

fn model_in_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    [INDEX, "model.safetensors", "model.gguf"]
        .into_iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "{}: the folder holds no {INDEX}, model.safetensors or model.gguf",
                folder.display()
            )
        })
}

fn open_shards(path: &Path) -> anyhow::Result<Kind> {
    let index = read_text(path)?;
    let of_tensor = shard_of_tensor(&index).with_context(|| format!("{}", path.display()))?;
    let mut names: Vec<String> = of_tensor.into_values().collect();
    names.sort_unstable();
    names.dedup();
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let shards = names
        .into_iter()
        .map(|name| Ok((name.clone(), MappedFile::open(&folder.join(name))?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Kind::Safetensors {
        shards,
        config: None,
        index: Some(index),
    })
}

fn looks_like_safetensors(path: &Path, bytes: &[u8]) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "safetensors")
        || bytes.get(8) == Some(&b'{')
}

fn read_config(model: &Path) -> anyhow::Result<(PathBuf, String)> {
    let path = model.with_file_name("config.json");
    let text = read_text(&path)
        .with_context(|| format!("{}: its configuration is needed", model.display()))?;
    Ok((path, text))
}

fn read_tokenizer(path: &Path) -> anyhow::Result<Tokenizer> {
    let file = MappedFile::open(path)?;
    Tokenizer::from_bytes(file.bytes()).with_context(|| format!("{}", path.display()))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let name = path.display();
    let length = fs::metadata(path).with_context(|| format!("{name}"))?.len();
    if length > LARGEST_TEXT {
        bail!("{name}: {length} bytes; at most {LARGEST_TEXT} are read");
    }
    fs::read_to_string(path).with_context(|| format!("{name}"))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
