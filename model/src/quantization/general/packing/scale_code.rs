//! Codes of scales.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "codes are whole numbers of few bits; every field is masked to its width"
)]

use half::f16;

use crate::format::general::{Extent, Prepared, ScaleKind, ScaleLevel, bits_for, scale_step};
use crate::format::{F32_BIAS, floor_log2, power_of_two};

/// A power of two stored as a distance from the tensor's exponent.
pub(super) const fn is_counted_down(level: &ScaleLevel) -> bool {
    matches!(level.kind, ScaleKind::PowerOfTwo { bits } if bits < 8)
}

/// Exponent that a counted-down power of two starts from.
pub(super) fn counted_top(format: &Prepared, top: i32) -> i32 {
    let target = format.target(0);
    (top - floor_log2(target.into()) + 1).clamp(-F32_BIAS, F32_BIAS)
}

pub(super) fn position_bits(format: &Prepared) -> u32 {
    match format.main_level().block {
        Extent::Values(values) => bits_for(values.into()),
        _ => 0,
    }
}

/// Code of a scale.
pub(super) fn scale_code(level: &ScaleLevel, scale: f32, top: i32) -> u64 {
    match level.kind {
        ScaleKind::Fp32 => scale.to_bits().into(),
        ScaleKind::Fp16 => f16::from_f32(scale).to_bits().into(),
        ScaleKind::PowerOfTwo { bits: 8 } => (floor_log2(scale.into()) + F32_BIAS) as u64,
        ScaleKind::PowerOfTwo { .. } => (top - floor_log2(scale.into())) as u64,
        ScaleKind::Float {
            fraction,
            smallest_exponent,
            ..
        } => {
            let least = level.least.unwrap_or(scale);
            (ordinal(scale, fraction, smallest_exponent)
                - ordinal(least, fraction, smallest_exponent))
            .max(0) as u64
        }
        ScaleKind::Integer { .. } => scale as u64,
        ScaleKind::Significand { bits } => {
            u64::from((scale.to_bits() & 0x007f_ffff) >> (23 - u32::from(bits)))
        }
        ScaleKind::Doubling { .. } => u64::from(scale > 1.0),
    }
}

/// Scale of a code.
pub(super) fn scale_of(level: &ScaleLevel, code: u32, top: i32) -> f32 {
    match level.kind {
        ScaleKind::Fp32 => f32::from_bits(code),
        ScaleKind::Fp16 => f16::from_bits(code as u16).to_f32(),
        ScaleKind::PowerOfTwo { bits: 8 } => power_of_two((code as i32 - F32_BIAS).min(F32_BIAS)),
        ScaleKind::PowerOfTwo { .. } => {
            power_of_two((top - code as i32).clamp(-F32_BIAS, F32_BIAS))
        }
        ScaleKind::Float {
            fraction,
            smallest_exponent,
            ..
        } => {
            let least = level.least.unwrap_or(1.0);
            let place = ordinal(least, fraction, smallest_exponent) + i64::from(code);
            of_ordinal(place, fraction, smallest_exponent)
        }
        ScaleKind::Integer { .. } => code as f32,
        ScaleKind::Significand { bits } => {
            f32::from_bits(0x3f80_0000 | code << (23 - u32::from(bits)))
        }
        ScaleKind::Doubling { .. } => 1.0 + code as f32,
    }
}

/// Place of a positive number among those with so many fraction bits, 0 for zero.
fn ordinal(value: f32, fraction: u8, smallest_exponent: i16) -> i64 {
    let step = scale_step(value, fraction, smallest_exponent);
    let exponent = floor_log2(value.into()).max(smallest_exponent.into());
    let steps = (f64::from(value) / step).round() as i64;
    let octave = i64::from(exponent - i32::from(smallest_exponent));
    steps + (octave << fraction)
}

/// Number at a place; inverse of [`ordinal`].
fn of_ordinal(place: i64, fraction: u8, smallest_exponent: i16) -> f32 {
    let octave = ((place >> fraction) - 1).max(0);
    let steps = place - (octave << fraction);
    let exponent = i32::from(smallest_exponent) + octave as i32 - i32::from(fraction);
    (steps as f64 * crate::format::power_of_two_f64(exponent.clamp(-1022, 1023))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_number_the_scales_without_gaps() {
        for (fraction, smallest) in [(3, -6), (2, -48), (0, -5)] {
            let mut value = of_ordinal(1, fraction, smallest);
            for place in 1..400 {
                // Powers of two leave the range of `f32` before the last place.
                if !value.is_finite() {
                    break;
                }
                assert_eq!(ordinal(value, fraction, smallest), place, "{value}");
                assert!((of_ordinal(place, fraction, smallest) - value).abs() <= 0.0);
                value += scale_step(value, fraction, smallest) as f32;
            }
        }
    }
}
