//! Small floating point numbers: any exponent and fraction width, any bias, and an explicit policy at the top of the range.
//!
//! One scalar, exactly; whole tensors go through `quantization`, which must agree with this file bit for bit.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "codes and exponents are bounded by the checked widths, far inside the types"
)]

use super::rounding::Rounding;
use super::scale::{F32_BIAS, F32_FRACTION_BITS};

/// Which codes do not stand for a finite number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Specials {
    /// Every code is finite: OCP E2M3, E3M2, E2M1.
    None,
    /// Only the code with every exponent and fraction bit set is NaN; no infinity: OCP E4M3.
    NanOnly,
    /// The largest exponent holds infinity (fraction zero) and NaN: IEEE 754, OCP E5M2.
    Ieee,
}

/// What becomes of a magnitude that rounds above the largest finite one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Overflow {
    /// The largest finite value, as the MX specification asks of elements.
    Saturate,
    /// Infinity where the format has one, else NaN; saturates where it has neither.
    Special,
}

/// A floating point format of up to 32 bits whose every value is exact in `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Minifloat {
    exponent_bits: u8,
    fraction_bits: u8,
    bias: i16,
    specials: Specials,
    overflow: Overflow,
}

/// Why a combination of widths is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MinifloatError {
    /// Exponent width outside the allowed ones.
    #[error("exponent bits must be 1 to 8")]
    ExponentBits,
    /// Fraction width outside the allowed ones.
    #[error("fraction bits must be 0 to 22")]
    FractionBits,
    /// Some value is not exact in `f32`.
    #[error("bias puts values outside the range of f32")]
    Bias,
    /// No finite code would remain.
    #[error("with so few bits, infinity and NaN leave no finite code")]
    Specials,
}

impl Minifloat {
    /// OCP FP8 E4M3 (bias 7, largest 448, NaN but no infinity).
    pub const E4M3: Self = Self::standard(4, 3, Specials::NanOnly);
    /// OCP FP8 E5M2 (bias 15, largest 57344, infinities).
    pub const E5M2: Self = Self::standard(5, 2, Specials::Ieee);
    /// OCP FP6 E2M3 (bias 1, largest 7.5).
    pub const E2M3: Self = Self::standard(2, 3, Specials::None);
    /// OCP FP6 E3M2 (bias 3, largest 28).
    pub const E3M2: Self = Self::standard(3, 2, Specials::None);
    /// OCP FP4 E2M1 (bias 1, largest 6).
    pub const E2M1: Self = Self::standard(2, 1, Specials::None);

    /// The usual bias, `2^(exponent_bits - 1) - 1`.
    ///
    /// `exponent_bits` counts as 1 below and as 8 above that range.
    pub const fn usual_bias(exponent_bits: u8) -> i16 {
        let exponent_bits = match exponent_bits {
            0 => 1,
            1..=8 => exponent_bits,
            _ => 8,
        };
        (1 << (exponent_bits - 1)) - 1
    }

    const fn standard(exponent_bits: u8, fraction_bits: u8, specials: Specials) -> Self {
        Self {
            exponent_bits,
            fraction_bits,
            bias: Self::usual_bias(exponent_bits),
            specials,
            overflow: Overflow::Saturate,
        }
    }

    /// IEEE 754 binary16.
    pub const BINARY16: Self = Self {
        overflow: Overflow::Special,
        ..Self::standard(5, 10, Specials::Ieee)
    };

    /// Exponent bits (1 to 8), stored fraction bits (0 to 22), bias, special codes and policy above the largest finite value.
    ///
    /// # Errors
    /// Names the field that is out of range or makes a value that is not exact in `f32`.
    pub fn new(
        exponent_bits: u8,
        fraction_bits: u8,
        bias: i16,
        specials: Specials,
        overflow: Overflow,
    ) -> Result<Self, MinifloatError> {
        Self {
            exponent_bits,
            fraction_bits,
            bias,
            specials,
            overflow,
        }
        .checked()
    }

    /// Exponent bits, 1 to 8.
    pub const fn exponent_bits(self) -> u8 {
        self.exponent_bits
    }

    /// Stored fraction bits, the hidden one excluded, 0 to 22.
    pub const fn fraction_bits(self) -> u8 {
        self.fraction_bits
    }

    /// Subtracted from the stored exponent.
    pub const fn bias(self) -> i16 {
        self.bias
    }

    /// Codes for infinity and NaN.
    pub const fn specials(self) -> Specials {
        self.specials
    }

    /// Policy above the largest finite value.
    pub const fn overflow(self) -> Overflow {
        self.overflow
    }

    fn checked(self) -> Result<Self, MinifloatError> {
        if !(1..=8).contains(&self.exponent_bits) {
            return Err(MinifloatError::ExponentBits);
        }
        if self.fraction_bits > 22 {
            return Err(MinifloatError::FractionBits);
        }
        if self.largest_code() == 0 || (self.specials == Specials::Ieee && self.exponent_bits == 1)
        {
            return Err(MinifloatError::Specials);
        }
        if self.largest_exponent() > F32_BIAS || self.smallest_step_exponent() < -149 {
            return Err(MinifloatError::Bias);
        }
        Ok(self)
    }

