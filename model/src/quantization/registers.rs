//! Tiles whose blocks are whole registers: one loop over registers for any block length, the two numbers of a block beside each.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::arithmetic::{INFINITY_BITS, LANES, Noise};
use super::blocks::{BlockKernel, Layout, rows, rows_of};
use super::error_lanes::{ErrorLanes, RegisterErrors};
use super::maxima::{Maxima, Register, padded};

/// Values of a tensor that one kernel handles in one call: whole rows, or whole blocks of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile<'a> {
    pub(super) x: &'a [f32],
    pub(super) layout: Layout,
    /// Present where blocks are whole registers.
    pub(super) maxima: Option<&'a Maxima>,
}

/// What becomes of the quantized values of a tile.
#[derive(Debug)]
pub(super) enum Output<'a> {
    /// They are stored; as long as the tile.
    Values(&'a mut [f32]),
    /// They are compared with the values and forgotten.
    Errors(&'a mut ErrorLanes),
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
            Self::Errors(lanes) => {
                scratch.resize(n, 0.0);
                (scratch, Some(lanes))
            }
        }
    }
}

/// A kernel that handles sixteen values of a usual block at a time.
pub(super) trait RegisterKernel: Copy {
    /// Whether results are stored block after block: where the arithmetic is short, finding the maxima of a whole tile first
    /// would keep reading from memory and writing to it apart.
    const STORES_BY_BLOCK: bool = true;

    /// Whether the arithmetic of registers is exact in a block whose largest magnitude, which is finite, has these bits. If it is
    /// for two magnitudes that are not zero, then for all between them and for zero.
    fn is_usual(self, largest: u32) -> bool;

    /// What brings a value to the range of the elements, and what brings an element back.
    fn numbers(self, largest: u32) -> (f32, f32);

    /// Whether a value of a block whose largest magnitude has these bits may be clipped.
    #[inline(always)]
    fn may_clip(self, _largest: u32, _numbers: (f32, f32)) -> bool {
        true
    }

    /// Quantizes and dequantizes; `index` is that of the first value from where the random numbers start. `MAY_CLIP` says
    /// whether to look for values out of range.
    fn register<const MAY_CLIP: bool>(
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
struct Single<K>(K);

impl<K: RegisterKernel> BlockKernel for Single<K> {
    #[inline(always)]
    fn block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        if !self.0.is_usual(largest) {
            return self.0.careful_block(x, y, largest, noise);
        }
        let numbers = self.0.numbers(largest);
        let mut clipped = [0; LANES];
        let (registers, x_rest) = x.as_chunks();
        let (out, y_rest) = y.as_chunks_mut();
        if registers.len() <= 2 && x_rest.is_empty() {
            let mut n_clipped = 0;
            for (index, (x, y)) in registers.iter().zip(out).enumerate() {
                let (quantized, is_clipped) =
                    self.0.register::<true>(x, numbers, noise, index * LANES);
                *y = quantized;
                n_clipped += is_clipped.into_iter().map(u32::from).sum::<u32>();
            }
            return n_clipped;
        }
        // few registers at a time: a longer loop would be turned into gathers of one lane of sixteen registers
        let runs = registers.chunks(RUN).zip(out.chunks_mut(RUN));
        for (run, (registers, out)) in runs.enumerate() {
            for (index, x) in registers.iter().enumerate() {
                // see `Destination::take`
                let Some(y) = out.get_mut(index) else {
                    return 0;
                };
                let index = (run * RUN + index) * LANES;
                let (quantized, is_clipped) = self.0.register::<true>(x, numbers, noise, index);
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
                self.0
                    .register::<true>(&padded(x_rest), numbers, noise, index);
            y_rest.copy_from_slice(&quantized[..y_rest.len()]);
            n_clipped += is_clipped.into_iter().map(u32::from).sum::<u32>();
        }
        n_clipped
    }
}

/// Registers of a long block that one loop handles.
const RUN: usize = 8;

/// Takes quantized registers one after the other.
trait Destination {
    /// Whether there was place. A loop that may end early keeps its vectors along the lanes; one that cannot may be turned into
    /// gathers of one lane of sixteen registers.
    fn take(&mut self, index: usize, x: &Register, y: &Register) -> bool;

    /// Sixteen registers have been taken, or the last.
    fn end_strip(&mut self);
}

struct Stored<'a>(&'a mut [Register]);

impl Destination for Stored<'_> {
    #[inline(always)]
    fn take(&mut self, index: usize, _x: &Register, y: &Register) -> bool {
        let out = self.0.get_mut(index);
        out.map(|out| *out = *y).is_some()
    }

    #[inline(always)]
    fn end_strip(&mut self) {}
}

struct Compared {
    errors: RegisterErrors,
    fuses: bool,
}

impl Destination for Compared {
    #[inline(always)]
    fn take(&mut self, _index: usize, x: &Register, y: &Register) -> bool {
        self.errors.add(x, y, self.fuses);
        true
    }

