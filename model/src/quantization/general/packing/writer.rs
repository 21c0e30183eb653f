//! Values to bits.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "codes are whole numbers of few bits; every field is masked to its width"
)]

use half::f16;

use super::scale_code::{counted_top, is_counted_down, position_bits, scale_code};
use crate::format::general::{ChoiceStorage, Extent, Metadata, ScaleLevel, ValueList, bits_for};
use crate::format::{F32_BIAS, power_of_two};
use crate::quantization::arithmetic::Noise;
use crate::quantization::general::decision::{
    Decision, decide, doubling, maximum, maximum_codes, top_fine,
};
use crate::quantization::general::kernel::{
    GeneralKernel, outlier, row_list, row_scales, take_largest,
};
use crate::quantization::packed::BitWriter;

/// Values that block formats can express.
fn finite(value: f32) -> f32 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(f32::MIN, f32::MAX)
    }
}

/// Quantizes rows of `row_len` values, at least 1, into bits.
pub(in crate::quantization) fn pack(
    kernel: GeneralKernel,
    x: &[f32],
    row_len: usize,
    noise: Noise,
) -> Vec<u8> {
    let mut writer = Writer {
        kernel,
        noise,
        position: 0,
        top: kernel.largest_exponent(),
        out: BitWriter::default(),
    };
    let format = kernel.format;
    if format.definition.levels.iter().any(is_counted_down) {
        writer.out.put((writer.top + F32_BIAS) as u64, 8);
    }
    for (index, level) in format.definition.levels.iter().enumerate() {
        if level.block == Extent::Tensor {
            let scale = writer.tensor_scale(index);
            writer.scale(level, scale);
        }
    }
    let tile_scales = if format.rows_together() > 1 {
        kernel.tile_scales(x, row_len)
    } else {
        Vec::new()
    };
    for scale in &tile_scales {
        writer.scale(format.main_level(), *scale);
    }
    let n_along = row_len.div_ceil(format.block_values(format.main, row_len));
    for (index, row) in x.chunks(row_len).enumerate() {
        let mut row: Vec<f32> = row.iter().map(|value| finite(*value)).collect();
        if let Some(bits) = format.definition.row_codebook_bits() {
            writer.row_codebook(&row, bits);
        } else if tile_scales.is_empty() {
            let span = format.definition.span().values(row.len());
            for values in row.chunks_mut(span) {
                writer.outer(0, values);
            }
        } else {
            let scales = &tile_scales[index / format.rows_together() * n_along..];
            let block = format.block_values(format.main, row_len);
            for (values, scale) in row.chunks(block).zip(scales) {
                writer.plain(values, *scale);
            }
        }
    }
    writer.out.into_bytes()
}

struct Writer {
    kernel: GeneralKernel,
    /// Random numbers of the first value.
    noise: Noise,
    /// Values written so far.
    position: usize,
    /// Exponent of the tensor's largest magnitude.
    top: i32,
    out: BitWriter,
}

impl Writer {
    fn tensor_scale(&self, index: usize) -> f32 {
        let format = self.kernel.format;
        if index == format.main {
            let level = format.main_level();
            return level.scale(self.kernel.tensor_largest, format.target(0), 0, 0);
        }
        self.kernel.outer_scale(index, &[])
    }

    fn scale(&mut self, level: &ScaleLevel, scale: f32) {
        let code = scale_code(level, scale, counted_top(self.kernel.format, self.top));
        self.out.put(code, level.kind.bits());
    }

    /// As the kernel's walk.
    fn outer(&mut self, index: usize, values: &mut [f32]) {
        let format = self.kernel.format;
        if index == format.main {
            let is_whole = format.main_level().block == Extent::Tensor;
            let block = if is_whole {
                values.len().max(1)
            } else {
                format.block_values(index, values.len())
            };
            for values in values.chunks_mut(block) {
                self.block(values);
            }
            return;
        }
        let level = &format.definition.levels[index];
        let block = format.block_values(index, values.len());
        for values in values.chunks_mut(block) {
            let scale = self.kernel.outer_scale(index, values);
            if level.block != Extent::Tensor {
                self.scale(level, scale);
            }
            if scale > 0.0 {
                for value in values.iter_mut() {
                    *value /= scale;
                }
            } else {
                values.fill(0.0);
            }
            self.outer(index + 1, values);
        }
    }

    fn block(&mut self, values: &mut [f32]) {
        let format = self.kernel.format;
        let level = format.main_level();
        let outliers = format.outliers();
        let kept = outliers.map(|outliers| take_largest(values, outliers.count.into()));
        let decision = if level.block == Extent::Tensor {
            Decision {
                scale: self.tensor_scale(format.main),
                ..decide(format, &[], 0)
            }
        } else {
            decide(format, values, self.top)
        };
        let n = format.candidates.len() as u64;
        let choice = decision.candidate as u64;
        if level.block != Extent::Tensor {
            let code = scale_code(level, decision.scale, counted_top(format, self.top));
            match format.definition.choice {
                ChoiceStorage::InScale => self.out.put(code * n + choice, level.kind.bits()),
                ChoiceStorage::Bits(bits) => {
                    self.out.put(code, level.kind.bits());
                    self.out.put(choice, bits.into());
                }
                ChoiceStorage::Free => self.out.put(code, level.kind.bits()),
            }
        }
        let is_empty = decision.scale <= 0.0;
        if is_empty {
            values.fill(0.0);
        }
        let scale = if is_empty { 1.0 } else { decision.scale };
        let mut scales = vec![scale; values.len()];
        self.doublings(format.main + 1, values, &mut scales);
        self.metadata(&decision, values, &mut scales);
        if let (Some(kept), Some(outliers)) = (kept, outliers) {
            let place_bits = position_bits(format);
            for slot in 0..usize::from(outliers.count) {
                // a short block may have fewer: the slot repeats its last
                let (place, value) = kept.get(slot).or(kept.last()).copied().unwrap_or((0, 0.0));
                self.out.put(place as u64, place_bits);
                let stored = outlier(value, outliers.bits);
                if outliers.bits == 16 {
                    self.out.put(f16::from_f32(stored).to_bits().into(), 16);
                } else {
                    self.out.put(stored.to_bits().into(), 32);
                }
            }
        }
        self.elements(&decision, values, &scales);
    }

