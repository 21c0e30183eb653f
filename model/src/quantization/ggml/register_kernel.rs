//! The small types whose scale follows from the largest magnitude alone, sixteen values at a time: `Q8_0`, `Q8_1` and MXFP4.
//!
//! The arithmetic is that of `small_block`, operation by operation, for blocks in which no step leaves the normal numbers.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::super::arithmetic::{
    FixedRounding, LANES, Noise, clamp, inverse_and_power_of_two, nearest_f16, round,
};
use super::super::blocks::BlockKernel as _;
use super::super::maxima::{Maxima, Register};
use super::super::registers::{Numbers, RegisterKernel, any_unusual};
use super::SmallKernel;
use super::small_block::{LARGEST_KEPT, inverse, mxfp4_exponent_is_plain, mxfp4_level};
use crate::format::{F32_BIAS, F32_FRACTION_BITS, GgmlFormat, Rounding};

/// Codes `-127 ..= 127`, ties away from zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct EightBitKernel;

impl EightBitKernel {
    const LARGEST: f32 = 127.0;
}

impl RegisterKernel for EightBitKernel {
    fn rounding(self) -> Rounding {
        Rounding::NearestAway
    }

    /// The inverse of the scale must be finite.
    #[inline(always)]
    fn is_usual(self, largest: u32) -> bool {
        const SMALLEST: u32 = 32 << F32_FRACTION_BITS;
        largest == 0 || largest >= SMALLEST
    }

    #[inline(always)]
    fn numbers(self, largest: u32) -> (f32, f32) {
        let scale = f32::from_bits(largest) / Self::LARGEST;
        (inverse(scale), nearest_f16(scale))
    }

    #[inline(always)]
    fn register<R: FixedRounding, const MAY_CLIP: bool>(
        self,
        x: &Register,
        numbers: &Numbers,
        noise: Noise,
    ) -> (Register, [bool; LANES]) {
        let mut y = [0.0; LANES];
        for lane in 0..LANES {
            let number = x[lane] * numbers.down[lane];
            let code = round(number, R::ROUNDING, noise, lane) + 0.0;
            y[lane] = clamp(code, -Self::LARGEST, Self::LARGEST) * numbers.up[lane];
        }
        (y, [false; LANES])
    }

    fn careful_block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        SmallKernel(GgmlFormat::Q8_0).block(x, y, largest, noise)
    }
}

/// E2M1 elements; of two nearest the smaller magnitude.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mxfp4Kernel;

impl RegisterKernel for Mxfp4Kernel {
    /// Of no effect: elements are rounded as ggml's table of them has it.
    fn rounding(self) -> Rounding {
        Rounding::NearestEven
    }

    #[inline(always)]
    fn is_usual(self, largest: u32) -> bool {
        const SMALLEST: u32 = 8 << F32_FRACTION_BITS;
        largest == 0 || largest >= SMALLEST && mxfp4_exponent_is_plain(largest)
    }

    /// Magnitudes next to powers of two lie between others.
    fn are_usual(self, maxima: &Maxima) -> bool {
        !any_unusual(self, maxima.bits.as_flattened())
    }

    /// Of half the power of two, since codes are twice the element.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "an exponent field has 8 bits")]
    fn numbers(self, largest: u32) -> (f32, f32) {
        // any scale does for zeros
        let field = (largest >> F32_FRACTION_BITS).max(8) as i32;
        inverse_and_power_of_two(field - 2 - F32_BIAS - 1)
    }

    #[inline(always)]
    fn register<R: FixedRounding, const MAY_CLIP: bool>(
        self,
        x: &Register,
        numbers: &Numbers,
        _noise: Noise,
    ) -> (Register, [bool; LANES]) {
        let mut y = [0.0; LANES];
        let mut is_clipped = [false; LANES];
        for lane in 0..LANES {
            let magnitude = x[lane].abs() * numbers.down[lane];
            let level = mxfp4_level(magnitude);
            let code = if x[lane] < 0.0 { 0.0 - level } else { level };
            y[lane] = code * numbers.up[lane];
            is_clipped[lane] = magnitude > LARGEST_KEPT;
        }
        (y, is_clipped)
    }

    fn careful_block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        SmallKernel(GgmlFormat::Mxfp4).block(x, y, largest, noise)
    }
}
