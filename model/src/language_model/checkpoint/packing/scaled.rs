//! Codes of eight bits with scales of the tensor, rows, groups or blocks: FP8 of DeepSeek and others, INT8.

use super::shapes::{as_grid, blocks_of, fault, n_bytes, shape};
use super::weight::{Codes, PackedWeight, Scales, Zeros};
use super::{Joined, Parts};
use crate::language_model::checkpoint::{CheckpointError, ElementType, TensorView};

/// FP8 and INT8 codes with scales of the tensor, rows, groups or blocks.
pub(super) fn scaled<'a>(
    name: &str,
    codes: &TensorView<'a>,
    parts: &Parts<'_, 'a>,
) -> Result<Option<Joined<'a>>, CheckpointError> {
    let found = ["_scale_inv", "_scale"].into_iter().find_map(|end| {
        let companion = format!("{name}{end}");
        parts.get(&companion).map(|scales| (companion, scales))
    });
    let Some((companion, scales)) = found else {
        return Ok(None);
    };
    let (n_rows, row_len) = shape(codes)?;
    let (rows, columns) = blocks_of(scales, (n_rows, row_len), parts.description.block)?;
    let mut used = vec![name.to_owned(), companion];
    let zeros = match parts.get(&format!("{name}_zero_point")) {
        None => Zeros::Fixed(0),
        Some(zeros) => {
            if zeros.element_type != ElementType::Signed(1) || zeros.dims != scales.dims {
                return Err(fault(
                    zeros,
                    format!(
                        "is {} of {:?}, I8 in the shape {:?} of the scales is read",
                        zeros.element_type.name(),
                        zeros.dims,
                        scales.dims
                    ),
                ));
            }
            used.push(zeros.name.clone());
            Zeros::Grid(as_grid(zeros))
        }
    };
    let bytes = codes.bytes();
    let (scheme, stored) = match codes.element_type {
        ElementType::F8E4m3 => ("FP8 E4M3", Codes::E4m3(bytes)),
        ElementType::F8E5m2 => ("FP8 E5M2", Codes::E5m2(bytes)),
        _ => ("INT8", Codes::Signed(bytes)),
    };
    Ok(Some(Joined {
        name: name.to_owned(),
        dims: codes.dims.clone(),
        weight: PackedWeight {
            scheme,
            n_rows,
            row_len,
            codes: stored,
            n_bytes: n_bytes(&[codes, scales]),
            scales: Scales::Blocks {
                grid: as_grid(scales),
                rows,
                columns,
            },
            zeros,
            offsets: None,
            factor: 1.0,
        },
        parts: used,
    }))
}
