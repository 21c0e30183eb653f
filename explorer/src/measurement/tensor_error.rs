//! The error that number formats make on the tensors of a checkpoint: every value, on all cores.

use blockscape_model::format::Format;
use blockscape_model::language_model::checkpoint::{CheckpointError, TensorView};
use blockscape_model::quantization::{ErrorSums, Quantizer, rows_per_piece_in};
use rayon::prelude::*;

/// Sums of the error that each tensor suffers in its format, in the order given.
///
/// Rows are decoded and quantized a piece at a time, so that memory does not grow with the tensors; the sums of the pieces are
/// merged in order and do not depend on the number of threads. Runs on the current rayon pool
/// ([`crate::measurement::with_threads`] makes one). `None` if the work was cancelled on the way.
///
/// # Errors
/// The first tensor that holds no floats or a value that is not finite.
pub fn tensor_errors(
    tensors: &[(&TensorView<'_>, Format)],
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Result<Vec<ErrorSums>, CheckpointError>> {
    let sums = tensors
        .par_iter()
        .map(|&(tensor, format)| error_of(tensor, format, is_cancelled))
        .collect::<Result<Option<Vec<_>>, _>>();
    sums.transpose()
}

fn error_of(
    tensor: &TensorView<'_>,
    format: Format,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<ErrorSums>, CheckpointError> {
    let row_len = tensor.row_len();
    // bytes of a row lie in memory, so that its length fits
    let width = usize::try_from(row_len).unwrap_or(usize::MAX);
    let n_rows = rows_per_piece_in(format, width) as u64;
    let pieces = tensor.n_rows().div_ceil(n_rows);
    let rows = |piece: u64| {
        let first = piece * n_rows;
        tensor.decode_rows(first, n_rows.min(tensor.n_rows() - first))
    };
    let largest = if format.has_tensor_scale() {
        let of_piece = |piece| Ok(largest_magnitude(&rows(piece)?));
        let largest = (0..pieces).into_par_iter().map(of_piece);
        let largest: Result<f32, CheckpointError> =
            largest.try_reduce(|| 0.0, |a, b| Ok(f32::max(a, b)));
        largest?
    } else {
        0.0
    };
    let quantizer = Quantizer::new(format, largest).of_tensor(&tensor.name);
    let of_piece = |piece: u64| {
        if is_cancelled() {
            return Ok(None);
        }
        let x = rows(piece)?;
        let quantizer = quantizer.starting_at(piece * n_rows * row_len);
        Ok(Some(quantizer.measure(&x, width)))
    };
    let sums = (0..pieces)
        .into_par_iter()
        .map(of_piece)
        .collect::<Result<Option<Vec<_>>, CheckpointError>>()?;
    Ok(sums.map(|sums| {
        let mut whole = ErrorSums::default();
        for piece in &sums {
            whole.merge(piece);
        }
        whole
    }))
}

fn largest_magnitude(values: &[f32]) -> f32 {
    let magnitudes = values.iter().map(|value| value.abs());
    magnitudes.fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use blockscape_model::language_model::checkpoint::ElementType;
    use blockscape_model::quantization::measure;

    use super::*;
    use crate::measurement::with_threads;

    #[test]
    fn the_sums_are_those_of_the_whole_tensor_on_any_number_of_threads() {
        let values: Vec<f32> = (0_u16..60_000)
            .map(|i| (f32::from(i) * 0.37).sin())
            .collect();
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let dims = vec![120, 500];
        let tensor = TensorView::new("w".to_owned(), dims, ElementType::F32, &bytes).unwrap();
        for text in ["bfp:m=4,e=8,b=32", "nvfp4", "mxfp4"] {
            let format: Format = text.parse().unwrap();
            for n_threads in [1, 3] {
                let work = || tensor_errors(&[(&tensor, format)], &|| false);
                let sums = with_threads(Some(n_threads), work).unwrap();
                let sums = sums.unwrap().unwrap();
                assert_eq!(sums, [measure(format, &values, 500)], "{text}");
            }
        }
    }

    #[test]
    fn cancelled_work_has_no_sums() {
        let bytes = [0; 64];
        let dims = vec![1, 16];
        let tensor = TensorView::new("w".to_owned(), dims, ElementType::F32, &bytes).unwrap();
        let format: Format = "mxint8".parse().unwrap();
        assert!(tensor_errors(&[(&tensor, format)], &|| true).is_none());
    }
}
