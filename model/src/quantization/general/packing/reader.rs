//! Bits to values.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "codes are whole numbers of few bits; every field is masked to its width"
)]

use half::f16;

use super::scale_code::{counted_top, is_counted_down, position_bits, scale_of};
use crate::format::general::{
    ChoiceStorage, Extent, Metadata, Prepared, ScaleLevel, Ties, ValueList, bits_for,
};
use crate::format::{F32_BIAS, Rounding, power_of_two};
use crate::quantization::general::decision::maximum_codes;
use crate::quantization::packed::BitReader;

/// Values of `rows` packed rows, as the kernel gave them.
pub(in crate::quantization) fn unpack(
    format: &'static Prepared,
    bits: BitReader<'_>,
    rows: usize,
    row_len: usize,
) -> Vec<f32> {
    let mut reader = Reader {
        format,
        bits,
        top: 0,
        tensor: [0.0; 3],
    };
    if format.definition.levels.iter().any(is_counted_down) {
        reader.top = reader.bits.take(8) as i32 - F32_BIAS;
    }
    for (index, level) in format.definition.levels.iter().enumerate() {
        if level.block == Extent::Tensor {
            reader.tensor[index] = reader.scale(level);
        }
    }
    let mut values = vec![0.0; rows * row_len];
    if row_len == 0 {
        return values;
    }
    let block = format.block_values(format.main, row_len);
    let n_along = row_len.div_ceil(block);
    let mut tile_scales = Vec::new();
    if format.rows_together() > 1 {
        let n_tiles = rows.div_ceil(format.rows_together()) * n_along;
        tile_scales = (0..n_tiles)
            .map(|_| reader.scale(format.main_level()))
            .collect();
    }
    for (index, row) in values.chunks_mut(row_len).enumerate() {
        if let Some(bits) = format.definition.row_codebook_bits() {
            reader.row_codebook(row, bits);
        } else if tile_scales.is_empty() {
            let span = format.definition.span().values(row.len());
            for values in row.chunks_mut(span) {
                reader.outer(0, values);
            }
        } else {
            let scales = &tile_scales[index / format.rows_together() * n_along..];
            for (values, scale) in row.chunks_mut(block).zip(scales) {
                let list = &format.candidates[0].list;
                let width = format.definition.candidates[0].element.bits();
                for value in values {
                    let element = reader.element(list, width);
                    *value = if *scale > 0.0 { element * scale } else { 0.0 };
                }
            }
        }
    }
    values
}

struct Reader<'a> {
    format: &'static Prepared,
    bits: BitReader<'a>,
    top: i32,
    /// Scales of the whole tensor by level.
    tensor: [f32; 3],
}

