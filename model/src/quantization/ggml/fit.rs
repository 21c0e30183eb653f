//! Searches for the scale (and minimum) of the small groups of a super-block, all groups of a block side by side.
//!
//! The three procedures of llama.cpp's reference quantizers without an importance matrix (`make_qkx2_quants`, `make_q3_quants`,
//! `make_qx_quants`): each tries scales around the obvious one, refits by weighted least squares and keeps the best. A vector
//! lane is a group, so that every sum runs over the values of a group in their order and every bit is theirs.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]
#![expect(
    clippy::needless_bitwise_bool,
    reason = "a branch would keep loops from vectorizing"
)]

/// Groups below this magnitude are zero (`GROUP_MAX_EPS` of llama.cpp).
pub(super) const NEGLIGIBLE: f32 = 1e-15;

/// One number for each of `N` groups.
pub(super) type Groups<const N: usize> = [f32; N];

/// Which scales [`affine`] tries, and by what error it chooses.
#[derive(Debug, Clone, Copy)]
pub(super) struct AffineSearch {
    /// Largest code.
    pub(super) top: f32,
    /// Tried: `(first + step x i + top) / range` for i of `0 ..= n_steps`.
    pub(super) first: f32,
    pub(super) step: f32,
    pub(super) n_steps: u8,
    /// Absolute instead of squared errors.
    pub(super) absolute: bool,
}

/// What [`affine`] found: `x = scale x code - minimum`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affine<const N: usize> {
    pub(super) scale: Groups<N>,
    /// Subtracted; not negative.
    pub(super) minimum: Groups<N>,
    /// The codes that it was fitted to are `per_one x (x - start)`, rounded and kept in range.
    pub(super) per_one: Groups<N>,
    pub(super) start: Groups<N>,
}

/// One of two numbers, without a branch: the optimizer would turn a branch into scattered loads.
#[inline(always)]
fn select(first: bool, a: f32, b: f32) -> f32 {
    let mask = 0_u32.wrapping_sub(u32::from(first));
    f32::from_bits((a.to_bits() & mask) | (b.to_bits() & !mask))
}

/// The nearest code, ties to even; `smallest` and `largest` are whole.
#[inline(always)]
pub(super) fn code(number: f32, smallest: f32, largest: f32) -> f32 {
    let number = number.round_ties_even();
    let number = if number < largest { number } else { largest };
    if number > smallest { number } else { smallest }
}

/// Scale and minimum of each group; codes `0 ..= top`. `x[i]` holds the i-th value of every group.
#[inline(always)]
pub(super) fn affine<const N: usize, const LEN: usize>(
    x: &[Groups<N>; LEN],
    weights: &[Groups<N>; LEN],
    search: AffineSearch,
) -> Affine<N> {
    let (mut smallest, mut largest) = (x[0], x[0]);
    let (mut sum_w, mut sum_x) = ([0.0_f32; N], [0.0_f32; N]);
    for (x, weights) in x.iter().zip(weights) {
        for lane in 0..N {
            smallest[lane] = select(x[lane] < smallest[lane], x[lane], smallest[lane]);
            largest[lane] = select(x[lane] > largest[lane], x[lane], largest[lane]);
            sum_w[lane] += weights[lane];
            sum_x[lane] += weights[lane] * x[lane];
        }
    }
    let mut is_flat = [false; N];
    for lane in 0..N {
        smallest[lane] = select(smallest[lane] > 0.0, 0.0, smallest[lane]);
        is_flat[lane] = largest[lane] <= smallest[lane];
    }
    let mut best = Affine {
        scale: [0.0; N],
        minimum: smallest,
        per_one: [0.0; N],
        start: smallest,
    };
    for lane in 0..N {
        best.per_one[lane] = search.top / (largest[lane] - smallest[lane]);
        best.scale[lane] = 1.0 / best.per_one[lane];
    }
    let mut codes = [[0.0_f32; N]; LEN];
    affine_codes(x, &best.per_one, &smallest, search.top, &mut codes);
    let mut best_error = affine_error(x, weights, &codes, &best.scale, &smallest, search.absolute);
    for step in 0..=search.n_steps {
        let wanted = search.first + search.step * f32::from(step) + search.top;
        // the codes of a try start from the best minimum so far, not from the smallest value
        let start = best.minimum;
        let mut per_one = [0.0_f32; N];
        for lane in 0..N {
            per_one[lane] = wanted / (largest[lane] - start[lane]);
        }
        affine_codes(x, &per_one, &start, search.top, &mut codes);
        let (scale, minimum, determinant) = least_squares(x, weights, &codes, &sum_w, &sum_x);
        let error = affine_error(x, weights, &codes, &scale, &minimum, search.absolute);
        for lane in 0..N {
            let better = (determinant[lane] > 0.0) & (error[lane] < best_error[lane]);
            best_error[lane] = select(better, error[lane], best_error[lane]);
            best.scale[lane] = select(better, scale[lane], best.scale[lane]);
            best.minimum[lane] = select(better, minimum[lane], best.minimum[lane]);
            best.per_one[lane] = select(better, per_one[lane], best.per_one[lane]);
            best.start[lane] = select(better, start[lane], best.start[lane]);
        }
    }
    for lane in 0..N {
        // a group of equal values has a minimum and nothing else
        best.scale[lane] = select(is_flat[lane], 0.0, best.scale[lane]);
        best.per_one[lane] = select(is_flat[lane], 0.0, best.per_one[lane]);
        let minimum = select(is_flat[lane], smallest[lane], best.minimum[lane]);
        best.minimum[lane] = -minimum;
    }
    best
}

