//! Sums with exponents of their own: largest exponent, distances, shifts to the right, one tree.

use super::Products;
use crate::hardware::netlist::{Builder, NodeId, Summand, count_bits};

/// The largest of some words by a balanced tree of comparisons and selections.
pub(in super::super) fn largest(b: &mut Builder, words: &[NodeId]) -> NodeId {
    // Positions as in a heap: node i has children 2i and 2i + 1.
    let count = words.len();
    let mut heap: Vec<Option<NodeId>> = vec![None; count];
    heap.extend(words.iter().map(|word| Some(*word)));
    for index in (1..count).rev() {
        let (Some(left), Some(right)) = (heap[2 * index], heap[2 * index + 1]) else {
            continue;
        };
        let above = b.greater(left, right);
        heap[index] = Some(b.mux(above, left, right));
    }
    heap.get(1).copied().flatten().unwrap_or(words[0])
}

/// Sum of two's complement words of one width.
fn signed_sum(b: &mut Builder, words: &[NodeId], width: u32) -> NodeId {
    let mut products = Products::default();
    for word in words {
        products.twos_complement(b, *word);
    }
    products.sum(b, width)
}

/// Block sums with unsigned exponents: each shifted to the largest exponent, `guard` bits kept below, then added.
///
/// Bits shifted out are cut off (toward minus infinity). Returns the sum, `guard` + log2 of the number of blocks wider than a
/// block sum, and the largest exponent. A single block passes as it is.
pub(in super::super) fn aligned_sum(
    b: &mut Builder,
    sums: &[NodeId],
    exponents: &[NodeId],
    guard: u32,
) -> (NodeId, NodeId) {
    if let ([sum], [exponent]) = (sums, exponents) {
        return (*sum, *exponent);
    }
    b.part("block alignment");
    let top = largest(b, exponents);
    let exponent_bits = b.width(top);
    let blocks = u32::try_from(sums.len()).unwrap_or(u32::MAX);
    let aligned: Vec<NodeId> = sums
        .iter()
        .zip(exponents)
        .map(|(sum, exponent)| {
            let distance = b.subtract(exponent_bits, top, *exponent);
            let word = b.append_zeros(*sum, guard);
            let width = b.width(word);
            let stages = count_bits(width);
            if stages >= exponent_bits {
                return b.shift_right_signed(word, distance);
            }
            let near = b.slice(distance, 0, stages);
            let shifted = b.shift_right_signed(word, near);
            let beyond = b.slice(distance, stages, exponent_bits - stages);
            let far = b.any(beyond);
            let sign = b.top(word);
            let signs = b.repeat(sign, width);
            b.mux(far, signs, shifted)
        })
        .collect();
    let width = b.width(aligned[0]) + count_bits(blocks);
    (signed_sum(b, &aligned, width), top)
}

/// A constant taken off an unsigned exponent, as a 10-bit two's complement word.
pub(in super::super) fn rebased(b: &mut Builder, exponent: NodeId, bias: u128) -> NodeId {
    b.sum(10, &[Summand::word(exponent)], 0_u128.wrapping_sub(bias))
}
