//! safetensors files, single and sharded, by way of the format's own crate.
//!
//! The crate checks the header: its length, that offsets are ordered, meet without gaps and cover the file.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};

use super::tensor::TensorView;
use super::{CheckpointError, ElementType};

/// Tensors of one file by name.
///
/// # Errors
/// When the header is damaged, or a tensor has an element type of which the values cannot be located.
pub fn parse_safetensors(
    bytes: &[u8],
) -> Result<BTreeMap<String, TensorView<'_>>, CheckpointError> {
    if bytes.len() < 8 {
        return Err(CheckpointError::new(
            "byte 0",
            format!(
                "a safetensors file starts with a header length of 8 bytes, the file has {}",
                bytes.len()
            ),
        ));
    }
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| CheckpointError::new("safetensors header", describe(&error)))?;
    let mut tensors = BTreeMap::new();
    // in the order of names, so that the same file always has the same first fault
    let views: BTreeMap<_, _> = file.iter().collect();
    for (name, view) in views {
        let element_type = element_type(view.dtype()).ok_or_else(|| {
            CheckpointError::new(
                format!("tensor {name}"),
                format!(
                    "element type {:?} is not read; F64, F32, F16, BF16, F8_E4M3, F8_E5M2, F8_E8M0 and integers are",
                    view.dtype()
                ),
            )
        })?;
        let dims = view
            .shape()
            .iter()
            .map(|&len| len as u64)
            .collect::<Vec<_>>();
        if dims.contains(&0) {
            continue; // empty tensors are legal here and hold nothing
        }
        tensors.insert(
            name.to_owned(),
            TensorView::new(name.to_owned(), dims, element_type, view.data())?,
        );
    }
    Ok(tensors)
}

/// Joins the shards of one model; `index` is the text of `model.safetensors.index.json` where there is one.
///
/// # Errors
/// When a shard is damaged, two shards hold the same tensor, or the index names a tensor that is not there.
pub fn parse_shards<'a>(
    shards: &[(String, &'a [u8])],
    index: Option<&str>,
) -> Result<BTreeMap<String, TensorView<'a>>, CheckpointError> {
    let mut tensors = BTreeMap::new();
    for (file, bytes) in shards {
        let of_file = parse_safetensors(bytes).map_err(|error| error.within(file))?;
        for (name, view) in of_file {
            if tensors.insert(name.clone(), view).is_some() {
                return Err(CheckpointError::new(
                    file.clone(),
                    format!("tensor {name} is in another shard too"),
                ));
            }
        }
    }
    if let Some(index) = index {
        for (name, file) in shard_of_tensor(index)? {
            if !tensors.contains_key(&name) {
                return Err(CheckpointError::new(
                    file,
                    format!("tensor {name} of the index is not in the shard"),
                ));
            }
        }
    }
    Ok(tensors)
}

/// File name by tensor name, from the text of an index file.
///
/// # Errors
/// When the text is not JSON with a `weight_map` of file names without folders.
pub fn shard_of_tensor(index: &str) -> Result<BTreeMap<String, String>, CheckpointError> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index: Index = serde_json::from_str(index)
        .map_err(|error| CheckpointError::new("safetensors index", error.to_string()))?;
    for file in index.weight_map.values() {
        if file.contains(['/', '\\']) || file.starts_with('.') {
            return Err(CheckpointError::new(
                "safetensors index",
                format!("shard {file} is not a plain file name"),
            ));
        }
    }
    Ok(index.weight_map)
}

fn element_type(dtype: Dtype) -> Option<ElementType> {
    Some(match dtype {
        Dtype::F64 => ElementType::F64,
        Dtype::F32 => ElementType::F32,
        Dtype::F16 => ElementType::F16,
        Dtype::BF16 => ElementType::Bf16,
        Dtype::F8_E4M3 => ElementType::F8E4m3,
        Dtype::F8_E5M2 => ElementType::F8E5m2,
        Dtype::F8_E8M0 => ElementType::F8E8m0,
        Dtype::I8 => ElementType::Signed(1),
        Dtype::I16 => ElementType::Signed(2),
        Dtype::I32 => ElementType::Signed(4),
        Dtype::I64 => ElementType::Signed(8),
        Dtype::BOOL | Dtype::U8 => ElementType::Unsigned(1),
        Dtype::U16 => ElementType::Unsigned(2),
        Dtype::U32 => ElementType::Unsigned(4),
        Dtype::U64 => ElementType::Unsigned(8),
        _ => return None,
    })
}

fn describe(error: &safetensors::SafeTensorError) -> String {
    use safetensors::SafeTensorError as E;
    match error {
        E::InvalidHeader(_) => "is not UTF-8 text".to_owned(),
        E::InvalidHeaderDeserialization(error) => format!("is not the expected JSON: {error}"),
        E::HeaderTooLarge => "announces more than 100,000,000 bytes".to_owned(),
        E::HeaderTooSmall => "is shorter than 8 bytes".to_owned(),
        E::InvalidHeaderLength => "announces more bytes than the file has".to_owned(),
        E::InvalidOffset(name) => {
            format!("tensor {name} has offsets that overlap, leave a gap or run backwards")
        }
        E::MetadataIncompleteBuffer => {
            "covers a different number of bytes than the file holds (truncated or with extra bytes)"
                .to_owned()
        }
        E::TensorInvalidInfo => "a tensor's shape does not fit its bytes".to_owned(),
        other => other.to_string(),
    }
}
