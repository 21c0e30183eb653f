//! Kernels that handle sixteen values of a block at a time, and what becomes of the values.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use std::marker::PhantomData;

use super::arithmetic::{
    FixedRounding, INFINITY_BITS, LANES, NearestAway, NearestEven, Noise, Stochastic, Truncate,
};
use super::blocks::{self, BlockKernel, Layout};
use super::error_lanes::ErrorLanes;
use super::maxima::{Maxima, Register, padded};
use super::{short_blocks, strips};
use crate::format::Rounding;

/// Values of a tensor that one kernel handles in one call: whole rows, or whole blocks of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile<'a> {
    pub(super) x: &'a [f32],
    pub(super) layout: Layout,
}

impl<'a> Tile<'a> {
    /// Some blocks of the tile as one row, the random numbers from their first value on.
    #[inline(always)]
    pub(super) fn part(self, x: &'a [f32], noise: Noise) -> Self {
        let layout = Layout {
            row_len: x.len(),
            noise,
            ..self.layout
        };
        Self { x, layout }
    }

    /// Values of a block; `None` unless every block is whole.
    fn whole_blocks(self) -> Option<usize> {
        let Layout {
            row_len, block_len, ..
        } = self.layout;
        let is_whole = row_len.is_multiple_of(block_len) && self.x.len().is_multiple_of(row_len);
        is_whole.then_some(block_len)
    }
}

/// What becomes of the quantized values of a tile.
#[derive(Debug)]
pub(super) enum Output<'a> {
    /// They are stored; as long as the tile.
    Values(&'a mut [f32]),
    /// They are compared with the values and forgotten. The maxima of the blocks are known where blocks are whole registers and
    /// the kernel asks for them.
    Errors(&'a mut ErrorLanes, Option<&'a Maxima>),
}

impl Output<'_> {
    /// For kernels that can but store the quantized values of `x`; returns what `quantize` does, the number of clipped values.
    pub(super) fn store(self, x: &[f32], quantize: impl FnOnce(&mut [f32]) -> u64) -> u64 {
        match self {
            Self::Values(y) => quantize(y),
            Self::Errors(lanes, _) => {
                let mut y = vec![0.0; x.len()];
                let clipped = quantize(&mut y);
                lanes.add(x, &y);
                clipped
            }
        }
    }
}

/// A kernel that handles sixteen values of a usual block at a time.
pub(super) trait RegisterKernel: Copy {
    /// How values are rounded.
    fn rounding(self) -> Rounding;

    /// Whether the arithmetic of registers is exact in a block whose largest magnitude, which is finite, has these bits. Without
    /// branches: sixteen blocks are asked about together.
    fn is_usual(self, largest: u32) -> bool;

    /// Whether it is in every block of a tile whose largest magnitudes are finite. What holds for two magnitudes that are not zero
    /// holds for all between them and for zero, unless a kernel says otherwise.
    fn are_usual(self, maxima: &Maxima) -> bool {
        // all zeros have no smallest
        let smallest = maxima.smallest.min(maxima.largest);
        self.is_usual(smallest) && self.is_usual(maxima.largest)
    }

    /// What brings a value to the range of the elements, and what brings an element back.
    fn numbers(self, largest: u32) -> (f32, f32);

    /// Whether a value of a block whose largest magnitude has these bits may be clipped.
    #[inline(always)]
    fn may_clip<R: FixedRounding>(self, _largest: u32, _numbers: (f32, f32)) -> bool {
        true
    }

    /// Quantizes and dequantizes. `R` is [`Self::rounding`], known to the compiler; `MAY_CLIP` says whether to look for values
    /// out of range; `noise` starts at the first value.
    fn register<R: FixedRounding, const MAY_CLIP: bool>(
        self,
        x: &Register,
        numbers: &Numbers,
        noise: Noise,
    ) -> (Register, [bool; LANES]);

    /// A block that is not usual; as [`BlockKernel::block`].
    fn careful_block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32;
}

/// What a kernel makes of the largest magnitudes of blocks, see [`RegisterKernel::numbers`]: for sixteen registers, or for the
/// sixteen values of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    pub(super) down: Register,
    pub(super) up: Register,
}

impl Numbers {
    #[inline(always)]
    pub(super) fn new<K: RegisterKernel>(kernel: K, largest: &[u32; LANES]) -> Self {
        let (mut down, mut up) = ([0.0; LANES], [0.0; LANES]);
        for index in 0..LANES {
            (down[index], up[index]) = kernel.numbers(largest[index]);
        }
        Self { down, up }
    }

    /// For sixteen values of one block.
    #[inline(always)]
    pub(super) const fn of_one_block(down: f32, up: f32) -> Self {
        Self {
            down: [down; LANES],
            up: [up; LANES],
        }
    }
}

/// Whether one of these largest magnitudes is that of a block that is not for the arithmetic of registers.
#[inline(always)]
pub(super) fn any_unusual<K: RegisterKernel>(kernel: K, largest: &[u32]) -> bool {
    let mut unusual = 0;
    for largest in largest {
        unusual |= u32::from((*largest >= INFINITY_BITS) | !kernel.is_usual(*largest));
    }
    unusual != 0
}

/// The blocks of a [`RegisterKernel`] one by one, whatever their length.
#[derive(Debug, Clone, Copy)]
struct Single<K, R> {
    kernel: K,
    rounding: PhantomData<R>,
}