    fn doublings(&mut self, index: usize, values: &[f32], scales: &mut [f32]) {
        let format = self.kernel.format;
        let Some(level) = format.definition.levels.get(index) else {
            return;
        };
        let block = format.block_values(index, values.len());
        for (values, scales) in values.chunks(block).zip(scales.chunks_mut(block)) {
            let ratio = doubling(level, values, scales[0]);
            self.out.put(u64::from(ratio > 1.0), 1);
            for scale in scales.iter_mut() {
                *scale *= ratio;
            }
            self.doublings(index + 1, values, scales);
        }
    }

    fn metadata(&mut self, decision: &Decision, values: &[f32], scales: &mut [f32]) {
        let format = self.kernel.format;
        match &format.definition.metadata {
            Metadata::None | Metadata::Flags { .. } => {}
            Metadata::Ratios {
                block,
                values: ratios,
            } => {
                for (index, scales) in scales.chunks_mut((*block).into()).enumerate() {
                    let place = decision.ratios[index];
                    self.out.put(place.into(), bits_for(ratios.len()));
                    let ratio = ratios[usize::from(place)];
                    for scale in scales.iter_mut() {
                        *scale *= ratio;
                    }
                }
            }
            Metadata::TopFine { block, bits, .. } => {
                for (values, scales) in values
                    .chunks((*block).into())
                    .zip(scales.chunks((*block).into()))
                {
                    let (_, place, fine) = top_fine(format, values, scales[0], *bits);
                    let half = 1_usize << (bits - 1);
                    let offset = fine + (half - 1) - (place << bits);
                    self.out.put(offset as u64, (*bits).into());
                }
            }
            Metadata::Maximum { bits } => {
                let list = &format.candidates[decision.candidate].list;
                let (top, value) = maximum(list, values, scales[0]);
                let none = (1_u64 << bits) - 1;
                let is_none = value == 0.0;
                self.out
                    .put(if is_none { none } else { top as u64 }, (*bits).into());
            }
        }
    }

    fn elements(&mut self, decision: &Decision, values: &[f32], scales: &[f32]) {
        let format = self.kernel.format;
        let list = &format.candidates[decision.candidate].list;
        let width = format.definition.candidates[0].element.bits();
        let top = match format.definition.metadata {
            Metadata::Maximum { .. } => Some(maximum(
                list,
                values,
                scales.first().copied().unwrap_or(1.0),
            )),
            _ => None,
        };
        for (index, (value, scale)) in values.iter().zip(scales).enumerate() {
            let mut scaled = value / scale;
            if let Metadata::Flags { shift } = format.definition.metadata {
                let is_coarse = scaled.abs() > list.beyond;
                self.out.put(is_coarse.into(), 1);
                if is_coarse {
                    scaled /= power_of_two(i32::from(shift));
                }
            }
            if let Some((place, value)) = top
                && place == index
                && value != 0.0
            {
                let (step, first, _) = maximum_codes(list);
                self.out.put((value.abs() / step - first) as u64, width - 1);
                self.out.put(value.is_sign_negative().into(), 1);
                self.position += 1;
                continue;
            }
            self.element(list, scaled, width);
        }
    }

    fn element(&mut self, list: &ValueList, scaled: f32, width: u32) {
        let place = list.rounded_place(scaled, self.noise.uniform(self.position));
        self.position += 1;
        if list.has_sign {
            self.out.put(place as u64, width - 1);
            let value = list.signed(place, scaled);
            self.out.put(value.is_sign_negative().into(), 1);
        } else {
            self.out.put(place as u64, width);
        }
    }

    /// Elements with a scale that is stored elsewhere.
    fn plain(&mut self, values: &[f32], scale: f32) {
        let list = &self.kernel.format.candidates[0].list;
        let width = self.kernel.format.definition.candidates[0].element.bits();
        for value in values {
            let scaled = if scale > 0.0 { value / scale } else { 0.0 };
            self.element(list, scaled, width);
        }
    }

    fn row_codebook(&mut self, row: &[f32], bits: u8) {
        let format = self.kernel.format;
        let block = format.block_values(format.main, row.len());
        let scales = row_scales(format, row, block);
        let list = row_list(row, &scales, block, bits, format.definition.rounding);
        for value in &list.values {
            self.out.put(f16::from_f32(*value).to_bits().into(), 16);
        }
        for (values, scale) in row.chunks(block).zip(&scales) {
            self.scale(format.main_level(), *scale);
            for value in values {
                let scaled = if *scale > 0.0 { value / scale } else { 0.0 };
                self.element(&list, scaled, bits.into());
            }
        }
    }
}
