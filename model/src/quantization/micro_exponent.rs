//! Shared micro-exponents (MX4, MX6, MX9): BFP whose pairs may use half the step of their block.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use multiversion::multiversion;

use super::arithmetic::{
    LANES, MAGNITUDE_MASK, Noise, SMALLEST_NORMAL_BITS, clamp, normal_power_of_two, round,
};
use super::blocks::{BlockKernel, Layout, rows};
use crate::format::{
    F32_BIAS, F32_FRACTION_BITS, MicroExponentFormat, Rounding, floor_log2, power_of_two_f64,
    round_f64,
};

/// Everything the arithmetic of one block needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct MicroExponentKernel {
    shift: i32,
    largest: f32,
    rounding: Rounding,
}

impl MicroExponentKernel {
    pub(super) fn new(format: MicroExponentFormat) -> Self {
        Self {
            shift: i32::from(format.mantissa_bits) - 1,
            largest: f32::from((1_u8 << format.mantissa_bits) - 1),
            rounding: format.rounding,
        }
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

impl BlockKernel for MicroExponentKernel {
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "an exponent field has 8 bits")]
    fn block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        let exponent = (largest >> F32_FRACTION_BITS) as i32 - F32_BIAS;
        let step_exponent = exponent - self.shift;
        if largest < SMALLEST_NORMAL_BITS || !(-125..=126).contains(&step_exponent) {
            return self.careful_block(x, y, largest, noise);
        }
        let threshold = largest & !((1 << F32_FRACTION_BITS) - 1);
        let step = normal_power_of_two(step_exponent);
        let steps_per_one = normal_power_of_two(-step_exponent);
        let value = |x: f32, own: u32, index: usize| {
            let (factor, inverse) = if own < threshold {
                (2.0, 0.5)
            } else {
                (1.0, 1.0)
            };
            let steps = round(x * steps_per_one * factor, self.rounding, noise, index);
            let kept = clamp(steps, -self.largest, self.largest) * (step * inverse);
            (kept, u32::from(steps.abs() > self.largest))
        };
        let magnitude = |x: f32| x.to_bits() & MAGNITUDE_MASK;
        let mut n_clipped = 0;
        let (Some(x), Some(y)) = (x.as_array::<LANES>(), y.as_mut_array::<LANES>()) else {
            for (index, (one, y)) in x.iter().zip(y).enumerate() {
                let partner = x.get(index ^ 1).copied().unwrap_or(0.0);
                let own = magnitude(*one).max(magnitude(partner));
                let (kept, clipped) = value(*one, own, index);
                *y = kept;
                n_clipped += clipped;
            }
            return n_clipped;
        };
        let mut clipped = [0; LANES];
        let mut out = [0.0; LANES];
        for lane in 0..LANES {
            let own = magnitude(x[lane]).max(magnitude(x[lane ^ 1]));
            (out[lane], clipped[lane]) = value(x[lane], own, lane);
        }
        *y = out;
        clipped.into_iter().sum()
    }
}

/// Quantizes rows of MX4, MX6 or MX9; returns the number of clipped values.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn quantize(
    kernel: MicroExponentKernel,
    x: &[f32],
    y: &mut [f32],
    layout: Layout,
) -> u64 {
    match kernel.rounding {
        Rounding::NearestEven => {
            let rounding = Rounding::NearestEven;
            rows(MicroExponentKernel { rounding, ..kernel }, x, y, layout)
        }
        _ => rows(kernel, x, y, layout),
    }
}
