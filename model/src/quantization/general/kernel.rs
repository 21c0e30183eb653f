//! Scales level by level around the blocks of one decision.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::decision::{apply, decide, figure};
use super::elements;
use crate::format::general::{Extent, Prepared, Ties, ValueList};
use crate::format::{Rounding, floor_log2};
use crate::quantization::arithmetic::Noise;
use crate::quantization::blocks::BlockKernel;
use crate::quantization::registers::{self, Output, Tile};

/// A format that is data, with what it knows of the tensor.
#[derive(Debug, Clone, Copy)]
pub(in crate::quantization) struct GeneralKernel {
    pub(super) format: &'static Prepared,
    pub(super) tensor_largest: f32,
}

impl GeneralKernel {
    /// `tensor_largest` is the largest finite magnitude of the whole tensor, where the format asks for it.
    pub(in crate::quantization) const fn new(
        format: &'static Prepared,
        tensor_largest: f32,
    ) -> Self {
        Self {
            format,
            tensor_largest,
        }
    }

    /// Exponent that powers of two of few bits count down from.
    pub(super) fn largest_exponent(self) -> i32 {
        if self.tensor_largest > 0.0 {
            floor_log2(self.tensor_largest.into())
        } else {
            0
        }
    }

    /// Scale of a block at a level before the main one.
    #[inline(always)]
    pub(super) fn outer_scale(self, index: usize, values: &[f32]) -> f32 {
        let level = &self.format.definition.levels[index];
        let figure = if level.block == Extent::Tensor {
            self.tensor_largest
        } else {
            figure(level, values)
        };
        let target = self.format.outer_targets[index];
        level.scale(figure, target, 0, self.largest_exponent())
    }

    /// Quantizes values in place, from this level on.
    #[inline(always)]
    fn outer(self, index: usize, values: &mut [f32], noise: Noise) -> u32 {
        if index == self.format.main {
            return self.main(values, noise);
        }
        let block = self.format.block_values(index, values.len());
        let mut clipped = 0;
        for (place, values) in values.chunks_mut(block).enumerate() {
            let scale = self.outer_scale(index, values);
            if scale <= 0.0 {
                values.fill(0.0);
                continue;
            }
            for value in &mut *values {
                *value /= scale;
            }
            clipped += self.inner(index + 1, values, noise.advanced(place * block));
            for value in values {
                *value *= scale;
            }
        }
        clipped
    }

    /// [`Self::outer`] of a second level.
    fn inner(self, index: usize, values: &mut [f32], noise: Noise) -> u32 {
        if index == self.format.main {
            return self.main(values, noise);
        }
        self.outer(index, values, noise)
    }

    #[inline(always)]
    fn main(self, values: &mut [f32], noise: Noise) -> u32 {
        let block = if self.format.main_level().block == Extent::Tensor {
            values.len().max(1)
        } else {
            self.format.block_values(self.format.main, values.len())
        };
        let mut clipped = 0;
        for (place, values) in values.chunks_mut(block).enumerate() {
            clipped += self.block_of_scale(values, noise.advanced(place * block));
        }
        clipped
    }

    #[inline(always)]
    fn block_of_scale(self, values: &mut [f32], noise: Noise) -> u32 {
        let outliers = self.format.outliers();
        let kept = outliers.map(|outliers| take_largest(values, outliers.count.into()));
        let decision = if self.format.main_level().block == Extent::Tensor {
            let level = self.format.main_level();
            let scale = level.scale(self.tensor_largest, self.format.target(0), 0, 0);
            super::decision::Decision {
                scale,
                ..decide(self.format, &[], 0)
            }
        } else {
            decide(self.format, values, self.largest_exponent())
        };
        let clipped = apply(self.format, &decision, values, noise);
        if let (Some(kept), Some(outliers)) = (kept, outliers) {
            for (place, value) in kept {
                values[place] = outlier(value, outliers.bits);
            }
        }
        clipped
    }

    /// A row whose codebook follows from its own values.
    fn row_codebook(self, values: &mut [f32], bits: u8, noise: Noise) -> u32 {
        let block = self.format.block_values(self.format.main, values.len());
        let scales = row_scales(self.format, values, block);
        let list = row_list(
            values,
            &scales,
            block,
            bits,
            self.format.definition.rounding,
        );
        for (index, (values, scale)) in values.chunks_mut(block).zip(&scales).enumerate() {
            if *scale > 0.0 {
                elements::quantize(&list, values, *scale, noise.advanced(index * block));
            } else {
                values.fill(0.0);
            }
        }
        0
    }
}

impl BlockKernel for GeneralKernel {
    #[inline(always)]
    fn block(self, x: &[f32], y: &mut [f32], _largest: u32, noise: Noise) -> u32 {
        y.copy_from_slice(x);
        match self.format.definition.row_codebook_bits() {
            Some(bits) => self.row_codebook(y, bits, noise),
            None => self.outer(0, y, noise),
        }
    }
}

/// An outlier as it is stored.
pub(super) fn outlier(value: f32, bits: u8) -> f32 {
    if bits == 16 {
        half::f16::from_f32(value.clamp(-65504.0, 65504.0)).to_f32()
    } else {
        value
    }
}

