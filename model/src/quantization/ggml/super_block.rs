//! The ggml super-blocks: 256 values in groups of 16 or 32 that have scales of their own, themselves quantized.
//!
//! One description serves all six types; the bytes stand in `super_layout`, the searches in `fit`.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "codes and scales are clamped to their range before the cast"
)]

use super::super::arithmetic::{extreme, nearest_f16};
use super::SUPER_BLOCK;
use super::fit::{self, AffineSearch};
use crate::format::GgmlFormat;

/// Groups of 16 values in a super-block.
pub(super) const GROUPS: usize = 16;

/// Codes and scales of 256 values: `value = scale x group scale x code - minimum_scale x group minimum`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuperBlock {
    /// As stored: FP16, or FP32 for `Q8_K`.
    pub scale: f32,
    /// As stored: FP16; zero for types without minima.
    pub minimum_scale: f32,
    /// Scale of each group, an offset already taken off; types with groups of 32 use the first 8.
    pub group_scales: [i8; GROUPS],
    /// Minimum of each group, subtracted.
    pub group_minima: [u8; GROUPS],
    /// What the stored codes stand for, an offset already taken off.
    pub codes: [i8; SUPER_BLOCK],
    /// Values whose code was clamped to its range when quantizing.
    pub n_clipped: u32,
}

impl SuperBlock {
    pub(super) const EMPTY: Self = Self {
        scale: 0.0,
        minimum_scale: 0.0,
        group_scales: [0; GROUPS],
        group_minima: [0; GROUPS],
        codes: [0; SUPER_BLOCK],
        n_clipped: 0,
    };

    /// Codes of 256 finite values. `format` is a super-block type; others give zeros.
    #[inline(always)]
    pub fn quantize(format: GgmlFormat, x: &[f32; SUPER_BLOCK]) -> Self {
        match format {
            GgmlFormat::Q2_K => affine::<16>(x, absolute_values, 15.0, Q2_SEARCH),
            GgmlFormat::Q4_K => affine::<32>(x, root_mean_square_plus, 63.0, Q4_SEARCH),
            GgmlFormat::Q5_K => affine::<32>(x, root_mean_square_plus, 63.0, Q5_SEARCH),
            GgmlFormat::Q3_K => signed(x, 4.0, (32.0, 31.0), |x| fit::signed_by_descent(x, 4.0)),
            GgmlFormat::Q6_K => signed(x, 32.0, (128.0, 127.0), |x| fit::signed(x, 32.0)),
            GgmlFormat::Q8_K => eight_bit(x),
            _ => Self::EMPTY,
        }
    }

    /// Values of the codes.
    #[inline(always)]
    pub fn dequantize(&self, format: GgmlFormat, out: &mut [f32; SUPER_BLOCK]) {
        if format == GgmlFormat::Q8_K {
            for (out, code) in out.iter_mut().zip(self.codes) {
                *out = self.scale * f32::from(code);
            }
            return;
        }
        let group_len = group_len(format);
        let groups = out
            .chunks_exact_mut(group_len)
            .zip(self.codes.chunks_exact(group_len));
        for (group, (out, codes)) in groups.enumerate() {
            let scale = self.scale * f32::from(self.group_scales[group]);
            let minimum = self.minimum_scale * f32::from(self.group_minima[group]);
            if format.has_minimum() {
                for (out, code) in out.iter_mut().zip(codes) {
                    *out = scale * f32::from(*code) - minimum;
                }
            } else {
                for (out, code) in out.iter_mut().zip(codes) {
                    *out = scale * f32::from(*code);
                }
            }
        }
    }

    /// Sum of the codes of each 16 values, as `Q8_K` stores it for the minima of the other operand.
    pub fn group_sums(&self) -> [i16; GROUPS] {
        let mut sums = [0; GROUPS];
        for (sum, codes) in sums.iter_mut().zip(self.codes.as_chunks::<16>().0) {
            *sum = codes.iter().map(|code| i16::from(*code)).sum();
        }
        sums
    }
}

/// Values that share a group scale.
pub(super) const fn group_len(format: GgmlFormat) -> usize {
    match format {
        GgmlFormat::Q4_K | GgmlFormat::Q5_K => 32,
        _ => 16,
    }
}

const Q2_SEARCH: AffineSearch = AffineSearch {
    top: 3.0,
    first: -0.5,
    step: 0.1,
    n_steps: 15,
    absolute: true,
};
const Q4_SEARCH: AffineSearch = AffineSearch {
    top: 15.0,
    first: -1.0,
    step: 0.1,
    n_steps: 20,
    absolute: false,
};
const Q5_SEARCH: AffineSearch = AffineSearch {
    top: 31.0,
    first: -0.5,
    step: 0.1,
    n_steps: 15,
    absolute: false,
};