    /// Width of a code, sign included.
    pub const fn bits(self) -> u32 {
        1 + self.exponent_bits as u32 + self.fraction_bits as u32
    }

    /// Exponent of the smallest normal value.
    pub const fn smallest_exponent(self) -> i32 {
        1 - self.bias as i32
    }

    /// Exponent of the distance between subnormal values.
    pub const fn smallest_step_exponent(self) -> i32 {
        self.smallest_exponent() - self.fraction_bits as i32
    }

    /// Exponent of the largest finite value.
    pub const fn largest_exponent(self) -> i32 {
        let stored = self.largest_code() >> self.fraction_bits;
        // a stored exponent of 0 means subnormal, which has the exponent of 1
        (if stored == 0 { 1 } else { stored as i32 }) - self.bias as i32
    }

    /// Code, without sign, of the largest finite value.
    pub const fn largest_code(self) -> u32 {
        let all = (1_u32 << (self.bits() - 1)) - 1;
        match self.specials {
            Specials::None => all,
            Specials::NanOnly => all - 1,
            Specials::Ieee => all - (1 << self.fraction_bits),
        }
    }

    /// Largest finite value.
    pub fn largest(self) -> f32 {
        self.decode(self.largest_code())
    }

    /// Fraction bits of [`Self::largest`] in the layout of `f32`.
    pub(crate) fn largest_fraction(self) -> u32 {
        self.largest().to_bits() & ((1 << F32_FRACTION_BITS) - 1)
    }

    /// Smallest positive normal value.
    pub fn smallest_normal(self) -> f32 {
        power_of_two(self.smallest_exponent())
    }

    /// Smallest positive value.
    pub fn smallest_subnormal(self) -> f32 {
        power_of_two(self.smallest_step_exponent())
    }

    /// Value of a code; bits above [`Self::bits`] are ignored.
    pub fn decode(self, code: u32) -> f32 {
        let magnitude_bits = self.bits() - 1;
        let magnitude = code & ((1 << magnitude_bits) - 1);
        let negative = code >> magnitude_bits & 1 == 1;
        let value = if magnitude > self.largest_code() {
            let infinite = self.specials == Specials::Ieee && magnitude == self.largest_code() + 1;
            if infinite { f32::INFINITY } else { f32::NAN }
        } else {
            let stored = (magnitude >> self.fraction_bits) as i32;
            let fraction = magnitude & ((1 << self.fraction_bits) - 1);
            let hidden = if stored == 0 {
                0
            } else {
                1 << self.fraction_bits
            };
            let step = stored.max(1) - i32::from(self.bias) - i32::from(self.fraction_bits);
            ((f64::from(fraction | hidden)) * power_of_two_f64(step)) as f32
        };
        if negative { -value } else { value }
    }

    /// Code of the value that `value` rounds to.
    ///
    /// NaN becomes the format's NaN, or the largest value where it has none. `uniform` is the random number in `0..1`
    /// that stochastic rounding compares with; other modes ignore it.
    pub fn encode(self, value: f32, rounding: Rounding, uniform: f64) -> u32 {
        let sign = u32::from(value.is_sign_negative()) << (self.bits() - 1);
        if value.is_nan() {
            return match self.specials {
                Specials::None => sign | self.largest_code(),
                Specials::NanOnly => sign | (self.largest_code() + 1),
                Specials::Ieee => {
                    sign | (self.largest_code() + 1) | (1 << self.fraction_bits >> 1).max(1)
                }
            };
        }
        let magnitude = f64::from(value.abs());
        let (n_steps, step) = self.round_magnitude(magnitude, rounding, uniform);
        if n_steps * power_of_two_f64(step) > f64::from(self.largest()) {
            return sign | self.overflow_code();
        }
        // adding instead of or-ing lets a rounding carry run from the fraction into the exponent
        let stored = step + i32::from(self.fraction_bits) + i32::from(self.bias) - 1;
        sign | (((stored as u32) << self.fraction_bits) + n_steps as u32)
    }

    /// A magnitude as a number of steps of `2^exponent`, as if there were no largest value.
    pub(crate) fn round_magnitude(
        self,
        magnitude: f64,
        rounding: Rounding,
        uniform: f64,
    ) -> (f64, i32) {
        // one exponent above the largest is enough to see that a value is too large
        let exponent =
            floor_log2(magnitude).clamp(self.smallest_exponent(), self.largest_exponent() + 1);
        let step = exponent - i32::from(self.fraction_bits);
        let n_steps = round_f64(magnitude * power_of_two_f64(-step), rounding, uniform);
        (n_steps, step)
    }