/// The largest magnitudes with their places, zero in their stead; the first of equals, in the order of places.
pub(super) fn take_largest(values: &mut [f32], count: usize) -> Vec<(usize, f32)> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|left, right| values[*right].abs().total_cmp(&values[*left].abs()));
    places.truncate(count);
    places.sort_unstable();
    let taken = places
        .into_iter()
        .map(|place| (place, std::mem::take(&mut values[place])));
    taken.collect()
}

/// Scales of the blocks of a row.
pub(super) fn row_scales(format: &Prepared, values: &[f32], block: usize) -> Vec<f32> {
    let level = format.main_level();
    let scale = |values: &[f32]| level.scale(figure(level, values), format.target(0), 0, 0);
    values.chunks(block).map(scale).collect()
}

/// Rounds of Lloyd's algorithm.
const ROUNDS: usize = 24;

/// Codebook of a row: quantiles of its scaled values, then means of what falls to each entry, weighted by the squared scale.
pub(super) fn row_list(
    values: &[f32],
    scales: &[f32],
    block: usize,
    bits: u8,
    rounding: Rounding,
) -> ValueList {
    let n = 1_usize << bits;
    let scale = |index: usize| scales[index / block];
    let scaled = values
        .iter()
        .enumerate()
        .filter(|(index, _)| scale(*index) > 0.0);
    let mut scaled: Vec<(f32, f64)> = scaled
        .map(|(index, value)| (value / scale(index), f64::from(scale(index)).powi(2)))
        .collect();
    scaled.sort_by(|left, right| left.0.total_cmp(&right.0));
    let quantile = |place: usize| {
        let index = (2 * place + 1) * scaled.len() / (2 * n);
        scaled.get(index).map_or(0.0, |(value, _)| *value)
    };
    let mut book: Vec<f32> = (0..n).map(quantile).collect();
    for _ in 0..ROUNDS {
        let mut sums = vec![(0.0, 0.0); n];
        let mut place = 0;
        for (value, weight) in &scaled {
            while place + 1 < n && (book[place + 1] - value).abs() < (value - book[place]).abs() {
                place += 1;
            }
            sums[place].0 += f64::from(*value) * weight;
            sums[place].1 += weight;
        }
        for (entry, (sum, weight)) in book.iter_mut().zip(sums) {
            if weight > 0.0 {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a mean of f32 values is one"
                )]
                let mean = (sum / weight) as f32;
                *entry = mean;
            }
        }
        book.sort_by(f32::total_cmp);
    }
    let book = book
        .iter()
        .map(|value| half::f16::from_f32(*value).to_f32())
        .collect();
    ValueList::new(book, false, Ties::Even, rounding)
}

/// Quantizes a tile of a format that is data; returns the number of clipped values.
pub(in crate::quantization) fn quantize(
    kernel: GeneralKernel,
    tile: Tile<'_>,
    output: Output<'_>,
) -> u64 {
    if kernel.format.rows_together() > 1 {
        let Tile { x, layout } = tile;
        return output.store(x, |y| kernel.tiles(x, layout.row_len, y, layout.noise));
    }
    registers::block_by_block(kernel, tile, output)
}

impl GeneralKernel {
    /// Scales of tiles of several rows; the first row of `x` is the first of a tile.
    pub(super) fn tile_scales(self, x: &[f32], row_len: usize) -> Vec<f32> {
        let block = self.format.block_values(0, row_len);
        let rows = self.format.rows_together();
        let level = self.format.main_level();
        let mut scales = Vec::new();
        for band in x.chunks(rows * row_len) {
            let mut largest = vec![0.0_f32; row_len.div_ceil(block)];
            for row in band.chunks(row_len) {
                for (largest, values) in largest.iter_mut().zip(row.chunks(block)) {
                    *largest = values.iter().fold(*largest, |largest, value| {
                        let magnitude = value.abs();
                        if magnitude.is_nan() {
                            largest
                        } else {
                            largest.max(magnitude.min(f32::MAX))
                        }
                    });
                }
            }
            let target = self.format.target(0);
            scales.extend(
                largest
                    .iter()
                    .map(|largest| level.scale(*largest, target, 0, 0)),
            );
        }
        scales
    }

    fn tiles(self, x: &[f32], row_len: usize, y: &mut [f32], noise: Noise) -> u64 {
        let row_len = row_len.max(1);
        let block = self.format.block_values(0, row_len);
        let rows = self.format.rows_together();
        let scales = self.tile_scales(x, row_len);
        let n_along = row_len.div_ceil(block);
        let list = &self.format.candidates[0].list;
        let (mut clipped, mut noise) = (0, noise);
        for (index, (x, y)) in x.chunks(row_len).zip(y.chunks_mut(row_len)).enumerate() {
            let scales = &scales[index / rows * n_along..];
            for ((x, y), scale) in x.chunks(block).zip(y.chunks_mut(block)).zip(scales) {
                for (x, y) in x.iter().zip(&mut *y) {
                    *y = x.clamp(f32::MIN, f32::MAX);
                }
                if *scale > 0.0 {
                    clipped += u64::from(elements::quantize(list, y, *scale, noise));
                } else {
                    y.fill(0.0);
                }
                noise = noise.advanced(x.len());
                for (x, y) in x.iter().zip(y) {
                    if x.is_nan() {
                        *y = f32::NAN;
                    }
                }
            }
        }
        clipped
    }
}
