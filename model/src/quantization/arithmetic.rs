//! The few scalar operations all kernels share, written so that they vectorize.
//!
//! No loops and no formats here; everything is inlined into loops compiled for several instruction sets.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use crate::format::{F32_BIAS, F32_FRACTION_BITS, Rounding};

/// Bits of infinity; a magnitude at or above is not finite.
pub(super) const INFINITY_BITS: u32 = 0x7f80_0000;
/// Bits of the smallest normal number.
pub(super) const SMALLEST_NORMAL_BITS: u32 = 0x0080_0000;
/// Bits of 1.
pub(super) const ONE_BITS: u32 = 0x3f80_0000;
/// All bits but the sign.
pub(super) const MAGNITUDE_MASK: u32 = 0x7fff_ffff;
/// Values handled together: one AVX-512 register.
pub(super) const LANES: usize = 16;

/// Where the random numbers of stochastic rounding come from: a seed and the position of the first value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    /// Seed and position in one number; the position's low 32 bits count.
    pub(super) base: u32,
}

impl Noise {
    /// A uniform number in `0..1` for the value at this distance: an odd multiple of 2^-24, so never 0 and exact in `f32`.
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "positions count modulo 2^32"
    )]
    pub(super) fn uniform(self, index: usize) -> f32 {
        // finalizer "lowbias32" of C. Wellons' hash prospector: bijective, bias below 0.2
        let mut hash = self.base.wrapping_add(index as u32);
        hash ^= hash >> 16;
        hash = hash.wrapping_mul(0x7feb_352d);
        hash ^= hash >> 15;
        hash = hash.wrapping_mul(0x846c_a68b);
        hash ^= hash >> 16;
        // 23 random bits as the fraction of a number in 1..2, less 1, plus half of their last place
        f32::from_bits(ONE_BITS | (hash >> 9)) - (1.0 - 1.0 / 16_777_216.0)
    }

    /// The same source, this many values further on.
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "positions count modulo 2^32"
    )]
    pub(super) fn advanced(self, values: usize) -> Self {
        Self {
            base: self.base.wrapping_add(values as u32),
        }
    }
}

/// A rounding that is part of a type, so that a loop is compiled for each.
pub(super) trait FixedRounding: Copy {
    const ROUNDING: Rounding;
}

/// [`Rounding::NearestEven`].
#[derive(Debug, Clone, Copy)]
pub(super) struct NearestEven;

impl FixedRounding for NearestEven {
    const ROUNDING: Rounding = Rounding::NearestEven;
}

/// [`Rounding::NearestAway`].
#[derive(Debug, Clone, Copy)]
pub(super) struct NearestAway;

impl FixedRounding for NearestAway {
    const ROUNDING: Rounding = Rounding::NearestAway;
}

/// [`Rounding::Truncate`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Truncate;

impl FixedRounding for Truncate {
    const ROUNDING: Rounding = Rounding::Truncate;
}

/// [`Rounding::Stochastic`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Stochastic;

impl FixedRounding for Stochastic {
    const ROUNDING: Rounding = Rounding::Stochastic;
}

/// Rounds to a whole number; `rounding` is a constant where this is inlined.
#[inline(always)]
pub(super) fn round(value: f32, rounding: Rounding, noise: Noise, index: usize) -> f32 {
    match rounding {
        Rounding::NearestEven => value.round_ties_even(),
        Rounding::NearestAway => {
            // adding one half first would round 0.49999997 up
            let whole = value.trunc();
            if (value - whole).abs() >= 0.5 {
                whole + 1.0_f32.copysign(value)
            } else {
                whole
            }
        }
        Rounding::Truncate => value.trunc(),
        Rounding::Stochastic => {
            let whole = value.trunc();
            if (value - whole).abs() > noise.uniform(index) {
                whole + 1.0_f32.copysign(value)
            } else {
                whole
            }
        }
    }
}

/// Keeps a number inside limits, in the form that becomes one minimum and one maximum instruction.
#[inline(always)]
pub(super) fn clamp(value: f32, smallest: f32, largest: f32) -> f32 {
    let value = if value > largest { largest } else { value };
    if value < smallest { smallest } else { value }
}

/// Whether [`clamp`] would change the number.
#[inline(always)]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a branch would keep loops from vectorizing"
)]
pub(super) fn outside(value: f32, smallest: f32, largest: f32) -> bool {
    (value > largest) | (value < smallest)
}

/// `2^exponent` for -126..=127.
#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "a biased exponent is not negative")]
pub(super) const fn normal_power_of_two(exponent: i32) -> f32 {
    f32::from_bits(((exponent + F32_BIAS) as u32) << F32_FRACTION_BITS)
}

/// Whether a block is all zeros, or its largest magnitude is a normal number and the exponent of its step or scale lies from
/// `smallest` to 126, so that the power of two and its inverse are normal.
#[inline(always)]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "sixteen blocks are asked about together, which a branch would prevent"
)]
pub(super) fn is_zero_or_normal(largest: u32, exponent: i32, smallest: i32) -> bool {
    let is_normal = (largest >= SMALLEST_NORMAL_BITS) & (exponent >= smallest) & (exponent <= 126);
    (largest == 0) | is_normal
}

/// What brings a value to the range of a block's elements, and what brings an element back: `2^-exponent` and `2^exponent`, for
/// -126..=126.
#[inline(always)]
pub(super) const fn inverse_and_power_of_two(exponent: i32) -> (f32, f32) {
    (
        normal_power_of_two(-exponent),
        normal_power_of_two(exponent),
    )
}