    #[inline(always)]
    fn end_strip(&mut self) {
        self.errors.widen();
    }
}

/// Quantizes one tile; returns the number of clipped values. `fuses` says whether the instruction set multiplies and adds at
/// once.
#[inline(always)]
pub(super) fn quantize<K: RegisterKernel>(
    kernel: K,
    tile: Tile<'_>,
    output: Output<'_>,
    fuses: bool,
) -> u64 {
    if K::STORES_BY_BLOCK && matches!(output, Output::Values(_)) {
        return block_by_block(Single(kernel), tile, output);
    }
    let usual = tile.maxima.filter(|maxima| {
        // all zeros have no smallest
        let smallest = maxima.smallest.min(maxima.largest);
        let is_finite = maxima.largest < INFINITY_BITS;
        is_finite && kernel.is_usual(smallest) && kernel.is_usual(maxima.largest)
    });
    let Some(maxima) = usual else {
        return block_by_block(Single(kernel), tile, output);
    };
    let (x, _) = tile.x.as_chunks::<LANES>();
    match output {
        Output::Values(y) => {
            let (y, _) = y.as_chunks_mut::<LANES>();
            strips(kernel, x, maxima, tile.layout.noise, &mut Stored(y))
        }
        Output::Errors(lanes) => {
            let errors = lanes.registers();
            let mut compared = Compared { errors, fuses };
            let clipped = strips(kernel, x, maxima, tile.layout.noise, &mut compared);
            lanes.take_registers(&compared.errors);
            clipped
        }
    }
}

/// Tiles with unusual blocks, with blocks that are no whole registers, or with short arithmetic whose result is stored.
#[inline(always)]
pub(super) fn block_by_block<K: BlockKernel>(kernel: K, tile: Tile<'_>, output: Output<'_>) -> u64 {
    let mut scratch = Vec::new();
    let (y, lanes) = output.parts(tile.x.len(), &mut scratch);
    let clipped = match tile.layout.block_len {
        // the usual lengths are known to the optimizer
        16 => rows_of::<_, 16>(kernel, tile.x, y, tile.layout),
        32 => rows_of::<_, 32>(kernel, tile.x, y, tile.layout),
        _ => rows(kernel, tile.x, y, tile.layout),
    };
    if let Some(lanes) = lanes {
        lanes.add(tile.x, y);
    }
    clipped
}

#[inline(always)]
fn strips<K: RegisterKernel>(
    kernel: K,
    x: &[Register],
    maxima: &Maxima,
    noise: Noise,
    destination: &mut impl Destination,
) -> u64 {
    let mut clipped = [0_u32; LANES];
    let strips = x.chunks(LANES).zip(&maxima.bits);
    for (strip, (x, largest)) in strips.enumerate() {
        let (mut down, mut up) = ([0.0; LANES], [0.0; LANES]);
        let mut may_clip = [false; LANES];
        for register in 0..LANES {
            let numbers = kernel.numbers(largest[register]);
            may_clip[register] = kernel.may_clip(largest[register], numbers);
            (down[register], up[register]) = numbers;
        }
        // runs of registers, each with a loop of its own
        let mut first = 0;
        while first < x.len() {
            let clips = may_clip[first];
            let mut end = first + 1;
            while end < x.len() && may_clip[end] == clips {
                end += 1;
            }
            let run = Run {
                x: &x[first..end],
                down: &down[first..end],
                up: &up[first..end],
                index: strip * LANES + first,
            };
            if clips {
                run.quantize::<_, true>(kernel, noise, destination, &mut clipped);
            } else {
                run.quantize::<_, false>(kernel, noise, destination, &mut clipped);
            }
            first = end;
        }
        destination.end_strip();
    }
    clipped.into_iter().map(u64::from).sum()
}

/// Registers of a strip that follow each other.
#[derive(Debug, Clone, Copy)]
struct Run<'a> {
    x: &'a [Register],
    down: &'a [f32],
    up: &'a [f32],
    /// Of the first register in the tile.
    index: usize,
}

impl Run<'_> {
    #[inline(always)]
    fn quantize<K: RegisterKernel, const MAY_CLIP: bool>(
        self,
        kernel: K,
        noise: Noise,
        destination: &mut impl Destination,
        clipped: &mut [u32; LANES],
    ) {
        let numbers = self.down.iter().zip(self.up);
        for (register, (x, (down, up))) in self.x.iter().zip(numbers).enumerate() {
            let index = self.index + register;
            let numbers = (*down, *up);
            let (y, is_clipped) = kernel.register::<MAY_CLIP>(x, numbers, noise, index * LANES);
            if !destination.take(index, x, &y) {
                return;
            }
            if MAY_CLIP {
                for lane in 0..LANES {
                    clipped[lane] += u32::from(is_clipped[lane]);
                }
            }
        }
    }
}
