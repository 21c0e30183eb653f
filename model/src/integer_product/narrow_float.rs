//! Accumulators that are floats of a given mantissa: truncated, two guard bits, no sticky bit.

/// A float of a sign, 8 exponent bits (biased 127, 0 is zero) and `mantissa` significant bits with the leading one hidden.
///
/// Underflow gives zero, overflow wraps the exponent: ranges are the caller's concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NarrowFloat {
    /// Significant bits, 8 to 64.
    pub mantissa: u32,
}

/// Sign, biased exponent, significand with its leading one.
#[derive(Debug, Clone, Copy)]
struct Parts {
    negative: bool,
    exponent: i32,
    significand: u128,
}

impl NarrowFloat {
    fn parts(self, code: u128) -> Parts {
        let fraction_bits = self.mantissa - 1;
        let fraction = code & ((1 << fraction_bits) - 1);
        let exponent = (code >> fraction_bits) & 0xff;
        Parts {
            negative: code >> (fraction_bits + 8) & 1 == 1,
            exponent: i32::try_from(exponent).unwrap_or(0),
            significand: fraction | u128::from(exponent != 0) << fraction_bits,
        }
    }

    fn code(self, parts: Parts) -> u128 {
        let fraction_bits = self.mantissa - 1;
        if parts.significand == 0 || parts.exponent <= 0 {
            return 0;
        }
        let fraction = parts.significand & ((1 << fraction_bits) - 1);
        let exponent = u128::from(parts.exponent.cast_unsigned() & 0xff);
        u128::from(parts.negative) << (fraction_bits + 8) | exponent << fraction_bits | fraction
    }

    /// A magnitude times two to `exponent` with a sign, cut to the mantissa.
    pub fn convert(self, negative: bool, magnitude: u128, exponent: i32) -> u128 {
        if magnitude == 0 {
            return 0;
        }
        let bits = 128 - magnitude.leading_zeros();
        let significand = if bits > self.mantissa {
            magnitude >> (bits - self.mantissa)
        } else {
            magnitude << (self.mantissa - bits)
        };
        self.code(Parts {
            negative,
            exponent: exponent + bits.cast_signed() - 1 + 127,
            significand,
        })
    }

    /// Sum of two codes.
    pub fn add(self, left: u128, right: u128) -> u128 {
        let below = (1_u128 << (self.mantissa + 7)) - 1;
        let (large, small) = if right & below > left & below {
            (right, left)
        } else {
            (left, right)
        };
        let (large, small) = (self.parts(large), self.parts(small));
        let distance = u32::try_from(large.exponent - small.exponent).unwrap_or(u32::MAX);
        // Distances beyond the shifter's stages give zero, as those beyond the word do.
        let aligned = (small.significand << 2).checked_shr(distance).unwrap_or(0);
        let top = large.significand << 2;
        let sum = if large.negative == small.negative {
            top + aligned
        } else {
            top - aligned
        };
        if sum == 0 {
            return 0;
        }
        let bits = 128 - sum.leading_zeros();
        let significand = if bits > self.mantissa {
            sum >> (bits - self.mantissa)
        } else {
            sum << (self.mantissa - bits)
        };
        self.code(Parts {
            negative: large.negative,
            exponent: large.exponent + bits.cast_signed() - (self.mantissa + 2).cast_signed(),
            significand,
        })
    }
}
