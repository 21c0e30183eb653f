//! Bits of a format that is data: scales, choice, metadata, outliers, elements, block after block.
//!
//! Order of a block: the scales of its levels as the walk meets them, the coarsest first; with the main scale the choice; one-bit
//! scales; metadata; outliers (position, value); then, value by value, the flag if there is one, the place in the list and the sign.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "codes are whole numbers of few bits; every field is masked to its width"
)]

use half::f16;

use super::decision::{Decision, decide, doubling, maximum, maximum_codes, top_fine};
use super::kernel::{GeneralKernel, outlier, row_list, row_scales, take_largest};
use crate::format::general::{
    ChoiceStorage, Extent, Metadata, Prepared, ScaleKind, ScaleLevel, Ties, ValueList, bits_for,
    scale_step,
};
use crate::format::{F32_BIAS, Rounding, floor_log2, power_of_two};
use crate::quantization::packed::{BitReader, BitWriter};

/// Values that block formats can express.
fn finite(value: f32) -> f32 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(f32::MIN, f32::MAX)
    }
}

/// Quantizes rows of `row_len` values, at least 1, into bits.
pub(in crate::quantization) fn pack(kernel: GeneralKernel, x: &[f32], row_len: usize) -> Vec<u8> {
    let mut writer = Writer {
        kernel,
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

/// A power of two stored as a distance from the tensor's exponent.
const fn is_counted_down(level: &ScaleLevel) -> bool {
    matches!(level.kind, ScaleKind::PowerOfTwo { bits } if bits < 8)
}

struct Writer {
    kernel: GeneralKernel,
    /// Exponent of the tensor's largest magnitude.
    top: i32,
    out: BitWriter,
}

/// Exponent that a counted-down power of two starts from.
fn counted_top(format: &Prepared, top: i32) -> i32 {
    let target = format.target(0);
    (top - floor_log2(target.into()) + 1).clamp(-F32_BIAS, F32_BIAS)
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
                values.iter_mut().for_each(|value| *value /= scale);
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
            scales.iter_mut().for_each(|scale| *scale *= ratio);
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
                    scales.iter_mut().for_each(|scale| *scale *= ratio);
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
                continue;
            }
            self.element(list, scaled, width);
        }
    }

    fn element(&mut self, list: &ValueList, scaled: f32, width: u32) {
        let place = list.place(scaled);
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

fn position_bits(format: &Prepared) -> u32 {
    match format.main_level().block {
        Extent::Values(values) => bits_for(values.into()),
        _ => 0,
    }
}

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
                values.iter_mut().for_each(|value| *value *= scale);
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
                    scales.iter_mut().for_each(|scale| *scale *= ratio);
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
                scales.iter_mut().for_each(|scale| *scale *= 2.0);
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

/// Code of a scale.
fn scale_code(level: &ScaleLevel, scale: f32, top: i32) -> u64 {
    match level.kind {
        ScaleKind::Fp32 => scale.to_bits().into(),
        ScaleKind::Fp16 => f16::from_f32(scale).to_bits().into(),
        ScaleKind::PowerOfTwo { bits: 8 } => (floor_log2(scale.into()) + F32_BIAS) as u64,
        ScaleKind::PowerOfTwo { .. } => (top - floor_log2(scale.into())) as u64,
        ScaleKind::Float {
            fraction,
            smallest_exponent,
            ..
        } => {
            let least = level.least.unwrap_or(scale);
            (ordinal(scale, fraction, smallest_exponent)
                - ordinal(least, fraction, smallest_exponent))
            .max(0) as u64
        }
        ScaleKind::Integer { .. } => scale as u64,
        ScaleKind::Significand { bits } => {
            u64::from((scale.to_bits() & 0x007f_ffff) >> (23 - u32::from(bits)))
        }
        ScaleKind::Doubling { .. } => u64::from(scale > 1.0),
    }
}

/// Scale of a code.
fn scale_of(level: &ScaleLevel, code: u32, top: i32) -> f32 {
    match level.kind {
        ScaleKind::Fp32 => f32::from_bits(code),
        ScaleKind::Fp16 => f16::from_bits(code as u16).to_f32(),
        ScaleKind::PowerOfTwo { bits: 8 } => power_of_two((code as i32 - F32_BIAS).min(F32_BIAS)),
        ScaleKind::PowerOfTwo { .. } => {
            power_of_two((top - code as i32).clamp(-F32_BIAS, F32_BIAS))
        }
        ScaleKind::Float {
            fraction,
            smallest_exponent,
            ..
        } => {
            let least = level.least.unwrap_or(1.0);
            let place = ordinal(least, fraction, smallest_exponent) + i64::from(code);
            of_ordinal(place, fraction, smallest_exponent)
        }
        ScaleKind::Integer { .. } => code as f32,
        ScaleKind::Significand { bits } => {
            f32::from_bits(0x3f80_0000 | code << (23 - u32::from(bits)))
        }
        ScaleKind::Doubling { .. } => 1.0 + code as f32,
    }
}

/// Place of a positive number among those with so many fraction bits, 0 for zero.
fn ordinal(value: f32, fraction: u8, smallest_exponent: i16) -> i64 {
    let step = scale_step(value, fraction, smallest_exponent);
    let exponent = floor_log2(value.into()).max(smallest_exponent.into());
    let steps = (f64::from(value) / step).round() as i64;
    let octave = i64::from(exponent - i32::from(smallest_exponent));
    steps + (octave << fraction)
}

/// Number at a place; inverse of [`ordinal`].
fn of_ordinal(place: i64, fraction: u8, smallest_exponent: i16) -> f32 {
    let octave = ((place >> fraction) - 1).max(0);
    let steps = place - (octave << fraction);
    let exponent = i32::from(smallest_exponent) + octave as i32 - i32::from(fraction);
    (steps as f64 * crate::format::power_of_two_f64(exponent.clamp(-1022, 1023))) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_number_the_scales_without_gaps() {
        for (fraction, smallest) in [(3, -6), (2, -48), (0, -5)] {
            let mut value = of_ordinal(1, fraction, smallest);
            for place in 1..400 {
                assert_eq!(ordinal(value, fraction, smallest), place, "{value}");
                assert!((of_ordinal(place, fraction, smallest) - value).abs() <= 0.0);
                value += scale_step(value, fraction, smallest) as f32;
            }
        }
    }
}
