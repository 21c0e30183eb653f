//! FP32 stage: a two's complement sum with a binary exponent becomes a float and is added to an FP32 register.
//!
//! Bits of the sum below the 24th are cut off; the addition rounds to nearest even; subnormals are flushed to zero;
//! overflow gives infinity. `synthesis.md`, section 4, unit `fp32_accumulate`.

use crate::hardware::netlist::{Builder, NodeId, Summand};

/// The stage's connections.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct FloatStage {
    /// Two's complement sum.
    pub value: NodeId,
    /// Two's complement exponent of its lowest bit, 10 bits.
    pub exponent: NodeId,
    /// True if the sum starts anew.
    pub clear: NodeId,
    /// True if a sum arrives; without it, one arrives each cycle.
    pub load: Option<NodeId>,
}

impl FloatStage {
    /// Builds it and returns the accumulator.
    pub(in super::super) fn build(self, b: &mut Builder) -> NodeId {
        b.part("FP32 stage");
        let value = b.registered(self.value, self.load);
        let exponent = b.registered(self.exponent, self.load);
        let clear = b.registered(self.clear, self.load);
        let loaded = self.load.map(|load| b.registered(load, None));
        for (word, name) in [
            (value, "sum"),
            (exponent, "sum_exponent"),
            (clear, "sum_clear"),
        ] {
            b.name(word, name);
        }
        let float = integer_to_float(b, value, exponent);
        let accumulator = b.register(32);
        b.name(accumulator, "accumulator");
        let keep = b.not(clear);
        let kept = b.and(accumulator, keep);
        let next = float_sum(b, kept, float);
        b.drive(accumulator, next, loaded);
        accumulator
    }
}

/// A two's complement word times two to a two's complement exponent, as FP32; bits below the 24th are cut off.
fn integer_to_float(b: &mut Builder, value: NodeId, exponent: NodeId) -> NodeId {
    b.part("normalizer");
    let width = b.width(value);
    let sign = b.top(value);
    let flipped = b.xor(value, sign);
    let magnitude = b.add(width, flipped, sign);
    let (zeros, zero) = b.leading_zeros(magnitude);
    let normal = b.shift_left(magnitude, zeros);
    let wide = b.sign_extend(exponent, 12);
    let zeros = b.resize(zeros, 12);
    let less = b.not(zeros);
    let biased = b.sum(
        12,
        &[Summand::word(wide), Summand::word(less)],
        u128::from(127 + width),
    );
    let negative = b.top(biased);
    let nothing = b.none(biased);
    let under = b.or(negative, nothing);
    let large = b.at_least(biased, 255);
    let positive = b.not(negative);
    let over = b.and(positive, large);
    let fraction = if width > 23 {
        b.slice(normal, width - 24, 23)
    } else {
        let cut = b.slice(normal, 0, width - 1);
        b.append_zeros(cut, 24 - width)
    };
    let low = b.slice(biased, 0, 8);
    let nonzero = b.not(zero);
    let sign_of_none = b.and(sign, nonzero);
    let none = b.or(zero, under);
    packed(b, [sign, sign_of_none], [none, over], low, fraction)
}

/// Sign, exponent and fraction side by side; zero where `none`, infinity where `over`.
fn packed(
    b: &mut Builder,
    [sign, sign_of_none]: [NodeId; 2],
    [none, over]: [NodeId; 2],
    exponent: NodeId,
    fraction: NodeId,
) -> NodeId {
    let (bits, below) = (b.width(exponent), b.width(fraction));
    let usual = b.concat(&[fraction, exponent, sign]);
    let zeros = b.constant(0, below);
    let ones = b.constant(u128::MAX, bits);
    let infinite = b.concat(&[zeros, ones, sign]);
    let zeros = b.constant(0, bits + below);
    let nothing = b.concat(&[zeros, sign_of_none]);
    let finite = b.mux(over, infinite, usual);
    b.mux(none, nothing, finite)
}