/// Values that a plain loop is cut into: long enough that the optimizer makes vectors of the loop instead of unrolling it.
pub(super) const STRETCH: usize = 64;

/// Bits of the largest magnitude; NaN counts as larger than infinity.
#[inline(always)]
pub(super) fn largest_magnitude_bits(x: &[f32]) -> u32 {
    let largest = |x: &[f32]| {
        x.iter().fold(0, |largest, value| {
            u32::max(largest, value.to_bits() & MAGNITUDE_MASK)
        })
    };
    let (stretches, rest) = x.as_chunks::<STRETCH>();
    stretches
        .iter()
        .fold(largest(rest), |all, stretch| all.max(largest(stretch)))
}

/// Smallest and largest of finite numbers, zero included only if it is among them; zeros for no numbers.
#[inline(always)]
pub(super) fn range(x: &[f32]) -> (f32, f32) {
    // integers in the order of the floats: the largest of whole numbers may be sought in any order
    let key = |value: f32| {
        let bits = value.to_bits().cast_signed();
        bits ^ ((bits >> 31) & i32::MAX)
    };
    let value = |key: i32| f32::from_bits((key ^ ((key >> 31) & i32::MAX)).cast_unsigned());
    let ends = |x: &[f32]| {
        x.iter().fold((i32::MAX, i32::MIN), |ends, value| {
            let key = key(*value);
            (ends.0.min(key), ends.1.max(key))
        })
    };
    if x.is_empty() {
        return (0.0, 0.0);
    }
    let (stretches, rest) = x.as_chunks::<STRETCH>();
    let all = stretches.iter().fold(ends(rest), |all, stretch| {
        let ends = ends(stretch);
        (all.0.min(ends.0), all.1.max(ends.1))
    });
    (value(all.0), value(all.1))
}

/// Value of largest magnitude among finite ones, the first of equals; 0 if there are none.
#[inline(always)]
pub(super) fn extreme(x: &[f32]) -> f32 {
    let (smallest, largest) = range(x);
    // both are as likely: a choice without a branch
    let extreme = if -smallest > largest {
        smallest
    } else {
        largest
    };
    if (-smallest).to_bits() == largest.to_bits() {
        first_of_magnitude(x, largest)
    } else {
        extreme
    }
}

/// First value of at least this magnitude, 0 if there is none.
#[cold]
#[inline(never)]
fn first_of_magnitude(x: &[f32], magnitude: f32) -> f32 {
    let mut found = x.iter().copied().filter(|value| value.abs() >= magnitude);
    found.next().unwrap_or(0.0)
}

/// The nearest FP16 value (ties to even) as an `f32`; infinite from 65520 on, as IEEE 754 has it.
#[inline(always)]
pub(super) fn nearest_f16(value: f32) -> f32 {
    const SMALLEST_EXPONENT: u32 = 113; // -14, biased as in f32
    const ABOVE_LARGEST: u32 = 143;
    const FRACTION_BITS: u32 = 10;
    const LARGEST: f32 = 65504.0;
    let exponent = value.to_bits() >> F32_FRACTION_BITS & 0xff;
    let exponent = exponent.clamp(SMALLEST_EXPONENT, ABOVE_LARGEST);
    let steps_per_one = f32::from_bits((254 + FRACTION_BITS - exponent) << F32_FRACTION_BITS);
    let step = f32::from_bits((exponent - FRACTION_BITS) << F32_FRACTION_BITS);
    let rounded = (value * steps_per_one).round_ties_even() * step;
    if rounded.abs() > LARGEST {
        f32::INFINITY.copysign(value)
    } else {
        rounded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::round_f64;

    #[test]
    fn rounding_in_f32_equals_rounding_in_f64() {
        let noise = Noise { base: 77 };
        for (index, value) in [
            0.0,
            0.5,
            1.5,
            2.5,
            0.499_999_97,
            0.500_000_06,
            126.5,
            8_388_607.5,
            8_388_609.0,
            1e30,
            3.0e-39,
        ]
        .into_iter()
        .enumerate()
        {
            for rounding in Rounding::ALL {
                let uniform = f64::from(noise.uniform(index));
                let expected = round_f64(f64::from(value), rounding, uniform);
                for sign in [1.0_f32, -1.0] {
                    let rounded = round(sign * value, rounding, noise, index);
                    assert_eq!(
                        f64::from(rounded).abs().to_bits(),
                        expected.to_bits(),
                        "{value} {rounding}"
                    );
                    assert_eq!(rounded.is_sign_negative(), sign < 0.0);
                }
            }
        }
    }

    #[test]
    fn nearest_fp16_is_that_of_the_half_crate() {
        for bits in (0..u32::MAX).step_by(65_003) {
            let value = f32::from_bits(bits);
            let expected = half::f16::from_f32(value).to_f32();
            let ours = nearest_f16(value);
            assert!(
                ours.to_bits() == expected.to_bits() || value.is_nan(),
                "{value:e} {ours:e} {expected:e}"
            );
        }
    }

    #[test]
    fn uniform_numbers_fill_the_unit_interval_evenly() {
        let noise = Noise { base: 1 };
        let mut bins = [0; 16];
        for index in 0..16_000 {
            let uniform = noise.uniform(index);
            assert!(uniform > 0.0 && uniform < 1.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0..16"
            )]
            let bin = (uniform * 16.0) as usize;
            bins[bin] += 1;
        }
        assert!(
            bins.iter().all(|count| (850..1150).contains(count)),
            "{bins:?}"
        );
    }
}
