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

use multiversion::multiversion;

use super::super::arithmetic::{extreme, nearest_f16};
use super::SUPER_BLOCK;
use super::fit::{self, AffineSearch, Groups, code};
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
    pub fn quantize(format: GgmlFormat, x: &[f32; SUPER_BLOCK]) -> Self {
        quantized(format, x)
    }

    /// [`Self::quantize`] as a part of loops compiled for several instruction sets.
    #[inline(always)]
    pub(super) fn quantize_here(format: GgmlFormat, x: &[f32; SUPER_BLOCK]) -> Self {
        match format {
            GgmlFormat::Q2_K => affine::<16, 16>(x, absolute_values, 15.0, Q2_SEARCH),
            GgmlFormat::Q4_K => affine::<8, 32>(x, root_mean_square_plus, 63.0, Q4_SEARCH),
            GgmlFormat::Q5_K => affine::<8, 32>(x, root_mean_square_plus, 63.0, Q5_SEARCH),
            GgmlFormat::Q3_K => three_bit(x),
            GgmlFormat::Q6_K => six_bit(x),
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

// Plain loops instead of closures over arrays, which would not become part of the caller's instruction set.

/// Weights of `Q2_K`.
#[inline(always)]
fn absolute_values<const N: usize, const LEN: usize>(x: &[Groups<N>; LEN]) -> [Groups<N>; LEN] {
    let mut weights = [[0.0_f32; N]; LEN];
    for (weights, x) in weights.iter_mut().zip(x) {
        for lane in 0..N {
            weights[lane] = x[lane].abs();
        }
    }
    weights
}

/// Weights of `Q4_K` and `Q5_K`: a value counts more the larger it is, but none counts for nothing.
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "a group has 32 values")]
fn root_mean_square_plus<const N: usize, const LEN: usize>(
    x: &[Groups<N>; LEN],
) -> [Groups<N>; LEN] {
    let mut root = [0.0_f32; N];
    for x in x {
        for lane in 0..N {
            root[lane] += x[lane] * x[lane];
        }
    }
    for root in &mut root {
        *root = (*root / LEN as f32).sqrt();
    }
    let mut weights = [[0.0_f32; N]; LEN];
    for (weights, x) in weights.iter_mut().zip(x) {
        for lane in 0..N {
            weights[lane] = root[lane] + x[lane].abs();
        }
    }
    weights
}

/// The i-th values of all groups side by side.
#[inline(always)]
fn by_position<const N: usize, const LEN: usize>(x: &[f32; SUPER_BLOCK]) -> [Groups<N>; LEN] {
    let mut rows = [[0.0_f32; N]; LEN];
    for (index, row) in rows.iter_mut().enumerate() {
        for (group, value) in row.iter_mut().enumerate() {
            *value = x[group * LEN + index];
        }
    }
    rows
}

/// Quantizes the values of one group with their final scale; returns how many were clipped.
#[inline(always)]
fn encode(codes: &mut [i8], x: &[f32], ends: (f32, f32), number: impl Fn(f32) -> f32) -> u32 {
    let mut n_clipped = 0;
    for (code_out, x) in codes.iter_mut().zip(x) {
        let number = number(*x).round_ties_even();
        n_clipped += u32::from(number > ends.1 || number < ends.0);
        *code_out = code(number, ends.0, ends.1) as i8;
    }
    n_clipped
}

