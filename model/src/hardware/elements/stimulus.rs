//! Operands as real data has them: what inputs of an element see in operation, from a seed.
//!
//! `synthesis-elements.md`, section 0: Gaussian blocks in the element's format, new in each cycle.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "quantized values fit the words they become"
)]

use super::stages::Minifloat;
use crate::quality::SeededValues;

/// Exponent of the largest power of two not above a positive number.
fn exponent(value: f64) -> i32 {
    ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023
}

fn power(exponent: i32) -> f64 {
    f64::from(exponent).exp2()
}

/// Gaussian values.
pub(super) fn gaussian(random: &mut SeededValues, count: u32, scale: f64) -> Vec<f64> {
    (0..count)
        .map(|_| f64::from(random.normal()) * scale)
        .collect()
}

/// Factor of a block in the last step of a sum: two to a power of -`reach` to `reach`.
pub(super) fn spread(random: &mut SeededValues, reach: i32) -> f64 {
    let range = usize::try_from(2 * reach + 1).unwrap_or(1);
    let at = i32::try_from(random.position(range)).unwrap_or(0);
    power(at - reach)
}

fn largest(values: &[f64]) -> f64 {
    values
        .iter()
        .map(|value| value.abs())
        .fold(f64::MIN_POSITIVE, f64::max)
}

/// A block as sign and magnitude words of `m` bits, truncated, and the exponent of its largest value.
pub(super) fn mantissas(values: &[f64], m: u32) -> (Vec<u128>, i32) {
    let top = exponent(largest(values));
    let unit = power(top - (m.cast_signed() - 1));
    let words = values
        .iter()
        .map(|value| (value.abs() / unit) as u128 | u128::from(*value < 0.0) << m)
        .collect();
    (words, top)
}

/// Integer weights of `n` bits: Gaussian over the largest of 128, rounded.
pub(super) fn weights(random: &mut SeededValues, n: u32, count: u32) -> Vec<u128> {
    // The largest of 128 Gaussian magnitudes: mean 2.7, standard deviation 0.35.
    let top = (2.7 + 0.35 * f64::from(random.normal())).max(1.8);
    let most = f64::from((1_u32 << (n - 1)) - 1);
    gaussian(random, count, 1.0)
        .iter()
        .map(|value| {
            let code = (value / top * most).round().clamp(-most - 1.0, most) as i128;
            code.cast_unsigned() & ((1 << n) - 1)
        })
        .collect()
}

/// A float element nearest to a number, saturating, subnormals kept.
fn nearest(value: f64, format: Minifloat) -> u128 {
    let Minifloat {
        exponent: e,
        fraction: f,
    } = format;
    let bias = (1 << (e - 1)) - 1;
    let sign = u128::from(value < 0.0) << (e + f);
    let least = 1 - bias;
    let own = exponent(value.abs().max(f64::MIN_POSITIVE)).max(least);
    let mut steps = (value.abs() / power(own - f.cast_signed())).round_ties_even();
    let mut own = own;
    if steps >= power(f.cast_signed() + 1) {
        steps /= 2.0;
        own += 1;
    }
    let most = (1_i32 << e) - 1 - bias;
    if own > most {
        return sign | ((1 << (e + f)) - 1);
    }
    let steps = steps as u128;
    let code = if steps < 1 << f {
        steps
    } else {
        (((own + bias) as u128) << f) + (steps - (1 << f))
    };
    sign | code
}

/// A block of float elements and the exponent of its shared scale, floor(log2 largest) - largest element exponent.
pub(super) fn elements(values: &[f64], format: Minifloat) -> (Vec<u128>, i32) {
    let most = (1_i32 << format.exponent) - 1 - ((1 << (format.exponent - 1)) - 1);
    let scale = exponent(largest(values)) - most;
    let words = values
        .iter()
        .map(|value| nearest(value / power(scale), format))
        .collect();
    (words, scale)
}

/// A block of 8-bit integers with 6 fraction bits and its shared exponent.
pub(super) fn fixed_elements(values: &[f64]) -> (Vec<u128>, i32) {
    let scale = exponent(largest(values));
    let words = values
        .iter()
        .map(|value| {
            let code = (value / power(scale - 6))
                .round_ties_even()
                .clamp(-127.0, 127.0) as i128;
            code.cast_unsigned() & 0xff
        })
        .collect();
    (words, scale)
}

/// A block of float elements with an E4M3 scale of 7 bits: largest / 6, rounded.
pub(super) fn scaled_elements(values: &[f64], format: Minifloat) -> (Vec<u128>, u128) {
    const SCALE: Minifloat = Minifloat {
        exponent: 4,
        fraction: 3,
    };
    let code = nearest(largest(values) * 4.0 / 6.0, SCALE);
    let step = if code >> 3 == 0 {
        (code & 7) as f64 * power(-9)
    } else {
        (8 + (code & 7)) as f64 * power((code >> 3) as i32 - 10)
    };
    let scale = (step / 4.0).max(f64::MIN_POSITIVE);
    let words = values
        .iter()
        .map(|value| nearest(value / scale, format))
        .collect();
    (words, code)
}

/// IEEE half-precision words.
pub(super) fn halves(values: &[f64]) -> Vec<u128> {
    values
        .iter()
        .map(|value| u128::from(half::f16::from_f64(*value).to_bits()))
        .collect()
}

/// A uniform word.
pub(super) fn uniform(random: &mut SeededValues, width: u32) -> u128 {
    u128::from(random.bits() >> (64 - width.clamp(1, 64)))
}

/// An exponent with bias 127 in 8 bits.
pub(super) fn biased(exponent: i32) -> u128 {
    (exponent + 127).clamp(0, 255) as u128
}