/// Sum of two FP32 words, rounded to nearest even, subnormals flushed.
fn float_sum(b: &mut Builder, left: NodeId, right: NodeId) -> NodeId {
    const FRACTION: u32 = 23;
    const EXPONENT: u32 = 8;
    /// Hidden bit, fraction, guard, round and sticky bit.
    const WIDTH: u32 = FRACTION + 4;
    const DISTANCE: u32 = 5;
    b.part("floating-point adder");
    let (low, other_low) = (b.slice(left, 0, 31), b.slice(right, 0, 31));
    let swap = b.greater(other_low, low);
    let large = b.mux(swap, right, left);
    let small = b.mux(swap, left, right);
    let exponent = b.slice(large, FRACTION, EXPONENT);
    let small_exponent = b.slice(small, FRACTION, EXPONENT);
    let significand = |b: &mut Builder, word: NodeId, exponent: NodeId| {
        let hidden = b.any(exponent);
        let fraction = b.slice(word, 0, FRACTION);
        let fraction = b.and(fraction, hidden);
        let significand = b.concat(&[fraction, hidden]);
        (b.append_zeros(significand, 3), hidden)
    };
    let (large_significand, _) = significand(b, large, exponent);
    let (small_significand, small_hidden) = significand(b, small, small_exponent);
    let distance = b.subtract(EXPONENT, exponent, small_exponent);
    let far = b.at_least(distance, u128::from(WIDTH));
    let near = b.slice(distance, 0, DISTANCE);
    let shifted = b.shift_right(small_significand, near);
    let ones = b.constant(u128::MAX, WIDTH);
    let kept = b.shift_left(ones, near);
    let out = b.not(kept);
    let lost = b.and(small_significand, out);
    let lost = b.any(lost);
    let lowest = b.bit(shifted, 0);
    let sticky = b.or(lowest, lost);
    let above = b.slice(shifted, 1, WIDTH - 1);
    let near_word = b.concat(&[sticky, above]);
    let far_word = b.resize(small_hidden, WIDTH);
    let aligned = b.mux(far, far_word, near_word);
    let (sign, small_sign) = (b.top(large), b.top(small));
    let differ = b.xor(sign, small_sign);
    let wide = b.resize(aligned, WIDTH + 1);
    let inverted = b.xor(wide, differ);
    let sum = b.sum(
        WIDTH + 1,
        &[
            Summand::word(large_significand),
            Summand::word(inverted),
            Summand::word(differ),
        ],
        0,
    );
    let overflow = b.top(sum);
    let same = b.not(differ);
    let carry = b.and(overflow, same);
    let sum_low = b.slice(sum, 0, WIDTH);
    let (zeros, zero) = b.leading_zeros(sum_low);
    let left_shifted = b.shift_left(sum_low, zeros);
    let one = b.constant(1, 1);
    let (bit_0, bit_1) = (b.bit(sum, 0), b.bit(sum, 1));
    let last = b.or(bit_1, bit_0);
    let middle = b.slice(sum, 2, WIDTH - 2);
    let right_shifted = b.concat(&[last, middle, one]);
    let normal = b.mux(carry, right_shifted, left_shifted);
    let [n0, n1, n2, n3] = [0, 1, 2, 3].map(|index| b.bit(normal, index));
    let below = b.or(n1, n0);
    let below = b.or(below, n3);
    let up = b.and(n2, below);
    let kept = b.slice(normal, 3, WIDTH - 3);
    let rounded = b.add(FRACTION + 2, kept, up);
    let rounded_over = b.top(rounded);
    let keep = b.not(carry);
    let zeros = b.and(zeros, keep);
    let zeros = b.resize(zeros, EXPONENT + 2);
    let less = b.not(zeros);
    let new_exponent = b.sum(
        EXPONENT + 2,
        &[
            Summand::word(exponent),
            Summand::word(carry),
            Summand::word(rounded_over),
            Summand::word(less),
        ],
        1,
    );
    let negative = b.top(new_exponent);
    let magnitude = b.slice(new_exponent, 0, EXPONENT + 1);
    let nothing = b.none(magnitude);
    let cancelled = b.and(zero, keep);
    let under = b.or(negative, nothing);
    let none = b.or(cancelled, under);
    let large = b.at_least(magnitude, (1 << EXPONENT) - 1);
    let positive = b.not(negative);
    let over = b.and(positive, large);
    let both = b.and(sign, small_sign);
    let sign_of_none = b.mux(cancelled, both, sign);
    let fraction = b.slice(rounded, 0, FRACTION);
    let exact = b.not(rounded_over);
    let fraction = b.and(fraction, exact);
    let exponent = b.slice(new_exponent, 0, EXPONENT);
    packed(b, [sign, sign_of_none], [none, over], exponent, fraction)
}
