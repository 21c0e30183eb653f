//! Models split into several GGUF files, `NAME-00001-of-00003.gguf` and on: one model, its metadata in the first.
//!
//! Names and the keys `split.no`, `split.count` and `split.tensors.count` as llama.cpp's `gguf-split` writes them.

use super::{CheckpointError, Gguf};

/// Most shards of a model.
const MOST_SHARDS: u32 = 1000;

/// Joins the shards of a model, each with its name, in their order; a file that is not split is a model by itself.
///
/// # Errors
/// When a shard is missing or belongs elsewhere, two hold the same tensor, or tensors are fewer than announced.
pub fn join_gguf<'a>(shards: Vec<(String, Gguf<'a>)>) -> Result<Gguf<'a>, CheckpointError> {
    let n_shards = shards.len();
    let mut whole: Option<Gguf<'a>> = None;
    for ((name, shard), number) in shards.into_iter().zip(0_u32..) {
        let fault =
            |reason: String| CheckpointError::new("metadata split.no", reason).within_named(&name);
        let count = n_shards_of(&shard)?;
        if count as usize != n_shards {
            return Err(fault(format!(
                "the model is split into {count} files, {n_shards} of them are at hand"
            )));
        }
        let own = shard.metadata.count("split.no")?.unwrap_or(0);
        if own != number {
            return Err(fault(format!("is {own}; shard {number} is expected here")));
        }
        match &mut whole {
            None => whole = Some(shard),
            Some(whole) => {
                for (tensor, view) in shard.tensors {
                    if whole.tensors.insert(tensor.clone(), view).is_some() {
                        return Err(fault(format!("tensor {tensor} is in another shard too")));
                    }
                }
            }
        }
    }
    let whole = whole.ok_or_else(|| CheckpointError::new("model", "has no file"))?;
    match whole.metadata.count("split.tensors.count")? {
        Some(announced) if whole.tensors.len() != announced as usize => Err(CheckpointError::new(
            "metadata split.tensors.count",
            format!(
                "is {announced}, the shards hold {} tensors",
                whole.tensors.len()
            ),
        )),
        _ => Ok(whole),
    }
}

/// Files that the model is split into.
fn n_shards_of(file: &Gguf<'_>) -> Result<u32, CheckpointError> {
    let count = file.metadata.count("split.count")?.unwrap_or(0).max(1);
    if count > MOST_SHARDS {
        return Err(CheckpointError::new(
            "metadata split.count",
            format!("is {count}; at most {MOST_SHARDS} are read"),
        ));
    }
    Ok(count)
}

/// Names of all shards of the model that the file belongs to, in order, by its own name; the name alone where it is not split.
///
/// # Errors
/// When it is split and its name does not end as `-00001-of-00003.gguf`.
pub fn shard_names(file: &Gguf<'_>, name: &str) -> Result<Vec<String>, CheckpointError> {
    let count = n_shards_of(file)?;
    if count == 1 {
        return Ok(vec![name.to_owned()]);
    }
    let number = file.metadata.count("split.no")?.unwrap_or(0) + 1;
    let end = format!("-{number:05}-of-{count:05}.gguf");
    let stem = name.strip_suffix(&end).ok_or_else(|| {
        CheckpointError::new(
            "metadata split.count",
            format!("is {count}: the name of file {number} of them must end with {end}"),
        )
    })?;
    Ok((1..=count)
        .map(|number| format!("{stem}-{number:05}-of-{count:05}.gguf"))
        .collect())
}
