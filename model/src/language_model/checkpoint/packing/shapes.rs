//! What shapes of codes and scales must be for each other.

use crate::language_model::checkpoint::{CheckpointError, ElementType, TensorView};

/// Rows and columns of FP8 blocks where nothing says otherwise, as DeepSeek-V3 has them.
const FP8_BLOCK: (usize, usize) = (128, 128);

pub(super) fn fault(tensor: &TensorView<'_>, reason: String) -> CheckpointError {
    CheckpointError::new(format!("tensor {}", tensor.name), reason)
}

/// Rows and columns of a matrix; leading axes count as rows.
pub(super) fn shape(tensor: &TensorView<'_>) -> Result<(usize, usize), CheckpointError> {
    let size = |len: u64| usize::try_from(len).ok();
    if tensor.dims.len() < 2 {
        return Err(fault(
            tensor,
            format!("has shape {:?}, a packed weight is a matrix", tensor.dims),
        ));
    }
    size(tensor.n_rows())
        .zip(size(tensor.row_len()))
        .ok_or_else(|| fault(tensor, format!("has shape {:?}", tensor.dims)))
}

pub(super) fn expect_shape(
    tensor: &TensorView<'_>,
    expected: (usize, usize),
) -> Result<(), CheckpointError> {
    let own = (tensor.n_rows(), tensor.row_len());
    if own != (expected.0 as u64, expected.1 as u64) {
        return Err(fault(
            tensor,
            format!(
                "has shape {:?}, {} x {} is needed beside its codes",
                tensor.dims, expected.0, expected.1
            ),
        ));
    }
    Ok(())
}

/// Dimensions with another innermost length.
pub(super) fn with_row_len(tensor: &TensorView<'_>, row_len: usize) -> Vec<u64> {
    let mut dims = tensor.dims.clone();
    if let Some(last) = dims.last_mut() {
        *last = row_len as u64;
    }
    dims
}

pub(super) fn n_bytes(tensors: &[&TensorView<'_>]) -> u64 {
    tensors.iter().map(|tensor| tensor.stored_bytes()).sum()
}

/// Rows and columns that share a scale, from the shape of the scales: the tensor, a row, groups of a row, or blocks.
pub(super) fn blocks_of(
    scales: &TensorView<'_>,
    (n_rows, row_len): (usize, usize),
    given: Option<(usize, usize)>,
) -> Result<(usize, usize), CheckpointError> {
    let grid = (scales.n_rows(), scales.row_len());
    let fits = |(rows, columns): (usize, usize)| {
        grid == (
            n_rows.div_ceil(rows) as u64,
            row_len.div_ceil(columns) as u64,
        )
    };
    if scales.n_values() == 1 {
        return Ok((n_rows, row_len));
    }
    // one axis: a scale a row
    if scales.dims.len() == 1 && scales.n_values() == n_rows as u64 {
        return Ok((1, row_len));
    }
    let n_groups = usize::try_from(scales.row_len()).unwrap_or(usize::MAX);
    let of_row = (grid.0 == n_rows as u64 && row_len.is_multiple_of(n_groups))
        .then(|| (1, row_len / n_groups));
    given
        .into_iter()
        .chain(of_row)
        .chain([FP8_BLOCK])
        .find(|block| fits(*block))
        .ok_or_else(|| {
            fault(
                scales,
                format!(
                    "has shape {:?}, which fits no block of a weight of {n_rows} x {row_len}",
                    scales.dims
                ),
            )
        })
}

/// A grid whose rows are read one by one: a scale a row in one axis becomes a column.
pub(super) fn as_grid<'a>(scales: &TensorView<'a>) -> TensorView<'a> {
    let mut grid = scales.clone();
    match grid.dims.len() {
        0 => grid.dims = vec![1, 1],
        1 => grid.dims.push(1),
        _ => {}
    }
    grid
}

/// Bits of a code, where so many bits hold a row.
pub(super) fn bits_of(
    tensor: &TensorView<'_>,
    row_bits: usize,
    row_len: usize,
) -> Result<usize, CheckpointError> {
    [2, 4, 8]
        .into_iter()
        .find(|bits| bits * row_len == row_bits)
        .ok_or_else(|| {
            fault(
                tensor,
                format!(
                    "has {row_bits} bits for {row_len} values; whole words of 2, 4 or 8 bits a value are read"
                ),
            )
        })
}

/// The bytes of a tensor of whole words.
pub(super) fn words<'a>(view: &TensorView<'a>) -> Result<&'a [u8], CheckpointError> {
    match view.element_type {
        ElementType::Signed(4) | ElementType::Unsigned(4) => Ok(view.bytes()),
        other => Err(fault(
            view,
            format!("has the type {}, packed words are I32 or U32", other.name()),
        )),
    }
}
