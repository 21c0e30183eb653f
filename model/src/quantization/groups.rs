//! Integers with an FP16 scale for each group, symmetric or with a zero point.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use multiversion::multiversion;

use super::arithmetic::{Noise, clamp, nearest_f16, outside, range, round};
use super::blocks::{BlockKernel, Layout, each, rows_of_any};
use crate::format::{IntegerFormat, Rounding};

/// Largest finite FP16 number: a scale saturates there.
const LARGEST_F16: f32 = 65504.0;

/// Everything the arithmetic of one group needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupKernel {
    /// Largest code: `2^(bits-1) - 1`, or `2^bits - 1` with a zero point.
    largest: f32,
    asymmetric: bool,
    rounding: Rounding,
}

impl GroupKernel {
    #[expect(
        clippy::cast_precision_loss,
        reason = "at most 16 bits are exact in f32"
    )]
    pub(super) fn new(format: IntegerFormat) -> Self {
        let bits = if format.asymmetric {
            format.bits
        } else {
            format.bits - 1
        };
        Self {
            largest: ((1_u32 << bits) - 1) as f32,
            asymmetric: format.asymmetric,
            rounding: format.rounding,
        }
    }

    /// Scale and zero point of a group of finite values whose largest magnitude has these bits.
    ///
    /// Symmetric: codes `-largest ..= largest`, scale `max / largest`. With a zero point: codes `0 ..= largest` less a zero point
    /// that is a code itself, so that zero is exact.
    #[inline(always)]
    pub(super) fn scale_and_zero(self, x: &[f32], largest: u32) -> (f32, f32) {
        if !self.asymmetric {
            let scale = nearest_f16(f32::from_bits(largest) / self.largest).min(LARGEST_F16);
            return (scale, 0.0);
        }
        let (smallest, largest) = ends(x);
        // halves keep the difference of two huge numbers finite
        let width = (0.5 * largest - 0.5 * smallest) / (0.5 * self.largest);
        let scale = nearest_f16(width).min(LARGEST_F16);
        if scale > 0.0 {
            (
                scale,
                clamp((-smallest / scale).round_ties_even(), 0.0, self.largest),
            )
        } else {
            (0.0, 0.0)
        }
    }

    #[inline(always)]
    fn scaled_block(
        self,
        x: &[f32],
        y: &mut [f32],
        scale: f32,
        limits: (f32, f32),
        noise: Noise,
    ) -> u32 {
        if scale <= 0.0 {
            y.fill(0.0);
            return 0;
        }
        each(x, y, |x, index| {
            let code = round(x / scale, self.rounding, noise, index);
            // whole numbers have no negative zero
            let kept = (clamp(code, limits.0, limits.1) + 0.0) * scale;
            (kept, outside(code, limits.0, limits.1))
        })
    }
}

/// Smallest and largest of the values and zero.
#[inline(always)]
fn ends(x: &[f32]) -> (f32, f32) {
    let (smallest, largest) = range(x);
    (
        clamp(smallest, f32::MIN, 0.0),
        clamp(largest, 0.0, f32::MAX),
    )
}

impl BlockKernel for GroupKernel {
    #[inline(always)]
    fn block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        let (scale, zero_point) = self.scale_and_zero(x, largest);
        if self.asymmetric {
            let limits = (-zero_point, self.largest - zero_point);
            self.scaled_block(x, y, scale, limits, noise)
        } else {
            let limits = (-self.largest, self.largest);
            self.scaled_block(x, y, scale, limits, noise)
        }
    }
}

/// Quantizes rows of grouped integers; returns the number of clipped values.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
pub(super) fn quantize(kernel: GroupKernel, x: &[f32], y: &mut [f32], layout: Layout) -> u64 {
    match kernel.rounding {
        Rounding::NearestEven => {
            let rounding = Rounding::NearestEven;
            rows_of_any(GroupKernel { rounding, ..kernel }, x, y, layout)
        }
        _ => rows_of_any(kernel, x, y, layout),
    }
}
