//! Weights of checkpoints as they are released: codes and scales in several tensors, joined to one tensor of values.
//!
//! Schemes are told by names, types and shapes, as the libraries that write them have them: FP8 with scales of blocks, rows or
//! the tensor (DeepSeek, compressed-tensors, fbgemm, modelopt), NVFP4 (modelopt, compressed-tensors), MXFP4 (gpt-oss,
//! compressed-tensors, MLX), GPTQ, AWQ, integers of compressed-tensors, affine integers of MLX. What is left of a scheme that
//! is not read is an error: its scales alone would be taken for weights.

mod column_words;
mod description;
mod four_bit_floats;
mod row_words;
mod scaled;
mod shapes;
mod weight;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{CheckpointError, ElementType, TensorView};
use column_words::words_of_columns;
use description::Description;
use four_bit_floats::{mxfp4_of_gpt_oss, nvfp4_of_modelopt};
use row_words::{affine_of_mlx, packed_by_compressed_tensors};
use scaled::scaled;

pub(super) use weight::PackedWeight;

type Tensors<'a> = BTreeMap<String, TensorView<'a>>;

/// Ends of the names of tensors that mean nothing without codes.
const COMPANIONS: [&str; 20] = [
    "_blocks",
    "_scales",
    "_scale_inv",
    ".absmax",
    ".biases",
    ".g_idx",
    ".meta",
    ".nested_absmax",
    ".qweight",
    ".qzeros",
    ".quant_map",
    ".scale_inv",
    ".scales",
    ".SCB",
    ".weight_format",
    ".weight_global_scale",
    ".weight_packed",
    ".weight_scale",
    ".weight_scale_2",
    ".weight_zero_point",
];

/// Ends of the names of scales of activations, keys and values, which no weight depends on.
const OF_ACTIVATIONS: [&str; 12] = [
    ".activation_scale",
    ".activation_scale_ub",
    ".input_global_scale",
    ".input_scale",
    ".input_scale_ub",
    ".input_zero_point",
    ".k_scale",
    ".kv_cache_scaling_factor",
    ".output_scale",
    ".q_scale",
    ".v_scale",
    ".weight_shape",
];

/// Joins packed weights; tensors that are not packed stay as they are. `config` is the text of `config.json` where there is one.
///
/// # Errors
/// Names the first tensor, by name, whose parts do not fit each other or whose packing is not read.
pub fn unpack<'a>(
    tensors: Tensors<'a>,
    config: Option<&str>,
) -> Result<Tensors<'a>, CheckpointError> {
    let may_be_packed = |(name, tensor): (&String, &TensorView<'_>)| {
        is_companion(name) || tensor.element_type.block_bytes() == 1
    };
    if !tensors.iter().any(may_be_packed) {
        return Ok(tensors);
    }
    let description = Description::of_config(config);
    let mut used = BTreeSet::new();
    let mut joined = Vec::new();
    for name in tensors.keys() {
        let parts = Parts {
            tensors: &tensors,
            description: &description,
        };
        if let Some(found) = join(name, &parts)? {
            used.extend(found.parts);
            joined.push((found.name, found.dims, found.weight));
        }
    }
    let mut out = Tensors::new();
    for (name, tensor) in tensors {
        if used.contains(&name) || OF_ACTIVATIONS.iter().any(|end| name.ends_with(end)) {
            continue;
        }
        if is_companion(&name) {
            let method = description.method.as_deref().unwrap_or("a scheme");
            return Err(CheckpointError::new(
                format!("tensor {name}"),
                format!(
                    "belongs to a weight packed by {method} in a form that is not read; FP8, NVFP4, MXFP4, GPTQ (2, 4 and 8 bits), AWQ, compressed-tensors and MLX (2, 4 and 8 bits) are"
                ),
            ));
        }
        out.insert(name, tensor);
    }
    for (name, dims, weight) in joined {
        if out.contains_key(&name) {
            return Err(CheckpointError::new(
                format!("tensor {name}"),
                "stands in the file both packed and as it is",
            ));
        }
        let tensor = TensorView::packed(name.clone(), dims, Arc::new(weight));
        out.insert(name, tensor);
    }
    Ok(out)
}

fn is_companion(name: &str) -> bool {
    COMPANIONS.iter().any(|end| name.ends_with(end))
}

/// The tensors of a file, looked up by name.
#[derive(Clone, Copy)]
struct Parts<'t, 'a> {
    tensors: &'t Tensors<'a>,
    description: &'t Description,
}

/// A joined weight.
struct Joined<'a> {
    name: String,
    dims: Vec<u64>,
    weight: PackedWeight<'a>,
    /// Names of the tensors that it consists of.
    parts: Vec<String>,
}

impl<'t, 'a> Parts<'t, 'a> {
    fn get(&self, name: &str) -> Option<&'t TensorView<'a>> {
        self.tensors.get(name)
    }

    fn needed(&self, name: &str) -> Result<&'t TensorView<'a>, CheckpointError> {
        self.get(name)
            .ok_or_else(|| CheckpointError::new(format!("tensor {name}"), "is missing"))
    }

    /// The one value of a tensor; 1 where it is not there.
    fn factor(&self, name: &str) -> Result<f32, CheckpointError> {
        let Some(view) = self.get(name) else {
            return Ok(1.0);
        };
        match view.decode()?.as_slice() {
            [value] => Ok(*value),
            values => Err(CheckpointError::new(
                format!("tensor {name}"),
                format!("holds {} values, one is needed", values.len()),
            )),
        }
    }
}

/// The weight whose codes the tensor of this name holds; `None` for tensors that hold no packed codes.
fn join<'a>(name: &str, parts: &Parts<'_, 'a>) -> Result<Option<Joined<'a>>, CheckpointError> {
    let tensor = parts.needed(name)?;
    if let Some(module) = name.strip_suffix(".qweight") {
        return words_of_columns(module, tensor, parts).map(Some);
    }
    if let Some(module) = name.strip_suffix(".weight_packed") {
        return packed_by_compressed_tensors(module, tensor, parts).map(Some);
    }
    if let Some(module) = name.strip_suffix("_blocks") {
        return match parts.get(&format!("{module}_scales")) {
            Some(scales) if tensor.element_type == ElementType::Unsigned(1) => {
                mxfp4_of_gpt_oss(module, tensor, scales).map(Some)
            }
            _ => Ok(None),
        };
    }
    match tensor.element_type {
        ElementType::F8E4m3 | ElementType::F8E5m2 | ElementType::Signed(1) => {
            scaled(name, tensor, parts)
        }
        ElementType::Unsigned(1) => nvfp4_of_modelopt(name, tensor, parts),
        ElementType::Unsigned(4) => affine_of_mlx(name, tensor, parts),
        _ => Ok(None),
    }
}
