//! Elements of a general block format, brought to one ascending list of values with the thresholds between them.

use serde::{Deserialize, Serialize};

use crate::format::{Minifloat, Overflow, Rounding, Specials};

/// Most entries of a list of values.
pub(crate) const MOST_VALUES: usize = 1 << 12;

/// One value of a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Element {
    /// A sign and a small floating point number; every code is finite but for the NaN of E4M3.
    Minifloat {
        /// Exponent bits, 1 to 8.
        exponent: u8,
        /// Stored fraction bits.
        fraction: u8,
    },
    /// A sign and a magnitude of `bits - 1` bits: `0 ..= 2^(bits - 1) - 1` units.
    Integer {
        /// Bits with the sign, 2 to 13.
        bits: u8,
        /// Worth of one; 1 by default.
        #[serde(default = "one")]
        unit: f32,
    },
    /// A sign and a power: 0, then `2^(-step x k)`, the largest 1.
    Log {
        /// Bits with the sign, 2 to 9.
        bits: u8,
        /// Distance of neighboring exponents, above 0.
        step: f32,
    },
    /// A posit of so many bits; its code for no number is not used.
    Posit {
        /// Bits, 3 to 12.
        bits: u8,
        /// Exponent bits, 0 to 3.
        exponent: u8,
    },
    /// A sign and one of these magnitudes, ascending.
    Magnitudes(Vec<f32>),
    /// One of these values, ascending.
    Codebook(Vec<f32>),
    /// One of `2^bits` values that a row finds for itself (Lloyd's algorithm), each stored in FP16.
    RowCodebook {
        /// Bits, 1 to 5.
        bits: u8,
    },
}

const fn one() -> f32 {
    1.0
}

/// Choice between the two nearest values where both are equally far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ties {
    /// The one with the even place in the list.
    Even,
    /// The larger magnitude; of a codebook the larger value.
    Away,
    /// The smaller one.
    Lower,
}

/// Rule from a scaled value to an entry of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nearest {
    /// The nearest entry; ties are settled by the thresholds.
    Nearest,
    /// The entry below, for magnitudes toward zero, or the one above with the probability of the distance.
    Stochastic,
}

/// Ascending values with the thresholds between them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueList {
    pub(crate) values: Vec<f32>,
    /// Entry `i + 1` or a higher one belongs to every value above threshold `i`.
    pub(crate) thresholds: Vec<f32>,
    /// Magnitudes with a sign of their own.
    pub(crate) has_sign: bool,
    /// Negative zero stays one.
    pub(crate) keeps_negative_zero: bool,
    pub(crate) rule: Nearest,
    /// Magnitude from which a value is beyond the list.
    pub(crate) beyond: f32,
    /// Thresholds of a short list with the values above them, padded by infinity.
    pub(crate) short: Option<([f32; SHORT], [f32; SHORT])>,
}

/// Thresholds of a short list.
pub(crate) const SHORT: usize = 16;

impl Element {
    /// Values of the codes, ascending; magnitudes where the flag is set. Empty for codebooks that rows find.
    fn values(&self) -> (Vec<f32>, bool) {
        let count = |bits: u8| 0..1_u16 << (bits.clamp(1, 13) - 1);
        match self {
            Self::Minifloat { exponent, fraction } => {
                let Some(element) = self.minifloat() else {
                    return (Vec::new(), true);
                };
                let _ = (exponent, fraction);
                (
                    (0..=element.largest_code())
                        .map(|code| element.decode(code))
                        .collect(),
                    true,
                )
            }
            Self::Integer { bits, unit } => (
                count(*bits).map(|code| f32::from(code) * unit).collect(),
                true,
            ),
            Self::Log { bits, step } => {
                let n = (1_u16 << (bits.clamp(&2, &9) - 1)) - 1;
                let power = |k: u16| (-f32::from(n - k) * step).exp2();
                (
                    std::iter::once(0.0).chain((1..=n).map(power)).collect(),
                    true,
                )
            }
            Self::Posit { bits, exponent } => (posit_magnitudes(*bits, *exponent), true),
            Self::Magnitudes(values) => (values.clone(), true),
            Self::Codebook(values) => (values.clone(), false),
            Self::RowCodebook { .. } => (Vec::new(), false),
        }
    }

