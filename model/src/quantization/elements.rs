//! Blocks of small floating point numbers: OCP MX, NVFP4, and minifloats without a scale (FP16 among them).

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::arithmetic::{
    FixedRounding, LANES, Noise, ONE_BITS, SMALLEST_NORMAL_BITS, clamp, inverse_and_power_of_two,
    is_zero_or_normal, round,
};
use super::maxima::Register;
use super::registers::{self, Numbers, Output, RegisterKernel, Tile};
use crate::format::{
    ElementArithmetic, ElementScale, F32_BIAS, F32_FRACTION_BITS, Minifloat, Overflow, Rounding,
    Specials, floor_log2, power_of_two_f64,
};

/// What a block's values are divided by before they become elements.
#[derive(Debug, Clone, Copy)]
enum Scale {
    /// Nothing.
    One,
    /// A power of two in E8M0, from the largest magnitude plus this addend (see `ScaleRule::addend`).
    PowerOfTwo { addend: u32 },
    /// An E4M3 number of the block times this FP32 number of the tensor.
    TwoLevel { tensor: f32 },
}

/// Everything the arithmetic of one block needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct ElementKernel {
    scale: Scale,
    element: Minifloat,
    /// Exponent of the largest and of the smallest normal element.
    largest_exponent: i32,
    smallest_exponent: i32,
    fraction_bits: i32,
    largest: f32,
    /// What stands for a magnitude above `largest`.
    above: f32,
    /// Magnitudes from here on round above `largest`, unless the rounding is stochastic.
    first_clipped: f32,
    rounding: Rounding,
}

/// Smallest and largest exponent of E8M0; the code above is NaN.
const E8M0: (i32, i32) = (-127, 127);

impl ElementKernel {
    fn new(element: Minifloat, rounding: Rounding, scale: Scale) -> Self {
        let largest = element.largest();
        Self {
            scale,
            element,
            largest_exponent: element.largest_exponent(),
            smallest_exponent: element.smallest_exponent(),
            fraction_bits: i32::from(element.fraction_bits()),
            largest,
            above: match (element.overflow(), element.specials()) {
                (Overflow::Saturate, _) | (_, Specials::None) => largest,
                (Overflow::Special, Specials::NanOnly) => f32::NAN,
                (Overflow::Special, Specials::Ieee) => f32::INFINITY,
            },
            first_clipped: first_clipped(element, rounding),
            rounding,
        }
    }

    /// `tensor_largest` is the largest finite magnitude of the whole tensor, for NVFP4 alone: it becomes 448 x 6 (NVIDIA's recipe).
    pub(super) fn of(arithmetic: ElementArithmetic, tensor_largest: f32) -> Self {
        let ElementArithmetic {
            element,
            scale,
            rounding,
        } = arithmetic;
        let scale = match scale {
            ElementScale::One => Scale::One,
            ElementScale::PowerOfTwo(rule) => Scale::PowerOfTwo {
                addend: rule.addend(element.largest_fraction(), element.fraction_bits().into()),
            },
            ElementScale::TwoLevel => Scale::TwoLevel {
                tensor: tensor_largest / (Minifloat::E4M3.largest() * Minifloat::E2M1.largest()),
            },
        };
        Self::new(element, rounding, scale)
    }

    /// Whether every step and its inverse are normal numbers for values an element can hold.
    const fn is_narrow(self) -> bool {
        self.smallest_exponent - self.fraction_bits >= -126 && self.largest_exponent <= 125
    }

