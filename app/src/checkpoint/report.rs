//! The error that the formats of a design make on each weight of an opened model; asked for on a thread of its own, made on all
//! cores.
//!
//! A file whose architecture is not known still has weights: every matrix in it is looked at. Activations are not.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use blockscape_explorer::measurement::tensor_error::tensor_errors;
use blockscape_explorer::measurement::with_threads;
use blockscape_model::design::FormatTable;
use blockscape_model::format::Format;
use blockscape_model::language_model::checkpoint::{ElementType, TensorView};
use blockscape_model::quantization::ErrorSums;
use blockscape_model::workload::{ModelShape, Product, Side, Slot};

use crate::checkpoint::file::CheckpointFile;
use blockscape_explorer::Ticket;

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
    /// The shape of a language model, or why the file is weights only.
    pub architecture: Result<ModelShape, String>,
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
}

/// Makes the report; `None` once a newer question waits.
///
/// # Errors
/// What is wrong with the file, in one line.
pub fn answer(question: &Question, ticket: &Ticket) -> Option<anyhow::Result<CheckpointReport>> {
    report(question, ticket).transpose()
}

fn report(question: &Question, ticket: &Ticket) -> anyhow::Result<Option<CheckpointReport>> {
    let file = CheckpointFile::open(&question.path)?;
    let (tensors, architecture) = match file.checkpoint() {
        Ok(checkpoint) => (
            checkpoint.tensors,
            checkpoint
                .hyperparameters
                .shape()
                .map_err(|error| error.to_string()),
        ),
        // A file that is damaged itself is told of as before.
        Err(unknown) => match file.tensors() {
            Ok(tensors) if !weights_of(&tensors, None, &question.formats).is_empty() => {
                (tensors, Err(unknown.root_cause().to_string()))
            }
            _ => return Err(unknown),
        },
    };
    let n_layers = architecture.as_ref().ok().map(|shape| shape.n_layers);
    let weights = weights_of(&tensors, n_layers, &question.formats);
    let sums = with_threads(None, || tensor_errors(&weights, &|| ticket.is_stale()))?;
    let Some(sums) = sums else { return Ok(None) };
    let sums = sums.with_context(|| file.name())?;
    let mut rows: Vec<TensorError> = weights
        .iter()
        .zip(&sums)
        .map(|(&(tensor, format), sums)| row(tensor, format, sums))
        .collect();
    rows.sort_by(|a, b| {
        layer_of(&a.name)
            .cmp(&layer_of(&b.name))
            .then_with(|| a.name.cmp(&b.name))
    });
    Ok(Some(CheckpointReport {
        path: question.path.clone(),
        architecture,
        rows,
    }))
}

/// The weights that are looked at, with their formats.
///
/// Of a language model those that the design has a site for. Where the architecture is not known (no number of layers) every
/// matrix of floats; one without a site takes the format of the query weights of its layer, or of the first.
fn weights_of<'a, 'b>(
    tensors: &'b BTreeMap<String, TensorView<'a>>,
    n_layers: Option<u32>,
    formats: &FormatTable,
) -> Vec<(&'b TensorView<'a>, Format)> {
    let format_of = |name: &str| match (site_of(name, n_layers.unwrap_or(0)), n_layers) {
        (Some((layer, slot)), _) => Some(formats.at(layer, slot)),
        (None, Some(_)) => None,
        (None, None) => {
            let slot = Slot::of(Product::Q, Side::Stationary);
            Some(formats.at(layer_of(name).unwrap_or(0), slot))
        }
    };
    let holds_floats = |tensor: &TensorView<'_>| {
        !matches!(
            tensor.element_type,
            ElementType::Signed(_) | ElementType::Unsigned(_)
        )
    };
    tensors
        .iter()
        .filter(|(_, tensor)| tensor.dims.len() == 2 && holds_floats(tensor))
        .filter_map(|(name, tensor)| Some((tensor, format_of(name)?)))
        .collect()
}

fn row(tensor: &TensorView<'_>, format: Format, sums: &ErrorSums) -> TensorError {
    TensorError {
        name: tensor.name.clone(),
        dims: tensor.dims.clone(),
        stored_as: tensor.element_type.name(),
        format,
        sqnr_db: sums.sqnr_db(),
        mse: sums.mse(),
        max_error: sums.max_error(),
    }
}

/// Names of weights in GGUF, transformers (BERT first) and llama2.c checkpoints, with their products.
const NAMES: [(&str, Product); 36] = [
    ("attention.self.query", Product::Q),
    ("attention.self.key", Product::K),
    ("attention.self.value", Product::V),
    ("attention.output.dense", Product::O),
    ("intermediate.dense", Product::Up),
    ("output.dense", Product::Down),
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
            ("encoder.layer.3.attention.output.dense.weight", "o.weight"),
            ("encoder.layer.3.output.dense.weight", "down.weight"),
        ] {
            let (layer, slot) = site_of(name, 8).unwrap();
            assert_eq!((layer, slot.to_string().as_str()), (3, site), "{name}");
        }
        assert_eq!(site_of("blk.3.attn_norm.weight", 8), None);
        assert_eq!(site_of("blk.3.attn_q.bias", 8), None);
    }
}
