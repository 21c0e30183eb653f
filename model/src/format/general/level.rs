//! Scale levels of a general block format: extent, kind, rule.

use serde::{Deserialize, Serialize};

use crate::format::{BlockLen, ScaleRule, floor_log2, power_of_two_f64};

/// Values that share a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extent {
    /// The whole tensor.
    Tensor,
    /// So many rows by so many values of each.
    Tile {
        /// Rows, 2 to 8192.
        rows: u16,
        /// Values of a row, 1 to 8192.
        values: u16,
    },
    /// A row along the reduction.
    Row,
    /// So many values along the reduction, 1 to 8192.
    Values(u16),
}

impl Extent {
    /// Length along the row; `None` for the whole tensor.
    pub fn along_row(self) -> Option<BlockLen> {
        match self {
            Self::Tensor => None,
            Self::Row => Some(BlockLen::Row),
            Self::Values(values) | Self::Tile { values, .. } => BlockLen::new(values),
        }
    }
}

/// Representation of a scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum ScaleKind {
    /// IEEE 754 binary32, unrounded.
    Fp32,
    /// IEEE 754 binary16, nearest-even.
    Fp16,
    /// A power of two. Eight bits are E8M0; fewer count down from the exponent of the tensor's largest magnitude.
    PowerOfTwo {
        /// Stored bits, 1 to 8.
        bits: u8,
    },
    /// A small floating point number, nearest-even between the level's `least` and `most`.
    Float {
        /// Stored bits, 2 to 16.
        bits: u8,
        /// Fraction bits, 0 to 10.
        fraction: u8,
        /// Exponent of the smallest normal number; below it the step stays.
        smallest_exponent: i16,
    },
    /// A whole number of 1 to `2^bits - 1`, nearest-even.
    Integer {
        /// Stored bits, 2 to 16.
        bits: u8,
    },
    /// `1.f` with so many fraction bits: the significand of the exact scale, cut off.
    Significand {
        /// Stored bits, 1 to 23.
        bits: u8,
    },
    /// One bit: 2 where the largest scaled magnitude reaches `at`, else 1.
    Doubling {
        /// Scaled magnitude from which the scale doubles.
        at: f32,
    },
}

impl ScaleKind {
    /// Stored bits.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Fp32 => 32,
            Self::Fp16 => 16,
            Self::PowerOfTwo { bits }
            | Self::Float { bits, .. }
            | Self::Integer { bits }
            | Self::Significand { bits } => bits as u32,
            Self::Doubling { .. } => 1,
        }
    }
}

/// Figure of a block that its scale follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Statistic {
    /// Largest magnitude.
    #[default]
    Maximum,
    /// Mean magnitude.
    Mean,
}

/// One level of scales.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleLevel {
    /// Values that share the scale.
    pub block: Extent,
    /// Representation.
    pub kind: ScaleKind,
    /// Scaled value that the largest magnitude becomes; the largest element by default.
    #[serde(default)]
    pub target: Option<f32>,
    /// Rule of a power of two.
    #[serde(default)]
    pub rule: ScaleRule,
    /// Figure of the block.
    #[serde(default)]
    pub statistic: Statistic,
    /// Smallest scale.
    #[serde(default)]
    pub least: Option<f32>,
    /// Largest scale.
    #[serde(default)]
    pub most: Option<f32>,
    /// Smallest magnitude that the figure counts as.
    #[serde(default)]
    pub least_maximum: Option<f32>,
    /// A power of two goes one lower where the scaled figure stays below this number.
    #[serde(default)]
    pub lower_below: Option<f32>,
    /// Steps of the scale that are tried in this order, by the criterion of the choice; `[0]` by default.
    #[serde(default)]
    pub search: Vec<i8>,
}

/// Exponent of E8M0 numbers.
const E8M0: (i32, i32) = (-127, 127);

impl ScaleLevel {
    /// The scale of a block with this figure, so many steps aside. `target` is a positive number.
    ///
    /// `largest_exponent`: exponent of the tensor's largest magnitude, for powers of two of fewer than 8 bits.
    pub(crate) fn scale(&self, figure: f32, target: f32, step: i8, largest_exponent: i32) -> f32 {
        let figure = self.least_maximum.map_or(figure, |least| figure.max(least));
        match self.kind {
            ScaleKind::PowerOfTwo { bits } => {
                self.power_of_two(figure, target, step, bits, largest_exponent)
            }
            ScaleKind::Significand { bits } => {
                let cut = u32::MAX << (23 - u32::from(bits));
                f32::from_bits((figure / target).to_bits() & cut & 0x007f_ffff | 0x3f80_0000)
            }
            ScaleKind::Doubling { at } => {
                if figure >= at {
                    2.0
                } else {
                    1.0
                }
            }
            _ => self.stepped(self.rounded(self.clipped(figure / target)), step),
        }
    }

