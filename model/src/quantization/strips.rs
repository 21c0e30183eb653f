//! Sixteen registers at a time, the two numbers of a block beside each register: one loop for any block length.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use super::arithmetic::{FixedRounding, LANES, Noise};
use super::error_lanes::{ErrorLanes, RegisterErrors};
use super::maxima::{self, Maxima, Register};
use super::registers::{Numbers, Output, RegisterKernel, Tile, any_unusual, each_block};

/// Quantizes a tile whose blocks are `BLOCK` registers long and stores the result; returns the number of clipped values.
///
/// The maxima of a strip are found just before it is quantized: found for more at a time, they would keep reading from memory
/// and writing to it apart.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn store<K: RegisterKernel, R: FixedRounding, const BLOCK: usize>(
    kernel: K,
    tile: Tile<'_>,
    y: &mut [f32],
) -> u64 {
    let (x, _) = tile.x.as_chunks::<LANES>();
    let (y, _) = y.as_chunks_mut::<LANES>();
    let mut clipped = [0_u32; LANES];
    let mut n_clipped = 0;
    let mut noise = tile.layout.noise;
    for (x, y) in x.chunks(LANES).zip(y.chunks_mut(LANES)) {
        let largest = maxima::of_strip::<BLOCK>(x);
        if any_unusual(kernel, &largest) {
            let part = tile.part(x.as_flattened(), noise);
            let output = Output::Values(y.as_flattened_mut());
            n_clipped += each_block::<_, R>(kernel, part, output);
        } else {
            let in_strip =
                store_strip::<_, R>(kernel, x, &Numbers::new(kernel, &largest), noise, y);
            for lane in 0..LANES {
                clipped[lane] += in_strip[lane];
            }
        }
        noise = noise.advanced(LANES * LANES);
    }
    n_clipped + clipped.into_iter().map(u64::from).sum::<u64>()
}

/// Returns how many values each lane clipped.
#[inline(always)]
fn store_strip<K: RegisterKernel, R: FixedRounding>(
    kernel: K,
    x: &[Register],
    numbers: &Numbers,
    noise: Noise,
    y: &mut [Register],
) -> [u32; LANES] {
    let mut noise = noise;
    let mut clipped = [0; LANES];
    let numbers = numbers.down.iter().zip(&numbers.up);
    for (register, (x, (down, up))) in x.iter().zip(numbers).enumerate() {
        let numbers = Numbers::of_one_block(*down, *up);
        // a loop that may end early keeps its vectors along the lanes: one that cannot may be turned into gathers of one lane of
        // sixteen registers
        let Some(y) = y.get_mut(register) else {
            break;
        };
        let (quantized, is_clipped) = kernel.register::<R, true>(x, &numbers, noise);
        noise = noise.advanced(LANES);
        *y = quantized;
        for lane in 0..LANES {
            clipped[lane] += u32::from(is_clipped[lane]);
        }
    }
    clipped
}

/// Quantizes a tile, adds up the errors and forgets the values; returns the number of clipped ones. Every block is usual, and
/// `maxima` are the tile's.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn compare<K: RegisterKernel, R: FixedRounding>(
    kernel: K,
    tile: Tile<'_>,
    maxima: &Maxima,
    lanes: &mut ErrorLanes,
) -> u64 {
    let fuses = target_cfg_f!(target_feature = "fma");
    let mut errors = lanes.registers();
    let (x, _) = tile.x.as_chunks::<LANES>();
    let mut clipped = [0_u32; LANES];
    let mut noise = tile.layout.noise;
    for (x, largest) in x.chunks(LANES).zip(&maxima.bits) {
        let Numbers { down, up } = Numbers::new(kernel, largest);
        let mut may_clip = [false; LANES];
        for register in 0..LANES {
            let numbers = (down[register], up[register]);
            may_clip[register] = kernel.may_clip::<R>(largest[register], numbers);
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
                noise: noise.advanced(first * LANES),
            };
            if clips {
                run.compare::<_, R, true>(kernel, &mut errors, fuses, &mut clipped);
            } else {
                run.compare::<_, R, false>(kernel, &mut errors, fuses, &mut clipped);
            }
            first = end;
        }
        errors.widen();
        noise = noise.advanced(LANES * LANES);
    }
    lanes.take_registers(&errors);
    clipped.into_iter().map(u64::from).sum()
}

/// Registers of a strip that follow each other.
#[derive(Debug, Clone, Copy)]
struct Run<'a> {
    x: &'a [Register],
    down: &'a [f32],
    up: &'a [f32],
    /// From the first value on.
    noise: Noise,
}

impl Run<'_> {
    #[inline(always)]
    fn compare<K: RegisterKernel, R: FixedRounding, const MAY_CLIP: bool>(
        self,
        kernel: K,
        errors: &mut RegisterErrors,
        fuses: bool,
        clipped: &mut [u32; LANES],
    ) {
        let numbers = self.down.iter().zip(self.up);
        for (register, (x, (down, up))) in self.x.iter().zip(numbers).enumerate() {
            let noise = self.noise.advanced(register * LANES);
            let numbers = Numbers::of_one_block(*down, *up);
            let (y, is_clipped) = kernel.register::<R, MAY_CLIP>(x, &numbers, noise);
            errors.add::<true>(x, &y, fuses);
            if MAY_CLIP {
                for lane in 0..LANES {
                    clipped[lane] += u32::from(is_clipped[lane]);
                }
            }
        }
    }
}
