//! Largest magnitude of each block, written beside each register of the block's values.
//!
//! All block formats of one block length ask for the same numbers, so that a tensor measured in many of them is searched once.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use multiversion::multiversion;

use super::arithmetic::{LANES, MAGNITUDE_MASK};

/// Values that a processor handles together.
pub(super) type Register = [f32; LANES];

/// A register of fewer values, filled up with zeros.
#[inline(always)]
pub(super) fn padded(values: &[f32]) -> Register {
    let mut register = [0.0; LANES];
    register[..values.len()].copy_from_slice(values);
    register
}

/// Bits of the largest magnitude of the block that each register of a tile belongs to.
#[derive(Debug, Clone, Default)]
pub(super) struct Maxima {
    /// One for each register, sixteen together; zeros fill up the last.
    pub(super) bits: Vec<[u32; LANES]>,
    /// Smallest of them that is not zero; `u32::MAX` if all are.
    pub(super) smallest: u32,
    /// Largest of them.
    pub(super) largest: u32,
}

impl Maxima {
    /// From the largest magnitude of each register; blocks are whole registers, the last of a row may be shorter.
    pub(super) fn of_blocks(&mut self, registers: &[u32], row: usize, block: usize) {
        self.bits.clear();
        self.bits
            .resize(registers.len().div_ceil(LANES), [0; LANES]);
        let bits = &mut self.bits.as_flattened_mut()[..registers.len()];
        bits.copy_from_slice(registers);
        spread(bits, row, block);
        (self.smallest, self.largest) = limits(&self.bits);
    }
}

/// Smallest of the numbers that are not zero, and the largest.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
fn limits(bits: &[[u32; LANES]]) -> (u32, u32) {
    let mut smallest = [u32::MAX; LANES];
    let mut largest = [0; LANES];
    for bits in bits {
        for lane in 0..LANES {
            // zero becomes the largest of all
            smallest[lane] = smallest[lane].min(bits[lane].wrapping_sub(1));
            largest[lane] = largest[lane].max(bits[lane]);
        }
    }
    let smallest = smallest.into_iter().fold(u32::MAX, u32::min);
    let largest = largest.into_iter().fold(0, u32::max);
    (smallest.saturating_add(1), largest)
}

/// Replaces the maximum of each register by that of its block.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
fn spread(bits: &mut [u32], row: usize, block: usize) {
    if block <= 1 {
        return;
    }
    let row = if row.is_multiple_of(block) {
        bits.len()
    } else {
        row
    };
    for row in bits.chunks_mut(row.max(1)) {
        match block {
            2 => spread_row::<2>(row),
            4 => spread_row::<4>(row),
            8 => spread_row::<8>(row),
            _ => row.chunks_mut(block).for_each(spread_block),
        }
    }
}

#[inline(always)]
fn spread_row<const BLOCK: usize>(row: &mut [u32]) {
    let (blocks, rest) = row.as_chunks_mut::<BLOCK>();
    for block in blocks {
        let largest = block
            .iter()
            .fold(0, |largest: u32, bits| largest.max(*bits));
        *block = [largest; BLOCK];
    }
    spread_block(rest);
}

#[inline(always)]
fn spread_block(block: &mut [u32]) {
    let largest = block
        .iter()
        .fold(0, |largest: u32, bits| largest.max(*bits));
    block.fill(largest);
}

/// Bits of the largest magnitude of each four values; NaN counts as larger than infinity.
///
/// Loops of four to one become shuffles; sixteen to one would become gathers.
#[inline(always)]
fn of_quarters(x: &[Register; LANES]) -> [[u32; 4]; LANES] {
    let mut quarters = [[0; 4]; LANES];
    let values = x.as_flattened().as_chunks::<4>().0;
    for (largest, x) in quarters.as_flattened_mut().iter_mut().zip(values) {
        let bits = x.map(|x| x.to_bits() & MAGNITUDE_MASK);
        *largest = (bits[0].max(bits[1])).max(bits[2].max(bits[3]));
    }
    quarters
}

/// Bits of the largest magnitude of each register.
#[inline(always)]
fn of_sixteen(x: &[Register; LANES]) -> [u32; LANES] {
    let mut largest = [0; LANES];
    for (largest, quarters) in largest.iter_mut().zip(of_quarters(x)) {
        *largest = (quarters[0].max(quarters[1])).max(quarters[2].max(quarters[3]));
    }
    largest
}

/// Bits of the largest magnitudes of the registers of a tile.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn of_registers(x: &[Register], largest: &mut Vec<u32>) {
    largest.clear();
    for x in x.chunks(LANES) {
        largest.extend_from_slice(&of_strip::<1>(x)[..x.len()]);
    }
}

/// Sixteen registers, those that are missing filled up with zeros.
#[inline(always)]
fn whole_strip(x: &[Register]) -> [Register; LANES] {
    let mut padded = [[0.0; LANES]; LANES];
    padded[..x.len()].copy_from_slice(x);
    padded
}

/// Bits of the largest magnitude of each block of at most sixteen registers, zeros after the last; a register holds two, four or
/// eight blocks.
#[inline(always)]
pub(super) fn of_short_blocks<const BLOCKS: usize>(x: &[Register]) -> [[u32; BLOCKS]; LANES] {
    let mut largest = [[0; BLOCKS]; LANES];
    let padded;
    let x = if let Some(x) = x.as_array() {
        x
    } else {
        padded = whole_strip(x);
        &padded
    };
    let blocks = largest.as_flattened_mut().iter_mut();
    if BLOCKS == 8 {
        for (largest, x) in blocks.zip(x.as_flattened().as_chunks::<2>().0) {
            *largest = (x[0].to_bits() & MAGNITUDE_MASK).max(x[1].to_bits() & MAGNITUDE_MASK);
        }
    } else {
        let quarters = of_quarters(x);
        let quarters = quarters.as_flattened();
        if BLOCKS == 4 {
            blocks
                .zip(quarters)
                .for_each(|(largest, quarter)| *largest = *quarter);
        } else {
            for (largest, quarters) in blocks.zip(quarters.as_chunks::<2>().0) {
                *largest = quarters[0].max(quarters[1]);
            }
        }
    }
    largest
}

/// Bits of the largest magnitude of the block of each of at most sixteen registers, zeros after the last; blocks are `BLOCK`
/// registers long.
#[inline(always)]
pub(super) fn of_strip<const BLOCK: usize>(x: &[Register]) -> [u32; LANES] {
    let mut largest = if let Some(x) = x.as_array() {
        of_sixteen(x)
    } else {
        of_sixteen(&whole_strip(x))
    };
    if BLOCK > 1 {
        for block in largest.as_chunks_mut::<BLOCK>().0 {
            let largest = block
                .iter()
                .fold(0, |largest: u32, bits| largest.max(*bits));
            *block = [largest; BLOCK];
        }
    }
    largest
}
