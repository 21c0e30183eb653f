//! What happens between the matrix products: normalization, softmax, nonlinearities, log-sum-exp.
//!
//! Sums run over sixteen fixed lanes, so results do not depend on the processor's vector width.

use multiversion::multiversion;

use super::Norm;
use super::layer::Xielu;
use crate::architecture::{Activation, NormKind};

const LANES: usize = 16;

/// e^x to about two units in the last place; inputs are held to the range in which the result is a normal number.
///
/// Polynomial and range reduction of `expf` in the Cephes library (S. Moshier).
#[inline(always)]
#[expect(clippy::excessive_precision, reason = "coefficients as published")]
fn exp(x: f32) -> f32 {
    // Adding and subtracting 1.5 x 2^23 rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.3, 88.3);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * 0.693_359_375;
    let r = r - n * -2.121_944_40e-4;
    let mut p = 1.987_569_150_0e-4;
    p = p * r + 1.398_199_950_7e-3;
    p = p * r + 8.333_451_907_3e-3;
    p = p * r + 4.166_579_589_4e-2;
    p = p * r + 1.666_666_545_9e-1;
    p = p * r + 5.000_000_120_1e-1;
    p = p * (r * r) + r + 1.0;
    // The low bits of the rounded sum are n in two's complement: shifted into the exponent of 1.0 they give 2^n.
    p * f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3f80_0000))
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must be inlined into each version to be vectorized"
)]
fn lane_sum(lanes: &[f32; LANES]) -> f32 {
    let mut sums = *lanes;
    let mut n = LANES / 2;
    while n > 0 {
        for i in 0..n {
            sums[i] += sums[i + n];
        }
        n /= 2;
    }
    sums[0]
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must be inlined into each version to be vectorized"
)]
fn largest(row: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = if *value > *lane { *value } else { *lane };
        }
    }
    let mut max = f32::NEG_INFINITY;
    for value in lanes {
        max = max.max(value);
    }
    for value in rest {
        max = max.max(*value);
    }
    max
}

/// Replaces scores by probabilities: `exp(scale x score)` divided by the sum of the row.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(super) fn softmax(row: &mut [f32], scale: f32) {
    let max = largest(row) * scale;
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = row.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *value = exp(*value * scale - max);
            *lane += *value;
        }
    }
    let mut sum = 0.0;
    for value in rest {
        *value = exp(*value * scale - max);
        sum += *value;
    }
    let inverse = 1.0 / (sum + lane_sum(&lanes));
    for value in row {
        *value *= inverse;
    }
}

/// ln of the sum of exponentials of a row.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(super) fn log_sum_exp(row: &[f32]) -> f64 {
    /// Terms summed in f32 before they are added in f64.
    const PART: usize = 1024;
    let max = largest(row);
    let mut sum = 0.0_f64;
    for part in row.chunks(PART) {
        let (chunks, rest) = part.as_chunks::<LANES>();
        let mut lanes = [0.0; LANES];
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane += exp(*value - max);
            }
        }
        let mut of_rest = 0.0;
        for value in rest {
            of_rest += exp(*value - max);
        }
        sum += f64::from(of_rest + lane_sum(&lanes));
    }
    f64::from(max) + sum.ln()
}

/// Sum of the products of two rows.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "must be inlined into each version to be vectorized"
)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * y;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    lane_sum(&lanes) + rest
}

/// `out[i * stride] += dot(rows[i], fixed)` for rows that start `row_stride` apart.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
pub(super) fn add_dots(
    out: &mut [f32],
    stride: usize,
    rows: &[f32],
    row_stride: usize,
    fixed: &[f32],
) {
    for (out, row) in out.iter_mut().step_by(stride).zip(rows.chunks(row_stride)) {
        *out += dot(&row[..fixed.len()], fixed);
    }
}

