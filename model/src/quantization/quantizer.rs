//! One format made ready for the pieces of one tensor: whole-tensor scale, seed and position.

#![expect(
    clippy::cast_possible_truncation,
    reason = "seed and position are hashed into 32 bits by intent"
)]

use super::arithmetic::{Noise, largest_magnitude_bits};
use super::blocks::Layout;
use super::elements::ElementKernel;
use super::error_sums::ErrorSums;
use super::ggml;
use super::grid::{self, GridKernel};
use super::groups::{self, GroupKernel};
use super::micro_exponent::{self, MicroExponentKernel};
use super::{brain_float, elements, measure};
use crate::format::{BlockLen, FloatFormat, Format, MxElement};

/// Values looked at together by formats without a block.
const UNSCALED_BLOCK: usize = 64;

/// A format with what it needs to know beyond one block.
///
/// Pieces of a tensor quantized one by one give the bits of the whole tensor if each starts at a row and is told its position.
#[derive(Debug, Clone, Copy)]
pub struct Quantizer {
    format: Format,
    /// Largest finite magnitude of the whole tensor (NVFP4).
    tensor_largest: f32,
    noise: Noise,
}

impl Quantizer {
    /// For a tensor whose largest finite magnitude is known; only NVFP4 asks for it.
    pub fn new(format: Format, tensor_largest: f32) -> Self {
        Self {
            format,
            tensor_largest,
            noise: Noise { base: 0 },
        }
    }

    /// For this tensor: reads it once if the format has a whole-tensor scale.
    pub fn for_tensor(format: Format, x: &[f32]) -> Self {
        let largest = if matches!(format, Format::Nvfp4(_)) {
            largest_finite(x)
        } else {
            0.0
        };
        Self::new(format, largest)
    }

    /// With another seed for stochastic rounding than 0.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        // the odd constant of splitmix64 keeps neighboring seeds apart
        let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let base = (mixed >> 32) as u32 ^ mixed as u32;
        Self {
            noise: Noise { base },
            ..self
        }
    }

    /// For a piece that starts this many values into the tensor; matters to stochastic rounding alone.
    #[must_use]
    pub fn starting_at(self, position: u64) -> Self {
        Self {
            noise: self.noise.advanced(position as usize),
            ..self
        }
    }

    /// The format.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Largest finite magnitude of the whole tensor; 0 if it was not asked for.
    pub(super) const fn tensor_largest(&self) -> f32 {
        self.tensor_largest
    }

    /// Rounds `x` to the format; returns how many values were clipped to the range of their block.
    ///
    /// # Panics
    /// If `out` is not as long as `x`.
    pub fn quantize(&self, x: &[f32], row_len: usize, out: &mut [f32]) -> u64 {
        assert_eq!(
            x.len(),
            out.len(),
            "quantized values take the place of the values"
        );
        let row_len = if row_len == 0 {
            x.len()
        } else {
            row_len.min(x.len())
        };
        if x.is_empty() {
            return 0;
        }
        let block_len = match self.format.block_len() {
            BlockLen::One => UNSCALED_BLOCK,
            other => other.values(row_len).min(row_len),
        };
        let layout = Layout {
            row_len,
            block_len,
            noise: self.noise,
        };
        match self.format {
            Format::Float(FloatFormat::Fp32) => {
                out.copy_from_slice(x);
                0
            }
            Format::Float(FloatFormat::Bf16) => {
                brain_float::quantize(x, out);
                0
            }
            Format::Float(FloatFormat::Fp16) => {
                elements::quantize(ElementKernel::half(), x, out, layout)
            }
            Format::Minifloat(format) => {
                elements::quantize(ElementKernel::unscaled(format), x, out, layout)
            }
            Format::Bfp(format) => grid::quantize(GridKernel::bfp(format), x, out, layout),
            Format::Mx(format) => match format.element {
                MxElement::Float(element) => {
                    elements::quantize(ElementKernel::mx(format, element), x, out, layout)
                }
                MxElement::Integer { bits } => {
                    grid::quantize(GridKernel::mx(format, bits), x, out, layout)
                }
            },
            Format::Nvfp4(format) => {
                let kernel = ElementKernel::nvfp4(format, self.tensor_largest);
                elements::quantize(kernel, x, out, layout)
            }
            Format::MicroExponent(format) => {
                micro_exponent::quantize(MicroExponentKernel::new(format), x, out, layout)
            }
            Format::MxInt(format) => {
                grid::quantize(GridKernel::mase_integer(format), x, out, layout)
            }
            Format::BlockFp(format) => {
                grid::quantize(GridKernel::mase_block(format), x, out, layout)
            }
            Format::Integer(format) => groups::quantize(GroupKernel::new(format), x, out, layout),
            Format::Ggml(format) => ggml::quantize(format, x, out, layout),
        }
    }

    /// [`Self::quantize`] and the sums of its error.
    ///
    /// # Panics
    /// If `out` is not as long as `x`.
    pub fn quantize_and_measure(&self, x: &[f32], row_len: usize, out: &mut [f32]) -> ErrorSums {
        let n_saturated = self.quantize(x, row_len, out);
        ErrorSums {
            n_saturated,
            ..ErrorSums::of(x, out)
        }
    }

    /// Rounds `x` in place, a piece at a time; returns how many values were clipped.
    pub fn quantize_in_place(&self, x: &mut [f32], row_len: usize) -> u64 {
        let row_len = if row_len == 0 {
            x.len()
        } else {
            row_len.min(x.len())
        };
        let piece = measure::values_per_piece(row_len, self.format.block_len()).max(1);
        let mut before = vec![0.0; piece.min(x.len())];
        let mut clipped = 0;
        for (index, out) in x.chunks_mut(piece).enumerate() {
            let before = &mut before[..out.len()];
            before.copy_from_slice(out);
            let quantizer = self.starting_at((index * piece) as u64);
            clipped += quantizer.quantize(before, row_len, out);
        }
        clipped
    }
}

/// Largest finite magnitude, 0 if there is none.
pub(super) fn largest_finite(x: &[f32]) -> f32 {
    let bits = largest_magnitude_bits(x);
    let largest = f32::from_bits(bits);
    if largest.is_finite() {
        return largest;
    }
    x.iter()
        .map(|value| value.abs())
        .filter(|value| value.is_finite())
        .fold(0.0, f32::max)
}
