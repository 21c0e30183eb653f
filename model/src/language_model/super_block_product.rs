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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantization::quantize_dequantize;

    #[test]
    fn integer_products_are_those_of_the_dequantized_values() {
        let values = |seed: u32, len: usize| -> Vec<f32> {
            let mut state = seed;
            (0..len)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    f32::from(u16::try_from(state >> 16).unwrap()) / 65536.0 - 0.5
                })
                .collect()
        };
        for row_len in [64, 172, 256, 300, 512] {
            for format in [GgmlFormat::Q2_K, GgmlFormat::Q3_K] {
                let formats = [Format::Ggml(format), Format::Ggml(GgmlFormat::Q8_K)];
                let [weights, activations] = [values(1, 5 * row_len), values(2, 3 * row_len)];
                let matrix = Matrix::new(weights.clone(), 5, row_len);
                let mut products = vec![0.0; 15];
                SuperBlockWeights::new(&matrix, formats[0], formats[1])
                    .unwrap()
                    .product(&activations, row_len, &mut products);
                let [w, a] = [(0, &weights), (1, &activations)].map(|(which, values)| {
                    let mut out = vec![0.0; values.len()];
                    quantize_dequantize(formats[which], values, row_len, &mut out);
                    out
                });
                for (index, product) in products.into_iter().enumerate() {
                    let [row, column] = [index / 5 * row_len, index % 5 * row_len];
                    let terms =
                        (0..row_len).map(|k| f64::from(a[row + k]) * f64::from(w[column + k]));
                    let size: f64 = terms.clone().map(f64::abs).sum();
                    let deviation = (f64::from(product) - terms.sum::<f64>()).abs();
                    assert!(
                        deviation <= 1e-6 * size,
                        "{format:?} {row_len}: {deviation}"
                    );
                }
            }
        }
    }
}
