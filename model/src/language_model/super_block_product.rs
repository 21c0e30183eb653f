//! Matrix products in the integer arithmetic of ggml's super-blocks: `Q2_K` or `Q3_K` weights times `Q8_K` activations.
//!
//! What F-BFQ's hardware computes, by the products of `integer_product`; slower than the matrix product of the
//! dequantized values, from which it differs by the rounding of sums alone.

use std::sync::Arc;

use super::Matrix;
use crate::format::{Format, GgmlFormat};
use crate::integer_product::super_block_dot;
use crate::quantization::ggml::{SUPER_BLOCK, SuperBlock};

/// Weights as super-blocks, a row after the other.
#[derive(Debug, Clone)]
pub(super) struct SuperBlockWeights {
    blocks: Arc<Vec<(GgmlFormat, SuperBlock)>>,
    blocks_per_row: usize,
}

impl SuperBlockWeights {
    /// Of a matrix, if the formats of weights and activations are a pair that is computed in integers.
    pub(super) fn new(weight: &Matrix, weights: Format, activations: Format) -> Option<Self> {
        let Format::Ggml(format @ (GgmlFormat::Q2_K | GgmlFormat::Q3_K)) = weights else {
            return None;
        };
        if activations != Format::Ggml(GgmlFormat::Q8_K) {
            return None;
        }
        let blocks = super_blocks(format, weight.values(), weight.row_len());
        Some(Self {
            blocks: Arc::new(blocks.into_iter().map(|block| (format, block)).collect()),
            blocks_per_row: weight.row_len().div_ceil(SUPER_BLOCK),
        })
    }

    /// `out = activations x weight^T` for activations of `row_len` values a row, not quantized yet.
    pub(super) fn product(&self, activations: &[f32], row_len: usize, out: &mut [f32]) {
        let activations = super_blocks(GgmlFormat::Q8_K, activations, row_len);
        let n_out = self.blocks.len() / self.blocks_per_row;
        let rows = activations.chunks_exact(self.blocks_per_row);
        for (out, activations) in out.chunks_exact_mut(n_out).zip(rows) {
            for (out, weights) in out
                .iter_mut()
                .zip(self.blocks.chunks_exact(self.blocks_per_row))
            {
                *out = super_block_dot(weights, activations);
            }
        }
    }
}

/// Rows cut into super-blocks, the last of each filled up with zeros.
fn super_blocks(format: GgmlFormat, values: &[f32], row_len: usize) -> Vec<SuperBlock> {
    values
        .chunks_exact(row_len)
        .flat_map(|row| row.chunks(SUPER_BLOCK))
        .map(|block| {
            let mut padded = [0.0; SUPER_BLOCK];
            padded[..block.len()].copy_from_slice(block);
            SuperBlock::quantize(format, &padded)
        })
        .collect()
}