/// Weights of `Q2_K`.
#[inline(always)]
fn absolute_values<const LEN: usize>(x: &[f32; LEN]) -> [f32; LEN] {
    x.map(f32::abs)
}

/// Weights of `Q4_K` and `Q5_K`: a value counts more the larger it is, but none counts for nothing.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "a group has 16 or 32 values")]
fn root_mean_square_plus<const LEN: usize>(x: &[f32; LEN]) -> [f32; LEN] {
    let mean_square = x.iter().map(|value| value * value).sum::<f32>() / LEN as f32;
    let root = mean_square.sqrt();
    x.map(|value| root + value.abs())
}

/// Types with minima: group scales and minima are fitted, then quantized to `0 ..= top_scale` of the largest.
#[inline(always)]
fn affine<const LEN: usize>(
    x: &[f32; SUPER_BLOCK],
    weights: impl Fn(&[f32; LEN]) -> [f32; LEN],
    top_scale: f32,
    search: AffineSearch,
) -> SuperBlock {
    let mut fitted = [(0.0_f32, 0.0_f32); GROUPS];
    for (fitted, x) in fitted.iter_mut().zip(x.as_chunks::<LEN>().0) {
        *fitted = fit::affine(x, &weights(x), search);
    }
    let largest = fitted.iter().fold((0.0_f32, 0.0_f32), |largest, fitted| {
        (largest.0.max(fitted.0), largest.1.max(fitted.1))
    });
    let mut block = SuperBlock {
        scale: nearest_f16(largest.0 / top_scale),
        minimum_scale: nearest_f16(largest.1 / top_scale),
        ..SuperBlock::EMPTY
    };
    let share = |value: f32, largest: f32| {
        if largest > 0.0 {
            (top_scale / largest * value)
                .round_ties_even()
                .clamp(0.0, top_scale) as u8
        } else {
            0
        }
    };
    for (group, x) in x.as_chunks::<LEN>().0.iter().enumerate() {
        let scale_code = share(fitted[group].0, largest.0);
        block.group_scales[group] = i8::try_from(scale_code).unwrap_or(i8::MAX);
        block.group_minima[group] = share(fitted[group].1, largest.1);
        let scale = block.scale * f32::from(scale_code);
        if scale == 0.0 {
            continue;
        }
        let minimum = block.minimum_scale * f32::from(block.group_minima[group]);
        let codes = &mut block.codes[group * LEN..(group + 1) * LEN];
        for (code, x) in codes.iter_mut().zip(x) {
            let number = ((x + minimum) / scale).round_ties_even();
            block.n_clipped += u32::from(number > search.top || number < 0.0);
            *code = number.clamp(0.0, search.top) as i8;
        }
    }
    block
}

/// Types without minima: the group scale of largest magnitude becomes `-scale_ends.0`, codes are `-half ..= half - 1`.
#[inline(always)]
fn signed(
    x: &[f32; SUPER_BLOCK],
    half: f32,
    scale_ends: (f32, f32),
    fit: impl Fn(&[f32; 16]) -> f32,
) -> SuperBlock {
    let mut fitted = [0.0_f32; GROUPS];
    for (fitted, x) in fitted.iter_mut().zip(x.as_chunks::<16>().0) {
        *fitted = fit(x);
    }
    let extreme = extreme(&fitted);
    if extreme.abs() < 1e-15 {
        return SuperBlock::EMPTY;
    }
    let per_one = -scale_ends.0 / extreme;
    let mut block = SuperBlock {
        scale: nearest_f16(1.0 / per_one),
        ..SuperBlock::EMPTY
    };
    for (group, x) in x.as_chunks::<16>().0.iter().enumerate() {
        let number = (per_one * fitted[group]).round_ties_even();
        block.group_scales[group] = number.clamp(-scale_ends.0, scale_ends.1) as i8;
        let scale = block.scale * f32::from(block.group_scales[group]);
        if scale == 0.0 {
            continue;
        }
        let codes = &mut block.codes[group * 16..(group + 1) * 16];
        for (code, x) in codes.iter_mut().zip(x) {
            let number = (x / scale).round_ties_even();
            block.n_clipped += u32::from(number > half - 1.0 || number < -half);
            *code = number.clamp(-half, half - 1.0) as i8;
        }
    }
    block
}

/// `Q8_K`: the value of largest magnitude becomes -127.
#[inline(always)]
fn eight_bit(x: &[f32; SUPER_BLOCK]) -> SuperBlock {
    let extreme = extreme(x);
    if extreme == 0.0 {
        return SuperBlock::EMPTY;
    }
    let per_one = -127.0 / extreme;
    let mut block = SuperBlock {
        scale: 1.0 / per_one,
        ..SuperBlock::EMPTY
    };
    for (code, x) in block.codes.iter_mut().zip(x) {
        *code = (per_one * x).round_ties_even().min(127.0) as i8;
    }
    block
}
