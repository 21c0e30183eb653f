//! One format made ready for the pieces of one tensor: whole-tensor scale, seed and position.

#![expect(
    clippy::cast_possible_truncation,
    reason = "seed and position are hashed into 32 bits by intent"
)]

use multiversion::multiversion;

use super::arithmetic::{Noise, largest_magnitude_bits};
use super::blocks::Layout;
use super::error_lanes::ErrorLanes;
use super::error_sums::ErrorSums;
use super::kernel::Kernel;
use super::measure;
use super::registers::{Output, Tile};
use super::survey::Survey;
use crate::format::{BlockLen, Format};

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
    kernel: Kernel,
    noise: Noise,
}

impl Quantizer {
    /// For a tensor whose largest finite magnitude is known; only NVFP4 asks for it.
    pub fn new(format: Format, tensor_largest: f32) -> Self {
        Self {
            format,
            tensor_largest,
            kernel: Kernel::new(format, tensor_largest),
            noise: Noise { base: 0 },
        }
    }

    /// For this tensor: reads it once if the format has a whole-tensor scale.
    pub fn for_tensor(format: Format, x: &[f32]) -> Self {
        let largest = if format.has_tensor_scale() {
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

    /// For the tensor of this name: stochastic rounding of each draws numbers of its own.
    #[must_use]
    pub fn of_tensor(self, name: &str) -> Self {
        // FNV-1a, 64 bits
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.of_number(hash)
    }

    /// For the tensor of this number, as [`Self::of_tensor`].
    #[must_use]
    pub fn of_number(self, number: u64) -> Self {
        // splitmix64's finalizer: neighboring numbers give unrelated starts
        let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let base = self.noise.base ^ (mixed >> 32) as u32 ^ mixed as u32;
        Self {
            noise: Noise { base },
            ..self
        }
    }

    /// For a piece that starts this many values into the tensor; matters to stochastic rounding alone.
    #[must_use]
    pub fn starting_at(self, position: u64) -> Self {
        self.advanced(position as usize)
    }

    pub(super) fn advanced(self, values: usize) -> Self {
        Self {
            noise: self.noise.advanced(values),
            ..self
        }
    }

    /// The format.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Random numbers of the first value.
    pub(super) const fn noise(&self) -> Noise {
        self.noise
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
        if x.is_empty() {
            return 0;
        }
        let layout = self.layout(whole_row(row_len, x.len()));
        self.kernel
            .quantize(Tile { x, layout }, Output::Values(out))
    }

    /// Adds the errors on the next part of a piece, which the survey has turned to; returns how many values were clipped.
    pub(super) fn compare(&self, x: &[f32], survey: &mut Survey, lanes: &mut ErrorLanes) -> u64 {
        let layout = self.layout(survey.row_len());
        let maxima = if self.kernel.asks_for_maxima() {
            survey.maxima(x, layout.block_len)
        } else {
            None
        };
        self.kernel
            .quantize(Tile { x, layout }, Output::Errors(lanes, maxima))
    }

    fn layout(&self, row_len: usize) -> Layout {
        Layout {
            row_len,
            block_len: self.block_len(row_len),
            noise: self.noise,
        }
    }

    /// Values of a block in rows of this length.
    fn block_len(&self, row_len: usize) -> usize {
        match self.format.block_len() {
            BlockLen::One => UNSCALED_BLOCK,
            other => other.values(row_len),
        }
        .min(row_len)
    }

    /// Sums of the error that the format makes on `x`.
    ///
    /// `x` is a piece of [`super::rows_per_piece`] rows of a tensor, or less at its end: pieces merged in order give the bits of
    /// [`super::measure`] on the whole tensor.
    pub fn measure(&self, x: &[f32], row_len: usize) -> ErrorSums {
        let mut sums = measure::of_piece(&[*self], x, whole_row(row_len, x.len()));
        sums.pop().unwrap_or_default()
    }

    /// [`Self::quantize`] and the sums of its error, which have the bits of [`Self::measure`].
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
        let row_len = whole_row(row_len, x.len());
        let piece = measure::values_per_piece(row_len, self.format).max(1);
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

/// Length of rows of `n` values where 0 or more than there are stands for one row.
pub(super) fn whole_row(row_len: usize, n: usize) -> usize {
    if row_len == 0 { n } else { row_len.min(n) }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx2+fma",
    "x86_64+avx2+fma",
))]
fn largest_bits(x: &[f32]) -> u32 {
    largest_magnitude_bits(x)
}

/// Largest finite magnitude, 0 if there is none.
pub(super) fn largest_finite(x: &[f32]) -> f32 {
    let bits = largest_bits(x);
    let largest = f32::from_bits(bits);
    if largest.is_finite() {
        return largest;
    }
    x.iter()
        .map(|value| value.abs())
        .filter(|value| value.is_finite())
        .fold(0.0, f32::max)
}