impl Reader<'_> {
    fn scale(&mut self, level: &ScaleLevel) -> f32 {
        let code = self.bits.take(level.kind.bits());
        scale_of(level, code, counted_top(self.format, self.top))
    }

    fn outer(&mut self, index: usize, values: &mut [f32]) {
        let format = self.format;
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
            let scale = if level.block == Extent::Tensor {
                self.tensor[index]
            } else {
                self.scale(level)
            };
            self.outer(index + 1, values);
            if scale > 0.0 {
                for value in values.iter_mut() {
                    *value *= scale;
                }
            } else {
                values.fill(0.0);
            }
        }
    }

    fn block(&mut self, values: &mut [f32]) {
        let format = self.format;
        let level = format.main_level();
        let n = format.candidates.len() as u32;
        let (scale, candidate) = if level.block == Extent::Tensor {
            (self.tensor[format.main], 0)
        } else {
            let code = self.bits.take(level.kind.bits());
            let (code, choice) = match format.definition.choice {
                ChoiceStorage::InScale => (code / n, code % n),
                ChoiceStorage::Bits(bits) => (code, self.bits.take(bits.into())),
                ChoiceStorage::Free => (code, 0),
            };
            (scale_of(level, code, counted_top(format, self.top)), choice)
        };
        let list = &format.candidates[(candidate as usize).min(format.candidates.len() - 1)].list;
        let is_empty = scale <= 0.0;
        let mut scales = vec![if is_empty { 1.0 } else { scale }; values.len()];
        self.doublings(format.main + 1, &mut scales);
        let mut fine = Vec::new();
        let mut top = None;
        match &format.definition.metadata {
            Metadata::None | Metadata::Flags { .. } => {}
            Metadata::Ratios {
                block,
                values: ratios,
            } => {
                for scales in scales.chunks_mut((*block).into()) {
                    let place = self.bits.take(bits_for(ratios.len())) as usize;
                    let ratio = ratios.get(place).copied().unwrap_or(1.0);
                    for scale in scales.iter_mut() {
                        *scale *= ratio;
                    }
                }
            }
            Metadata::TopFine { block, bits, .. } => {
                let n_blocks = values.len().div_ceil((*block).into());
                fine = (0..n_blocks)
                    .map(|_| self.bits.take((*bits).into()))
                    .collect();
            }
            Metadata::Maximum { bits } => top = Some(self.bits.take((*bits).into()) as usize),
        }
        let outliers = format.outliers().map(|outliers| {
            let place_bits = position_bits(format);
            let kept = (0..outliers.count).map(|_| {
                let place = self.bits.take(place_bits) as usize;
                let value = if outliers.bits == 16 {
                    f16::from_bits(self.bits.take(16) as u16).to_f32()
                } else {
                    f32::from_bits(self.bits.take(32))
                };
                (place, value)
            });
            kept.collect::<Vec<_>>()
        });
        self.elements(list, top, values, &scales);
        if let Metadata::TopFine { block, bits, .. } = &format.definition.metadata {
            refine(format, values, &scales, (*block).into(), *bits, &fine);
        }
        if is_empty {
            values.fill(0.0);
        }
        for (place, value) in outliers.unwrap_or_default() {
            if let Some(slot) = values.get_mut(place) {
                *slot = value;
            }
        }
    }

    fn doublings(&mut self, index: usize, scales: &mut [f32]) {
        let Some(_) = self.format.definition.levels.get(index) else {
            return;
        };
        let block = self.format.block_values(index, scales.len());
        for scales in scales.chunks_mut(block) {
            if self.bits.take(1) == 1 {
                for scale in scales.iter_mut() {
                    *scale *= 2.0;
                }
            }
            self.doublings(index + 1, scales);
        }
    }

    fn elements(
        &mut self,
        list: &ValueList,
        top: Option<usize>,
        values: &mut [f32],
        scales: &[f32],
    ) {
        let width = self.format.definition.candidates[0].element.bits();
        for (index, (value, scale)) in values.iter_mut().zip(scales).enumerate() {
            let mut scale = *scale;
            if let Metadata::Flags { shift } = self.format.definition.metadata
                && self.bits.take(1) == 1
            {
                scale *= power_of_two(i32::from(shift));
            }
            if top == Some(index) {
                let (step, first, _) = maximum_codes(list);
                let code = self.bits.take(width - 1) as f32;
                let magnitude = (first + code) * step;
                let is_negative = self.bits.take(1) == 1;
                *value = if is_negative { -magnitude } else { magnitude } * scale;
                continue;
            }
            *value = self.element(list, width) * scale;
        }
    }

    fn element(&mut self, list: &ValueList, width: u32) -> f32 {
        let (place, is_negative) = if list.has_sign {
            (self.bits.take(width - 1), self.bits.take(1) == 1)
        } else {
            (self.bits.take(width), false)
        };
        let value = list.values.get(place as usize).copied().unwrap_or(0.0);
        if is_negative { -value } else { value }
    }

    fn row_codebook(&mut self, row: &mut [f32], bits: u8) {
        let book = (0..1_usize << bits).map(|_| f16::from_bits(self.bits.take(16) as u16).to_f32());
        let list = ValueList::new(book.collect(), false, Ties::Even, Rounding::NearestEven);
        let block = self.format.block_values(self.format.main, row.len());
        for values in row.chunks_mut(block) {
            let scale = self.scale(self.format.main_level());
            for value in values {
                let element = self.element(&list, bits.into());
                *value = if scale > 0.0 { element * scale } else { 0.0 };
            }
        }
    }
}

/// Puts the finer value in the place of the largest element of each sub-block.
fn refine(
    format: &Prepared,
    values: &mut [f32],
    scales: &[f32],
    block: usize,
    bits: u8,
    offsets: &[u32],
) {
    let (Some(fine), list) = (&format.fine, &format.candidates[0].list) else {
        return;
    };
    for ((values, scales), offset) in values
        .chunks_mut(block)
        .zip(scales.chunks(block))
        .zip(offsets)
    {
        let scale = scales[0];
        let mut top = 0;
        for (index, value) in values.iter().enumerate() {
            if value.abs() > values[top].abs() {
                top = index;
            }
        }
        let place = list.place(values[top] / scale);
        let half = 1_usize << (bits - 1);
        let place = ((place << bits) + *offset as usize).saturating_sub(half - 1);
        let value = fine.values.get(place).copied().unwrap_or(0.0);
        let is_negative = values[top].is_sign_negative();
        values[top] = if is_negative { -value } else { value } * scale;
    }
}
