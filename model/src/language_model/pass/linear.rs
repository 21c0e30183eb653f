//! Products of activations with weights, operands in the formats of their site.

use crate::design::SlotFormats;
use crate::format::BlockLen;
use crate::language_model::Linear;
use crate::language_model::accumulation::blockwise_product;
use crate::language_model::elementwise::add_bias;
use crate::language_model::matrix::{Matrix, MatrixView};
use crate::language_model::matrix_product::matrix_product;
use crate::language_model::operands::Activation;
use crate::workload::{Product, Side, Slot};

/// Values that are summed before the accumulator rounds, for activations without blocks.
const UNBLOCKED: usize = 32;

/// `out = x weight^T` in f32: projections of embeddings are no site of a design.
pub(super) fn project(weight: &Matrix, x: &[f32], out: &mut Vec<f32>) {
    let n_rows = x.len() / weight.row_len();
    out.resize(n_rows * weight.n_rows(), 0.0);
    let values = MatrixView::rows(x, n_rows, weight.row_len());
    matrix_product(
        out,
        weight.n_rows(),
        values,
        weight.view().transposed(),
        false,
    );
}

pub(super) fn linear(
    mut input: Activation<'_>,
    weights: &Linear,
    product: Product,
    formats: &SlotFormats,
    out: &mut Vec<f32>,
) {
    linear_again(&mut input, weights, product, formats, out);
}

/// `out = quantized input x weight^T + bias`, keeping the quantized input for the next product.
pub(super) fn linear_again(
    input: &mut Activation<'_>,
    weights: &Linear,
    product: Product,
    formats: &SlotFormats,
    out: &mut Vec<f32>,
) {
    let row_len = input.row_len();
    let n_rows = input.values().len() / row_len;
    let n_out = weights.weight.n_rows();
    out.resize(n_rows * n_out, 0.0);
    let format = formats[Slot::of(product, Side::Moving).index()];
    if let Some(super_blocks) = &weights.super_blocks {
        super_blocks.product(input.values(), row_len, out);
    } else if let Some(bits) = weights.accumulator_bits {
        let block_len = match format.block_len() {
            BlockLen::One => UNBLOCKED,
            blocks => blocks.values(row_len),
        };
        let operands = (input.at(format), weights.weight.values());
        blockwise_product(out, operands, row_len, block_len, bits);
    } else {
        let values = MatrixView::rows(input.at(format), n_rows, row_len);
        let weight = weights.weight.view().transposed();
        matrix_product(out, n_out, values, weight, false);
    }
    if let Some(bias) = &weights.bias {
        add_bias(out, bias);
    }
}
