//! A language model that runs with the arithmetic of a design: checkpoints, tokenizers and the forward pass.
//!
//! Nothing here opens a file or starts a thread: bytes come in, sums of negative log-likelihood go out. Windows of a
//! text are independent, so a caller may run them in parallel with one [`Pass`] a thread.

mod accumulation;
mod attention;
pub mod checkpoint;
mod elementwise;
pub mod hyperparameters;
mod key_smoothing;
mod layer;
mod likelihood;
mod matrix;
mod matrix_product;
mod open_values;
mod operands;
mod pass;
mod protocol;
mod quantized_model;
mod rotary;
mod super_block_product;
pub mod tokenizer;
mod weights;

use std::sync::Arc;

use layer::Layer;
use super_block_product::SuperBlockWeights;

use crate::architecture::NormKind;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use hyperparameters::Hyperparameters;
pub use key_smoothing::KeyScales;
pub use likelihood::{Divergence, NllSum};
pub use matrix::{Matrix, MatrixView};
pub use matrix_product::matrix_product;
pub use operands::Observer;
pub use pass::{Pass, WindowError};
pub use protocol::{Cutting, Protocol, Window};
pub use quantized_model::{Arithmetic, QuantizedModel};
pub use tokenizer::Tokenizer;

/// The weights of one model in f32. Cloning shares them.
#[derive(Debug, Clone)]
pub struct LanguageModel {
    /// Shape and choices of the architecture.
    pub hyperparameters: Hyperparameters,
    /// Divisors of the rotation frequencies, one a pair, where the file carries them.
    pub(crate) rotary_divisors: Option<Arc<[f32]>>,
    pub(crate) embedding: Matrix,
    pub(crate) embedding_norm: Option<Norm>,
    pub(crate) positions: Option<Matrix>,
    pub(crate) layers: Vec<Layer>,
    /// From the embedding's length to the hidden size, where they differ.
    pub(crate) input_projection: Option<Matrix>,
    /// From the hidden size to the embedding's length.
    pub(crate) output_projection: Option<Matrix>,
    /// `None` where each part normalizes its sum.
    pub(crate) final_norm: Option<Norm>,
    pub(crate) head: Linear,
}

/// A linear layer: `out = in x weight^T + bias`, rows of the weight run along the reduction.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    pub(crate) weight: Matrix,
    pub(crate) bias: Option<Arc<[f32]>>,
    /// The weight as super-blocks, where the product is computed in integers.
    super_blocks: Option<SuperBlockWeights>,
    /// Significant bits of the register in which block sums are added; `None`: f32 as the processor adds.
    accumulator_bits: Option<u8>,
}

impl Linear {
    pub(crate) fn new(weight: Matrix, bias: Option<Arc<[f32]>>) -> Self {
        Self {
            weight,
            bias,
            super_blocks: None,
            accumulator_bits: None,
        }
    }
}

/// A normalization with its gain and bias.
#[derive(Debug, Clone)]
pub(crate) struct Norm {
    pub(crate) kind: NormKind,
    pub(crate) epsilon: f32,
    pub(crate) gain: Arc<[f32]>,
    pub(crate) bias: Option<Arc<[f32]>>,
}