impl<K: RegisterKernel, R: FixedRounding> BlockKernel for Single<K, R> {
    #[inline(always)]
    fn block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        let kernel = self.kernel;
        if !kernel.is_usual(largest) {
            return kernel.careful_block(x, y, largest, noise);
        }
        let (down, up) = kernel.numbers(largest);
        let numbers = Numbers::of_one_block(down, up);
        let mut clipped = [0; LANES];
        let (registers, x_rest) = x.as_chunks();
        let (out, _) = y.as_chunks_mut();
        // few registers at a time: a longer loop would be turned into gathers of one lane of sixteen registers
        let runs = registers.chunks(RUN).zip(out.chunks_mut(RUN));
        for (run, (registers, out)) in runs.enumerate() {
            for (index, x) in registers.iter().enumerate() {
                // a loop that may end early keeps its vectors along the lanes
                let Some(y) = out.get_mut(index) else {
                    return 0;
                };
                let noise = noise.advanced((run * RUN + index) * LANES);
                let (quantized, is_clipped) = kernel.register::<R, true>(x, &numbers, noise);
                *y = quantized;
                for lane in 0..LANES {
                    clipped[lane] += u32::from(is_clipped[lane]);
                }
            }
        }
        if !x_rest.is_empty() {
            if let (Some(x_last), Some(y_last)) = (x.last_chunk(), y.last_chunk_mut()) {
                // some values a second time, which come to the same but are not counted again
                let noise = noise.advanced(x.len() - LANES);
                let (quantized, is_clipped) = kernel.register::<R, true>(x_last, &numbers, noise);
                *y_last = quantized;
                let is_new = NEW_LANES[x_rest.len() % LANES];
                for lane in 0..LANES {
                    clipped[lane] += u32::from(is_clipped[lane]) & is_new[lane];
                }
            } else {
                let (quantized, is_clipped) =
                    kernel.register::<R, true>(&padded(x), &numbers, noise);
                y.copy_from_slice(&quantized[..y.len()]);
                for lane in 0..LANES {
                    clipped[lane] += u32::from(is_clipped[lane]);
                }
            }
        }
        clipped.into_iter().sum()
    }
}

/// Ones in the last lanes, as many as the index.
const NEW_LANES: [[u32; LANES]; LANES] = {
    let mut lanes = [[0; LANES]; LANES];
    let mut n = 0;
    while n < LANES {
        let mut lane = LANES - n;
        while lane < LANES {
            lanes[n][lane] = 1;
            lane += 1;
        }
        n += 1;
    }
    lanes
};

/// Registers of a long block that one loop handles.
const RUN: usize = 8;

/// Quantizes one tile; returns the number of clipped values.
///
/// Every rounding and every way through a tile is a function of its own: one for all would be too large for the compiler to
/// keep its vectors in registers.
pub(super) fn quantize<K: RegisterKernel>(kernel: K, tile: Tile<'_>, output: Output<'_>) -> u64 {
    match kernel.rounding() {
        Rounding::NearestEven => with_rounding::<_, NearestEven>(kernel, tile, output),
        Rounding::NearestAway => with_rounding::<_, NearestAway>(kernel, tile, output),
        Rounding::Truncate => with_rounding::<_, Truncate>(kernel, tile, output),
        Rounding::Stochastic => with_rounding::<_, Stochastic>(kernel, tile, output),
    }
}

/// [`quantize`] for a kernel whose rounding is known.
pub(super) fn with_rounding<K: RegisterKernel, R: FixedRounding>(
    kernel: K,
    tile: Tile<'_>,
    output: Output<'_>,
) -> u64 {
    match output {
        Output::Values(y) => match tile.whole_blocks() {
            Some(2) => short_blocks::store::<_, R, 8>(kernel, tile, y),
            Some(4) => short_blocks::store::<_, R, 4>(kernel, tile, y),
            Some(8) => short_blocks::store::<_, R, 2>(kernel, tile, y),
            // the numbers of sixteen registers at a time
            Some(16) => strips::store::<_, R, 1>(kernel, tile, y),
            Some(32) => strips::store::<_, R, 2>(kernel, tile, y),
            _ => each_block::<_, R>(kernel, tile, Output::Values(y)),
        },
        Output::Errors(lanes, maxima) => {
            let usual =
                maxima.filter(|maxima| maxima.largest < INFINITY_BITS && kernel.are_usual(maxima));
            if let Some(maxima) = usual {
                return strips::compare::<_, R>(kernel, tile, maxima, lanes);
            }
            let clipped = match tile.whole_blocks() {
                Some(2) => short_blocks::compare::<_, R, 8>(kernel, tile, lanes),
                Some(4) => short_blocks::compare::<_, R, 4>(kernel, tile, lanes),
                Some(8) => short_blocks::compare::<_, R, 2>(kernel, tile, lanes),
                _ => None,
            };
            clipped.unwrap_or_else(|| each_block::<_, R>(kernel, tile, Output::Errors(lanes, None)))
        }
    }
}

/// Tiles with unusual blocks, with long blocks whose result is stored, or with blocks that are no whole registers.
pub(super) fn each_block<K: RegisterKernel, R: FixedRounding>(
    kernel: K,
    tile: Tile<'_>,
    output: Output<'_>,
) -> u64 {
    let rounding = PhantomData::<R>;
    block_by_block(Single { kernel, rounding }, tile, output)
}

/// Quantizes one tile with a kernel that knows no registers; returns the number of clipped values.
pub(super) fn block_by_block<K: BlockKernel>(kernel: K, tile: Tile<'_>, output: Output<'_>) -> u64 {
    output.store(tile.x, |y| blocks::quantize(kernel, tile.x, y, tile.layout))
}
