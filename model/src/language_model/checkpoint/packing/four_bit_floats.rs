//! E2M1 codes with a scale for 16 (NVFP4) or 32 (MXFP4) neighbors.

use super::shapes::{expect_shape, fault, n_bytes, shape, with_row_len};
use super::weight::{Codes, PackedWeight, Scales, Zeros};
use super::{Joined, Parts};
use crate::language_model::checkpoint::{CheckpointError, ElementType, TensorView};

/// A matrix of E2M1 with one scale for `columns` neighbors.
pub(super) fn of_four_bits<'a>(
    scheme: &'static str,
    codes: &TensorView<'a>,
    scales: &TensorView<'a>,
    columns: usize,
    factor: f32,
) -> Result<(Vec<u64>, PackedWeight<'a>), CheckpointError> {
    let (n_rows, n_row_bytes) = shape(codes)?;
    let row_len = 2 * n_row_bytes;
    expect_shape(scales, (n_rows, row_len.div_ceil(columns)))?;
    let weight = PackedWeight {
        scheme,
        n_rows,
        row_len,
        codes: Codes::E2m1(codes.bytes()),
        n_bytes: n_bytes(&[codes, scales]),
        scales: Scales::Blocks {
            grid: scales.clone(),
            rows: 1,
            columns,
        },
        zeros: Zeros::Fixed(0),
        offsets: None,
        factor,
    };
    Ok((with_row_len(codes, row_len), weight))
}

pub(super) fn nvfp4_of_modelopt<'a>(
    name: &str,
    codes: &TensorView<'a>,
    parts: &Parts<'_, 'a>,
) -> Result<Option<Joined<'a>>, CheckpointError> {
    let companion = format!("{name}_scale");
    let scales = match parts.get(&companion) {
        Some(scales) if scales.element_type == ElementType::F8E4m3 => scales,
        _ => return Ok(None),
    };
    let second = format!("{name}_scale_2");
    let factor = parts.factor(&second)?;
    let (dims, weight) = of_four_bits("NVFP4", codes, scales, 16, factor)?;
    Ok(Some(Joined {
        name: name.to_owned(),
        dims,
        weight,
        parts: vec![name.to_owned(), companion, second],
    }))
}

/// `X_blocks` of 16 bytes and `X_scales`; the values get the name `X.weight`, since `X` is stored transposed by others.
pub(super) fn mxfp4_of_gpt_oss<'a>(
    module: &str,
    blocks: &TensorView<'a>,
    scales: &TensorView<'a>,
) -> Result<Joined<'a>, CheckpointError> {
    let mut codes = blocks.clone();
    let (Some(16), Some(n_blocks)) = (codes.dims.pop(), codes.dims.pop()) else {
        return Err(fault(
            blocks,
            format!("has shape {:?}; blocks of 16 bytes are read", blocks.dims),
        ));
    };
    codes.dims.push(16 * n_blocks);
    let scales = scales.of_type(ElementType::F8E8m0)?;
    let (dims, weight) = of_four_bits("MXFP4", &codes, &scales, 32, 1.0)?;
    Ok(Joined {
        name: format!("{module}.weight"),
        dims,
        weight,
        parts: vec![format!("{module}_blocks"), format!("{module}_scales")],
    })
}
