//! Adder of a float accumulator of given mantissa: truncated, two guard bits, no sticky bit, underflow to zero.

use crate::hardware::netlist::{Builder, NodeId, Summand, count_bits};

/// A float of a sign, 8 exponent bits (biased 127, 0 is zero) and a mantissa whose leading one is hidden.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct TruncatingAdder {
    /// Significant bits, the hidden one included.
    pub mantissa: u32,
}

impl TruncatingAdder {
    /// Bits of a word: sign, exponent, mantissa without its leading one.
    pub(in super::super) const fn bits(self) -> u32 {
        self.mantissa + 8
    }

    /// A magnitude with an exponent (10 bits, of its top bit) and a sign as a float; truncated.
    pub(in super::super) fn to_float(
        self,
        b: &mut Builder,
        sign: NodeId,
        magnitude: NodeId,
        exponent: &[Summand],
        constant: u128,
    ) -> NodeId {
        let width = b.width(magnitude);
        let (zeros, zero) = b.leading_zeros(magnitude);
        let normal = b.shift_left(magnitude, zeros);
        let zeros = b.resize(zeros, 10);
        let less = b.not(zeros);
        let mut summands = exponent.to_vec();
        summands.push(Summand::word(less));
        let biased = b.sum(10, &summands, constant.wrapping_add(1));
        let negative = b.top(biased);
        let nothing = b.none(biased);
        let under = b.or(negative, nothing);
        let none = b.or(zero, under);
        let fraction_bits = self.mantissa - 1;
        let fraction = if width > fraction_bits {
            b.slice(normal, width - 1 - fraction_bits, fraction_bits)
        } else {
            let cut = b.slice(normal, 0, width - 1);
            b.append_zeros(cut, fraction_bits + 1 - width)
        };
        let exponent = b.slice(biased, 0, 8);
        let word = b.concat(&[fraction, exponent, sign]);
        let some = b.not(none);
        b.and(word, some)
    }

    /// Sum of two such floats.
    pub(in super::super) fn sum(self, b: &mut Builder, left: NodeId, right: NodeId) -> NodeId {
        let fraction_bits = self.mantissa - 1;
        let width = self.mantissa + 2;
        let below = fraction_bits + 8;
        let (low, other_low) = (b.slice(left, 0, below), b.slice(right, 0, below));
        let swap = b.greater(other_low, low);
        let large = b.mux(swap, right, left);
        let small = b.mux(swap, left, right);
        let exponent = b.slice(large, fraction_bits, 8);
        let small_exponent = b.slice(small, fraction_bits, 8);
        let significand = |b: &mut Builder, word: NodeId, exponent: NodeId| {
            let hidden = b.any(exponent);
            let fraction = b.slice(word, 0, fraction_bits);
            let significand = b.concat(&[fraction, hidden]);
            b.append_zeros(significand, 2)
        };
        let large_significand = significand(b, large, exponent);
        let small_significand = significand(b, small, small_exponent);
        let distance = b.subtract(8, exponent, small_exponent);
        let stages = count_bits(width);
        let near = b.slice(distance, 0, stages);
        let shifted = b.shift_right(small_significand, near);
        let beyond = b.slice(distance, stages, 8 - stages);
        let far = b.none(beyond);
        let aligned = b.and(shifted, far);
        let (sign, small_sign) = (b.top(large), b.top(small));
        let differ = b.xor(sign, small_sign);
        let wide = b.resize(aligned, width + 1);
        let inverted = b.xor(wide, differ);
        let sum = b.sum(
            width + 1,
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
        let low = b.slice(sum, 0, width);
        let (zeros, zero) = b.leading_zeros(low);
        let normal = b.shift_left(low, zeros);
        let left_fraction = b.slice(normal, width - 1 - fraction_bits, fraction_bits);
        let right_fraction = b.slice(sum, width - fraction_bits, fraction_bits);
        let fraction = b.mux(carry, right_fraction, left_fraction);
        let keep = b.not(carry);
        let zeros = b.and(zeros, keep);
        let zeros = b.resize(zeros, 10);
        let less = b.not(zeros);
        let new_exponent = b.sum(
            10,
            &[
                Summand::word(exponent),
                Summand::word(carry),
                Summand::word(less),
            ],
            1,
        );
        let negative = b.top(new_exponent);
        let nothing = b.none(new_exponent);
        let cancelled = b.and(zero, keep);
        let under = b.or(negative, nothing);
        let none = b.or(cancelled, under);
        let exponent = b.slice(new_exponent, 0, 8);
        let word = b.concat(&[fraction, exponent, sign]);
        let some = b.not(none);
        b.and(word, some)
    }
}
