//! Error of one or many formats on a tensor, a piece at a time: each piece is loaded from memory once and stays in the cache.

use super::error_sums::{self, ErrorLanes, ErrorSums};
use super::quantizer::{Quantizer, largest_finite};
use crate::format::{BlockLen, Format};

/// Values of a piece: it and its quantized form take 128 KiB, so that both stay in a second-level cache.
const PIECE_VALUES: usize = 16 * 1024;

/// Values brought to one format at a time: they and their quantized form stay in the first-level cache.
const PART_VALUES: usize = 4 * 1024;

/// Sums of the error that `format` makes on `x`; rows as in [`super::quantize_dequantize`].
pub fn measure(format: Format, x: &[f32], row_len: usize) -> ErrorSums {
    let mut sums = measure_many(&[format], x, row_len);
    sums.pop().unwrap_or_default()
}

/// [`measure`] for several formats with one load of `x` from memory.
pub fn measure_many(formats: &[Format], x: &[f32], row_len: usize) -> Vec<ErrorSums> {
    let row_len = if row_len == 0 {
        x.len()
    } else {
        row_len.min(x.len())
    };
    let tensor_scaled = formats
        .iter()
        .any(|format| matches!(format, Format::Nvfp4(_)));
    let largest = if tensor_scaled {
        largest_finite(x)
    } else {
        0.0
    };
    let quantizers: Vec<Quantizer> = formats
        .iter()
        .map(|format| Quantizer::new(*format, largest))
        .collect();
    let piece = formats
        .iter()
        .map(|format| values_per_piece(row_len, format.block_len()))
        .max()
        .unwrap_or(PIECE_VALUES)
        .max(1);
    let mut scratch = vec![0.0; piece.min(x.len())];
    let mut sums = vec![ErrorSums::default(); formats.len()];
    for (index, x) in x.chunks(piece).enumerate() {
        let scratch = &mut scratch[..x.len()];
        let signal = error_sums::signal(x);
        for (quantizer, sums) in quantizers.iter().zip(&mut sums) {
            let quantizer = quantizer.starting_at((index * piece) as u64);
            sums.merge(&of_piece(&quantizer, x, row_len, scratch, signal));
        }
    }
    sums
}

/// Sums of one piece, part by part.
fn of_piece(
    quantizer: &Quantizer,
    x: &[f32],
    row_len: usize,
    scratch: &mut [f32],
    signal: f64,
) -> ErrorSums {
    let part = PART_VALUES / row_len.max(1) * row_len;
    // parts are whole rows and whole registers, else the lanes would not add up as those of the piece do
    let part = if part.is_multiple_of(error_sums::LANES) && part > 0 {
        part
    } else {
        x.len().max(1)
    };
    let mut lanes = ErrorLanes::default();
    let mut n_saturated = 0;
    for (index, (x, out)) in x.chunks(part).zip(scratch.chunks_mut(part)).enumerate() {
        let quantizer = quantizer.starting_at((index * part) as u64);
        n_saturated += quantizer.quantize(x, row_len, out);
        lanes.add(x, out);
    }
    let sums = lanes.sums(signal);
    ErrorSums {
        n_saturated,
        ..sums.unwrap_or_else(|| ErrorSums::of_finite(x, scratch))
    }
}

/// Rows of one piece of a tensor with rows of this length.
///
/// Callers with several threads measure pieces of this many rows and merge the sums in order: the result has the bits of
/// [`measure`] on the whole tensor.
pub const fn rows_per_piece(row_len: usize) -> usize {
    let rows = PIECE_VALUES / if row_len == 0 { 1 } else { row_len };
    if rows == 0 { 1 } else { rows }
}

/// Values of one piece: whole rows; of rows longer than a piece, a part that no block crosses.
pub(super) fn values_per_piece(row_len: usize, block_len: BlockLen) -> usize {
    if row_len <= PIECE_VALUES {
        return rows_per_piece(row_len) * row_len;
    }
    row_len.max(block_len.values(row_len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_measured_apart_and_merged_in_order_give_the_same_bits() {
        let x: Vec<f32> = (0_u16..50_000)
            .map(|i| (f32::from(i) * 0.37).sin())
            .collect();
        let row_len = 500;
        for text in [
            "bfp:m=4,e=8,b=32",
            "bfp:m=3,e=8,b=row,round=stochastic",
            "mxfp4",
            "q4_0",
        ] {
            let format = text.parse().unwrap();
            let whole = measure(format, &x, row_len);
            let mut merged = ErrorSums::default();
            let piece = rows_per_piece(row_len) * row_len;
            for (index, part) in x.chunks(piece).enumerate() {
                let mut out = vec![0.0; part.len()];
                let quantizer =
                    Quantizer::for_tensor(format, part).starting_at((index * piece) as u64);
                let n_saturated = quantizer.quantize(part, row_len, &mut out);
                merged.merge(&ErrorSums {
                    n_saturated,
                    ..ErrorSums::of(part, &out)
                });
            }
            assert_eq!(whole, merged, "{text}");
        }
    }
}
