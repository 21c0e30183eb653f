//! llama2.c checkpoints: the legacy `.bin` of seven 32-bit integers and f32 weights.
//!
//! Layout as written by `legacy_export` of karpathy/llama2.c: width, feed-forward width, layers, heads,
//! key heads, tokens (negative when the classifier is not tied to the embedding), context; then the tensors, each kind
//! for all layers; two rope tables that are not used; the classifier where it is its own.

use std::collections::BTreeMap;

use super::byte_reader::ByteReader;
use super::tensor::TensorView;
use super::{CheckpointError, ElementType};

/// Header of a llama2.c checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Llama2cHeader {
    /// Width of the residual stream.
    pub hidden_size: u32,
    /// Width of the feed-forward part.
    pub ffn_size: u32,
    /// Number of layers.
    pub n_layers: u32,
    /// Number of query heads.
    pub n_heads: u32,
    /// Number of key and value heads.
    pub n_kv_heads: u32,
    /// Number of tokens.
    pub vocab_size: u32,
    /// Longest context.
    pub max_context: u32,
    /// Whether the embedding is the classifier too.
    pub tied_embeddings: bool,
}

/// Largest value that a header field may have; the shapes of the largest published models are far below.
const MAX_FIELD: u32 = 1 << 24;

/// Reads header and tensors; the tensors get the names of GGUF files.
///
/// # Errors
/// When a field is out of range or the weights do not fill the file exactly.
pub fn parse_llama2c(
    bytes: &[u8],
) -> Result<(Llama2cHeader, BTreeMap<String, TensorView<'_>>), CheckpointError> {
    let mut reader = ByteReader::new(bytes);
    let header = read_header(&mut reader)?;
    let mut tensors = BTreeMap::new();
    let layers = 0..header.n_layers;
    let hidden = u64::from(header.hidden_size);
    let ffn = u64::from(header.ffn_size);
    let vocab = u64::from(header.vocab_size);
    let head_dim = hidden / u64::from(header.n_heads);
    let kv = head_dim * u64::from(header.n_kv_heads);

    take(
        &mut reader,
        &mut tensors,
        "token_embd.weight".to_owned(),
        &[vocab, hidden],
    )?;
    let per_layer: [(&str, &[u64]); 9] = [
        ("attn_norm", &[hidden]),
        ("attn_q", &[hidden, hidden]),
        ("attn_k", &[kv, hidden]),
        ("attn_v", &[kv, hidden]),
        ("attn_output", &[hidden, hidden]),
        ("ffn_norm", &[hidden]),
        ("ffn_gate", &[ffn, hidden]),
        ("ffn_down", &[hidden, ffn]),
        ("ffn_up", &[ffn, hidden]),
    ];
    for (kind, dims) in per_layer {
        for layer in layers.clone() {
            take(
                &mut reader,
                &mut tensors,
                format!("blk.{layer}.{kind}.weight"),
                dims,
            )?;
        }
    }
    take(
        &mut reader,
        &mut tensors,
        "output_norm.weight".to_owned(),
        &[hidden],
    )?;
    let rope_bytes = u64::from(header.max_context) * head_dim * 4;
    reader.take(rope_bytes, "the two rope tables")?;
    if !header.tied_embeddings {
        take(
            &mut reader,
            &mut tensors,
            "output.weight".to_owned(),
            &[vocab, hidden],
        )?;
    }
    if reader.remaining() > 0 {
        return Err(reader.fault(format!(
            "{} bytes follow the last tensor; the header does not fit the file",
            reader.remaining()
        )));
    }
    Ok((header, tensors))
}

fn read_header(reader: &mut ByteReader<'_>) -> Result<Llama2cHeader, CheckpointError> {
    const NAMES: [&str; 7] = [
        "dim",
        "hidden_dim",
        "n_layers",
        "n_heads",
        "n_kv_heads",
        "vocab_size",
        "seq_len",
    ];
    let mut fields = [0_u32; 7];
    let mut tied_embeddings = true;
    for (name, field) in NAMES.into_iter().zip(&mut fields) {
        let value = reader.i32(name)?;
        if name == "vocab_size" {
            tied_embeddings = value > 0;
        } else if value < 0 {
            return Err(reader.fault(format!("{name} is {value}; 1 to {MAX_FIELD} is allowed")));
        }
        *field = value.unsigned_abs();
        if *field == 0 || *field > MAX_FIELD {
            return Err(reader.fault(format!("{name} is {value}; 1 to {MAX_FIELD} is allowed")));
        }
    }
    let [
        hidden_size,
        ffn_size,
        n_layers,
        n_heads,
        n_kv_heads,
        vocab_size,
        max_context,
    ] = fields;
    if hidden_size % n_heads != 0
        || n_heads % n_kv_heads != 0
        || !(hidden_size / n_heads).is_multiple_of(2)
    {
        return Err(reader.fault(format!(
            "{n_heads} heads and {n_kv_heads} key heads do not divide a width of {hidden_size} into even parts"
        )));
    }
    Ok(Llama2cHeader {
        hidden_size,
        ffn_size,
        n_layers,
        n_heads,
        n_kv_heads,
        vocab_size,
        max_context,
        tied_embeddings,
    })
}

fn take<'a>(
    reader: &mut ByteReader<'a>,
    tensors: &mut BTreeMap<String, TensorView<'a>>,
    name: String,
    dims: &[u64],
) -> Result<(), CheckpointError> {
    let n_bytes = super::tensor::stored_bytes(&name, dims, ElementType::F32)?;
    let data = reader.take(n_bytes, &name)?;
    tensors.insert(
        name.clone(),
        TensorView::new(name, dims.to_vec(), ElementType::F32, data)?,
    );
    Ok(())
}
