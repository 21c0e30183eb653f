//! Walks a tensor block by block: what every kernel shares around its own arithmetic.
//!
//! Values that are not finite are taken out before a kernel sees them: an infinity counts as the largest finite `f32` of its
//! sign, NaN counts as zero for the scale and stays NaN.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::arithmetic::{INFINITY_BITS, LANES, Noise, STRETCH, largest_magnitude_bits};

/// Brings one block to its format.
pub(super) trait BlockKernel: Copy {
    /// Quantizes and dequantizes `x` into `y`, which is as long; returns how many values were clipped to the range.
    ///
    /// Every value is finite; `largest` holds the bits of the largest magnitude.
    fn block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32;
}

/// Where the blocks lie and the random numbers start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Values of a row; blocks do not cross rows.
    pub(super) row_len: usize,
    /// Values of a full block.
    pub(super) block_len: usize,
    /// Random numbers of the first value.
    pub(super) noise: Noise,
}

/// Quantizes rows, with the usual block lengths known to the optimizer; returns the number of clipped values.
#[inline(always)]
pub(super) fn rows<K: BlockKernel>(kernel: K, x: &[f32], y: &mut [f32], layout: Layout) -> u64 {
    match layout.block_len {
        16 => rows_of::<K, 16>(kernel, x, y, layout),
        32 => rows_of::<K, 32>(kernel, x, y, layout),
        _ => rows_of_any(kernel, x, y, layout),
    }
}

#[inline(always)]
fn rows_of<K: BlockKernel, const LEN: usize>(
    kernel: K,
    x: &[f32],
    y: &mut [f32],
    layout: Layout,
) -> u64 {
    // whole blocks everywhere: one long row, without a seam
    let row_len = if layout.row_len.is_multiple_of(LEN) {
        x.len()
    } else {
        layout.row_len
    };
    let mut clipped = 0;
    let mut noise = layout.noise;
    for (x, y) in x.chunks(row_len.max(1)).zip(y.chunks_mut(row_len.max(1))) {
        let (x_blocks, x_rest) = x.as_chunks::<LEN>();
        let (y_blocks, y_rest) = y.as_chunks_mut::<LEN>();
        for (x, y) in x_blocks.iter().zip(y_blocks) {
            clipped += u64::from(finite_block(kernel, x, y, noise));
            noise = noise.advanced(LEN);
        }
        if !x_rest.is_empty() {
            clipped += u64::from(finite_block(kernel, x_rest, y_rest, noise));
            noise = noise.advanced(x_rest.len());
        }
    }
    clipped
}

/// [`rows`] for block lengths or kernels where knowing the length gains nothing.
#[inline(always)]
pub(super) fn rows_of_any<K: BlockKernel>(
    kernel: K,
    x: &[f32],
    y: &mut [f32],
    layout: Layout,
) -> u64 {
    let mut clipped = 0;
    let mut noise = layout.noise;
    let (row_len, block_len) = (layout.row_len.max(1), layout.block_len.max(1));
    for (x, y) in x.chunks(row_len).zip(y.chunks_mut(row_len)) {
        for (x, y) in x.chunks(block_len).zip(y.chunks_mut(block_len)) {
            clipped += u64::from(finite_block(kernel, x, y, noise));
            noise = noise.advanced(x.len());
        }
    }
    clipped
}

#[inline(always)]
fn finite_block<K: BlockKernel>(kernel: K, x: &[f32], y: &mut [f32], noise: Noise) -> u32 {
    let largest = largest_magnitude_bits(x);
    if largest >= INFINITY_BITS {
        return unusual_block(kernel, x, y, noise);
    }
    kernel.block(x, y, largest, noise)
}

/// Applies one function of value and index to each value of a block.
///
/// Three loops of one meaning: blocks of one register, blocks and stretches that become loops of registers, and the rest.
#[inline(always)]
pub(super) fn each(x: &[f32], y: &mut [f32], quantize: impl Fn(f32, usize) -> f32) {
    if let (Some(x), Some(y)) = (x.as_array::<LANES>(), y.as_mut_array::<LANES>()) {
        for lane in 0..LANES {
            y[lane] = quantize(x[lane], lane);
        }
        return;
    }
    let (x_stretches, x_rest) = x.as_chunks::<STRETCH>();
    let (y_stretches, y_rest) = y.as_chunks_mut::<STRETCH>();
    for (stretch, (x, y)) in x_stretches.iter().zip(y_stretches).enumerate() {
        for (index, (x, y)) in x.iter().zip(y).enumerate() {
            *y = quantize(*x, stretch * STRETCH + index);
        }
    }
    let first = x.len() - x_rest.len();
    for (index, (x, y)) in x_rest.iter().zip(y_rest).enumerate() {
        *y = quantize(*x, first + index);
    }
}

/// Counts the values of a block for which a function of value and index is true.
#[inline(always)]
pub(super) fn count(x: &[f32], is_counted: impl Fn(f32, usize) -> bool) -> u32 {
    x.iter()
        .enumerate()
        .map(|(index, x)| u32::from(is_counted(*x, index)))
        .sum()
}

/// A block with infinities or NaN.
#[cold]
#[inline(never)]
fn unusual_block<K: BlockKernel>(kernel: K, x: &[f32], y: &mut [f32], noise: Noise) -> u32 {
    let finite: Vec<f32> = x
        .iter()
        .map(|value| {
            if value.is_nan() {
                0.0
            } else {
                value.clamp(f32::MIN, f32::MAX)
            }
        })
        .collect();
    let clipped = kernel.block(&finite, y, largest_magnitude_bits(&finite), noise);
    for (y, x) in y.iter_mut().zip(x) {
        if x.is_nan() {
            *y = f32::NAN;
        }
    }
    clipped
}
