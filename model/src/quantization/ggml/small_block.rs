//! The ggml types with 32 values: which codes a block gets, and what they stand for.
//!
//! Arithmetic in `f32`, operation by operation as ggml's reference quantizers have it, so that every code is theirs. The
//! bytes of a block stand in `small_layout`.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "codes are clamped to their range; casts from float saturate"
)]

use super::super::arithmetic::{extreme, nearest_f16, range};
use super::SMALL_BLOCK;
use crate::format::{F32_BIAS, GgmlFormat, power_of_two};

/// Scale, minimum and codes of 32 values: `value = scale x code + minimum`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmallBlock {
    /// As stored: an FP16 number, or half of an E8M0 power of two for MXFP4.
    pub scale: f32,
    /// As stored: an FP16 number; zero for types without one. For `Q8_1` the scaled sum of the codes, which no value contains.
    pub minimum: f32,
    /// What the stored codes stand for, an offset already taken off; twice the element for MXFP4. Whole numbers of 8 bits,
    /// kept as `f32` because that is what they are multiplied as.
    pub codes: [f32; SMALL_BLOCK],
    /// Values whose code was clamped to its range when quantizing.
    pub n_clipped: u32,
    /// Whether [`Self::minimum`] is part of the values.
    has_minimum: bool,
}

impl SmallBlock {
    /// Nothing but what unpacking fills in.
    pub(super) const fn stored(
        format: GgmlFormat,
        scale: f32,
        minimum: f32,
        codes: [f32; SMALL_BLOCK],
    ) -> Self {
        Self {
            scale,
            minimum,
            codes,
            n_clipped: 0,
            has_minimum: format.has_minimum(),
        }
    }

    /// Codes of 32 finite values. `format` is one of the types with 32 values; super-blocks give zeros.
    #[inline(always)]
    pub fn quantize(format: GgmlFormat, x: &[f32; SMALL_BLOCK]) -> Self {
        match format {
            GgmlFormat::Q4_0 => signed(format, x, 8),
            GgmlFormat::Q5_0 => signed(format, x, 16),
            GgmlFormat::Q4_1 => affine(format, x, 15),
            GgmlFormat::Q5_1 => affine(format, x, 31),
            GgmlFormat::Q8_0 | GgmlFormat::Q8_1 => eight_bit(format, x),
            GgmlFormat::Mxfp4 => mxfp4(format, x),
            _ => Self::stored(format, 0.0, 0.0, [0.0; SMALL_BLOCK]),
        }
    }

    /// Values of the codes.
    #[inline(always)]
    pub fn dequantize(&self, out: &mut [f32; SMALL_BLOCK]) {
        if self.has_minimum {
            for (out, code) in out.iter_mut().zip(self.codes) {
                *out = self.scale * code + self.minimum;
            }
        } else {
            for (out, code) in out.iter_mut().zip(self.codes) {
                *out = self.scale * code;
            }
        }
    }
}