    const fn overflow_code(self) -> u32 {
        match (self.overflow, self.specials) {
            (Overflow::Saturate, _) | (_, Specials::None) => self.largest_code(),
            (Overflow::Special, Specials::NanOnly | Specials::Ieee) => self.largest_code() + 1,
        }
    }
}

/// `2^exponent` for -149..=127, subnormals included.
pub(crate) const fn power_of_two(exponent: i32) -> f32 {
    if exponent >= -126 {
        f32::from_bits(((exponent + F32_BIAS) as u32) << F32_FRACTION_BITS)
    } else {
        f32::from_bits(1 << (exponent + 149))
    }
}

/// `2^exponent` for -1022..=1023.
pub(crate) const fn power_of_two_f64(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// Exponent of a positive finite number that came from an `f32`; very small for zero.
pub(crate) const fn floor_log2(magnitude: f64) -> i32 {
    (magnitude.to_bits() >> 52) as i32 - 1023
}

/// Rounds a number that is not negative to a whole one.
pub(crate) fn round_f64(value: f64, rounding: Rounding, uniform: f64) -> f64 {
    match rounding {
        Rounding::NearestEven => value.round_ties_even(),
        Rounding::NearestAway => value.round(),
        Rounding::Truncate => value.trunc(),
        Rounding::Stochastic => {
            let below = value.floor();
            below + f64::from(u8::from(value - below > uniform))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Widths, largest, smallest normal and smallest subnormal of the OCP MX specification v1.0, tables 1 to 4.
    #[test]
    fn ocp_elements_have_the_limits_of_the_specification() {
        for (element, bits, largest, normal, subnormal) in [
            (Minifloat::E4M3, 8, 448.0, 0.015_625, 0.001_953_125),
            (Minifloat::E5M2, 8, 57344.0, 1.0 / 16_384.0, 1.0 / 65_536.0),
            (Minifloat::E2M3, 6, 7.5, 1.0, 0.125),
            (Minifloat::E3M2, 6, 28.0, 0.25, 0.0625),
            (Minifloat::E2M1, 4, 6.0, 1.0, 0.5),
        ] {
            assert_eq!(element.bits(), bits);
            assert_eq!(element.largest().to_bits(), f32::to_bits(largest));
            assert_eq!(element.smallest_normal().to_bits(), f32::to_bits(normal));
            assert_eq!(
                element.smallest_subnormal().to_bits(),
                f32::to_bits(subnormal)
            );
            assert_eq!(element.checked(), Ok(element));
        }
    }

    #[test]
    fn encoding_a_decoded_code_gives_the_code_for_every_width() {
        for exponent_bits in 1..=8 {
            for fraction_bits in 0..=7 {
                for specials in [Specials::None, Specials::NanOnly, Specials::Ieee] {
                    for overflow in [Overflow::Saturate, Overflow::Special] {
                        let bias = Minifloat::usual_bias(exponent_bits);
                        let Ok(element) = (Minifloat {
                            exponent_bits,
                            fraction_bits,
                            bias,
                            specials,
                            overflow,
                        })
                        .checked() else {
                            continue;
                        };
                        for code in 0..1 << element.bits() {
                            let value = element.decode(code);
                            if value.is_finite() {
                                for rounding in Rounding::ALL {
                                    assert_eq!(
                                        element.encode(value, rounding, 0.5),
                                        code,
                                        "{element:?} {value}"
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn overflow_follows_the_policy() {
        let special = |element: Minifloat| Minifloat {
            overflow: Overflow::Special,
            ..element
        };
        let round_trip = |element: Minifloat, value| {
            element.decode(element.encode(value, Rounding::NearestEven, 0.5))
        };
        assert!(round_trip(special(Minifloat::E4M3), 1e6).is_nan());
        let infinite = round_trip(special(Minifloat::E5M2), -1e6);
        assert!(infinite.is_infinite() && infinite < 0.0);
        assert!((round_trip(Minifloat::E4M3, 1e6) - 448.0).abs() < f32::EPSILON);
        assert!((round_trip(special(Minifloat::E2M1), f32::INFINITY) - 6.0).abs() < f32::EPSILON);
        assert!(round_trip(Minifloat::E5M2, f32::NAN).is_nan());
    }

    #[test]
    fn widths_whose_values_leave_f32_are_refused() {
        let element = |exponent_bits, bias, specials| Minifloat {
            exponent_bits,
            fraction_bits: 3,
            bias,
            specials,
            overflow: Overflow::Saturate,
        };
        assert_eq!(
            element(9, 0, Specials::None).checked(),
            Err(MinifloatError::ExponentBits)
        );
        assert_eq!(
            element(8, 127, Specials::None).checked(),
            Err(MinifloatError::Bias)
        );
        assert!(element(8, 127, Specials::Ieee).checked().is_ok());
        assert_eq!(
            element(1, 0, Specials::Ieee).checked(),
            Err(MinifloatError::Specials)
        );
    }
}