    /// Rounds one scaled value to a multiple of the step that its own exponent gives.
    #[inline(always)]
    #[expect(
        clippy::cast_sign_loss,
        reason = "biased exponents of normal numbers are positive"
    )]
    fn rounded<R: FixedRounding>(self, value: f32, noise: Noise, index: usize) -> f32 {
        const EXPONENT_FIELD: u32 = 0xff << F32_FRACTION_BITS;
        let smallest = ((self.smallest_exponent + F32_BIAS) as u32) << F32_FRACTION_BITS;
        let fraction = (self.fraction_bits as u32) << F32_FRACTION_BITS;
        let exponent = (value.to_bits() & EXPONENT_FIELD).max(smallest);
        let step = exponent - fraction;
        let steps_per_one = f32::from_bits((254 << F32_FRACTION_BITS) - step);
        round(value * steps_per_one, R::ROUNDING, noise, index) * f32::from_bits(step)
    }

    /// The element of a scaled value, and whether it was clipped.
    #[inline(always)]
    fn scaled_element<R: FixedRounding>(
        self,
        value: f32,
        noise: Noise,
        index: usize,
    ) -> (f32, bool) {
        if R::ROUNDING == Rounding::Stochastic || !self.saturates() {
            // one step above the largest is enough to see that a value is too large
            let most = self.largest + self.largest;
            let rounded = self.rounded::<R>(clamp(value, -most, most), noise, index);
            let kept = if rounded > self.largest {
                self.above
            } else {
                rounded
            };
            let kept = if rounded < -self.largest {
                -self.above
            } else {
                kept
            };
            return (kept, rounded.abs() > self.largest);
        }
        // the largest element is a code: clamping first gives what clamping afterwards would
        let kept = clamp(value, -self.largest, self.largest);
        (
            self.rounded::<R>(kept, noise, index),
            value.abs() >= self.first_clipped,
        )
    }

    /// The elements of a register of scaled values, brought back by `up`, and which were clipped.
    #[inline(always)]
    fn elements<R: FixedRounding>(
        self,
        scaled: &Register,
        up: &Register,
        noise: Noise,
    ) -> (Register, [bool; LANES]) {
        let mut y = [0.0; LANES];
        let mut is_clipped = [false; LANES];
        for lane in 0..LANES {
            let (element, clipped) = self.scaled_element::<R>(scaled[lane], noise, lane);
            y[lane] = element * up[lane];
            is_clipped[lane] = clipped;
        }
        (y, is_clipped)
    }

    /// Whether values above the range become the largest one.
    #[inline(always)]
    const fn saturates(self) -> bool {
        self.above.to_bits() == self.largest.to_bits()
    }

    /// Exponent of the E8M0 scale of a block whose largest magnitude has these bits; 0 for formats without one.
    pub(super) fn block_exponent(self, largest: u32) -> i32 {
        match self.scale {
            Scale::PowerOfTwo { addend } => self.shared_exponent(largest, addend),
            Scale::One | Scale::TwoLevel { .. } => 0,
        }
    }

    /// [`Self::shared_exponent`] for normal numbers, within E8M0.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "an exponent field has 8 bits")]
    fn usual_exponent(self, largest: u32, addend: u32) -> i32 {
        ((largest + addend) >> F32_FRACTION_BITS) as i32 - F32_BIAS - self.largest_exponent
    }

    #[expect(clippy::cast_possible_wrap, reason = "an exponent field has 8 bits")]
    fn shared_exponent(self, largest: u32, addend: u32) -> i32 {
        let exponent = if largest >= SMALLEST_NORMAL_BITS {
            ((largest + addend) >> F32_FRACTION_BITS) as i32 - F32_BIAS
        } else {
            // the same addition to the fraction of the number written with a leading one
            let magnitude = f64::from(f32::from_bits(largest));
            let fraction = (magnitude.to_bits() >> (52 - F32_FRACTION_BITS)) & 0x7f_ffff;
            let carry = (fraction + u64::from(addend)) >> F32_FRACTION_BITS;
            floor_log2(magnitude) + i32::from(carry != 0)
        };
        (exponent - self.largest_exponent).clamp(E8M0.0, E8M0.1)
    }
}

impl RegisterKernel for ElementKernel {
    fn rounding(self) -> Rounding {
        self.rounding
    }

    #[inline(always)]
    fn is_usual(self, largest: u32) -> bool {
        match self.scale {
            Scale::PowerOfTwo { addend } => {
                // narrow or not is the same for all blocks
                self.is_narrow()
                    && is_zero_or_normal(largest, self.usual_exponent(largest, addend), -126)
            }
            Scale::One | Scale::TwoLevel { .. } => self.is_narrow(),
        }
    }

    #[inline(always)]
    fn numbers(self, largest: u32) -> (f32, f32) {
        let Scale::PowerOfTwo { addend } = self.scale else {
            return (1.0, 1.0);
        };
        // any scale does for zeros
        let largest = if largest == 0 { ONE_BITS } else { largest };
        let exponent = self.usual_exponent(largest, addend);
        inverse_and_power_of_two(exponent)
    }

    #[inline(always)]
    fn register<R: FixedRounding, const MAY_CLIP: bool>(
        self,
        x: &Register,
        numbers: &Numbers,
        noise: Noise,
    ) -> (Register, [bool; LANES]) {
        let scaled = std::array::from_fn(|lane| x[lane] * numbers.down[lane]);
        self.elements::<R>(&scaled, &numbers.up, noise)
    }

    /// One block in double precision: unusual widths, scales that are not normal.
    #[cold]
    #[inline(never)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the one rounding to f32, by definition"
    )]
    fn careful_block(self, x: &[f32], y: &mut [f32], largest: u32, noise: Noise) -> u32 {
        let mut clipped = 0;
        let scale = power_of_two_f64(self.block_exponent(largest));
        for (index, (x, y)) in x.iter().zip(y).enumerate() {
            let uniform = f64::from(noise.uniform(index));
            let magnitude = f64::from(x.abs()) / scale;
            let (n_steps, step) = self
                .element
                .round_magnitude(magnitude, self.rounding, uniform);
            let rounded = n_steps * power_of_two_f64(step);
            let is_clipped = rounded > f64::from(self.largest);
            clipped += u32::from(is_clipped);
            let kept = if is_clipped {
                f64::from(self.above)
            } else {
                rounded
            };
            *y = (kept.copysign(f64::from(*x)) * scale) as f32;
        }
        clipped
    }
}

