//! Walks a tensor block by block: what every kernel shares around its own arithmetic.
//!
//! Values that are not finite are taken out before a kernel sees them: an infinity counts as the largest finite `f32` of its
//! sign, NaN counts as zero for the scale and stays NaN.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use multiversion::multiversion;

use super::arithmetic::{INFINITY_BITS, Noise, STRETCH, largest_magnitude_bits};

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

/// Quantizes rows block by block; returns the number of clipped values.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn quantize<K: BlockKernel>(kernel: K, x: &[f32], y: &mut [f32], layout: Layout) -> u64 {
    rows(kernel, x, y, layout)
}

/// [`quantize`] for functions that are themselves compiled for several instruction sets.
#[inline(always)]
pub(super) fn rows<K: BlockKernel>(kernel: K, x: &[f32], y: &mut [f32], layout: Layout) -> u64 {
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

/// [`rows`] with whole blocks of a length that the optimizer knows.
#[inline(always)]
pub(super) fn rows_of<K: BlockKernel, const LEN: usize>(
    kernel: K,
    x: &[f32],
    y: &mut [f32],
    layout: Layout,
) -> u64 {
    if !(layout.row_len.is_multiple_of(LEN) && x.len().is_multiple_of(LEN)) {
        return rows(kernel, x, y, layout);
    }
    let mut clipped = 0;
    let mut noise = layout.noise;
    for (x, y) in x
        .as_chunks::<LEN>()
        .0
        .iter()
        .zip(y.as_chunks_mut::<LEN>().0)
    {
        clipped += u64::from(finite_block(kernel, x, y, noise));
        noise = noise.advanced(LEN);
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

/// Applies one function of value and index to each value of a block; it also says whether the value was clipped.
///
/// Two loops of one meaning: stretches that become loops of registers, and the rest.
#[inline(always)]
pub(super) fn each(x: &[f32], y: &mut [f32], quantize: impl Fn(f32, usize) -> (f32, bool)) -> u32 {
    let (x_stretches, x_rest) = x.as_chunks::<STRETCH>();
    let (y_stretches, y_rest) = y.as_chunks_mut::<STRETCH>();
    let mut n_clipped = 0;
    for (stretch, (x, y)) in x_stretches.iter().zip(y_stretches).enumerate() {
        for (index, (x, y)) in x.iter().zip(y).enumerate() {
            let (value, is_clipped) = quantize(*x, stretch * STRETCH + index);
            *y = value;
            n_clipped += u32::from(is_clipped);
        }
    }
    let first = x.len() - x_rest.len();
    for (index, (x, y)) in x_rest.iter().zip(y_rest).enumerate() {
        let (value, is_clipped) = quantize(*x, first + index);
        *y = value;
        n_clipped += u32::from(is_clipped);
    }
    n_clipped
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