    fn clipped(&self, scale: f32) -> f32 {
        let scale = self.least.map_or(scale, |least| scale.max(least));
        self.most.map_or(scale, |most| scale.min(most))
    }

    /// The nearest number of the kind.
    fn rounded(&self, scale: f32) -> f32 {
        match self.kind {
            ScaleKind::Fp16 => half::f16::from_f32(scale.min(65504.0)).to_f32(),
            ScaleKind::Float {
                fraction,
                smallest_exponent,
                ..
            } => {
                let step = scale_step(scale, fraction, smallest_exponent);
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "few fraction bits are exact in f32"
                )]
                let rounded = ((f64::from(scale) / step).round_ties_even() * step) as f32;
                rounded
            }
            ScaleKind::Integer { bits } => {
                let most = f32::from(u16::MAX >> (16 - bits));
                scale.round_ties_even().clamp(1.0, most)
            }
            _ => scale,
        }
    }

    /// A scale so many numbers of its kind aside, inside its limits.
    fn stepped(&self, scale: f32, step: i8) -> f32 {
        let mut scale = scale;
        for _ in 0..step.unsigned_abs() {
            scale = self.neighbor(scale, step > 0);
        }
        scale
    }

    fn neighbor(&self, scale: f32, is_up: bool) -> f32 {
        let step = match self.kind {
            ScaleKind::Fp16 => scale_step(scale, 10, -14),
            ScaleKind::Fp32 => scale_step(scale, 23, -126),
            ScaleKind::Float {
                fraction,
                smallest_exponent,
                ..
            } => scale_step(scale, fraction, smallest_exponent),
            _ => 1.0,
        };
        let step = if is_up { step } else { -step };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "few fraction bits are exact in f32"
        )]
        let moved = (f64::from(scale) + step) as f32;
        let kept = self.clipped(self.rounded(moved));
        if kept > 0.0 { kept } else { scale }
    }

    fn power_of_two(
        &self,
        figure: f32,
        target: f32,
        step: i8,
        bits: u8,
        largest_exponent: i32,
    ) -> f32 {
        // any scale does for zeros
        let figure = if figure > 0.0 { figure } else { 1.0 };
        let floor = |value: f32| floor_log2(f64::from(value));
        let ceil = |value: f64| {
            let exponent = floor_log2(value);
            exponent + i32::from(value > power_of_two_f64(exponent))
        };
        let mut exponent = match self.rule {
            ScaleRule::Floor => floor(figure) - floor(target),
            ScaleRule::Ceil => ceil(f64::from(figure)) - floor(target),
            ScaleRule::Rceil => ceil(f64::from(figure) / f64::from(target)),
            ScaleRule::Even => {
                // one up where the figure, rounded to the target's last bit, reaches the next power of two
                let relative = f64::from(figure) / power_of_two_f64(floor(figure));
                let top = f64::from(target) / power_of_two_f64(floor(target));
                floor(figure) - floor(target) + i32::from(relative >= 1.0 + top / 2.0)
            }
        };
        let scaled = |exponent: i32| f64::from(figure) / power_of_two_f64(exponent);
        if self
            .lower_below
            .is_some_and(|least| scaled(exponent) < f64::from(least))
        {
            exponent -= 1;
        }
        exponent += i32::from(step);
        if bits < 8 {
            let span = (1 << bits) - 1;
            let top = largest_exponent - floor(target) + 1;
            exponent = exponent.clamp(top - span, top);
        }
        let exponent = exponent.clamp(E8M0.0, E8M0.1);
        crate::format::power_of_two(exponent)
    }

    /// Number of different scales, where it bounds what can be stored beside one; `None` where every code is one.
    pub(crate) fn n_scales(&self) -> Option<u32> {
        let ScaleKind::Float {
            fraction,
            smallest_exponent,
            ..
        } = self.kind
        else {
            return None;
        };
        let (least, most) = (self.least?, self.most?);
        let mut scale = least;
        let mut count = 1;
        while scale < most && count < 1 << 16 {
            scale += {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a step has one significant bit"
                )]
                let step = scale_step(scale, fraction, smallest_exponent) as f32;
                step
            };
            count += 1;
        }
        Some(count)
    }
}

/// Distance of neighboring numbers with so many fraction bits around a positive one.
pub(crate) fn scale_step(value: f32, fraction: u8, smallest_exponent: i16) -> f64 {
    let exponent = floor_log2(f64::from(value)).max(smallest_exponent.into());
    power_of_two_f64((exponent - i32::from(fraction)).max(-1022))
}
