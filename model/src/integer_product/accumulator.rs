//! The register a block's products are added in, and what happens when it is too narrow.

/// What becomes of a sum outside the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccumulatorOverflow {
    /// It stays at the smallest or largest number of the register.
    Saturate,
    /// It wraps around in two's complement.
    Wrap,
}

/// A two's complement register that products are added in, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Accumulator {
    /// Width, the sign included, 2 to 127.
    pub bits: u8,
    /// Low bits taken off each product before it is added, toward minus infinity (an arithmetic shift), 0 to 126.
    pub dropped_bits: u8,
    /// Policy outside the range, applied after each addition.
    pub overflow: AccumulatorOverflow,
}

impl Accumulator {
    /// Wide enough for every product of this crate's formats.
    pub const EXACT: Self = Self::saturating(127);

    /// A saturating register that drops nothing.
    pub const fn saturating(bits: u8) -> Self {
        Self {
            bits,
            dropped_bits: 0,
            overflow: AccumulatorOverflow::Saturate,
        }
    }

    /// Width, sign included, that holds the sum of `n` products of magnitudes of these bits exactly.
    pub const fn exact_bits(magnitude_bits_a: u32, magnitude_bits_b: u32, n: u32) -> u32 {
        let carry = if n <= 1 {
            0
        } else {
            u32::BITS - (n - 1).leading_zeros()
        };
        1 + magnitude_bits_a + magnitude_bits_b + carry
    }

    /// What one unit of the register is worth in units of the products.
    pub fn unit(self) -> f64 {
        f64::from(self.dropped_bits).exp2()
    }

    /// Adds up products in their order.
    pub fn sum(self, products: impl IntoIterator<Item = i128>) -> i128 {
        products
            .into_iter()
            .fold(0, |sum, product| self.add(sum, product))
    }

    /// One addition.
    pub fn add(self, sum: i128, product: i128) -> i128 {
        let bits = self.bits.clamp(2, 127);
        let sum = sum + (product >> self.dropped_bits.min(126));
        let largest = (1_i128 << (bits - 1)) - 1;
        match self.overflow {
            AccumulatorOverflow::Saturate => sum.clamp(-largest - 1, largest),
            AccumulatorOverflow::Wrap => {
                let unused = 128 - u32::from(bits);
                sum << unused >> unused
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_registers_saturate_or_wrap() {
        let saturating = Accumulator::saturating(8);
        assert_eq!(
            saturating.sum([100, 100, -50]),
            77,
            "127 - 50: saturated on the way"
        );
        let wrapping = Accumulator {
            overflow: AccumulatorOverflow::Wrap,
            ..saturating
        };
        assert_eq!(wrapping.sum([100, 100, -50]), -106, "150 - 256");
        assert_eq!(wrapping.sum([100, 100, -150]), 50, "wraps back into range");
    }

    #[test]
    fn dropped_bits_round_each_product_down() {
        let accumulator = Accumulator {
            dropped_bits: 2,
            ..Accumulator::saturating(16)
        };
        assert_eq!(accumulator.sum([7, 7, -1]), 1 + 1 - 1);
        assert!((accumulator.unit() - 4.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_exact_width_is_reached_and_needed() {
        let bits = u8::try_from(Accumulator::exact_bits(4, 4, 32)).unwrap();
        assert_eq!(bits, 14);
        let extreme = || std::iter::repeat_n(15 * 15, 32);
        assert_eq!(Accumulator::saturating(bits).sum(extreme()), 7200);
        assert_ne!(Accumulator::saturating(bits - 1).sum(extreme()), 7200);
    }
}