/// Normalizes each row of `x` into `out`.
pub(super) fn normalize(norm: &Norm, x: &[f32], out: &mut [f32]) {
    normalize_parts(norm, norm.gain.len(), x, out);
}

/// Normalizes parts of rows: a row has as many values as the gain, a part divides it.
pub(super) fn normalize_parts(norm: &Norm, part_len: usize, x: &[f32], out: &mut [f32]) {
    let row_len = norm.gain.len();
    for (row, out) in x.chunks_exact(row_len).zip(out.chunks_exact_mut(row_len)) {
        let parts = row
            .chunks_exact(part_len)
            .zip(out.chunks_exact_mut(part_len))
            .zip(norm.gain.chunks_exact(part_len));
        for ((part, out), gain) in parts {
            match norm.kind {
                NormKind::RootMeanSquare => root_mean_square(part, gain, norm.epsilon, out),
                NormKind::Layer => layer_norm(part, gain, norm.epsilon, out),
            }
        }
    }
    if let Some(bias) = &norm.bias {
        add_bias(out, bias);
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
#[expect(clippy::cast_precision_loss, reason = "widths are below 2^24")]
fn root_mean_square(row: &[f32], gain: &[f32], epsilon: f32, out: &mut [f32]) {
    let inverse = 1.0 / (dot(row, row) / row.len() as f32 + epsilon).sqrt();
    for ((out, x), gain) in out.iter_mut().zip(row).zip(gain) {
        *out = x * inverse * gain;
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
#[expect(clippy::cast_precision_loss, reason = "widths are below 2^24")]
fn layer_norm(row: &[f32], gain: &[f32], epsilon: f32, out: &mut [f32]) {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    let n = row.len() as f32;
    let mean = (lane_sum(&lanes) + rest.iter().sum::<f32>()) / n;
    for (out, x) in out.iter_mut().zip(row) {
        *out = x - mean;
    }
    let inverse = 1.0 / (dot(out, out) / n + epsilon).sqrt();
    for (out, gain) in out.iter_mut().zip(gain) {
        *out *= inverse * gain;
    }
}

/// Adds a bias to each row.
pub(super) fn add_bias(rows: &mut [f32], bias: &[f32]) {
    for row in rows.chunks_exact_mut(bias.len()) {
        add(row, bias);
    }
}

/// Adds element by element.
pub(super) fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// The nonlinearity, element by element; `xielu` holds the learned numbers of the one that has some.
pub(super) fn activate(kind: Activation, xielu: Option<Xielu>, x: &mut [f32]) {
    match kind {
        Activation::Silu => silu(x),
        Activation::Relu => {
            for x in x {
                *x = x.max(0.0);
            }
        }
        Activation::ReluSquared => {
            for x in x {
                *x = x.max(0.0) * x.max(0.0);
            }
        }
        Activation::Gelu => {
            for x in x {
                *x = gelu(*x);
            }
        }
        Activation::GeluTanh => gelu_tanh(x),
        Activation::Xielu => {
            if let Some(numbers) = xielu {
                for x in x {
                    *x = numbers.at(*x);
                }
            }
        }
        Activation::ClampedSwiglu { alpha, limit } => {
            for x in x {
                *x = clamped_swish(*x, alpha, limit);
            }
        }
    }
}

impl Xielu {
    /// Formula of the class in `transformers`.
    fn at(self, x: f32) -> f32 {
        if x > 0.0 {
            self.positive * x * x + self.beta * x
        } else {
            (x.min(self.epsilon).exp_m1() - x) * self.negative + self.beta * x
        }
    }
}

/// `x sigmoid(alpha x)`, x clamped above.
#[expect(
    clippy::cast_possible_truncation,
    reason = "f32 is the working precision"
)]
fn clamped_swish(x: f32, alpha: f64, limit: f64) -> f32 {
    let x = f64::from(x).min(limit);
    (x / (1.0 + (-alpha * x).exp())) as f32
}

/// `gate *= up + 1`, `up` clamped on both sides, element by element.
pub(super) fn multiply_shifted(gate: &mut [f32], up: &[f32], limit: f32) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate *= up.clamp(-limit, limit) + 1.0;
    }
}

