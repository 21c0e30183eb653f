//! The arithmetic of one format, chosen once and applied to tile after tile.

use super::elements::{self, ElementKernel};
use super::general::{self, GeneralKernel};
use super::grid::GridKernel;
use super::groups::{self, GroupKernel};
use super::micro_exponent::MicroExponentKernel;
use super::registers::{self, Output, Tile};
use super::{brain_float, ggml};
use crate::format::{Arithmetic, Format, GgmlFormat};

/// One family's kernel with the parameters of a format.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kernel {
    /// Every `f32` stays.
    Copy,
    BrainFloat,
    Grid(GridKernel),
    Elements(ElementKernel),
    MicroExponent(MicroExponentKernel),
    Groups(GroupKernel),
    Ggml(GgmlFormat),
    General(GeneralKernel),
}

impl Kernel {
    /// `tensor_largest` is the largest finite magnitude of the whole tensor; only formats with a scale of the tensor ask for it.
    pub(super) fn new(format: Format, tensor_largest: f32) -> Self {
        match format.arithmetic() {
            Arithmetic::Exact => Self::Copy,
            Arithmetic::Bf16 => Self::BrainFloat,
            Arithmetic::Grid(grid) => Self::Grid(GridKernel::new(grid)),
            Arithmetic::Elements(elements) => {
                Self::Elements(ElementKernel::of(elements, tensor_largest))
            }
            Arithmetic::MicroExponent {
                mantissa_bits,
                rounding,
            } => Self::MicroExponent(MicroExponentKernel::new(mantissa_bits, rounding)),
            Arithmetic::Groups {
                bits,
                is_asymmetric,
                rounding,
            } => Self::Groups(GroupKernel::new(bits, is_asymmetric, rounding)),
            Arithmetic::Ggml(format) => Self::Ggml(format),
            Arithmetic::General(format) => {
                Self::General(GeneralKernel::new(format.prepared(), tensor_largest))
            }
        }
    }

    /// Whether it helps to know the largest magnitudes of blocks when errors are wanted.
    pub(super) const fn asks_for_maxima(&self) -> bool {
        match self {
            Self::Copy | Self::BrainFloat | Self::General(_) => false,
            Self::Ggml(format) => ggml::asks_for_maxima(*format),
            Self::Grid(_) | Self::Elements(_) | Self::MicroExponent(_) | Self::Groups(_) => true,
        }
    }

    /// Quantizes one tile; returns the number of clipped values.
    pub(super) fn quantize(&self, tile: Tile<'_>, output: Output<'_>) -> u64 {
        match *self {
            Self::Grid(kernel) => registers::quantize(kernel, tile, output),
            Self::Elements(kernel) => elements::quantize(kernel, tile, output),
            Self::MicroExponent(kernel) => registers::quantize(kernel, tile, output),
            Self::Groups(kernel) => groups::quantize(kernel, tile, output),
            Self::Ggml(format) => ggml::quantize(format, tile, output),
            Self::General(kernel) => general::quantize(kernel, tile, output),
            Self::BrainFloat => output.store(tile.x, |y| {
                brain_float::quantize(tile.x, y);
                0
            }),
            Self::Copy => output.store(tile.x, |y| {
                y.copy_from_slice(tile.x);
                0
            }),
        }
    }
}
