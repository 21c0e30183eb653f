//! GGUF versions 2 and 3: header, metadata, tensor directory. Tensor values stay where they are.
//!
//! Layout from the specification in the ggml project (`docs/gguf.md`): magic, version, two counts, key-value
//! pairs, tensor entries, padding to the alignment, tensor data. Every count is checked against the bytes that
//! are left before anything is allocated, so memory is bounded by a small multiple of the file's header.

use std::collections::BTreeMap;

use super::byte_reader::ByteReader;
use super::metadata::{Metadata, MetadataValue};
use super::tensor::{TensorView, stored_bytes};
use super::{CheckpointError, ElementType};

/// Axes that a GGUF tensor may have.
const MAX_DIMS: u32 = 4;
/// The specification limits keys and tensor names; longer ones are refused.
const MAX_NAME_BYTES: u64 = 65_535;
const DEFAULT_ALIGNMENT: u64 = 32;
/// Smallest key-value pair: key length, an empty key, type, one byte.
const MIN_PAIR_BYTES: u64 = 8 + 4 + 1;
/// Smallest tensor entry: name length, axis count, type, offset.
const MIN_TENSOR_BYTES: u64 = 8 + 4 + 4 + 8;

/// A parsed GGUF file.
#[derive(Debug, Clone)]
pub struct Gguf<'a> {
    /// Version of the container: 2 or 3.
    pub version: u32,
    /// Key-value pairs.
    pub metadata: Metadata,
    /// Tensors by name.
    pub tensors: BTreeMap<String, TensorView<'a>>,
}

/// A tensor entry before the data section is known.
struct Entry {
    name: String,
    dims: Vec<u64>,
    element_type: ElementType,
    offset: u64,
    n_bytes: u64,
}

impl<'a> Gguf<'a> {
    /// Whether the bytes start like a GGUF file.
    pub fn is_gguf(bytes: &[u8]) -> bool {
        bytes.starts_with(b"GGUF")
    }

    /// Parses header and directory.
    ///
    /// # Errors
    /// Names the byte or the tensor and what is wrong with it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CheckpointError> {
        let mut reader = ByteReader::new(bytes);
        if reader.take(4, "the magic word")? != b"GGUF" {
            return Err(CheckpointError::new(
                "byte 0",
                "a GGUF file starts with \"GGUF\"",
            ));
        }
        let version = reader.u32("the version")?;
        if version != 2 && version != 3 {
            let hint = if matches!(version.swap_bytes(), 2 | 3) {
                " (a big-endian file)"
            } else {
                ""
            };
            return Err(CheckpointError::new(
                "byte 4",
                format!(
                    "GGUF version {version}{hint}; versions 2 and 3 in little-endian order are read"
                ),
            ));
        }
        let n_tensors = reader.u64("the number of tensors")?;
        let n_pairs = reader.u64("the number of metadata pairs")?;
        check_count(&reader, n_pairs, MIN_PAIR_BYTES, "metadata pairs")?;
        let metadata = read_metadata(&mut reader, n_pairs)?;
        check_count(&reader, n_tensors, MIN_TENSOR_BYTES, "tensors")?;
        let entries = (0..n_tensors)
            .map(|_| read_entry(&mut reader))
            .collect::<Result<Vec<_>, _>>()?;
        let alignment = alignment(&metadata)?;
        let data_start = (reader.position() as u64).next_multiple_of(alignment);
        let tensors = locate(bytes, data_start, alignment, entries)?;
        Ok(Self {
            version,
            metadata,
            tensors,
        })
    }
}

/// Refuses a count whose smallest content would not fit the rest of the file.
fn check_count(
    reader: &ByteReader<'_>,
    count: u64,
    min_bytes: u64,
    what: &str,
) -> Result<(), CheckpointError> {
    if count
        .checked_mul(min_bytes)
        .is_none_or(|bytes| bytes > reader.remaining() as u64)
    {
        return Err(reader.fault(format!(
            "{count} {what} are announced, {} bytes are left in the file",
            reader.remaining()
        )));
    }
    Ok(())
}

fn read_metadata(reader: &mut ByteReader<'_>, n_pairs: u64) -> Result<Metadata, CheckpointError> {
    let mut pairs = BTreeMap::new();
    for _ in 0..n_pairs {
        let key = read_text(reader, MAX_NAME_BYTES, "a metadata key")?;
        let kind = reader.u32("a metadata type")?;
        let value = read_value(reader, kind, &key)?;
        if pairs.insert(key.clone(), value).is_some() {
            return Err(reader.fault(format!("metadata key {key} appears twice")));
        }
    }
    Ok(Metadata(pairs))
}

