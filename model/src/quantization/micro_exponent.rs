//! Shared micro-exponents (MX4, MX6, MX9): BFP whose pairs may use half the step of their block.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::arithmetic::{
    FixedRounding, LANES, Noise, ONE_BITS, clamp, inverse_and_power_of_two, is_zero_or_normal,
    normal_power_of_two, round,
};
use super::maxima::Register;
use super::registers::{Numbers, RegisterKernel};
use crate::format::{
    F32_BIAS, F32_FRACTION_BITS, Rounding, floor_log2, power_of_two_f64, round_f64,
};

/// Everything the arithmetic of one block needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct MicroExponentKernel {
    shift: i32,
    largest: f32,
    rounding: Rounding,
}

impl MicroExponentKernel {
    pub(super) fn new(mantissa_bits: u8, rounding: Rounding) -> Self {
        Self {
            shift: i32::from(mantissa_bits) - 1,
            largest: f32::from((1_u8 << mantissa_bits) - 1),
            rounding,
        }
    }
}

impl RegisterKernel for MicroExponentKernel {
    fn rounding(self) -> Rounding {
        self.rounding
    }

    #[inline(always)]
    fn is_usual(self, largest: u32) -> bool {
        // half the step must be normal, too
        is_zero_or_normal(largest, usual_exponent(largest) - self.shift, -125)
    }

    /// The inverse of the step of the block, and the step.
    #[inline(always)]
    fn numbers(self, largest: u32) -> (f32, f32) {
        // any step does for zeros
        let largest = if largest == 0 { ONE_BITS } else { largest };
        let exponent = usual_exponent(largest) - self.shift;
        inverse_and_power_of_two(exponent)
    }

    #[inline(always)]
    fn register<R: FixedRounding, const MAY_CLIP: bool>(
        self,
        x: &Register,
        numbers: &Numbers,
        noise: Noise,
    ) -> (Register, [bool; LANES]) {
        let mut steps = [0.0; LANES];
        for lane in 0..LANES {
            steps[lane] = x[lane] * numbers.down[lane];
        }
        // a pair below this many steps has a smaller exponent than its block
        let threshold = normal_power_of_two(self.shift);
        let mut is_large = [0_u32; LANES];
        for lane in 0..LANES {
            is_large[lane] = u32::from(steps[lane].abs() >= threshold);
        }
        let mut finer = [0.0; LANES];
        for lane in 0..LANES {
            finer[lane] = if is_large[lane] | is_large[lane ^ 1] == 0 {
                2.0
            } else {
                1.0
            };
        }
        let mut rounded = [0.0; LANES];
        for lane in 0..LANES {
            rounded[lane] = round(steps[lane] * finer[lane], R::ROUNDING, noise, lane);
        }
        let mut y = [0.0; LANES];
        for lane in 0..LANES {
            // the inverse of 1 and of 2
            let coarser = 1.5 - 0.5 * finer[lane];
            y[lane] =
                clamp(rounded[lane], -self.largest, self.largest) * (coarser * numbers.up[lane]);
        }
        let mut is_clipped = [false; LANES];
        for lane in 0..LANES {
            is_clipped[lane] = rounded[lane].abs() > self.largest;
        }
        (y, is_clipped)
    }

    /// One block in double precision: tiny and huge blocks.
    #[cold]
    #[inline(never)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the one rounding to f32, by definition"
    )]
    fn careful_block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        let exponent = |value: f32| floor_log2(f64::from(value.abs()));
        let shared = shared_exponent(largest);
        let mut clipped = 0;
        for (index, (x, y)) in x.chunks(2).zip(y.chunks_mut(2)).enumerate() {
            let own = x
                .iter()
                .map(|value| exponent(*value))
                .max()
                .unwrap_or(shared);
            let step = power_of_two_f64(shared - i32::from(own < shared) - self.shift);
            for (offset, (x, y)) in x.iter().zip(y).enumerate() {
                let uniform = f64::from(noise.uniform(2 * index + offset));
                let steps = round_f64(f64::from(x.abs()) / step, self.rounding, uniform);
                clipped += u32::from(steps > f64::from(self.largest));
                let kept = steps.min(f64::from(self.largest)).copysign(f64::from(*x));
                *y = (kept * step) as f32;
            }
        }
        clipped
    }
}

/// Exponent of a block whose largest magnitude has these bits.
pub(super) fn shared_exponent(largest: u32) -> i32 {
    floor_log2(f64::from(f32::from_bits(largest))).max(-F32_BIAS)
}

/// [`shared_exponent`] for normal numbers.
#[inline(always)]
#[expect(clippy::cast_possible_wrap, reason = "an exponent field has 8 bits")]
fn usual_exponent(largest: u32) -> i32 {
    (largest >> F32_FRACTION_BITS) as i32 - F32_BIAS
}
