//! The two operands of a lane by their kind, and the sum of the products of a block.

use super::minifloat::{fixed_point_product, product_bits};
use super::{Minifloat, Products, baugh_wooley};
use crate::hardware::netlist::{Builder, NodeId, Summand};

/// The way the values of a lane are coded, on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lanes {
    /// Sign and magnitude bits of each side.
    SignMagnitude {
        /// Magnitude bits of the moving side.
        m: u32,
        /// Magnitude bits of the stationary side.
        n: u32,
    },
    /// Two's complement integers of these bits.
    TwosComplement {
        /// Bits of the moving side.
        m: u32,
        /// Bits of the stationary side.
        n: u32,
    },
    /// Small floats; the two sides may differ.
    Minifloat {
        /// Moving side.
        left: Minifloat,
        /// Stationary side.
        right: Minifloat,
    },
}

impl Lanes {
    /// Bits of a two's complement sum of the products of one lane.
    pub const fn product_bits(self) -> u32 {
        match self {
            Self::SignMagnitude { m, n } => m + n + 1,
            Self::TwosComplement { m, n } => m + n,
            Self::Minifloat { left, right } => product_bits(left, right) + 1,
        }
    }

    /// Bits of a value on each side, sign included.
    pub const fn bits(self) -> [u32; 2] {
        match self {
            Self::SignMagnitude { m, n } => [m + 1, n + 1],
            Self::TwosComplement { m, n } => [m, n],
            Self::Minifloat { left, right } => [left.bits(), right.bits()],
        }
    }

    /// Places below one of the unit of a product, by the elements' own fraction bits.
    pub const fn unit(self) -> u32 {
        match self {
            Self::SignMagnitude { m, n } => m - 1 + n - 1,
            Self::TwosComplement { m, n } => m - 2 + n - 2,
            Self::Minifloat { left, right } => left.unit() + right.unit(),
        }
    }

    /// Rows of the product of two values; sign-magnitude values have their sign on top.
    pub(in super::super) fn multiply(
        self,
        b: &mut Builder,
        products: &mut Products,
        left: NodeId,
        right: NodeId,
    ) {
        match self {
            Self::SignMagnitude { m, n } => {
                let (sign, other_sign) = (b.top(left), b.top(right));
                let sign = b.xor(sign, other_sign);
                let (left, right) = (b.slice(left, 0, m), b.slice(right, 0, n));
                products.sign_magnitude(b, sign, left, right);
            }
            Self::TwosComplement { .. } => baugh_wooley(b, products, left, right),
            Self::Minifloat {
                left: left_format,
                right: right_format,
            } => {
                let (sign, fixed) =
                    fixed_point_product(b, (left, left_format), (right, right_format));
                products.signed(b, sign, fixed);
            }
        }
    }

    /// Sum of the products of some lanes, and of a word that is added in the same tree.
    pub(in super::super) fn block_sum(
        self,
        b: &mut Builder,
        left: &[NodeId],
        right: &[NodeId],
        added: Option<NodeId>,
        width: u32,
    ) -> NodeId {
        b.part("products and tree");
        let mut products = Products::default();
        for (left, right) in left.iter().zip(right) {
            self.multiply(b, &mut products, *left, *right);
        }
        products.rows.extend(added.map(Summand::word));
        products.sum(b, width)
    }
}