fn read_text(
    reader: &mut ByteReader<'_>,
    max_bytes: u64,
    what: &str,
) -> Result<String, CheckpointError> {
    let n_bytes = reader.u64(what)?;
    if n_bytes > max_bytes {
        return Err(reader.fault(format!(
            "{what} of {n_bytes} bytes; at most {max_bytes} are allowed"
        )));
    }
    let bytes = reader.take(n_bytes, what)?;
    // Vocabularies hold pieces of characters in some files: those are kept readable, not refused.
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

fn read_value(
    reader: &mut ByteReader<'_>,
    kind: u32,
    key: &str,
) -> Result<MetadataValue, CheckpointError> {
    Ok(match kind {
        0 | 2 | 4 | 10 => MetadataValue::Unsigned(read_unsigned(reader, kind, key)?),
        1 | 3 | 5 | 11 => MetadataValue::Signed(read_integer(reader, kind, key)?),
        6 => MetadataValue::Float(f64::from(reader.f32(key)?)),
        12 => MetadataValue::Float(reader.f64(key)?),
        7 => MetadataValue::Bool(reader.u8(key)? != 0),
        8 => MetadataValue::Text(read_text(reader, u64::MAX, key)?),
        9 => read_array(reader, key)?,
        other => {
            return Err(reader.fault(format!(
                "metadata {key} has type {other}; types are 0 to 12"
            )));
        }
    })
}

fn read_unsigned(
    reader: &mut ByteReader<'_>,
    kind: u32,
    what: &str,
) -> Result<u64, CheckpointError> {
    Ok(match kind {
        0 => u64::from(reader.u8(what)?),
        2 => u64::from(reader.u16(what)?),
        4 => u64::from(reader.u32(what)?),
        _ => reader.u64(what)?,
    })
}

/// Any integer kind, or a truth value, as i64; the bits of a large u64 are kept.
fn read_integer(
    reader: &mut ByteReader<'_>,
    kind: u32,
    what: &str,
) -> Result<i64, CheckpointError> {
    Ok(match kind {
        1 => i64::from(reader.u8(what)?.cast_signed()),
        3 => i64::from(reader.u16(what)?.cast_signed()),
        5 => i64::from(reader.i32(what)?),
        7 => i64::from(reader.u8(what)?),
        11 => reader.u64(what)?.cast_signed(),
        _ => read_unsigned(reader, kind, what)?.cast_signed(),
    })
}

fn read_array(reader: &mut ByteReader<'_>, key: &str) -> Result<MetadataValue, CheckpointError> {
    let kind = reader.u32(key)?;
    let n = reader.u64(key)?;
    let min_bytes = match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        8 | 10..=12 => 8,
        other => {
            return Err(reader.fault(format!(
                "metadata {key} is a list of type {other}, which is not read"
            )));
        }
    };
    check_count(reader, n, min_bytes, &format!("entries of {key}"))?;
    Ok(match kind {
        6 => MetadataValue::Floats((0..n).map(|_| reader.f32(key)).collect::<Result<_, _>>()?),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "lists of f64 hold scores; f32 suffices"
        )]
        12 => MetadataValue::Floats(
            (0..n)
                .map(|_| reader.f64(key).map(|value| value as f32))
                .collect::<Result<_, _>>()?,
        ),
        8 => MetadataValue::Texts(
            (0..n)
                .map(|_| read_text(reader, u64::MAX, key))
                .collect::<Result<_, _>>()?,
        ),
        _ => MetadataValue::Integers(
            (0..n)
                .map(|_| read_integer(reader, kind, key))
                .collect::<Result<_, _>>()?,
        ),
    })
}

fn read_entry(reader: &mut ByteReader<'_>) -> Result<Entry, CheckpointError> {
    let name = read_text(reader, MAX_NAME_BYTES, "a tensor name")?;
    let n_dims = reader.u32("the number of axes")?;
    if n_dims > MAX_DIMS {
        return Err(reader.fault(format!(
            "tensor {name} has {n_dims} axes; at most {MAX_DIMS} are allowed"
        )));
    }
    let mut dims = (0..n_dims)
        .map(|_| reader.u64("an axis length"))
        .collect::<Result<Vec<_>, _>>()?;
    // The file lists the innermost axis first.
    dims.reverse();
    let number = reader.u32("a tensor type")?;
    let element_type = ElementType::from_gguf_number(number)
        .ok_or_else(|| reader.fault(format!("tensor {name} has the unknown type {number}")))?;
    let offset = reader.u64("a tensor offset")?;
    let n_bytes = stored_bytes(&name, &dims, element_type)?;
    Ok(Entry {
        name,
        dims,
        element_type,
        offset,
        n_bytes,
    })
}

fn alignment(metadata: &Metadata) -> Result<u64, CheckpointError> {
    let key = "general.alignment";
    match metadata.count(key)? {
        None => Ok(DEFAULT_ALIGNMENT),
        Some(alignment) if alignment.is_power_of_two() => Ok(u64::from(alignment)),
        Some(alignment) => Err(CheckpointError::new(
            format!("metadata {key}"),
            format!("is {alignment}; a power of two is allowed"),
        )),
    }
}

/// Gives each entry its bytes in the data section; entries must be aligned and must not share bytes.
fn locate(
    bytes: &[u8],
    data_start: u64,
    alignment: u64,
    mut entries: Vec<Entry>,
) -> Result<BTreeMap<String, TensorView<'_>>, CheckpointError> {
    let n_data = (bytes.len() as u64).saturating_sub(data_start);
    entries.sort_by_key(|entry| entry.offset);
    let mut tensors = BTreeMap::new();
    let mut free_from = 0;
    for Entry {
        name,
        dims,
        element_type,
        offset,
        n_bytes,
    } in entries
    {
        let fault = |reason: String| CheckpointError::new(format!("tensor {name}"), reason);
        if offset % alignment != 0 {
            return Err(fault(format!(
                "offset {offset} is not a multiple of the alignment {alignment}"
            )));
        }
        if offset < free_from {
            return Err(fault(format!(
                "offset {offset} lies inside the tensor before it"
            )));
        }
        let end = offset.checked_add(n_bytes).filter(|end| *end <= n_data).ok_or_else(|| {
            fault(format!(
                "{n_bytes} bytes at offset {offset} reach past the {n_data} bytes of tensor data"
            ))
        })?;
        free_from = end;
        let index = |position: u64| usize::try_from(data_start + position).ok();
        let data = index(offset)
            .zip(index(end))
            .and_then(|(start, end)| bytes.get(start..end))
            .ok_or_else(|| fault("lies outside the file".to_owned()))?;
        let view = TensorView::new(name.clone(), dims, element_type, data)?;
        if tensors.insert(name.clone(), view).is_some() {
            return Err(CheckpointError::new(
                format!("tensor {name}"),
                "appears twice",
            ));
        }
    }
    Ok(tensors)
}
