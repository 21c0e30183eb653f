//! Codes packed along rows: `weight_packed` of compressed-tensors, words of MLX.

use super::four_bit_floats::of_four_bits;
use super::shapes::{
    as_grid, bits_of, blocks_of, expect_shape, fault, n_bytes, shape, with_row_len, words,
};
use super::weight::{Codes, PackedWeight, Scales, Zeros};
use super::{Joined, Parts};
use crate::language_model::checkpoint::{CheckpointError, ElementType, TensorView};

/// `weight_packed`: four-bit floats in bytes, or integers in words.
pub(super) fn packed_by_compressed_tensors<'a>(
    module: &str,
    packed: &TensorView<'a>,
    parts: &Parts<'_, 'a>,
) -> Result<Joined<'a>, CheckpointError> {
    let part = |end: &str| format!("{module}.{end}");
    let scales = parts.needed(&part("weight_scale"))?;
    let name = part("weight");
    let mut used = vec![part("weight_packed"), part("weight_scale")];
    if packed.element_type == ElementType::Unsigned(1) {
        let (scheme, scales, columns, factor) = match scales.element_type {
            ElementType::F8E4m3 => {
                used.push(part("weight_global_scale"));
                let whole = parts.factor(&part("weight_global_scale"))?;
                ("NVFP4", scales.clone(), 16, 1.0 / whole)
            }
            _ => ("MXFP4", scales.of_type(ElementType::F8E8m0)?, 32, 1.0),
        };
        let (dims, weight) = of_four_bits(scheme, packed, &scales, columns, factor)?;
        return Ok(Joined {
            name,
            dims,
            weight,
            parts: used,
        });
    }
    if let Some(order) = parts.get(&part("weight_g_idx")) {
        return Err(fault(
            order,
            "orders groups by activation, which is not read".to_owned(),
        ));
    }
    let bytes = words(packed)?;
    let (n_rows, n_words) = shape(packed)?;
    let row_len = match parts.get(&part("weight_shape")) {
        Some(shape) => row_len_of(shape, n_rows)?,
        None => return Err(fault(packed, "has no weight_shape beside it".to_owned())),
    };
    let bits = bits_of(packed, 32 * n_words, row_len)?;
    let (rows, columns) = blocks_of(scales, (n_rows, row_len), None)?;
    let n_groups = row_len.div_ceil(columns);
    let zeros = match parts.get(&part("weight_zero_point")) {
        None => Zeros::Fixed(1 << (bits - 1)),
        Some(zeros) if rows == 1 => {
            expect_shape(zeros, (n_rows.div_ceil(32 / bits), n_groups))?;
            used.push(part("weight_zero_point"));
            Zeros::Rows(words(zeros)?, bits)
        }
        Some(zeros) => return Err(fault(zeros, "stands beside scales of blocks".to_owned())),
    };
    let weight = PackedWeight {
        scheme: "compressed-tensors integers",
        n_rows,
        row_len,
        codes: Codes::Unsigned(bytes, bits),
        n_bytes: n_bytes(&[packed, scales]),
        scales: Scales::Blocks {
            grid: as_grid(scales),
            rows,
            columns,
        },
        zeros,
        offsets: None,
        factor: 1.0,
    };
    Ok(Joined {
        name,
        dims: with_row_len(packed, row_len),
        weight,
        parts: used,
    })
}

/// The row length in a `weight_shape` of two integers.
fn row_len_of(shape: &TensorView<'_>, n_rows: usize) -> Result<usize, CheckpointError> {
    let width = usize::try_from(shape.element_type.block_bytes()).unwrap_or(8);
    let numbers: Vec<u64> = shape
        .bytes()
        .chunks_exact(width)
        .map(|bytes| {
            let mut number = [0; 8];
            number[..width].copy_from_slice(bytes);
            u64::from_le_bytes(number)
        })
        .collect();
    match numbers.as_slice() {
        [rows, row_len] if *rows == n_rows as u64 && *row_len > 0 => usize::try_from(*row_len).ok(),
        _ => None,
    }
    .ok_or_else(|| fault(shape, format!("is no shape of {n_rows} rows")))
}

/// MLX: words along rows with scales, and offsets where the codes are integers.
pub(super) fn affine_of_mlx<'a>(
    name: &str,
    packed: &TensorView<'a>,
    parts: &Parts<'_, 'a>,
) -> Result<Option<Joined<'a>>, CheckpointError> {
    let Some(module) = name.strip_suffix(".weight") else {
        return Ok(None);
    };
    let part = |end: &str| format!("{module}.{end}");
    let Some(scales) = parts.get(&part("scales")) else {
        return Ok(None);
    };
    let bytes = words(packed)?;
    let (n_rows, n_words) = shape(packed)?;
    let mut used = vec![name.to_owned(), part("scales")];
    let Some(offsets) = parts.get(&part("biases")) else {
        let mut codes = packed.clone().of_type(ElementType::Unsigned(1))?;
        if let Some(last) = codes.dims.last_mut() {
            *last = 4 * n_words as u64;
        }
        let scales = scales.of_type(ElementType::F8E8m0)?;
        let (dims, weight) = of_four_bits("MXFP4", &codes, &scales, 32, 1.0)?;
        return Ok(Some(Joined {
            name: name.to_owned(),
            dims,
            weight,
            parts: used,
        }));
    };
    used.push(part("biases"));
    let bits = parts.description.bits.unwrap_or(4);
    if ![2, 4, 8].contains(&bits) {
        return Err(fault(
            packed,
            format!("packs {bits} bits a value; 2, 4 and 8 are read"),
        ));
    }
    let row_len = n_words * 32 / bits;
    let given = parts.description.group_size.map(|columns| (1, columns));
    let (rows, columns) = blocks_of(scales, (n_rows, row_len), given)?;
    if offsets.dims != scales.dims || rows != 1 {
        return Err(fault(
            offsets,
            format!(
                "has shape {:?}, the scales have {:?}",
                offsets.dims, scales.dims
            ),
        ));
    }
    Ok(Some(Joined {
        name: name.to_owned(),
        dims: with_row_len(packed, row_len),
        weight: PackedWeight {
            scheme: "MLX integers",
            n_rows,
            row_len,
            codes: Codes::Unsigned(bytes, bits),
            n_bytes: n_bytes(&[packed, scales, offsets]),
            scales: Scales::Blocks {
                grid: scales.clone(),
                rows,
                columns,
            },
            zeros: Zeros::Fixed(0),
            offsets: Some(offsets.clone()),
            factor: 1.0,
        },
        parts: used,
    }))
}
