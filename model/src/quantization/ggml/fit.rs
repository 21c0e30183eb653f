//! Searches for the scale (and minimum) of one small group of a super-block.
//!
//! The three procedures of llama.cpp's reference quantizers without an importance matrix (`make_qkx2_quants`, `make_q3_quants`,
//! `make_qx_quants`): each tries scales around the obvious one, refits by weighted least squares and keeps the best.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::super::arithmetic::{LANES, extreme, fold, range};

/// Groups below this magnitude are zero (`GROUP_MAX_EPS` of llama.cpp).
const NEGLIGIBLE: f32 = 1e-15;

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

/// Several sums over a group at once, lane by lane: `term` gives what the value at an index adds to each.
#[inline(always)]
fn sums<const LEN: usize, const N: usize>(term: impl Fn(usize) -> [f32; N]) -> [f32; N] {
    let mut lanes = [[0.0_f32; LANES]; N];
    for start in (0..LEN).step_by(LANES) {
        for lane in 0..LANES {
            let terms = term(start + lane);
            for (lanes, term) in lanes.iter_mut().zip(terms) {
                lanes[lane] += term;
            }
        }
    }
    lanes.map(|lanes| fold(lanes, |a, b| a + b))
}

/// Scale and minimum (as the positive number to subtract) of `x = scale x code - minimum`, codes `0 ..= top`.
#[inline(always)]
pub(super) fn affine<const LEN: usize>(
    x: &[f32; LEN],
    weights: &[f32; LEN],
    search: AffineSearch,
) -> (f32, f32) {
    let (smallest, largest) = range(x);
    let smallest = if smallest > 0.0 { 0.0 } else { smallest };
    if largest <= smallest {
        return (0.0, -smallest);
    }
    let width = largest - smallest;
    let [sum_w, sum_x] = sums::<LEN, 2>(|i| [weights[i], weights[i] * x[i]]);
    let error = |scale: f32, minimum: f32, codes: &[f32; LEN]| {
        let [error] = sums::<LEN, 1>(|i| {
            let difference = scale * codes[i] + minimum - x[i];
            let size = if search.absolute {
                difference.abs()
            } else {
                difference * difference
            };
            [weights[i] * size]
        });
        error
    };
    let codes_of = |per_one: f32| -> [f32; LEN] {
        let mut codes = [0.0; LEN];
        for (code, value) in codes.iter_mut().zip(x) {
            let number = (per_one * (value - smallest)).round_ties_even();
            let number = if number > search.top {
                search.top
            } else {
                number
            };
            *code = if number < 0.0 { 0.0 } else { number };
        }
        codes
    };
    let mut best = (width / search.top, smallest);
    let mut best_error = error(best.0, best.1, &codes_of(search.top / width));
    for step in 0..=search.n_steps {
        let codes = codes_of((search.first + search.step * f32::from(step) + search.top) / width);
        let [sum_l, sum_l2, sum_xl] = sums::<LEN, 3>(|i| {
            let weighted = weights[i] * codes[i];
            [weighted, weighted * codes[i], weighted * x[i]]
        });
        let determinant = sum_w * sum_l2 - sum_l * sum_l;
        if determinant <= 0.0 {
            continue;
        }
        let mut scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
        let mut minimum = (sum_l2 * sum_x - sum_l * sum_xl) / determinant;
        if minimum > 0.0 {
            minimum = 0.0;
            scale = sum_xl / sum_l2;
        }
        let tried = error(scale, minimum, &codes);
        if tried < best_error {
            best_error = tried;
            best = (scale, minimum);
        }
    }
    (best.0, -best.1)
}

#[inline(always)]
fn code(number: f32, half: f32) -> f32 {
    let number = number.round_ties_even();
    let number = if number > half - 1.0 {
        half - 1.0
    } else {
        number
    };
    if number < -half { -half } else { number }
}

/// Sums of `x code` and `code code` with weights x^2.
#[inline(always)]
fn correlation<const LEN: usize>(x: &[f32; LEN], codes: &[f32; LEN]) -> [f32; 2] {
    sums::<LEN, 2>(|i| {
        let weighted = x[i] * x[i] * codes[i];
        [weighted * x[i], weighted * codes[i]]
    })
}

/// Scale of `x = scale x code`, codes `-half ..= half - 1`, weights x^2: 19 scales tried, the best correlation kept.
#[inline(always)]
pub(super) fn signed<const LEN: usize>(x: &[f32; LEN], half: f32) -> f32 {
    let extreme = extreme(x);
    if extreme.abs() < NEGLIGIBLE {
        return 0.0;
    }
    let mut best_scale = 0.0;
    let mut best = f32::NEG_INFINITY;
    // the obvious scale first: of equals the first is kept
    for step in [
        0_i8, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ] {
        let per_one = -(half + 0.1 * f32::from(step)) / extreme;
        let mut codes = [0.0; LEN];
        for (number, value) in codes.iter_mut().zip(x) {
            *number = code(per_one * value, half);
        }
        let [xl, l2] = correlation(x, &codes);
        if l2 > 0.0 && xl * xl > best * l2 {
            best_scale = xl / l2;
            best = best_scale * xl;
        }
    }
    best_scale
}

/// Scale of `x = scale x code`, codes `-half ..= half - 1`, weights x^2: coordinate descent on the codes, five passes at most.
#[inline(always)]
pub(super) fn signed_by_descent<const LEN: usize>(x: &[f32; LEN], half: f32) -> f32 {
    const PASSES: usize = 5;
    let extreme = extreme(x);
    if extreme.abs() < NEGLIGIBLE {
        return 0.0;
    }
    let per_one = -half / extreme;
    let mut codes = [0.0; LEN];
    for (number, value) in codes.iter_mut().zip(x) {
        *number = code(per_one * value, half);
    }
    let [mut xl, mut l2] = correlation(x, &codes);
    for _ in 0..PASSES {
        let mut changed = false;
        for i in 0..LEN {
            let weight = x[i] * x[i];
            let other_xl = xl - weight * x[i] * codes[i];
            if other_xl <= 0.0 {
                continue;
            }
            let other_l2 = l2 - weight * codes[i] * codes[i];
            // the code that is best while the others stay
            let number = code(x[i] * other_l2 / other_xl, half);
            if (number - codes[i]).abs() < 0.5 {
                continue;
            }
            let new_xl = other_xl + weight * x[i] * number;
            let new_l2 = other_l2 + weight * number * number;
            if new_l2 > 0.0 && new_xl * new_xl * l2 > xl * xl * new_l2 {
                codes[i] = number;
                xl = new_xl;
                l2 = new_l2;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    if l2 > 0.0 { xl / l2 } else { 0.0 }
}