    fn minifloat(&self) -> Option<Minifloat> {
        let Self::Minifloat { exponent, fraction } = *self else {
            return None;
        };
        let specials = match (exponent, fraction) {
            (4, 3) => Specials::NanOnly,
            (5, 2) | (8, _) => Specials::Ieee,
            _ => Specials::None,
        };
        let bias = Minifloat::usual_bias(exponent);
        Minifloat::new(exponent, fraction, bias, specials, Overflow::Saturate).ok()
    }

    /// Bits of a code.
    pub(crate) fn bits(&self) -> u32 {
        match self {
            Self::Minifloat { exponent, fraction } => {
                1 + u32::from(*exponent) + u32::from(*fraction)
            }
            Self::Integer { bits, .. }
            | Self::Log { bits, .. }
            | Self::Posit { bits, .. }
            | Self::RowCodebook { bits } => (*bits).into(),
            Self::Magnitudes(values) => 1 + bits_for(values.len()),
            Self::Codebook(values) => bits_for(values.len()),
        }
    }

    /// The list with its thresholds. A codebook with a sign has two codes for zero.
    pub(crate) fn list(&self, ties: Ties, rounding: Rounding) -> ValueList {
        let (values, has_sign) = self.values();
        let keeps_negative_zero = matches!(self, Self::Integer { .. });
        ValueList {
            keeps_negative_zero,
            ..ValueList::new(values, has_sign, ties, rounding)
        }
    }

    /// First fault: what is allowed instead.
    pub(super) fn fault(&self) -> Option<String> {
        let range = |name: &str, value: u8, least: u8, most: u8| {
            (!(least..=most).contains(&value))
                .then(|| format!("{name} {value}; allowed: {least} to {most}"))
        };
        match self {
            Self::Minifloat { exponent, fraction } => range("exponent", *exponent, 1, 8)
                .or_else(|| {
                    (self.bits() > 12)
                        .then(|| format!("fraction {fraction}; allowed: at most 12 bits in all"))
                })
                .or_else(|| {
                    self.minifloat()
                        .is_none()
                        .then(|| format!("exponent {exponent}; allowed: values that f32 holds"))
                }),
            Self::Integer { bits, unit } => range("bits", *bits, 2, 13).or_else(|| {
                (!(unit.is_normal() && *unit > 0.0))
                    .then(|| format!("unit {unit}; allowed: a positive number"))
            }),
            Self::Log { bits, step } => range("bits", *bits, 2, 9).or_else(|| {
                let n = f32::from((1_u16 << (bits - 1)) - 2);
                (!(*step > 0.0 && n * step <= 120.0)).then(|| {
                    format!("step {step}; allowed: above 0, smallest power at least 2^-120")
                })
            }),
            Self::Posit { bits, exponent } => range("bits", *bits, 3, 12)
                .or_else(|| range("exponent", *exponent, 0, 3))
                .or_else(|| {
                    ((u32::from(*bits) - 2) << exponent > 120).then(|| {
                        format!("exponent {exponent}; allowed: values within 2^-120 to 2^120")
                    })
                }),
            Self::Magnitudes(values) => list_fault(values, true),
            Self::Codebook(values) => list_fault(values, false),
            Self::RowCodebook { bits } => range("bits", *bits, 1, 5),
        }
    }
}

/// Bits that number so many codes.
pub(crate) const fn bits_for(n: usize) -> u32 {
    if n <= 1 { 0 } else { (n - 1).ilog2() + 1 }
}

fn list_fault(values: &[f32], are_magnitudes: bool) -> Option<String> {
    if values.len() < 2 || values.len() > MOST_VALUES {
        return Some(format!(
            "{} values; allowed: 2 to {MOST_VALUES}",
            values.len()
        ));
    }
    let bad = values
        .iter()
        .find(|value| !value.is_finite() || are_magnitudes && value.is_sign_negative());
    if let Some(value) = bad {
        let allowed = if are_magnitudes {
            "numbers from 0 on"
        } else {
            "finite numbers"
        };
        return Some(format!("value {value}; allowed: {allowed}"));
    }
    let pair = values.windows(2).find(|pair| pair[0] >= pair[1]);
    if let Some(&[left, right]) = pair {
        return Some(format!("{left} before {right}; allowed: ascending values"));
    }
    values
        .iter()
        .all(|value| *value <= 0.0)
        .then(|| "no positive value; allowed: at least one".to_owned())
}

