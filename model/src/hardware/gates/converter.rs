//! FP16 to block floating point, a block in parallel: maximum exponent, differences, shift, round or truncate.

use super::primitive::{maximum_tree, negation};
use super::{Cell, Gates, Logic, Part, Parts};

const EXPONENT_BITS: u32 = 5;

/// Bits of an FP16 significand, the leading one included.
const SIGNIFICAND_BITS: f64 = 11.0;

/// What rounding adds to one output beside the increment: each significand bit is masked where it stays above the cut,
/// gated and gathered in the sticky bit; each output bit takes up the overflow that saturates it.
fn rounding_control(m: u32) -> Gates {
    Gates::of(Cell::Mask, SIGNIFICAND_BITS).and(Cell::And, 2.0 * SIGNIFICAND_BITS + f64::from(m))
}

/// Converter of `block` FP16 values to `m` magnitude bits.
pub(super) fn block_converter(block: u32, m: u32, rounds: bool, parts: &mut Parts) {
    let lanes = f64::from(block);
    parts.push(Part::new(
        "maximum exponent",
        Logic::Maximum,
        maximum_tree(block, EXPONENT_BITS),
    ));
    let align = Gates::of(Cell::FullAdder, f64::from(EXPONENT_BITS - 1))
        .and(Cell::AlignerBit, f64::from(m))
        .and(Cell::And, f64::from(EXPONENT_BITS));
    parts.push(Part::new("subtract and align", Logic::Converter, align).times(lanes));
    if rounds {
        let round = negation(m) + rounding_control(m);
        parts.push(Part::new("round and saturate", Logic::Converter, round).times(lanes));
    }
}
