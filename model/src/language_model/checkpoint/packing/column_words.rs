//! GPTQ and AWQ: words of codes of one column or of eight rows, scales and zeros of groups of the reduction.

use super::shapes::{expect_shape, fault, n_bytes, shape, words};
use super::weight::{Codes, PackedWeight, Scales, Zeros};
use super::{Joined, Parts};
use crate::language_model::checkpoint::{CheckpointError, TensorView};

/// GPTQ and AWQ: words along one axis, scales and zeros of groups of the reduction.
pub(super) fn words_of_columns<'a>(
    module: &str,
    packed: &TensorView<'a>,
    parts: &Parts<'_, 'a>,
) -> Result<Joined<'a>, CheckpointError> {
    let part = |end: &str| format!("{module}.{end}");
    let scales = parts.needed(&part("scales"))?;
    let zeros = parts.needed(&part("qzeros"))?;
    let (n_groups, n_rows) = shape(scales)?;
    let (n_words, n_columns) = shape(packed)?;
    let mut used = ["qweight", "scales", "qzeros"].map(part).to_vec();
    let is_awq = n_columns != n_rows;
    let bits = if is_awq {
        4
    } else {
        parts.description.bits.unwrap_or(4)
    };
    if ![2, 4, 8].contains(&bits) || n_rows % (32 / bits) != 0 {
        return Err(fault(
            packed,
            format!(
                "packs {n_rows} columns of {bits} bits; whole words of 2, 4 or 8 bits are read"
            ),
        ));
    }
    let in_word = 32 / bits;
    let row_len = if is_awq { n_words } else { n_words * in_word };
    if is_awq {
        expect_shape(packed, (row_len, n_rows / 8))?;
    }
    expect_shape(zeros, (n_groups, n_rows / in_word))?;
    let of_column = match parts.get(&part("g_idx")).filter(|_| !is_awq) {
        Some(order) => {
            used.push(part("g_idx"));
            groups_of(order, row_len, n_groups)?
        }
        None => {
            let group = parts
                .description
                .group_size
                .filter(|group| row_len.div_ceil(*group) == n_groups)
                .unwrap_or(row_len.div_ceil(n_groups));
            (0..row_len).map(|column| column / group).collect()
        }
    };
    let plus = i32::from(!parts.description.has_plain_zeros);
    let weight = PackedWeight {
        scheme: if is_awq { "AWQ" } else { "GPTQ" },
        n_rows,
        row_len,
        codes: if is_awq {
            Codes::Interleaved(words(packed)?)
        } else {
            Codes::Columns(words(packed)?, bits)
        },
        n_bytes: n_bytes(&[packed, scales, zeros]),
        scales: Scales::Groups {
            grid: scales.clone(),
            of_column,
        },
        zeros: if is_awq {
            Zeros::Interleaved(words(zeros)?)
        } else {
            Zeros::Columns(words(zeros)?, bits, plus)
        },
        offsets: None,
        factor: 1.0,
    };
    Ok(Joined {
        name: part("weight"),
        dims: vec![n_rows as u64, row_len as u64],
        weight,
        parts: used,
    })
}

/// GPTQ's group of each column.
fn groups_of(
    order: &TensorView<'_>,
    row_len: usize,
    n_groups: usize,
) -> Result<Vec<usize>, CheckpointError> {
    let groups: Vec<usize> = words(order)?
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| u32::from_le_bytes(*bytes) as usize)
        .collect();
    if groups.len() != row_len || groups.iter().any(|group| *group >= n_groups) {
        return Err(fault(
            order,
            format!("must give each of {row_len} columns one of {n_groups} groups"),
        ));
    }
    Ok(groups)
}
