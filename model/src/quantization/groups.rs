//! Integers with an FP16 scale for each group, symmetric or with a zero point.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use std::marker::PhantomData;

use super::arithmetic::{
    FixedRounding, LANES, NearestAway, NearestEven, Noise, Stochastic, Truncate, clamp,
    nearest_f16, outside, range, round,
};
use super::blocks::{BlockKernel, each};
use super::maxima::Register;
use super::registers::{self, Numbers, Output, RegisterKernel, Tile};
use crate::format::Rounding;

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
    pub(super) fn new(bits: u8, asymmetric: bool, rounding: Rounding) -> Self {
        let bits = if asymmetric { bits } else { bits - 1 };
        Self {
            largest: ((1_u32 << bits) - 1) as f32,
            asymmetric,
            rounding,
        }
    }

    /// Scale of a symmetric group whose largest magnitude has these bits.
    #[inline(always)]
    fn scale(self, largest: u32) -> f32 {
        nearest_f16(f32::from_bits(largest) / self.largest).min(LARGEST_F16)
    }

    /// Scale and zero point of a group of finite values whose largest magnitude has these bits.
    ///
    /// Symmetric: codes `-largest ..= largest`, scale `max / largest`. With a zero point: codes `0 ..= largest` less a zero point
    /// that is a code itself, so that zero is exact.
    #[inline(always)]
    pub(super) fn scale_and_zero(self, x: &[f32], largest: u32) -> (f32, f32) {
        if !self.asymmetric {
            return (self.scale(largest), 0.0);
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

impl RegisterKernel for GroupKernel {
    fn rounding(self) -> Rounding {
        self.rounding
    }

    #[inline(always)]
    fn is_usual(self, largest: u32) -> bool {
        (largest == 0) | (self.scale(largest) > 0.0)
    }

    #[inline(always)]
    fn numbers(self, largest: u32) -> (f32, f32) {
        let scale = self.scale(largest);
        // only zeros have no scale here, and any does for them
        let scale = if scale > 0.0 { scale } else { 1.0 };
        (scale, scale)
    }

    #[inline(always)]
    fn may_clip<R: FixedRounding>(self, largest: u32, (scale, _): (f32, f32)) -> bool {
        // a scale rounded down, or a rounding that is not to nearest
        (f32::from_bits(largest) / scale).ceil() > self.largest
    }

    #[inline(always)]
    fn register<R: FixedRounding, const MAY_CLIP: bool>(
        self,
        x: &Register,
        numbers: &Numbers,
        noise: Noise,
    ) -> (Register, [bool; LANES]) {
        let mut codes = [0.0; LANES];
        for lane in 0..LANES {
            codes[lane] = round(x[lane] / numbers.down[lane], R::ROUNDING, noise, lane);
        }
        let mut y = [0.0; LANES];
        for lane in 0..LANES {
            let kept = if MAY_CLIP {
                clamp(codes[lane], -self.largest, self.largest)
            } else {
                codes[lane]
            };
            // whole numbers have no negative zero
            y[lane] = (kept + 0.0) * numbers.up[lane];
        }
        let mut is_clipped = [false; LANES];
        for lane in 0..LANES {
            is_clipped[lane] = codes[lane].abs() > self.largest;
        }
        (y, is_clipped)
    }

    /// A group too small for an FP16 scale.
    fn careful_block(self, _x: &[f32], y: &mut [f32], _largest: u32, _noise: Noise) -> u32 {
        y.fill(0.0);
        0
    }
}

/// Groups with a zero point.
#[derive(Debug, Clone, Copy)]
struct AsymmetricKernel<R> {
    groups: GroupKernel,
    rounding: PhantomData<R>,
}

impl<R: FixedRounding> BlockKernel for AsymmetricKernel<R> {
    #[inline(always)]
    fn block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        let (scale, zero_point) = self.groups.scale_and_zero(x, largest);
        if scale <= 0.0 {
            y.fill(0.0);
            return 0;
        }
        let (smallest, largest) = (-zero_point, self.groups.largest - zero_point);
        each(x, y, |x, index| {
            let code = round(x / scale, R::ROUNDING, noise, index);
            // whole numbers have no negative zero
            let kept = (clamp(code, smallest, largest) + 0.0) * scale;
            (kept, outside(code, smallest, largest))
        })
    }
}

/// Quantizes a tile of grouped integers; returns the number of clipped values.
pub(super) fn quantize(kernel: GroupKernel, tile: Tile<'_>, output: Output<'_>) -> u64 {
    if !kernel.asymmetric {
        return registers::quantize(kernel, tile, output);
    }
    match kernel.rounding {
        Rounding::NearestEven => asymmetric::<NearestEven>(kernel, tile, output),
        Rounding::NearestAway => asymmetric::<NearestAway>(kernel, tile, output),
        Rounding::Truncate => asymmetric::<Truncate>(kernel, tile, output),
        Rounding::Stochastic => asymmetric::<Stochastic>(kernel, tile, output),
    }
}

fn asymmetric<R: FixedRounding>(groups: GroupKernel, tile: Tile<'_>, output: Output<'_>) -> u64 {
    let rounding = PhantomData::<R>;
    registers::block_by_block(AsymmetricKernel { groups, rounding }, tile, output)
}