/// Two-level scales (NVFP4): the scale of the tensor divides first, rounded to `f32`, then that of the block; the value is
/// element x block scale, which is exact, x tensor scale, rounded once.
#[derive(Debug, Clone, Copy)]
struct DividedKernel {
    elements: ElementKernel,
    /// FP32 scale of the tensor; 1 where it has none.
    tensor: f32,
    /// No value of the tensor is large enough for an FP32 scale.
    has_scale: bool,
}

impl DividedKernel {
    fn new(elements: ElementKernel, tensor: f32) -> Self {
        let has_scale = tensor > 0.0;
        Self {
            elements,
            tensor: if has_scale { tensor } else { 1.0 },
            has_scale,
        }
    }
}

impl RegisterKernel for DividedKernel {
    fn rounding(self) -> Rounding {
        self.elements.rounding
    }

    #[inline(always)]
    fn is_usual(self, largest: u32) -> bool {
        (largest == 0) | self.has_scale
    }

    #[inline(always)]
    fn numbers(self, largest: u32) -> (f32, f32) {
        let scale = nvfp4_block_scale(largest, self.tensor);
        (scale, scale)
    }

    #[inline(always)]
    fn register<R: FixedRounding, const MAY_CLIP: bool>(
        self,
        x: &Register,
        numbers: &Numbers,
        noise: Noise,
    ) -> (Register, [bool; LANES]) {
        let scaled = std::array::from_fn(|lane| x[lane] / self.tensor / numbers.down[lane]);
        let (scaled, is_clipped) = self.elements.elements::<R>(&scaled, &numbers.up, noise);
        (scaled.map(|value| value * self.tensor), is_clipped)
    }

    /// A tensor too small for an FP32 scale.
    fn careful_block(self, _x: &[f32], y: &mut [f32], _largest: u32, _noise: Noise) -> u32 {
        y.fill(0.0);
        0
    }
}

/// Smallest magnitude that rounds above the largest element.
#[expect(
    clippy::cast_possible_truncation,
    reason = "half steps of the largest element are exact in f32, and wide elements do not ask"
)]
fn first_clipped(element: Minifloat, rounding: Rounding) -> f32 {
    let largest = f64::from(element.largest());
    let step = power_of_two_f64(element.largest_exponent() - i32::from(element.fraction_bits()));
    if rounding == Rounding::Truncate {
        return (largest + step) as f32;
    }
    let tie = largest + step / 2.0;
    let (n_steps, exponent) = element.round_magnitude(tie, rounding, 0.5);
    let goes_up = n_steps * power_of_two_f64(exponent) > largest;
    let tie = tie as f32;
    if goes_up { tie } else { tie.next_up() }
}

/// The E4M3 scale of an NVFP4 block whose largest magnitude has these bits: the nearest to `largest / tensor / 6`, at least the
/// smallest E4M3 number.
#[inline(always)]
pub(super) fn nvfp4_block_scale(largest: u32, tensor: f32) -> f32 {
    const SMALLEST: f32 = 1.0 / 512.0;
    let largest = f32::from_bits(largest) / tensor;
    nearest_e4m3((largest / Minifloat::E2M1.largest()).max(SMALLEST))
}

/// The nearest E4M3 value of a number that is not negative (ties to even), at most 448.
#[inline(always)]
fn nearest_e4m3(value: f32) -> f32 {
    const SMALLEST_EXPONENT: u32 = 121; // -6, biased as in f32
    let exponent = (value.to_bits() >> F32_FRACTION_BITS).clamp(SMALLEST_EXPONENT, 136);
    let steps_per_one = f32::from_bits((254 + 3 - exponent) << F32_FRACTION_BITS);
    let step = f32::from_bits((exponent - 3) << F32_FRACTION_BITS);
    let rounded = (value * steps_per_one).round_ties_even() * step;
    if rounded > 448.0 { 448.0 } else { rounded }
}

/// Quantizes a tile of small floating point numbers; returns the number of clipped values.
pub(super) fn quantize(elements: ElementKernel, tile: Tile<'_>, output: Output<'_>) -> u64 {
    match elements.scale {
        Scale::TwoLevel { tensor } => {
            registers::quantize(DividedKernel::new(elements, tensor), tile, output)
        }
        Scale::One | Scale::PowerOfTwo { .. } => registers::quantize(elements, tile, output),
    }
}
