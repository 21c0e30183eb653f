//! Rows of signed products for carry-save trees, without sign extension: inverted top rows and one constant a tree.

use crate::hardware::netlist::{Builder, NodeId, Summand};

/// Summands of a tree and the constant that belongs to them.
#[derive(Debug, Default)]
pub(in super::super) struct Products {
    /// Rows.
    pub rows: Vec<Summand>,
    /// Constant, modulo two to the width of the sum.
    pub constant: u128,
}

impl Products {
    /// A constant taken off.
    fn less(&mut self, constant: u128) {
        self.constant = self.constant.wrapping_sub(constant);
    }

    /// Two sign-magnitude mantissas: the one inverted where the product is negative, times the other, and corrections.
    pub(in super::super) fn sign_magnitude(
        &mut self,
        b: &mut Builder,
        sign: NodeId,
        left: NodeId,
        right: NodeId,
    ) {
        let (m, n) = (b.width(left), b.width(right));
        let inverted = b.xor(left, sign);
        let masked = b.and(right, sign);
        let rest = b.not(masked);
        self.rows.extend([
            Summand::product(inverted, right),
            Summand::word(masked),
            Summand::word(rest).shifted(m),
        ]);
        self.less((1 << (m + n)) - (1 << m));
    }

    /// A sign and magnitude by a two's complement weight.
    pub(in super::super) fn by_weight(
        &mut self,
        b: &mut Builder,
        sign: NodeId,
        magnitude: NodeId,
        weight: NodeId,
    ) {
        let (m, n) = (b.width(magnitude), b.width(weight));
        let x = b.xor(weight, sign);
        let top = b.top(x);
        let masked = b.and(magnitude, top);
        let inverted = b.not(masked);
        let correction = b.and(magnitude, sign);
        if n > 1 {
            let low = b.slice(x, 0, n - 1);
            self.rows.push(Summand::product(magnitude, low));
        }
        self.rows.push(Summand::word(inverted).shifted(n - 1));
        self.rows.push(Summand::word(correction));
        self.less((1 << (m + n - 1)) - (1 << (n - 1)));
    }

    /// A magnitude with a sign of its own.
    pub(in super::super) fn signed(&mut self, b: &mut Builder, sign: NodeId, magnitude: NodeId) {
        let width = b.width(magnitude);
        let inverted = b.xor(magnitude, sign);
        let positive = b.not(sign);
        self.rows.extend([
            Summand::word(inverted),
            Summand::word(sign),
            Summand::word(positive).shifted(width),
        ]);
        self.less(1 << width);
    }

    /// A two's complement word.
    pub(in super::super) fn twos_complement(&mut self, b: &mut Builder, word: NodeId) {
        let width = b.width(word);
        if width == 1 {
            let inverted = b.not(word);
            self.rows.push(Summand::word(inverted));
            self.less(1);
            return;
        }
        let top = b.top(word);
        let inverted = b.not(top);
        let low = b.slice(word, 0, width - 1);
        let flipped = b.concat(&[low, inverted]);
        self.rows.push(Summand::word(flipped));
        self.less(1 << (width - 1));
    }

    /// Their sum.
    pub(in super::super) fn sum(&self, b: &mut Builder, width: u32) -> NodeId {
        b.sum(width, &self.rows, self.constant)
    }
}

/// Two two's complement words after Baugh and Wooley.
pub(in super::super) fn baugh_wooley(
    b: &mut Builder,
    products: &mut Products,
    left: NodeId,
    right: NodeId,
) {
    let (m, n) = (b.width(left), b.width(right));
    let (low, other_low) = (b.slice(left, 0, m - 1), b.slice(right, 0, n - 1));
    let (top, other_top) = (b.top(left), b.top(right));
    let masked = b.and(other_low, top);
    let row = b.not(masked);
    let masked = b.and(low, other_top);
    let other_row = b.not(masked);
    let both = b.and(top, other_top);
    products.rows.extend([
        Summand::product(low, other_low),
        Summand::word(row).shifted(m - 1),
        Summand::word(other_row).shifted(n - 1),
        Summand::word(both).shifted(m + n - 2),
    ]);
    let constant = (1_u128 << (m - 1)) + (1 << (n - 1));
    products.constant = products
        .constant
        .wrapping_add(constant)
        .wrapping_sub(1 << (m + n - 1));
}