/// Magnitudes of a posit, 0 first (Gustafson and Yonemoto, 2017: sign, regime, exponent, fraction).
fn posit_magnitudes(bits: u8, exponent_bits: u8) -> Vec<f32> {
    let width = u32::from(bits.clamp(2, 12)) - 1;
    let value = |code: u32| {
        let bit = |place: u32| place < width && code >> (width - 1 - place) & 1 == 1;
        let first = bit(0);
        let run = (0..width).take_while(|place| bit(*place) == first).count();
        let run = u32::try_from(run).unwrap_or(width);
        let regime = if first {
            f64::from(run) - 1.0
        } else {
            -f64::from(run)
        };
        let mut place = run + 1;
        let mut exponent = 0.0;
        for _ in 0..exponent_bits {
            exponent = 2.0 * exponent + f64::from(u8::from(bit(place)));
            place += 1;
        }
        let mut fraction = 1.0;
        let mut worth = 0.5;
        while place < width {
            fraction += if bit(place) { worth } else { 0.0 };
            worth *= 0.5;
            place += 1;
        }
        let power = regime * f64::from(1_u32 << exponent_bits) + exponent;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 12 significant bits within the range of f32"
        )]
        let value = (fraction * power.exp2()) as f32;
        value
    };
    std::iter::once(0.0)
        .chain((1..1_u32 << width).map(value))
        .collect()
}

impl ValueList {
    pub(crate) fn new(values: Vec<f32>, has_sign: bool, ties: Ties, rounding: Rounding) -> Self {
        let is_truncated = matches!(rounding, Rounding::Truncate | Rounding::Stochastic);
        let threshold = |(index, pair): (usize, &[f32])| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the middle as f32, as the definition of the nearest value has it"
            )]
            let middle = (f64::midpoint(pair[0].into(), pair[1].into())) as f32;
            match ties {
                // at or above the value itself; of negative values the one nearer to zero
                _ if is_truncated => {
                    if pair[0] < 0.0 {
                        pair[0]
                    } else {
                        pair[1].next_down()
                    }
                }
                Ties::Even if index % 2 == 1 => middle.next_down(),
                Ties::Away => middle.next_down(),
                Ties::Even | Ties::Lower => middle,
            }
        };
        let thresholds: Vec<f32> = values.windows(2).enumerate().map(threshold).collect();
        let rule = if rounding == Rounding::Stochastic {
            Nearest::Stochastic
        } else {
            Nearest::Nearest
        };
        let beyond = match *values {
            [.., before, last] => {
                let next = 2.0 * last - before;
                threshold((values.len() - 1, &[last, next]))
            }
            _ => f32::INFINITY,
        };
        let short = (thresholds.len() <= SHORT && rule == Nearest::Nearest).then(|| {
            let (mut padded, mut above) = ([f32::INFINITY; SHORT], [0.0; SHORT]);
            padded[..thresholds.len()].copy_from_slice(&thresholds);
            above[..thresholds.len()].copy_from_slice(values.get(1..).unwrap_or_default());
            (padded, above)
        });
        Self {
            values,
            thresholds,
            has_sign,
            keeps_negative_zero: false,
            rule,
            beyond,
            short,
        }
    }

    /// Largest magnitude.
    pub(crate) fn largest(&self) -> f32 {
        self.values
            .iter()
            .fold(0.0, |largest, value| largest.max(value.abs()))
    }

    /// The value at a place with the sign of a scaled value.
    pub(crate) fn signed(&self, place: usize, scaled: f32) -> f32 {
        let value = self.values[place];
        if self.has_sign && (scaled < 0.0 || self.keeps_negative_zero && scaled.is_sign_negative())
        {
            -value
        } else {
            value
        }
    }

    /// Place of the value for a scaled value; of its magnitude where the list has a sign.
    pub(crate) fn place(&self, scaled: f32) -> usize {
        let scaled = if self.has_sign { scaled.abs() } else { scaled };
        self.thresholds
            .partition_point(|threshold| scaled > *threshold)
    }

    /// [`Self::place`] with a uniform number in `0..1` for stochastic rounding.
    pub(crate) fn rounded_place(&self, scaled: f32, uniform: f32) -> usize {
        let place = self.place(scaled);
        if self.rule == Nearest::Nearest {
            return place;
        }
        let magnitude = if self.has_sign { scaled.abs() } else { scaled };
        let other = if magnitude >= self.values[place] {
            place + 1
        } else {
            place.wrapping_sub(1)
        };
        match self.values.get(other) {
            Some(next) => {
                let here = self.values[place];
                let share = (magnitude - here) / (next - here);
                if share > uniform { other } else { place }
            }
            None => place,
        }
    }
}
