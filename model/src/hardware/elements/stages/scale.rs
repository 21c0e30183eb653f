//! Scales of blocks: powers of two, or floats whose significands multiply block sums.

use crate::hardware::netlist::{Builder, NodeId, Summand};

/// Code of a positive scale: exponent bits, and fraction bits of a float; no exponent bits for a block without a scale.
///
/// Without fraction bits it is two to (code - bias); with them a float with exact subnormals. Biases are 2^(bits - 1) - 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScaleFormat {
    /// Exponent bits, 0 to 8.
    pub exponent: u32,
    /// Fraction bits, 0 for a power of two.
    pub fraction: u32,
}

impl ScaleFormat {
    /// A power of two in 8 bits, as in OCP MX.
    pub const E8M0: Self = Self {
        exponent: 8,
        fraction: 0,
    };
    /// The scale of NVFP4.
    pub const E4M3: Self = Self {
        exponent: 4,
        fraction: 3,
    };
    /// No scale.
    pub const NONE: Self = Self {
        exponent: 0,
        fraction: 0,
    };

    /// Bits of a code.
    pub const fn bits(self) -> u32 {
        self.exponent + self.fraction
    }

    /// True for a block with a scale.
    pub const fn is_some(self) -> bool {
        self.exponent > 0
    }

    /// True for a scale that is a float.
    pub const fn is_float(self) -> bool {
        self.fraction > 0
    }

    /// Exponent bias.
    pub const fn bias(self) -> u32 {
        if self.exponent == 0 {
            0
        } else {
            (1 << (self.exponent - 1)) - 1
        }
    }

    /// Constant between the exponent that the datapath adds and the exponent of the scale's unit.
    pub const fn offset(self) -> u32 {
        if self.is_float() {
            self.bias() - 1 + self.fraction
        } else {
            self.bias()
        }
    }

    /// Encoding of a code in words.
    pub(in super::super) fn encoding(self) -> String {
        if self.is_float() {
            format!(
                "positive float, {} exponent bits (bias {}) above {} fraction bits, subnormals exact",
                self.exponent,
                self.bias(),
                self.fraction
            )
        } else {
            format!("two to the power of the code less {}", self.bias())
        }
    }

    /// Bits that a sum grows by when it is multiplied by the significand.
    pub const fn significand_bits(self) -> u32 {
        if self.is_float() {
            self.fraction + 1
        } else {
            0
        }
    }
}

/// Exponent of the product of a block's scales, and the product of their significands where they are floats.
pub(in super::super) fn scale_product(
    b: &mut Builder,
    scales: [ScaleFormat; 2],
    codes: [Option<NodeId>; 2],
) -> (Option<NodeId>, Option<NodeId>) {
    b.part("scales");
    let mut exponents = Vec::new();
    let mut significands = Vec::new();
    for (scale, code) in scales.into_iter().zip(codes) {
        let Some(code) = code else { continue };
        if scale.is_float() {
            let exponent = b.slice(code, scale.fraction, scale.exponent);
            let fraction = b.slice(code, 0, scale.fraction);
            let hidden = b.any(exponent);
            significands.push(b.concat(&[fraction, hidden]));
            exponents.push(b.subtract(scale.exponent, exponent, hidden));
        } else {
            exponents.push(code);
        }
    }
    let exponent = match exponents[..] {
        [left, right] => {
            let width = b.width(left).max(b.width(right)) + 1;
            Some(b.add(width, left, right))
        }
        [one] => Some(one),
        _ => None,
    };
    let significand = match significands[..] {
        [left, right] => {
            let width = b.width(left) + b.width(right);
            Some(b.sum(width, &[Summand::product(left, right)], 0))
        }
        [one] => Some(one),
        _ => None,
    };
    (exponent, significand)
}

/// A two's complement block sum times an unsigned significand.
pub(in super::super) fn scaled_sum(
    b: &mut Builder,
    sum: NodeId,
    significand: Option<NodeId>,
) -> NodeId {
    let Some(significand) = significand else {
        return sum;
    };
    b.part("scales");
    let (width, bits) = (b.width(sum), b.width(significand));
    let top = b.top(sum);
    let inverted = b.not(top);
    let low = b.slice(sum, 0, width - 1);
    let unsigned = b.concat(&[low, inverted]);
    let less = b.not(significand);
    let constant = 0_u128.wrapping_sub(((1 << bits) - 1) << (width - 1));
    b.sum(
        width + bits,
        &[
            Summand::product(unsigned, significand),
            Summand::word(less).shifted(width - 1),
        ],
        constant,
    )
}
