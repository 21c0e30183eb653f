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
use super::strips;
use crate::format::Rounding;

/// Values of a tensor that one kernel handles in one call: whole rows, or whole blocks of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile<'a> {
    pub(super) x: &'a [f32],
    pub(super) layout: Layout,
}

impl Tile<'_> {
    /// How many registers a block has; `None` unless every block is that many whole registers.
    fn registers_per_block(self) -> Option<usize> {
        let Layout {
            row_len, block_len, ..
        } = self.layout;
        let lengths = [
            (block_len, LANES),
            (row_len, block_len),
            (self.x.len(), row_len),
        ];
        let is_whole = lengths
            .iter()
            .all(|(length, unit)| length.is_multiple_of(*unit));
        is_whole.then_some(block_len / LANES)
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

impl<'a> Output<'a> {
    /// For kernels that can but store: where to, and the lanes that want to see the result.
    pub(super) fn parts(
        self,
        n: usize,
        scratch: &'a mut Vec<f32>,
    ) -> (&'a mut [f32], Option<&'a mut ErrorLanes>) {
        match self {
            Self::Values(y) => (y, None),
            Self::Errors(lanes, _) => {
                scratch.resize(n, 0.0);
                (scratch, Some(lanes))
            }
        }
    }
}

/// A kernel that handles sixteen values of a usual block at a time.
pub(super) trait RegisterKernel: Copy {
    /// How values are rounded.
    fn rounding(self) -> Rounding;

    /// Whether the arithmetic of registers is exact in a block whose largest magnitude, which is finite, has these bits. If it is
    /// for two magnitudes that are not zero, then for all between them and for zero. Without branches: sixteen blocks are asked
    /// about together.
    fn is_usual(self, largest: u32) -> bool;

    /// What brings a value to the range of the elements, and what brings an element back.
    fn numbers(self, largest: u32) -> (f32, f32);

    /// Whether a value of a block whose largest magnitude has these bits may be clipped.
    #[inline(always)]
    fn may_clip<R: FixedRounding>(self, _largest: u32, _numbers: (f32, f32)) -> bool {
        true
    }

    /// Quantizes and dequantizes; `index` is that of the first value from where the random numbers start. `R` is
    /// [`Self::rounding`], known to the compiler; `MAY_CLIP` says whether to look for values out of range.
    fn register<R: FixedRounding, const MAY_CLIP: bool>(
        self,
        x: &Register,
        numbers: (f32, f32),
        noise: Noise,
        index: usize,
    ) -> (Register, [bool; LANES]);

    /// A block that is not usual; as [`BlockKernel::block`].
    fn careful_block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32;
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
        let numbers = kernel.numbers(largest);
        let mut clipped = [0; LANES];
        let (registers, x_rest) = x.as_chunks();
        let (out, y_rest) = y.as_chunks_mut();
        // few registers at a time: a longer loop would be turned into gathers of one lane of sixteen registers
        let runs = registers.chunks(RUN).zip(out.chunks_mut(RUN));
        for (run, (registers, out)) in runs.enumerate() {
            for (index, x) in registers.iter().enumerate() {
                // a loop that may end early keeps its vectors along the lanes
                let Some(y) = out.get_mut(index) else {
                    return 0;
                };
                let index = (run * RUN + index) * LANES;
                let (quantized, is_clipped) = kernel.register::<R, true>(x, numbers, noise, index);
                *y = quantized;
                for lane in 0..LANES {
                    clipped[lane] += u32::from(is_clipped[lane]);
                }
            }
        }
        let mut n_clipped = clipped.into_iter().sum();
        if !x_rest.is_empty() {
            let index = x.len() - x_rest.len();
            let (quantized, is_clipped) =
                kernel.register::<R, true>(&padded(x_rest), numbers, noise, index);
            y_rest.copy_from_slice(&quantized[..y_rest.len()]);
            n_clipped += is_clipped.into_iter().map(u32::from).sum::<u32>();
        }
        n_clipped
    }
}

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

fn with_rounding<K: RegisterKernel, R: FixedRounding>(
    kernel: K,
    tile: Tile<'_>,
    output: Output<'_>,
) -> u64 {
    match output {
        Output::Values(y) => match tile.registers_per_block() {
            // the numbers of sixteen short blocks at a time
            Some(1) => strips::store::<_, R, 1>(kernel, tile, y),
            Some(2) => strips::store::<_, R, 2>(kernel, tile, y),
            _ => each_block::<_, R>(kernel, tile, Output::Values(y)),
        },
        Output::Errors(lanes, maxima) => {
            let usual = maxima.filter(|maxima| {
                // all zeros have no smallest
                let smallest = maxima.smallest.min(maxima.largest);
                let is_finite = maxima.largest < INFINITY_BITS;
                is_finite && kernel.is_usual(smallest) && kernel.is_usual(maxima.largest)
            });
            match usual {
                Some(maxima) => strips::compare::<_, R>(kernel, tile, maxima, lanes),
                None => each_block::<_, R>(kernel, tile, Output::Errors(lanes, None)),
            }
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
    let mut scratch = Vec::new();
    let (y, lanes) = output.parts(tile.x.len(), &mut scratch);
    let clipped = blocks::quantize(kernel, tile.x, y, tile.layout);
    if let Some(lanes) = lanes {
        lanes.add(tile.x, y);
    }
    clipped
}
