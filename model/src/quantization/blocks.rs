//! Walks a tensor block by block: what every kernel shares around its own arithmetic.
//!
//! Values that are not finite are taken out before a kernel sees them: an infinity counts as the largest finite `f32` of its
//! sign, NaN counts as zero for the scale and stays NaN.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::arithmetic::{
    INFINITY_BITS, LANES, MAGNITUDE_MASK, Noise, STRETCH, largest_magnitude_bits,
};

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

/// Quantizes rows, blocks of 16 and 32 known to the optimizer; returns the number of clipped values.
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
        // half a pair of short blocks may be left, too
        let rest = x_rest.chunks(layout.block_len.max(1));
        for (x, y) in rest.zip(y_rest.chunks_mut(layout.block_len.max(1))) {
            clipped += u64::from(finite_block(kernel, x, y, noise));
            noise = noise.advanced(x.len());
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

/// A kernel whose usual blocks differ only in two numbers.
pub(super) trait ScaledKernel: Copy {
    /// What brings a value to the range of the elements, and what brings an element back; `None` where the fast arithmetic is not
    /// exact. The largest magnitude is finite.
    fn numbers(self, largest: u32) -> Option<(f32, f32)>;

    /// The element of a value, and whether it was clipped.
    fn element(self, x: f32, down: f32, noise: Noise, index: usize) -> (f32, bool);

    /// A block for which there are no [`Self::numbers`].
    fn careful_block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32;
}

/// Blocks of a [`ScaledKernel`], one by one.
#[derive(Debug, Clone, Copy)]
struct Single<K>(K);

impl<K: ScaledKernel> BlockKernel for Single<K> {
    #[inline(always)]
    fn block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        let Some((down, up)) = self.0.numbers(largest) else {
            return self.0.careful_block(x, y, largest, noise);
        };
        each(x, y, |x, index| {
            let (element, is_clipped) = self.0.element(x, down, noise, index);
            (element * up, is_clipped)
        })
    }
}

/// Two blocks of 16 side by side: loops over one register alone are unrolled before they become vectors.
#[derive(Debug, Clone, Copy)]
struct Pair<K>(K);

impl<K: ScaledKernel> BlockKernel for Pair<K> {
    #[inline(always)]
    fn block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        let (Some(both), Some(y)) = (x.as_array::<PAIR>(), y.as_mut_array::<PAIR>()) else {
            return Single(self.0).block(x, y, largest, noise);
        };
        let (x, x_second) = both.split_at(LANES);
        let largest = largest_of_pair(both);
        let numbers = (self.0.numbers(largest.0), self.0.numbers(largest.1));
        let (Some(first), Some(second)) = numbers else {
            let (y, y_second) = y.split_at_mut(LANES);
            return Single(self.0).block(x, y, largest.0, noise)
                + Single(self.0).block(x_second, y_second, largest.1, noise.advanced(LANES));
        };
        let mut n_clipped = 0;
        for (index, (x, y)) in both.iter().zip(y).enumerate() {
            let (down, up) = if index < LANES { first } else { second };
            let (element, is_clipped) = self.0.element(*x, down, noise, index);
            *y = element * up;
            n_clipped += u32::from(is_clipped);
        }
        n_clipped
    }
}

/// Bits of the largest magnitude of each block of a pair, in one loop over both.
#[inline(always)]
fn largest_of_pair(x: &[f32; PAIR]) -> (u32, u32) {
    let mut largest = (0, 0);
    for (index, value) in x.iter().enumerate() {
        let magnitude = value.to_bits() & MAGNITUDE_MASK;
        let (first, second) = if index < LANES {
            (magnitude, 0)
        } else {
            (0, magnitude)
        };
        largest = (largest.0.max(first), largest.1.max(second));
    }
    largest
}

/// Values of two blocks of 16.
const PAIR: usize = 2 * LANES;

/// Quantizes rows, with the usual block lengths known to the optimizer; returns the number of clipped values.
#[inline(always)]
pub(super) fn scaled_rows<K: ScaledKernel>(
    kernel: K,
    x: &[f32],
    y: &mut [f32],
    layout: Layout,
) -> u64 {
    match layout.block_len {
        LANES => rows_of::<_, PAIR>(Pair(kernel), x, y, layout),
        32 => rows_of::<_, 32>(Single(kernel), x, y, layout),
        _ => rows_of_any(Single(kernel), x, y, layout),
    }
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
