//! A language model on disk: which files belong to it, and the tokenizer that goes with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use blockscape_model::language_model::checkpoint::{
    Gguf, TensorView, join_gguf, parse_llama2c, parse_safetensors, parse_shards, shard_names,
    shard_of_tensor, unpack,
};
use blockscape_model::language_model::{Checkpoint, CheckpointError, LanguageModel, Tokenizer};

use super::memory::check_memory;
use crate::files::input::check_regular;
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
    /// The shards in order with their names; one file where the model is not split.
    Gguf(Vec<(String, MappedFile)>),
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
                Kind::Gguf(open_gguf(&path, file)?)
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
            Kind::Gguf(shards) => gguf(shards)
                .and_then(Checkpoint::of_gguf)
                .with_context(|| self.name()),
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
            Kind::Gguf(shards) => gguf(shards).map(|file| file.tensors),
            Kind::Llama2c(file) => parse_llama2c(file.bytes()).map(|(_, tensors)| tensors),
            Kind::Safetensors { shards, index, .. } => {
                // names and shapes tell the packing, the configuration its details
                let config = read_text(&self.path.with_file_name("config.json")).ok();
                parse_shards(&named_bytes(shards), index.as_deref())
                    .and_then(|tensors| unpack(tensors, config.as_deref()))
            }
        };
        tensors.with_context(|| self.name())
    }

    /// Decodes the weights.
    ///
    /// # Errors
    /// More memory would be needed than there is, or a tensor that is missing or damaged.
    pub fn language_model(&self) -> anyhow::Result<LanguageModel> {
        let checkpoint = self.checkpoint()?;
        // Weights are kept as F32, whatever they are stored as.
        let values = checkpoint.tensors.values().map(TensorView::n_values);
        let bytes = values.fold(0_u64, u64::saturating_add).saturating_mul(4);
        check_memory(bytes).with_context(|| self.name())?;
        LanguageModel::from_checkpoint(&checkpoint).with_context(|| self.name())
    }

    /// The tokenizer of a file, else the vocabulary inside the checkpoint, else a tokenizer file beside it; checked to
    /// have as many tokens as the model.
    pub fn tokenizer(&self, given: Option<&Path>) -> anyhow::Result<Tokenizer> {
        let checkpoint = self.checkpoint()?;
        let vocab_size = checkpoint.hyperparameters.architecture.vocab_size;
        let (tokenizer, name) = match (given, &self.kind) {
            (Some(path), _) => (read_tokenizer(path)?, path.display().to_string()),
            (None, Kind::Gguf(_)) => match Tokenizer::from_gguf(&checkpoint.metadata) {
                Ok(tokenizer) => (tokenizer, self.name()),
                Err(own) => match self.tokenizer_beside(vocab_size) {
                    Ok(path) => (read_tokenizer(&path)?, path.display().to_string()),
                    Err(_) => return Err(own).with_context(|| self.name()),
                },
            },
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

    /// All files of the checkpoint.
    pub fn files(&self) -> Vec<PathBuf> {
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        let mut files = vec![self.path.clone()];
        if let Kind::Safetensors { shards, .. } | Kind::Gguf(shards) = &self.kind {
            files.extend(shards.iter().map(|(name, _)| folder.join(name)));
        }
        files
    }

    /// The path, for messages.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// Maps the other shards of a split model.
fn open_gguf(path: &Path, file: MappedFile) -> anyhow::Result<Vec<(String, MappedFile)>> {
    let own = file_name(path);
    let names = Gguf::parse(file.bytes())
        .and_then(|parsed| shard_names(&parsed, &own))
        .with_context(|| format!("{}", path.display()))?;
    let mut opened = Some(file);
    names
        .into_iter()
        .map(|name| {
            let file = match opened.take_if(|_| name == own) {
                Some(file) => file,
                None => MappedFile::open(&path.with_file_name(&name))?,
            };
            Ok((name, file))
        })
        .collect()
}

/// The model in its shards.
fn gguf(shards: &[(String, MappedFile)]) -> Result<Gguf<'_>, CheckpointError> {
    let parsed = shards
        .iter()
        .map(|(name, file)| {
            let shard = Gguf::parse(file.bytes());
            let name = if shards.len() > 1 { name.as_str() } else { "" };
            match shard {
                Err(error) if !name.is_empty() => Err(error.within(name)),
                shard => shard.map(|shard| (name.to_owned(), shard)),
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    join_gguf(parsed)
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

/// Reads a tokenizer; of a `tokenizer.json` also the rules for start and end in the `tokenizer_config.json` beside it.
fn read_tokenizer(path: &Path) -> anyhow::Result<Tokenizer> {
    let file = MappedFile::open(path)?;
    let tokenizer =
        Tokenizer::from_bytes(file.bytes()).with_context(|| format!("{}", path.display()))?;
    let settings = path.with_file_name("tokenizer_config.json");
    if !settings.is_file() || path.extension().is_none_or(|extension| extension != "json") {
        return Ok(tokenizer);
    }
    let text = read_text(&settings)?;
    let settings: serde_json::Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .with_context(|| format!("{}", settings.display()))?;
    let rule = |name: &str| settings.get(name).and_then(serde_json::Value::as_bool);
    Ok(tokenizer.with_rules(rule("add_bos_token"), rule("add_eos_token")))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let name = path.display();
    let length = check_regular(path)?.len();
    if length > LARGEST_TEXT {
        bail!("{name}: {length} bytes; at most {LARGEST_TEXT} are read");
    }
    fs::read_to_string(path).with_context(|| format!("{name}"))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