/// Types with minima: group scales and minima are fitted, then quantized to `0 ..= top_scale` of the largest.
#[inline(always)]
fn affine<const N: usize, const LEN: usize>(
    x: &[f32; SUPER_BLOCK],
    weights: impl Fn(&[Groups<N>; LEN]) -> [Groups<N>; LEN],
    top_scale: f32,
    search: AffineSearch,
) -> SuperBlock {
    let rows = by_position::<N, LEN>(x);
    let fitted = fit::affine(&rows, &weights(&rows), search);
    let largest = |numbers: &Groups<N>| {
        let larger = |largest, number| if number > largest { number } else { largest };
        numbers.iter().copied().fold(0.0_f32, larger)
    };
    let (largest_scale, largest_minimum) = (largest(&fitted.scale), largest(&fitted.minimum));
    let mut block = SuperBlock {
        scale: nearest_f16(largest_scale / top_scale),
        minimum_scale: nearest_f16(largest_minimum / top_scale),
        ..SuperBlock::EMPTY
    };
    let share = |value: f32, largest: f32| {
        if largest > 0.0 {
            code(top_scale / largest * value, 0.0, top_scale)
        } else {
            0.0
        }
    };
    let ends = (0.0, search.top);
    for (group, x) in x.as_chunks::<LEN>().0.iter().enumerate() {
        let scale_code = share(fitted.scale[group], largest_scale);
        block.group_scales[group] = scale_code as i8;
        block.group_minima[group] = share(fitted.minimum[group], largest_minimum) as u8;
        let scale = block.scale * scale_code;
        let minimum = block.minimum_scale * f32::from(block.group_minima[group]);
        let codes = &mut block.codes[group * LEN..(group + 1) * LEN];
        if scale == 0.0 {
            // the codes count for nothing, but llama.cpp stores those of the search
            let (per_one, start) = (fitted.per_one[group], fitted.start[group]);
            encode(codes, x, ends, |x| per_one * (x - start));
        } else {
            block.n_clipped += encode(codes, x, ends, |x| (x + minimum) / scale);
        }
    }
    block
}

/// `Q3_K`: codes `-4 ..= 3`; the group scale of largest magnitude becomes -32.
#[inline(always)]
fn three_bit(x: &[f32; SUPER_BLOCK]) -> SuperBlock {
    const ENDS: (f32, f32) = (-4.0, 3.0);
    let (fitted, searched) = fit::signed_by_descent(&by_position::<GROUPS, 16>(x), 4.0);
    let extreme = extreme(&fitted);
    let per_one = -32.0 / extreme;
    let mut block = SuperBlock {
        group_scales: [-32; GROUPS],
        ..SuperBlock::EMPTY
    };
    if extreme != 0.0 {
        block.scale = nearest_f16(1.0 / per_one);
        for (group, scale) in fitted.iter().enumerate() {
            block.group_scales[group] = code(per_one * scale, -32.0, 31.0) as i8;
        }
    }
    for (group, x) in x.as_chunks::<16>().0.iter().enumerate() {
        let scale = block.scale * f32::from(block.group_scales[group]);
        let codes = &mut block.codes[group * 16..(group + 1) * 16];
        if scale == 0.0 {
            for (code, searched) in codes.iter_mut().zip(&searched) {
                *code = searched[group] as i8;
            }
        } else {
            block.n_clipped += encode(codes, x, ENDS, |x| x / scale);
        }
    }
    block
}

/// `Q6_K`: codes `-32 ..= 31`; the group scale of largest magnitude becomes -128.
#[inline(always)]
fn six_bit(x: &[f32; SUPER_BLOCK]) -> SuperBlock {
    const ENDS: (f32, f32) = (-32.0, 31.0);
    let (fitted, searched_per_one) = fit::signed(&by_position::<GROUPS, 16>(x), 32.0);
    let extreme = extreme(&fitted);
    let mut block = SuperBlock {
        codes: [-32; SUPER_BLOCK],
        ..SuperBlock::EMPTY
    };
    if extreme.abs() < fit::NEGLIGIBLE {
        return block;
    }
    let per_one = -128.0 / extreme;
    block.scale = nearest_f16(1.0 / per_one);
    for (group, scale) in fitted.iter().enumerate() {
        block.group_scales[group] = code(per_one * scale, -128.0, 127.0) as i8;
    }
    for (group, x) in x.as_chunks::<16>().0.iter().enumerate() {
        let scale = block.scale * f32::from(block.group_scales[group]);
        let codes = &mut block.codes[group * 16..(group + 1) * 16];
        if scale != 0.0 {
            block.n_clipped += encode(codes, x, ENDS, |x| x / scale);
        } else if searched_per_one[group] != 0.0 {
            encode(codes, x, ENDS, |x| searched_per_one[group] * x);
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

/// Dispatches a single block; [`SuperBlock::quantize_here`] is what loops call.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
fn quantized(format: GgmlFormat, x: &[f32; SUPER_BLOCK]) -> SuperBlock {
    SuperBlock::quantize_here(format, x)
}
