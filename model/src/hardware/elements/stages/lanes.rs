//! The two operands of a lane by their kind, and the sum of the products of a block.

use super::minifloat::{fixed_point_product, product_bits};
use super::{Minifloat, Products, ScaleFormat, baugh_wooley};
use crate::hardware::netlist::{Builder, NodeId, Summand, count_bits};

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
    /// Sign and magnitude bits of the moving side by two's complement integers.
    MagnitudeByInteger {
        /// Magnitude bits of the moving side.
        m: u32,
        /// Bits of the stationary side.
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
            Self::TwosComplement { m, n } | Self::MagnitudeByInteger { m, n } => m + n,
            Self::Minifloat { left, right } => product_bits(left, right) + 1,
        }
    }

    /// Bits of a value on each side, sign included.
    pub const fn bits(self) -> [u32; 2] {
        match self {
            Self::SignMagnitude { m, n } => [m + 1, n + 1],
            Self::MagnitudeByInteger { m, n } => [m + 1, n],
            Self::TwosComplement { m, n } => [m, n],
            Self::Minifloat { left, right } => [left.bits(), right.bits()],
        }
    }

    /// Encoding of the values of a side in words.
    pub(in super::super) fn encoding(self, side: usize) -> String {
        let magnitude = |bits: u32| format!("sign on top of a magnitude of {bits} bits");
        let integer = |bits: u32| format!("two's complement of {bits} bits");
        let float = |format: Minifloat| {
            format!(
                "sign, {} exponent bits (bias {}), {} fraction bits; subnormals are exact, the largest exponent is a normal one",
                format.exponent,
                (1 << (format.exponent - 1)) - 1,
                format.fraction
            )
        };
        match (self, side) {
            (Self::SignMagnitude { m, .. } | Self::MagnitudeByInteger { m, .. }, 0) => magnitude(m),
            (Self::SignMagnitude { n, .. }, _) => magnitude(n),
            (Self::TwosComplement { m, .. }, 0) => integer(m),
            (Self::MagnitudeByInteger { n, .. } | Self::TwosComplement { n, .. }, _) => integer(n),
            (Self::Minifloat { left, .. }, 0) => float(left),
            (Self::Minifloat { right, .. }, _) => float(right),
        }
    }

    /// Places below one of the unit of a value of each side. Integers have fraction bits only below a power of two as a scale.
    pub const fn units(self, scales: [ScaleFormat; 2]) -> [u32; 2] {
        match self {
            Self::SignMagnitude { m, n } => [m - 1, n - 1],
            Self::MagnitudeByInteger { m, n } => [m - 1, integer_unit(n, scales[1])],
            Self::TwosComplement { m, n } => {
                [integer_unit(m, scales[0]), integer_unit(n, scales[1])]
            }
            Self::Minifloat { left, right } => [left.unit(), right.unit()],
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
            Self::MagnitudeByInteger { m, .. } => {
                let (magnitude, sign) = (b.slice(left, 0, m), b.top(left));
                products.by_weight(b, sign, magnitude, right);
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
    ///
    /// With `shifts`, lanes stand in groups of `of`; the sum of each group moves left by the word of its group first.
    pub(in super::super) fn block_sum(
        self,
        b: &mut Builder,
        [left, right]: [&[NodeId]; 2],
        shifts: &[NodeId],
        added: Option<NodeId>,
        width: u32,
    ) -> NodeId {
        b.part("products and tree");
        let mut products = Products::default();
        if shifts.is_empty() {
            for (left, right) in left.iter().zip(right) {
                self.multiply(b, &mut products, *left, *right);
            }
        } else {
            let of = left.len().div_ceil(shifts.len());
            let count = u32::try_from(of).unwrap_or(1);
            let own = self.product_bits() + if count > 1 { count_bits(count) } else { 0 };
            for ((left, right), shift) in left.chunks(of).zip(right.chunks(of)).zip(shifts) {
                let mut group = Products::default();
                for (left, right) in left.iter().zip(right) {
                    self.multiply(b, &mut group, *left, *right);
                }
                let sum = group.sum(b, own);
                let wide = b.sign_extend(sum, own + 2);
                let moved = b.shift_left(wide, *shift);
                products.twos_complement(b, moved);
            }
        }
        products.rows.extend(added.map(Summand::word));
        products.sum(b, width)
    }
}

/// Fraction bits of an integer: all but the sign and one before the point, none below a float as a scale.
const fn integer_unit(bits: u32, scale: ScaleFormat) -> u32 {
    if scale.is_float() { 0 } else { bits - 2 }
}
