//! Anda's bit-serial product: mantissas as planes of bits, most significant first (HPCA 2025, section IV).

use super::{Accumulator, IntegerBlock};

/// A block's magnitudes as planes of bits, and its signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitPlanes {
    /// Whether each value is negative.
    pub signs: Vec<bool>,
    /// Planes from the most significant bit to the least.
    pub planes: Vec<Vec<bool>>,
}

impl BitPlanes {
    /// Planes of a block whose magnitudes have at most `mantissa_bits` bits; higher ones are lost.
    pub fn new(block: &IntegerBlock, mantissa_bits: u8) -> Self {
        let plane = |bit: u8| {
            block
                .codes
                .iter()
                .map(|code| code.unsigned_abs() >> bit & 1 == 1)
                .collect()
        };
        Self {
            signs: block.codes.iter().map(|code| *code < 0).collect(),
            planes: (0..mantissa_bits).rev().map(plane).collect(),
        }
    }
}

/// Sum of the products with integer weights: each plane selects and adds weights, the running sum doubles between planes.
///
/// The order matters to a narrow accumulator only; a wide one holds the exact sum. Dropped bits are taken off the sum of each
/// plane's selected weights, before it is added.
pub fn bit_serial_sum(planes: &BitPlanes, weights: &[i64], accumulator: Accumulator) -> i128 {
    let doubling = Accumulator {
        dropped_bits: 0,
        ..accumulator
    };
    let mut sum = 0_i128;
    for plane in &planes.planes {
        let selected = plane
            .iter()
            .zip(&planes.signs)
            .zip(weights)
            .filter(|((bit, _), _)| **bit)
            .map(|((_, negative), weight)| i128::from(if *negative { -weight } else { *weight }));
        // doubling is an addition of the sum to itself, with the same limits
        sum = doubling.add(sum, sum);
        sum = accumulator.add(sum, selected.sum());
    }
    sum
}
