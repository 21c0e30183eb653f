//! Tensors to a format and back: block kernels, error sums, packed bits.
//!
//! Rows of contiguous values, blocks along the row, the last block of a row short. Kernels use bit arithmetic and are compiled
//! for several instruction sets, chosen at run time; every one gives the bits of the definition in double precision. No
//! threads here: callers cut tensors into pieces.
//!
//! Values no format can express: NaN stays NaN and counts as zero for the scale; an infinity counts as the largest finite
//! `f32` of its sign, and FP16 and BF16 keep it. ggml types do as ggml does where a scale leaves FP16: it becomes infinite.

mod arithmetic;
mod blocks;
mod brain_float;
mod elements;
mod error_lanes;
mod error_sums;
mod general;
pub mod ggml;
mod grid;
mod groups;
mod kernel;
mod maxima;
mod measure;
mod micro_exponent;
pub mod packed;
mod quantizer;
mod registers;
mod short_blocks;
mod strips;
mod survey;
pub(crate) mod units;

pub use error_sums::ErrorSums;
pub use measure::{measure, measure_many, rows_per_piece, rows_per_piece_in};
pub use quantizer::Quantizer;

use crate::format::Format;

/// Rounds every value of `x` to what `format` can express; `out` is as long as `x`.
///
/// Rows have `row_len` values (0 or more than there are: one row). Whole-tensor scales and the stochastic rounding of seed 0
/// are those of `x` as one tensor; [`Quantizer`] serves pieces of a larger one.
///
/// # Panics
/// If `out` is not as long as `x`.
pub fn quantize_dequantize(format: Format, x: &[f32], row_len: usize, out: &mut [f32]) {
    Quantizer::for_tensor(format, x).quantize(x, row_len, out);
}

/// [`quantize_dequantize`] onto itself.
pub fn quantize_dequantize_in_place(format: Format, x: &mut [f32], row_len: usize) {
    Quantizer::for_tensor(format, x).quantize_in_place(x, row_len);
}
