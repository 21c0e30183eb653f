//! Blocks of two, four or eight values: several in a register, sixteen registers at a time.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use super::arithmetic::{FixedRounding, LANES};
use super::error_lanes::ErrorLanes;
use super::maxima::{self, Register};
use super::registers::{Numbers, Output, RegisterKernel, Tile, any_unusual, each_block};

/// The two numbers of each block of a strip, `BLOCKS` for each register.
struct StripNumbers<const BLOCKS: usize> {
    down: [[f32; BLOCKS]; LANES],
    up: [[f32; BLOCKS]; LANES],
}

impl<const BLOCKS: usize> StripNumbers<BLOCKS> {
    /// `None` if a block is unusual.
    #[inline(always)]
    fn new<K: RegisterKernel>(kernel: K, x: &[Register]) -> Option<Self> {
        let largest = maxima::of_short_blocks::<BLOCKS>(x);
        if any_unusual(kernel, largest.as_flattened()) {
            return None;
        }
        let (mut down, mut up) = ([[0.0; BLOCKS]; LANES], [[0.0; BLOCKS]; LANES]);
        let numbers = down
            .as_flattened_mut()
            .iter_mut()
            .zip(up.as_flattened_mut());
        for ((down, up), largest) in numbers.zip(largest.as_flattened()) {
            (*down, *up) = kernel.numbers(*largest);
        }
        Some(Self { down, up })
    }

    /// Those of the block of each value of a register.
    #[inline(always)]
    fn of_register(&self, register: usize) -> Numbers {
        let (down, up) = (&self.down[register], &self.up[register]);
        Numbers {
            down: std::array::from_fn(|lane| down[lane * BLOCKS / LANES]),
            up: std::array::from_fn(|lane| up[lane * BLOCKS / LANES]),
        }
    }
}

/// Quantizes a tile with `BLOCKS` blocks in each register and stores the result; returns the number of clipped values.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn store<K: RegisterKernel, R: FixedRounding, const BLOCKS: usize>(
    kernel: K,
    tile: Tile<'_>,
    y: &mut [f32],
) -> u64 {
    let mut clipped = [0_u32; LANES];
    let mut n_clipped = 0;
    let mut noise = tile.layout.noise;
    let strip = LANES * LANES;
    for (all_x, all_y) in tile.x.chunks(strip).zip(y.chunks_mut(strip)) {
        let (x, x_rest) = all_x.as_chunks::<LANES>();
        let numbers = if x_rest.is_empty() {
            StripNumbers::<BLOCKS>::new(kernel, x)
        } else {
            None
        };
        if let Some(numbers) = numbers {
            let (y, _) = all_y.as_chunks_mut::<LANES>();
            for (register, x) in x.iter().enumerate() {
                // as in `strips`
                let Some(y) = y.get_mut(register) else {
                    break;
                };
                let numbers = numbers.of_register(register);
                let noise = noise.advanced(register * LANES);
                let (quantized, is_clipped) = kernel.register::<R, true>(x, &numbers, noise);
                *y = quantized;
                for lane in 0..LANES {
                    clipped[lane] += u32::from(is_clipped[lane]);
                }
            }
        } else {
            let part = tile.part(all_x, noise);
            n_clipped += each_block::<_, R>(kernel, part, Output::Values(all_y));
        }
        noise = noise.advanced(strip);
    }
    n_clipped + clipped.into_iter().map(u64::from).sum::<u64>()
}

/// Quantizes a tile, adds up the errors and forgets the values; returns the number of clipped ones. `None`, and nothing added,
/// if a block is unusual or the tile does not end with a register.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn compare<K: RegisterKernel, R: FixedRounding, const BLOCKS: usize>(
    kernel: K,
    tile: Tile<'_>,
    lanes: &mut ErrorLanes,
) -> Option<u64> {
    let fuses = target_cfg_f!(target_feature = "fma");
    let mut errors = lanes.registers();
    let (x, x_rest) = tile.x.as_chunks::<LANES>();
    if !x_rest.is_empty() {
        return None;
    }
    let mut clipped = [0_u32; LANES];
    let mut noise = tile.layout.noise;
    for x in x.chunks(LANES) {
        let numbers = StripNumbers::<BLOCKS>::new(kernel, x)?;
        for (register, x) in x.iter().enumerate() {
            let numbers = numbers.of_register(register);
            let noise = noise.advanced(register * LANES);
            let (y, is_clipped) = kernel.register::<R, true>(x, &numbers, noise);
            errors.add::<true>(x, &y, fuses);
            for lane in 0..LANES {
                clipped[lane] += u32::from(is_clipped[lane]);
            }
        }
        errors.widen();
        noise = noise.advanced(LANES * LANES);
    }
    lanes.take_registers(&errors);
    Some(clipped.into_iter().map(u64::from).sum())
}