#[inline(always)]
fn affine_codes<const N: usize, const LEN: usize>(
    x: &[Groups<N>; LEN],
    per_one: &Groups<N>,
    smallest: &Groups<N>,
    top: f32,
    codes: &mut [Groups<N>; LEN],
) {
    for (codes, x) in codes.iter_mut().zip(x) {
        for lane in 0..N {
            codes[lane] = code(per_one[lane] * (x[lane] - smallest[lane]), 0.0, top);
        }
    }
}

/// Weighted error of `scale x code + minimum`.
#[inline(always)]
fn affine_error<const N: usize, const LEN: usize>(
    x: &[Groups<N>; LEN],
    weights: &[Groups<N>; LEN],
    codes: &[Groups<N>; LEN],
    scale: &Groups<N>,
    minimum: &Groups<N>,
    absolute: bool,
) -> Groups<N> {
    let mut error = [0.0_f32; N];
    for ((x, weights), codes) in x.iter().zip(weights).zip(codes) {
        for lane in 0..N {
            let difference = scale[lane] * codes[lane] + minimum[lane] - x[lane];
            let size = if absolute {
                difference.abs()
            } else {
                difference * difference
            };
            error[lane] += weights[lane] * size;
        }
    }
    error
}

/// Scale, minimum (not positive) and determinant of the weighted least squares fit.
#[inline(always)]
fn least_squares<const N: usize, const LEN: usize>(
    x: &[Groups<N>; LEN],
    weights: &[Groups<N>; LEN],
    codes: &[Groups<N>; LEN],
    sum_w: &Groups<N>,
    sum_x: &Groups<N>,
) -> (Groups<N>, Groups<N>, Groups<N>) {
    let (mut sum_l, mut sum_l2, mut sum_xl) = ([0.0_f32; N], [0.0_f32; N], [0.0_f32; N]);
    for ((x, weights), codes) in x.iter().zip(weights).zip(codes) {
        for lane in 0..N {
            let weighted = weights[lane] * codes[lane];
            sum_l[lane] += weighted;
            sum_l2[lane] += weighted * codes[lane];
            sum_xl[lane] += weighted * x[lane];
        }
    }
    let (mut scale, mut minimum, mut determinant) = ([0.0_f32; N], [0.0_f32; N], [0.0_f32; N]);
    for lane in 0..N {
        let (w, l, l2) = (sum_w[lane], sum_l[lane], sum_l2[lane]);
        let (x, xl) = (sum_x[lane], sum_xl[lane]);
        determinant[lane] = w * l2 - l * l;
        let free = (l2 * x - l * xl) / determinant[lane];
        let is_positive = free > 0.0;
        minimum[lane] = select(is_positive, 0.0, free);
        scale[lane] = select(is_positive, xl / l2, (w * xl - x * l) / determinant[lane]);
    }
    (scale, minimum, determinant)
}

/// Value of largest magnitude of each group, the first of equals.
#[inline(always)]
fn extremes<const N: usize, const LEN: usize>(x: &[Groups<N>; LEN]) -> Groups<N> {
    let (mut extreme, mut magnitude) = ([0.0_f32; N], [0.0_f32; N]);
    for x in x {
        for lane in 0..N {
            let is_larger = x[lane].abs() > magnitude[lane];
            extreme[lane] = select(is_larger, x[lane], extreme[lane]);
            magnitude[lane] = select(is_larger, x[lane].abs(), magnitude[lane]);
        }
    }
    extreme
}

