//! Operands as real data has them: what inputs of an element see in operation, from a seed.
//!
//! `synthesis-elements.md`, section 0: Gaussian blocks in the element's format, new in each cycle.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "quantized values fit the words they become"
)]

use super::stages::{Lanes, Minifloat, ScaleFormat};
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

/// A block of integers with all but two bits behind the point, and its shared exponent.
pub(super) fn fixed_elements(values: &[f64], bits: u32) -> (Vec<u128>, i32) {
    let scale = exponent(largest(values));
    let most = f64::from((1_u32 << (bits - 1)) - 1);
    let words = values
        .iter()
        .map(|value| {
            let step = power(scale - (bits.cast_signed() - 2));
            let code = (value / step).round_ties_even().clamp(-most, most) as i128;
            code.cast_unsigned() & ((1 << bits) - 1)
        })
        .collect();
    (words, scale)
}

/// Code of the float nearest to a positive scale, and its value.
fn nearest_scale(value: f64, format: ScaleFormat) -> (u128, f64) {
    let code = nearest(
        value,
        Minifloat {
            exponent: format.exponent,
            fraction: format.fraction,
        },
    );
    let field = (code >> format.fraction) as i32;
    let low = code & ((1 << format.fraction) - 1);
    let significand = (low | u128::from(field > 0) << format.fraction) as f64;
    let unit = power(field.max(1) - 1 - format.offset().cast_signed());
    (code, significand * unit)
}

/// A block of one side in codes, and the code of its scale; float scales bring the largest value to the largest code.
pub(super) fn coded(
    lanes: Lanes,
    scale: ScaleFormat,
    side: usize,
    values: &[f64],
) -> (Vec<u128>, u128) {
    let format = match (lanes, side) {
        (Lanes::Minifloat { left, .. }, 0) => Some(left),
        (Lanes::Minifloat { right, .. }, _) => Some(right),
        _ => None,
    };
    let bits = lanes.bits()[side];
    let is_magnitude = matches!(
        (lanes, side),
        (Lanes::SignMagnitude { .. }, _) | (Lanes::MagnitudeByInteger { .. }, 0)
    );
    if scale.is_float() {
        let most = match format {
            Some(format) => {
                f64::from((2 << format.fraction) - 1)
                    * power((1 << (format.exponent - 1)) - format.fraction.cast_signed())
            }
            None => f64::from((1_u32 << (bits - 1)) - 1),
        };
        // A factor of the whole tensor, here 4, keeps scales away from their smallest values.
        let (code, step) = nearest_scale(largest(values) * 4.0 / most, scale);
        let step = (step / 4.0).max(f64::MIN_POSITIVE);
        let words = values
            .iter()
            .map(|value| match format {
                Some(format) => nearest(value / step, format),
                None => {
                    let most = f64::from((1_u32 << (bits - 1)) - 1);
                    let code = (value / step).round().clamp(-most, most) as i128;
                    code.cast_unsigned() & ((1 << bits) - 1)
                }
            })
            .collect();
        return (words, code);
    }
    let (words, exponent) = match format {
        Some(format) => elements(values, format),
        None if is_magnitude => mantissas(values, bits - 1),
        None => fixed_elements(values, bits),
    };
    let most = (1_i32 << scale.exponent) - 1;
    let code = (exponent + scale.bias().cast_signed()).clamp(0, most);
    (words, code as u128)
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
