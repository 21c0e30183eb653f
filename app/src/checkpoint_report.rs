//! The error that the formats of a design make on each weight of an opened model; made on a thread of its own.
//!
//! Large tensors are judged by their first values, and say so. Activations are not looked at here.

use std::path::PathBuf;

use blockscape_model::design::FormatTable;
use blockscape_model::format::Format;
use blockscape_model::language_model::checkpoint::TensorView;
use blockscape_model::quantization::measure;
use blockscape_model::workload::{ModelShape, Product, Side, Slot};

use crate::background::Ticket;
use crate::checkpoint_file::CheckpointFile;

/// A model to be looked at in the formats of a design.
#[derive(Debug, Clone)]
pub struct Question {
    pub path: PathBuf,
    pub formats: FormatTable,
}

/// The model and its tensors.
#[derive(Debug, Clone)]
pub struct CheckpointReport {
    pub path: PathBuf,
    pub shape: ModelShape,
    pub rows: Vec<TensorError>,
}

/// Error of one tensor.
#[derive(Debug, Clone)]
pub struct TensorError {
    pub name: String,
    pub dims: Vec<u64>,
    pub stored_as: String,
    pub format: Format,
    pub sqnr_db: f64,
    pub mse: f64,
    pub max_error: f64,
    /// Whether only the first values were looked at.
    pub sampled: bool,
}

/// Values of a tensor that are looked at, at most.
const MOST_VALUES: u64 = 1 << 22;

/// Makes the report; `None` once a newer question waits.
///
/// # Errors
/// What is wrong with the file, in one line.
pub fn answer(
    question: &Question,
    ticket: &Ticket<'_>,
) -> Option<anyhow::Result<CheckpointReport>> {
    report(question, ticket).transpose()
}

fn report(question: &Question, ticket: &Ticket<'_>) -> anyhow::Result<Option<CheckpointReport>> {
    let file = CheckpointFile::open(&question.path)?;
    let checkpoint = file.checkpoint()?;
    let shape = checkpoint.hyperparameters.shape.clone();
    let mut rows = Vec::new();
    for (name, tensor) in &checkpoint.tensors {
        if ticket.is_stale() {
            return Ok(None);
        }
        let Some((layer, slot)) = site_of(name, shape.n_layers) else {
            continue;
        };
        if tensor.dims.len() == 2 {
            rows.push(error_of(name, tensor, question.formats.at(layer, slot))?);
        }
    }
    rows.sort_by(|a, b| {
        layer_of(&a.name)
            .cmp(&layer_of(&b.name))
            .then_with(|| a.name.cmp(&b.name))
    });
    Ok(Some(CheckpointReport {
        path: question.path.clone(),
        shape,
        rows,
    }))
}

fn error_of(name: &str, tensor: &TensorView<'_>, format: Format) -> anyhow::Result<TensorError> {
    let row_len = tensor.row_len().max(1);
    let n_rows = (MOST_VALUES / row_len).clamp(1, tensor.n_rows());
    let values = tensor.decode_rows(0, n_rows)?;
    let sums = measure(format, &values, usize::try_from(row_len)?);
    Ok(TensorError {
        name: name.to_owned(),
        dims: tensor.dims.clone(),
        stored_as: tensor.element_type.name(),
        format,
        sqnr_db: sums.sqnr_db(),
        mse: sums.mse(),
        max_error: sums.max_error(),
        sampled: n_rows < tensor.n_rows(),
    })
}

/// Names of weights in GGUF, transformers and llama2.c checkpoints, with their products.
const NAMES: [(&str, Product); 30] = [
    ("attn_qkv", Product::Q),
    ("qkv_proj", Product::Q),
    ("c_attn", Product::Q),
    ("attn_q", Product::Q),
    ("q_proj", Product::Q),
    ("attn.q", Product::Q),
    ("wq", Product::Q),
    ("attn_k", Product::K),
    ("k_proj", Product::K),
    ("attn.k", Product::K),
    ("wk", Product::K),
    ("attn_v", Product::V),
    ("v_proj", Product::V),
    ("attn.v", Product::V),
    ("wv", Product::V),
    ("attn_output", Product::O),
    ("o_proj", Product::O),
    ("out_proj", Product::O),
    ("attn.c_proj", Product::O),
    ("wo", Product::O),
    ("ffn_gate", Product::Gate),
    ("gate_proj", Product::Gate),
    ("ffn_up", Product::Up),
    ("up_proj", Product::Up),
    ("fc1", Product::Up),
    ("c_fc", Product::Up),
    ("ffn_down", Product::Down),
    ("down_proj", Product::Down),
    ("fc2", Product::Down),
    ("mlp.c_proj", Product::Down),
];

/// Layer and slot of a weight by its name; `None` for norms, embeddings and biases.
fn site_of(name: &str, n_layers: u32) -> Option<(u32, Slot)> {
    if name.ends_with("bias") {
        return None;
    }
    let stem = name.trim_end_matches(".weight");
    if stem == "output" || stem == "lm_head" {
        return Some((n_layers, Slot::of(Product::Head, Side::Stationary)));
    }
    let layer = layer_of(name)?;
    let (_, product) = NAMES.iter().find(|(part, _)| stem.ends_with(part))?;
    Some((layer, Slot::of(*product, Side::Stationary)))
}

fn layer_of(name: &str) -> Option<u32> {
    name.split('.').find_map(|part| part.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_found_by_the_names_of_each_container() {
        for (name, site) in [
            ("blk.3.attn_output.weight", "o.weight"),
            ("model.layers.3.mlp.gate_proj.weight", "gate.weight"),
            ("transformer.h.3.mlp.c_proj.weight", "down.weight"),
            ("model.decoder.layers.3.fc1.weight", "up.weight"),
        ] {
            let (layer, slot) = site_of(name, 8).unwrap();
            assert_eq!((layer, slot.to_string().as_str()), (3, site), "{name}");
        }
        assert_eq!(site_of("blk.3.attn_norm.weight", 8), None);
        assert_eq!(site_of("blk.3.attn_q.bias", 8), None);
    }
}
