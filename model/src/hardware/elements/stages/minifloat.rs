//! Elements of small floats: significands multiplied, products moved to fixed point exactly.

use crate::hardware::netlist::{Builder, NodeId, Summand};

/// A float of a sign, exponent bits and fraction bits; the top exponent is a normal one, subnormals are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Minifloat {
    /// Exponent bits, 2 to 5.
    pub exponent: u32,
    /// Fraction bits, 1 to 3.
    pub fraction: u32,
}

impl Minifloat {
    /// Bits of an element.
    pub const fn bits(self) -> u32 {
        1 + self.exponent + self.fraction
    }

    /// Bits of a significand.
    pub const fn significand(self) -> u32 {
        self.fraction + 1
    }

    /// Exponent of the fixed-point unit of a value below one: bias less one, and the fraction.
    pub const fn unit(self) -> u32 {
        (1 << (self.exponent - 1)) - 2 + self.fraction
    }
}

/// One element taken apart.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Unpacked {
    /// Sign.
    pub sign: NodeId,
    /// Significand with its hidden bit.
    pub significand: NodeId,
    /// Exponent less the hidden bit.
    pub exponent: NodeId,
}

impl Minifloat {
    /// Takes an element apart.
    pub(in super::super) fn unpack(self, b: &mut Builder, word: NodeId) -> Unpacked {
        let fraction = b.slice(word, 0, self.fraction);
        let exponent = b.slice(word, self.fraction, self.exponent);
        let hidden = b.any(exponent);
        Unpacked {
            sign: b.top(word),
            significand: b.concat(&[fraction, hidden]),
            exponent: b.subtract(self.exponent, exponent, hidden),
        }
    }
}

/// Product of two elements in fixed point: its sign, and its magnitude with the smallest product as the unit.
pub(in super::super) fn fixed_point_product(
    b: &mut Builder,
    (left, left_format): (NodeId, Minifloat),
    (right, right_format): (NodeId, Minifloat),
) -> (NodeId, NodeId) {
    let (left, right) = (left_format.unpack(b, left), right_format.unpack(b, right));
    let significand = left_format.significand() + right_format.significand();
    let product = b.sum(
        significand,
        &[Summand::product(left.significand, right.significand)],
        0,
    );
    let distance = b.add(
        left_format.exponent.max(right_format.exponent) + 1,
        left.exponent,
        right.exponent,
    );
    let wide = b.resize(product, product_bits(left_format, right_format));
    let fixed = b.shift_left(wide, distance);
    (b.xor(left.sign, right.sign), fixed)
}

/// Bits of a product in fixed point.
pub(in super::super) const fn product_bits(left: Minifloat, right: Minifloat) -> u32 {
    let reach = (1 << left.exponent) - 2 + (1 << right.exponent) - 2;
    left.significand() + right.significand() + reach
}
