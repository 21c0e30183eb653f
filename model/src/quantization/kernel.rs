//! The arithmetic of one format, chosen once and applied to tile after tile.

use super::elements::{self, ElementKernel};
use super::grid::GridKernel;
use super::groups::{self, GroupKernel};
use super::micro_exponent::MicroExponentKernel;
use super::registers::{self, Output, Tile};
use super::{brain_float, ggml};
use crate::format::{FloatFormat, Format, GgmlFormat, MxElement};

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
}

impl Kernel {
    /// `tensor_largest` is the largest finite magnitude of the whole tensor; only NVFP4 asks for it.
    pub(super) fn new(format: Format, tensor_largest: f32) -> Self {
        match format {
            Format::Float(FloatFormat::Fp32) => Self::Copy,
            Format::Float(FloatFormat::Bf16) => Self::BrainFloat,
            Format::Float(FloatFormat::Fp16) => Self::Elements(ElementKernel::half()),
            Format::Minifloat(format) => Self::Elements(ElementKernel::unscaled(format)),
            Format::Bfp(format) => Self::Grid(GridKernel::bfp(format)),
            Format::Mx(format) => match format.element {
                MxElement::Float(element) => Self::Elements(ElementKernel::mx(format, element)),
                MxElement::Integer { bits } => Self::Grid(GridKernel::mx(format, bits)),
            },
            Format::Nvfp4(format) => Self::Elements(ElementKernel::nvfp4(format, tensor_largest)),
            Format::MicroExponent(format) => Self::MicroExponent(MicroExponentKernel::new(format)),
            Format::MxInt(format) => Self::Grid(GridKernel::mase_integer(format)),
            Format::BlockFp(format) => Self::Grid(GridKernel::mase_block(format)),
            Format::Integer(format) => Self::Groups(GroupKernel::new(format)),
            Format::Ggml(format) => Self::Ggml(format),
        }
    }

    /// Whether it helps to know the largest magnitudes of blocks when errors are wanted.
    pub(super) const fn asks_for_maxima(&self) -> bool {
        match self {
            Self::Copy | Self::BrainFloat => false,
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
