//! Error of one or many formats on a tensor, a piece at a time: each piece is loaded from memory once and stays in the cache.

use super::error_lanes::{ErrorLanes, STRETCH, ValueLanes};
use super::error_sums::ErrorSums;
use super::quantizer::{Quantizer, largest_finite, whole_row};
use super::survey::{Survey, TILE_VALUES};
use crate::format::Format;

/// Values of a piece: 64 KiB, so that it stays in a second-level cache.
const PIECE_VALUES: usize = 16 * 1024;

/// Sums of the error that `format` makes on `x`; rows as in [`super::quantize_dequantize`].
pub fn measure(format: Format, x: &[f32], row_len: usize) -> ErrorSums {
    let mut sums = measure_many(&[format], x, row_len);
    sums.pop().unwrap_or_default()
}

/// [`measure`] for several formats with one load of `x` from memory.
pub fn measure_many(formats: &[Format], x: &[f32], row_len: usize) -> Vec<ErrorSums> {
    if formats.len() > 1 && formats.iter().any(|format| format.rows_together() > 1) {
        // scales over several rows ask for longer pieces, which would change the order of the others' sums
        let apart = formats.iter().map(|format| measure(*format, x, row_len));
        return apart.collect();
    }
    let row_len = whole_row(row_len, x.len());
    let tensor_scaled = formats.iter().any(|format| format.has_tensor_scale());
    let largest = if tensor_scaled {
        largest_finite(x)
    } else {
        0.0
    };
    let quantizers: Vec<Quantizer> = formats
        .iter()
        .map(|format| Quantizer::new(*format, largest))
        .collect();
    let rows = formats
        .iter()
        .map(|format| rows_per_piece_in(*format, row_len))
        .max()
        .unwrap_or(1);
    let piece = (rows * row_len).max(1);
    let mut sums = vec![ErrorSums::default(); formats.len()];
    for (index, x) in x.chunks(piece).enumerate() {
        let quantizers: Vec<Quantizer> = quantizers
            .iter()
            .map(|quantizer| quantizer.advanced(index * piece))
            .collect();
        for (sums, next) in sums.iter_mut().zip(of_piece(&quantizers, x, row_len)) {
            sums.merge(&next);
        }
    }
    sums
}

/// Sums of one piece for each quantizer, tile by tile: all formats pass over a tile while it is in the first-level cache.
pub(super) fn of_piece(quantizers: &[Quantizer], x: &[f32], row_len: usize) -> Vec<ErrorSums> {
    let mut survey = Survey::default();
    let mut values = ValueLanes::default();
    let mut errors = vec![(ErrorLanes::default(), 0); quantizers.len()];
    let has_tiles = quantizers
        .iter()
        .any(|quantizer| quantizer.format().rows_together() > 1);
    let tile = values_per_tile(row_len).filter(|_| !has_tiles);
    let tile = tile.unwrap_or(x.len()).max(1);
    for (index, x) in x.chunks(tile).enumerate() {
        survey.start(row_len);
        values.add(x);
        for (quantizer, (lanes, n_saturated)) in quantizers.iter().zip(&mut errors) {
            let quantizer = quantizer.advanced(index * tile);
            *n_saturated += quantizer.compare(x, &mut survey, lanes);
        }
    }
    let sums = |(quantizer, (lanes, n_saturated)): (&Quantizer, (ErrorLanes, u64))| ErrorSums {
        n_saturated,
        ..lanes.sums(&values).unwrap_or_else(|| {
            let mut out = vec![0.0; x.len()];
            quantizer.quantize(x, row_len, &mut out);
            ErrorSums::careful(x, &out)
        })
    };
    quantizers.iter().zip(errors).map(sums).collect()
}

/// Values of a tile: whole rows and whole stretches of [`ErrorLanes`], so that the sums have the bits of the uncut piece. `None`
/// where no such tile is small enough.
fn values_per_tile(row_len: usize) -> Option<usize> {
    let rows = TILE_VALUES / row_len.max(1);
    // the rows of a tile come in multiples of these
    let together = STRETCH >> row_len.trailing_zeros().min(STRETCH.trailing_zeros());
    let rows = rows / together * together;
    (rows > 0).then_some(rows * row_len)
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
pub(super) fn values_per_piece(row_len: usize, format: Format) -> usize {
    rows_per_piece_in(format, row_len) * row_len
}

/// [`rows_per_piece`] for a format whose scales may reach over several rows: whole multiples of them.
pub fn rows_per_piece_in(format: Format, row_len: usize) -> usize {
    rows_per_piece(row_len).next_multiple_of(format.rows_together())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_measured_apart_and_merged_in_order_give_the_same_bits() {
        let x: Vec<f32> = (0_u16..50_000)
            .map(|i| (f32::from(i) * 0.37).sin())
            .collect();
        for (text, row_len) in [
            ("bfp:m=4,e=8,b=32", 500),
            ("bfp:m=4,e=8,b=32", 512),
            ("bfp:m=4,e=8,b=32", 288),
            ("bfp:m=4,e=8,b=8", 512),
            ("bfp:m=2,e=8,b=4", 500),
            ("bfp:m=2,e=8,b=2,round=nearest-away", 304),
            ("bfp:m=4,e=8,b=8,round=stochastic", 400),
            ("bfp:m=4,e=8,b=24", 480),
            ("mxfp4:b=8", 512),
            ("bfp:m=3,e=8,b=row,round=stochastic", 500),
            ("bfp:m=3,e=8,b=row,round=stochastic", 400),
            ("mxfp4", 500),
            ("mxfp4", 25_008),
            ("mx6", 304),
            ("int:w=4,g=128", 1000),
            ("q4_0", 500),
        ] {
            let format = text.parse().unwrap();
            let whole = measure(format, &x, row_len);
            let mut merged = ErrorSums::default();
            let mut stored = ErrorSums::default();
            let piece = rows_per_piece(row_len) * row_len;
            for (index, part) in x.chunks(piece).enumerate() {
                let quantizer =
                    Quantizer::for_tensor(format, part).starting_at((index * piece) as u64);
                merged.merge(&quantizer.measure(part, row_len));
                let mut out = vec![0.0; part.len()];
                stored.merge(&quantizer.quantize_and_measure(part, row_len, &mut out));
            }
            assert_eq!(whole, stored, "{text}");
            assert_eq!(whole, merged, "{text}");
        }
    }
}
