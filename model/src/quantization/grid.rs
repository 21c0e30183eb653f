//! Blocks on a uniform grid: BFP, MXINT and MASE's two formats are whole multiples of one power of two.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::arithmetic::{
    FixedRounding, LANES, Noise, ONE_BITS, SMALLEST_NORMAL_BITS, clamp, inverse_and_power_of_two,
    is_zero_or_normal, round,
};
use super::maxima::Register;
use super::registers::{Numbers, RegisterKernel};
use crate::format::{
    F32_BIAS, F32_FRACTION_BITS, GridArithmetic, Rounding, floor_log2, power_of_two_f64, round_f64,
};

/// Everything the arithmetic of one block needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct GridKernel {
    /// From the scale rule; see [`ScaleRule::addend`].
    addend: u32,
    /// Smallest and largest shared exponent that can be stored.
    smallest_exponent: i32,
    largest_exponent: i32,
    /// The step is `2^(shared exponent - shift)`.
    shift: i32,
    /// Range in steps.
    smallest: f32,
    largest: f32,
    rounding: Rounding,
    /// Added to every whole number: +0 makes -0 to +0, -0 changes nothing.
    zero: f32,
}

impl GridKernel {
    /// Fraction bits of the largest element in the layout of `f32` when it is `2 - 2^-fraction_bits`.
    const fn ones(fraction_bits: u32) -> u32 {
        ((1 << fraction_bits) - 1) << (F32_FRACTION_BITS - fraction_bits)
    }

    /// `2^bits - 1` steps.
    #[expect(
        clippy::cast_precision_loss,
        reason = "at most 24 bits are exact in f32"
    )]
    const fn all_ones(bits: u8) -> f32 {
        ((1_u32 << bits) - 1) as f32
    }

    pub(super) const fn new(grid: GridArithmetic) -> Self {
        let fraction_bits = grid.magnitude_bits as u32 - 1;
        let (smallest_exponent, largest_exponent) = if grid.has_nan {
            // E8M0 has no 2^128: its last code is NaN
            (-127, 127)
        } else {
            exponent_range(grid.exponent_bits)
        };
        let largest = Self::all_ones(grid.magnitude_bits);
        Self {
            addend: grid.scale.addend(Self::ones(fraction_bits), fraction_bits),
            smallest_exponent,
            largest_exponent,
            shift: grid.shift as i32,
            smallest: if grid.is_lopsided {
                -largest - 1.0
            } else {
                -largest
            },
            largest,
            rounding: grid.rounding,
            zero: if grid.keeps_negative_zero { -0.0 } else { 0.0 },
        }
    }

    /// Exponent of the step of a block whose largest magnitude has these bits.
    pub(super) fn step_exponent(self, largest: u32) -> i32 {
        self.careful_exponent(largest) - self.shift
    }

    /// [`Self::step_exponent`] for normal numbers.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "an exponent field has 8 bits")]
    fn usual_step(self, largest: u32) -> i32 {
        let exponent = ((largest + self.addend) >> F32_FRACTION_BITS) as i32 - F32_BIAS;
        // no `clamp`: it would ask whether the limits are in order
        exponent
            .max(self.smallest_exponent)
            .min(self.largest_exponent)
            - self.shift
    }

    #[expect(clippy::cast_possible_wrap, reason = "an exponent field has 8 bits")]
    fn careful_exponent(self, largest: u32) -> i32 {
        let exponent = if largest >= SMALLEST_NORMAL_BITS {
            ((largest + self.addend) >> F32_FRACTION_BITS) as i32 - F32_BIAS
        } else {
            // the same addition to the fraction of the number written with a leading one
            let magnitude = f64::from(f32::from_bits(largest));
            let fraction = (magnitude.to_bits() >> (52 - F32_FRACTION_BITS)) & 0x7f_ffff;
            let carry = (fraction + u64::from(self.addend)) >> F32_FRACTION_BITS;
            floor_log2(magnitude) + i32::from(carry != 0)
        };
        exponent.clamp(self.smallest_exponent, self.largest_exponent)
    }
}

impl RegisterKernel for GridKernel {
    fn rounding(self) -> Rounding {
        self.rounding
    }

    /// Both the step and its inverse must be normal.
    #[inline(always)]
    fn is_usual(self, largest: u32) -> bool {
        is_zero_or_normal(largest, self.usual_step(largest), -126)
    }

    #[inline(always)]
    fn numbers(self, largest: u32) -> (f32, f32) {
        // any step does for zeros
        let largest = if largest == 0 { ONE_BITS } else { largest };
        let exponent = self.usual_step(largest);
        inverse_and_power_of_two(exponent)
    }

    #[inline(always)]
    fn may_clip<R: FixedRounding>(self, largest: u32, (down, _): (f32, f32)) -> bool {
        let steps = f32::from_bits(largest) * down;
        let steps = match R::ROUNDING {
            // the noise of the largest value is not known here
            Rounding::Stochastic => steps.ceil(),
            rounding => round(steps, rounding, Noise { base: 0 }, 0),
        };
        steps > self.largest
    }

    #[inline(always)]
    fn register<R: FixedRounding, const MAY_CLIP: bool>(
        self,
        x: &Register,
        numbers: &Numbers,
        noise: Noise,
    ) -> (Register, [bool; LANES]) {
        let mut y = [0.0; LANES];
        let mut is_clipped = [false; LANES];
        for lane in 0..LANES {
            let steps = round(x[lane] * numbers.down[lane], R::ROUNDING, noise, lane);
            let kept = if MAY_CLIP {
                clamp(steps, self.smallest, self.largest)
            } else {
                steps
            };
            y[lane] = (kept + self.zero) * numbers.up[lane];
            is_clipped[lane] = kept.to_bits() != steps.to_bits();
        }
        (y, is_clipped)
    }

    /// In double precision: blocks whose step or scale would leave the normal numbers.
    #[cold]
    #[inline(never)]
    fn careful_block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        let mut clipped = 0;
        let step = power_of_two_f64(self.step_exponent(largest));
        for (index, (x, y)) in x.iter().zip(y).enumerate() {
            let uniform = f64::from(noise.uniform(index));
            let magnitude = round_f64(f64::from(x.abs()) / step, self.rounding, uniform);
            let steps = magnitude.copysign(f64::from(*x));
            let kept = steps.clamp(f64::from(self.smallest), f64::from(self.largest));
            clipped += u32::from(kept.to_bits() != steps.to_bits());
            let kept = kept + f64::from(self.zero);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the one rounding to f32, by definition"
            )]
            let value = (kept * step) as f32;
            *y = value;
        }
        clipped
    }
}

/// Exponents that `bits` bits with the usual bias can store: every code is an exponent.
const fn exponent_range(bits: u8) -> (i32, i32) {
    let bias = (1 << (bits - 1)) - 1;
    (-bias, (1 << bits) - 1 - bias)
}