#[inline(always)]
pub(super) fn inverse(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

/// A code in its range, also where the inverse of a tiny scale is infinite and a number is none.
#[inline(always)]
fn in_range(number: f32, smallest: f32, largest: f32) -> f32 {
    let number = if number < largest { number } else { largest };
    if number > smallest { number } else { smallest }
}

/// Codes `-half ..= half - 1`; the value of largest magnitude gets `-half`.
#[inline(always)]
fn signed(format: GgmlFormat, x: &[f32; SMALL_BLOCK], half: u8) -> SmallBlock {
    let scale = extreme(x) / -f32::from(half);
    let inverse = inverse(scale);
    let offset = f32::from(half) + 0.5;
    let top = f32::from(2 * half - 1);
    let mut codes = [0.0; SMALL_BLOCK];
    let mut n_clipped = 0;
    for (code, x) in codes.iter_mut().zip(x) {
        let number = (x * inverse + offset).trunc();
        n_clipped += u32::from(number > top);
        *code = in_range(number, 0.0, top) - f32::from(half);
    }
    SmallBlock {
        n_clipped,
        ..SmallBlock::stored(format, nearest_f16(scale), 0.0, codes)
    }
}

/// Codes `0 ..= top` above a minimum.
#[inline(always)]
fn affine(format: GgmlFormat, x: &[f32; SMALL_BLOCK], top: u8) -> SmallBlock {
    let (smallest, largest) = range(x);
    let scale = (largest - smallest) / f32::from(top);
    let inverse = inverse(scale);
    let mut codes = [0.0; SMALL_BLOCK];
    for (code, x) in codes.iter_mut().zip(x) {
        let number = ((x - smallest) * inverse + 0.5).trunc();
        *code = in_range(number, 0.0, f32::from(top));
    }
    SmallBlock::stored(format, nearest_f16(scale), nearest_f16(smallest), codes)
}

/// Codes `-127 ..= 127`, ties away from zero.
#[inline(always)]
fn eight_bit(format: GgmlFormat, x: &[f32; SMALL_BLOCK]) -> SmallBlock {
    let (smallest, largest) = range(x);
    let magnitude = if -smallest > largest {
        -smallest
    } else {
        largest
    };
    let scale = magnitude / 127.0;
    let inverse = inverse(scale);
    let mut codes = [0.0; SMALL_BLOCK];
    for (code, x) in codes.iter_mut().zip(x) {
        let number = x * inverse;
        let below = number.abs().floor();
        let rounded = below + (2.0 * (number.abs() - below)).floor();
        *code = in_range(rounded.copysign(number) + 0.0, -127.0, 127.0);
    }
    let is_summed = format == GgmlFormat::Q8_1;
    let scaled_sum = if is_summed {
        codes.iter().sum::<f32>() * scale
    } else {
        0.0
    };
    SmallBlock::stored(format, nearest_f16(scale), nearest_f16(scaled_sum), codes)
}

/// E2M1 elements, doubled; of two nearest the smaller magnitude, which comes first in ggml's table.
#[inline(always)]
fn mxfp4(format: GgmlFormat, x: &[f32; SMALL_BLOCK]) -> SmallBlock {
    let (smallest, largest) = range(x);
    let magnitude = if -smallest > largest {
        -smallest
    } else {
        largest
    };
    let exponent = mxfp4_exponent(magnitude);
    // half of the power of two: codes are twice the element
    let scale = power_of_two((exponent - F32_BIAS - 1).max(-149));
    // a division by the scale in two steps: its inverse alone may be no finite number. A product too small to be exact is far
    // below the first limit
    let whole = F32_BIAS + 1 - exponent;
    let first_step = power_of_two(whole / 2);
    let second_step = power_of_two(whole - whole / 2);
    // the largest exponent, which only numbers next to 2^128 get, leaves room for 6: 8 would be no finite number
    let (top, largest_kept) = if exponent == LARGEST_EXPONENT {
        (6.0, 7.0)
    } else {
        (12.0, LARGEST_KEPT)
    };
    let mut codes = [0.0; SMALL_BLOCK];
    let mut n_clipped = 0;
    for (code, x) in codes.iter_mut().zip(x) {
        let magnitude = x.abs() * first_step * second_step;
        let level = mxfp4_level(if magnitude < top { magnitude } else { top });
        n_clipped += u32::from(magnitude > largest_kept);
        *code = if *x < 0.0 { 0.0 - level } else { level };
    }
    SmallBlock {
        n_clipped,
        ..SmallBlock::stored(format, scale, 0.0, codes)
    }
}

/// Magnitudes of doubled elements above this are clipped: half a step above the largest, 12.
pub(super) const LARGEST_KEPT: f32 = 14.0;

/// The doubled element nearest to a doubled magnitude.
#[inline(always)]
pub(super) fn mxfp4_level(magnitude: f32) -> f32 {
    // steps of 1, 2 and 4 below 4, 8 and 16; a half goes down
    let kept = if magnitude < 12.0 { magnitude } else { 12.0 };
    let step = (kept.to_bits() & 0x7f80_0000).max(0x4000_0000) - 0x0080_0000;
    let steps_per_one = f32::from_bits(0x7f00_0000 - step);
    (kept * steps_per_one - 0.5).ceil() * f32::from_bits(step) + 0.0
}

/// Whether the exponent field of a normal number is the floor of its logarithm as ggml rounds it: far enough from the next power
/// of two.
#[inline(always)]
pub(super) const fn mxfp4_exponent_is_plain(bits: u32) -> bool {
    bits & 0x7f_ffc0 != 0x7f_ffc0
}

/// Stored exponent of a magnitude whose rounded logarithm is 128: 128 - 2 + 127.
const LARGEST_EXPONENT: i32 = 253;

/// Stored exponent: `floor(log2(magnitude)) - 2 + 127`, with the logarithm rounded to `f32` as ggml has it, so that a number
/// just below a power of two may count as that power. Below 2^-125 the number is negative and loses all but its low byte, so that
/// the exponent is a large one and the values become zero.
#[inline(always)]
fn mxfp4_exponent(magnitude: f32) -> i32 {
    if magnitude <= 0.0 {
        return 0;
    }
    let bits = magnitude.to_bits();
    let exponent = if mxfp4_exponent_is_plain(bits) && bits >= 0x0080_0000 {
        (bits >> 23) as i32 - F32_BIAS
    } else {
        (f64::from(magnitude).log2() as f32).floor() as i32
    };
    (exponent - 2 + F32_BIAS) & 0xff
}