/// `cap tanh(scale x / cap)`, element by element.
pub(super) fn soft_cap(x: &mut [f32], scale: f32, cap: f32) {
    for x in x {
        *x = cap * (scale * *x / cap).tanh();
    }
}

/// `scale x` less a slope for each value up to the last.
#[expect(clippy::cast_precision_loss, reason = "positions are below 2^24")]
pub(super) fn add_slope(x: &mut [f32], scale: f32, slope: f32) {
    let last = x.len() as f32 - 1.0;
    for (position, x) in x.iter_mut().enumerate() {
        *x = *x * scale + slope * (position as f32 - last);
    }
}

/// [`softmax`] with one more score, whose probability is dropped.
pub(super) fn softmax_with_sink(row: &mut [f32], scale: f32, sink: f32) {
    let max = (largest(row) * scale).max(sink);
    let mut sum = f64::from(sink - max).exp();
    for value in &mut *row {
        *value = exp(*value * scale - max);
        sum += f64::from(*value);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "f32 is the working precision"
    )]
    let inverse = (1.0 / sum) as f32;
    for value in row {
        *value *= inverse;
    }
}

/// Multiplies by a factor, element by element.
pub(super) fn multiply_by(x: &mut [f32], factor: f32) {
    for x in x {
        *x *= factor;
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
fn silu(x: &mut [f32]) {
    for x in x {
        *x /= 1.0 + exp(-*x);
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma"
))]
fn gelu_tanh(x: &mut [f32]) {
    // 0.5 (1 + tanh u) = 1 / (1 + exp(-2 u)) with u = sqrt(2/pi) (x + 0.044715 x^3).
    const TWICE_ROOT: f32 = 1.595_769;
    for x in x {
        *x /= 1.0 + exp(-TWICE_ROOT * (*x + 0.044_715 * *x * *x * *x));
    }
}

/// Exact form, with the error function of Abramowitz and Stegun 7.1.26 (absolute error below 1.5e-7).
#[expect(
    clippy::cast_possible_truncation,
    reason = "f32 is the working precision"
)]
fn gelu(x: f32) -> f32 {
    let z = f64::from(x) * std::f64::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z.abs());
    let p = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let tail = 0.5 * p * (-z * z).exp();
    let cdf = if z < 0.0 { tail } else { 1.0 - tail };
    (f64::from(x) * cdf) as f32
}

/// `gate *= up`, element by element.
pub(super) fn multiply(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate *= up;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_three_parts_in_ten_million() {
        let mut x = -80.0_f32;
        while x < 80.0 {
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "{x}");
            x += 0.001_37;
        }
    }

    #[test]
    fn softmax_and_log_sum_exp_follow_their_definitions() {
        let row: Vec<f32> = (0..45_u8)
            .map(|i| f32::from(i * 2 % 45) * 0.31 - 4.0)
            .collect();
        let exact = row.iter().map(|x| f64::from(*x).exp()).sum::<f64>();
        assert!((log_sum_exp(&row) - exact.ln()).abs() < 1e-6);
        let mut probabilities = row.clone();
        softmax(&mut probabilities, 1.0);
        for (p, x) in probabilities.iter().zip(&row) {
            assert!((f64::from(*p) - f64::from(*x).exp() / exact).abs() < 1e-7);
        }
    }

    #[test]
    fn both_forms_of_gelu_agree_to_their_known_difference() {
        let mut x = [-3.0, -1.0, -0.1, 0.0, 0.5, 2.0, 5.0];
        let exact = x.map(gelu);
        gelu_tanh(&mut x);
        for (a, b) in x.iter().zip(exact) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
        assert!((gelu(1.0) - 0.841_344_7).abs() < 1e-6);
    }
}