/// Codes `-half ..= half - 1` for one scale, and their sums of `x code` and `code code` with weights x^2.
#[inline(always)]
fn correlation<const N: usize, const LEN: usize>(
    x: &[Groups<N>; LEN],
    per_one: &Groups<N>,
    half: f32,
    codes: &mut [Groups<N>; LEN],
) -> (Groups<N>, Groups<N>) {
    let (mut xl, mut l2) = ([0.0_f32; N], [0.0_f32; N]);
    for (x, codes) in x.iter().zip(codes) {
        for lane in 0..N {
            let number = code(per_one[lane] * x[lane], -half, half - 1.0);
            let weight = x[lane] * x[lane];
            xl[lane] += weight * x[lane] * number;
            l2[lane] += weight * number * number;
            codes[lane] = number;
        }
    }
    (xl, l2)
}

/// Scale of `x = scale x code` of each group, codes `-half ..= half - 1`, weights x^2: 19 scales tried, the best correlation
/// kept. Second, the `per_one` that the codes belong to; zero for negligible groups.
#[inline(always)]
pub(super) fn signed<const N: usize, const LEN: usize>(
    x: &[Groups<N>; LEN],
    half: f32,
) -> (Groups<N>, Groups<N>) {
    let extreme = extremes(x);
    let (mut scale, mut best, mut best_per_one) = ([0.0_f32; N], [0.0_f32; N], [0.0_f32; N]);
    let mut codes = [[0.0_f32; N]; LEN];
    // the obvious scale first: of equals the first is kept
    for step in [
        0_i8, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ] {
        let wanted = -(half + 0.1 * f32::from(step));
        let mut per_one = [0.0_f32; N];
        for lane in 0..N {
            per_one[lane] = wanted / extreme[lane];
        }
        let (xl, l2) = correlation(x, &per_one, half, &mut codes);
        for lane in 0..N {
            let better = (l2[lane] > 0.0) & (xl[lane] * xl[lane] > best[lane] * l2[lane]);
            let better = better | (step == 0);
            let fitted = select(l2[lane] == 0.0, 0.0, xl[lane] / l2[lane]);
            scale[lane] = select(better, fitted, scale[lane]);
            best[lane] = select(better, fitted * xl[lane], best[lane]);
            best_per_one[lane] = select(better, per_one[lane], best_per_one[lane]);
        }
    }
    for lane in 0..N {
        let is_negligible = extreme[lane].abs() < NEGLIGIBLE;
        scale[lane] = select(is_negligible, 0.0, scale[lane]);
        best_per_one[lane] = select(is_negligible, 0.0, best_per_one[lane]);
    }
    (scale, best_per_one)
}

/// Scale of `x = scale x code` of each group, codes `-half ..= half - 1`, weights x^2: coordinate descent on the codes, five
/// passes. Second, the codes; `-half` in negligible groups, as llama.cpp stores them.
#[inline(always)]
pub(super) fn signed_by_descent<const N: usize, const LEN: usize>(
    x: &[Groups<N>; LEN],
    half: f32,
) -> (Groups<N>, [Groups<N>; LEN]) {
    const PASSES: usize = 5;
    let extreme = extremes(x);
    let mut per_one = [0.0_f32; N];
    for lane in 0..N {
        per_one[lane] = -half / extreme[lane];
    }
    let mut codes = [[0.0_f32; N]; LEN];
    let (mut xl, mut l2) = correlation(x, &per_one, half, &mut codes);
    for _ in 0..PASSES {
        // a group without a change in one pass has none in the next
        for (codes, x) in codes.iter_mut().zip(x) {
            for lane in 0..N {
                let weight = x[lane] * x[lane];
                let other_xl = xl[lane] - weight * x[lane] * codes[lane];
                let other_l2 = l2[lane] - weight * codes[lane] * codes[lane];
                // the code that is best while the others stay
                let number = code(x[lane] * other_l2 / other_xl, -half, half - 1.0);
                let new_xl = other_xl + weight * x[lane] * number;
                let new_l2 = other_l2 + weight * number * number;
                let better = (other_xl > 0.0)
                    & (new_l2 > 0.0)
                    & (new_xl * new_xl * l2[lane] > xl[lane] * xl[lane] * new_l2)
                    & ((number - codes[lane]).abs() > 0.5);
                codes[lane] = select(better, number, codes[lane]);
                xl[lane] = select(better, new_xl, xl[lane]);
                l2[lane] = select(better, new_l2, l2[lane]);
            }
        }
    }
    let mut scale = [0.0_f32; N];
    for lane in 0..N {
        let is_negligible = extreme[lane].abs() < NEGLIGIBLE;
        let fits = (l2[lane] > 0.0) & !is_negligible;
        scale[lane] = select(fits, xl[lane] / l2[lane], 0.0);
        for codes in &mut codes {
            codes[lane] = select(is_negligible, -half, codes[lane]);
        }
    }
    (scale, codes)
}
