//! Scale, candidate and ratios of one block, and the values they make.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use super::elements;
use crate::format::general::{
    Criterion, MOST_RATIO_BLOCKS, Metadata, Prepared, ScaleLevel, Statistic, ValueList,
};
use crate::format::{floor_log2, power_of_two};
use crate::quantization::arithmetic::Noise;

/// Longest block of a choice; a block without one may be longer.
const LONGEST: usize = 256;
/// Length of most blocks.
const SHORT_BLOCK: usize = 32;

/// What was chosen for one block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision {
    pub(super) candidate: usize,
    pub(super) scale: f32,
    /// Place of the ratio of each sub-block.
    pub(super) ratios: [u8; MOST_RATIO_BLOCKS],
}

/// Figure of a block that its scale follows from.
#[inline(always)]
pub(super) fn figure(level: &ScaleLevel, values: &[f32]) -> f32 {
    match level.statistic {
        Statistic::Maximum => values
            .iter()
            .fold(0.0, |largest, value| largest.max(value.abs())),
        Statistic::Mean => {
            let sum: f64 = values.iter().map(|value| f64::from(value.abs())).sum();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "a mean of f32 values is one; blocks are short"
            )]
            let mean = (sum / values.len().max(1) as f64) as f32;
            mean
        }
    }
}

/// Scale, candidate and ratios of a block of scaled values.
#[inline(always)]
pub(super) fn decide(format: &Prepared, values: &[f32], largest_exponent: i32) -> Decision {
    if values.len() <= SHORT_BLOCK {
        decided(format, values, largest_exponent, &mut [0.0; SHORT_BLOCK])
    } else {
        decided(format, values, largest_exponent, &mut [0.0; LONGEST])
    }
}

#[inline(always)]
fn decided(
    format: &Prepared,
    values: &[f32],
    largest_exponent: i32,
    scratch: &mut [f32],
) -> Decision {
    let level = format.main_level();
    let figure = figure(level, values);
    let scale = |candidate: usize, step: i8| {
        level.scale(figure, format.target(candidate), step, largest_exponent)
    };
    let ratios = [0; MOST_RATIO_BLOCKS];
    let has_ratios = matches!(format.definition.metadata, Metadata::Ratios { .. });
    if !format.has_choice() && !has_ratios {
        return Decision {
            candidate: 0,
            scale: scale(0, 0),
            ratios,
        };
    }
    let mut best: Option<(f32, Decision)> = None;
    let n = values.len().min(scratch.len());
    let scratch = &mut scratch[..n];
    for step in &format.search {
        for candidate in 0..format.candidates.len() {
            let mut decision = Decision {
                candidate,
                scale: scale(candidate, *step),
                ratios,
            };
            if decision.scale <= 0.0 {
                continue;
            }
            let error = if has_ratios {
                choose_ratios(format, &mut decision, values, scratch)
            } else {
                scratch.copy_from_slice(&values[..scratch.len()]);
                apply(format, &decision, scratch, Noise { base: 0 });
                error(format.definition.criterion, scratch, values)
            };
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, decision));
            }
        }
    }
    best.map_or(
        Decision {
            candidate: 0,
            scale: 0.0,
            ratios,
        },
        |(_, decision)| decision,
    )
}

/// The best ratio of each sub-block; the mean error of the block.
#[inline(always)]
fn choose_ratios(
    format: &Prepared,
    decision: &mut Decision,
    values: &[f32],
    scratch: &mut [f32],
) -> f32 {
    let Metadata::Ratios {
        block,
        values: ratios,
    } = &format.definition.metadata
    else {
        return 0.0;
    };
    let list = &format.candidates[decision.candidate].list;
    let criterion = format.definition.criterion;
    let mut total = 0.0_f32;
    for (index, values) in values.chunks((*block).into()).enumerate() {
        let mut least = f32::INFINITY;
        for (place, ratio) in (0_u8..).zip(ratios) {
            let scratch = &mut scratch[..values.len()];
            scratch.copy_from_slice(values);
            elements::quantize(list, scratch, decision.scale * ratio, Noise { base: 0 });
            let error = mean(criterion, in_turn(criterion, scratch, values), values.len());
            if error < least {
                least = error;
                decision.ratios[index] = place;
            }
        }
        total = combined(criterion, total, least);
    }
    mean(criterion, total, values.len().div_ceil((*block).into()))
}

/// Of sums the mean; exact for powers of two, but for the smallest numbers, where the reference divides, too.
fn mean(criterion: Criterion, error: f32, n: usize) -> f32 {
    match criterion {
        #[expect(clippy::cast_precision_loss, reason = "a block is short")]
        Criterion::SquaredError | Criterion::AbsoluteError => error / n.max(1) as f32,
        Criterion::LargestError => error,
    }
}

const fn combined(criterion: Criterion, left: f32, right: f32) -> f32 {
    match criterion {
        Criterion::SquaredError | Criterion::AbsoluteError => left + right,
        Criterion::LargestError => left.max(right),
    }
}

fn of_value(criterion: Criterion, quantized: f32, value: f32) -> f32 {
    let difference = quantized - value;
    match criterion {
        Criterion::SquaredError => difference * difference,
        Criterion::AbsoluteError | Criterion::LargestError => difference.abs(),
    }
}

/// Error of a sub-block, added in the order of its values.
fn in_turn(criterion: Criterion, quantized: &[f32], values: &[f32]) -> f32 {
    let errors = quantized.iter().zip(values);
    errors.fold(0.0, |sum, (quantized, value)| {
        combined(criterion, sum, of_value(criterion, *quantized, *value))
    })
}

/// Error of a block in eight sums, added in pairs: the order of numpy's sums, which the reference uses.
#[inline(always)]
fn error(criterion: Criterion, quantized: &[f32], values: &[f32]) -> f32 {
    const LANES: usize = 8;
    if values.len() > 128 {
        let half = values.len() / 2;
        let half = half - half % LANES;
        let (left, right) = (
            error_of_part(criterion, &quantized[..half], &values[..half]),
            error_of_part(criterion, &quantized[half..], &values[half..]),
        );
        return combined(criterion, left, right);
    }
    let (of_lanes, quantized_rest) = quantized.as_chunks::<LANES>();
    let (value_lanes, value_rest) = values.as_chunks::<LANES>();
    if of_lanes.is_empty() {
        return in_turn(criterion, quantized_rest, value_rest);
    }
    let mut sums = [0.0; LANES];
    for (quantized, values) in of_lanes.iter().zip(value_lanes) {
        for lane in 0..LANES {
            let error = of_value(criterion, quantized[lane], values[lane]);
            sums[lane] = combined(criterion, sums[lane], error);
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    let pair = |left, right| combined(criterion, left, right);
    let sum = pair(pair(pair(a, b), pair(c, d)), pair(pair(e, f), pair(g, h)));
    quantized_rest
        .iter()
        .zip(value_rest)
        .fold(sum, |sum, (quantized, value)| {
            combined(criterion, sum, of_value(criterion, *quantized, *value))
        })
}

/// [`error`] of a half.
#[inline(never)]
fn error_of_part(criterion: Criterion, quantized: &[f32], values: &[f32]) -> f32 {
    error(criterion, quantized, values)
}

/// Brings a block of scaled values to its decision; returns how many were clipped.
#[inline(always)]
pub(super) fn apply(
    format: &Prepared,
    decision: &Decision,
    values: &mut [f32],
    noise: Noise,
) -> u32 {
    let list = &format.candidates[decision.candidate].list;
    let scale = decision.scale;
    if scale <= 0.0 {
        values.fill(0.0);
        return 0;
    }
    match &format.definition.metadata {
        Metadata::None if format.definition.levels.len() == format.main + 1 => {
            elements::quantize(list, values, scale, noise)
        }
        Metadata::None => doubled(format, format.main + 1, list, values, scale, noise),
        Metadata::Ratios {
            block,
            values: ratios,
        } => {
            let block = usize::from(*block);
            let mut clipped = 0;
            for (index, values) in values.chunks_mut(block).enumerate() {
                let ratio = ratios[usize::from(decision.ratios[index])];
                let noise = noise.advanced(index * block);
                clipped += elements::quantize(list, values, scale * ratio, noise);
            }
            clipped
        }
        Metadata::TopFine { block, bits, .. } => {
            let block = usize::from(*block);
            for (index, values) in values.chunks_mut(block).enumerate() {
                let (top, _, place) = top_fine(format, values, scale, *bits);
                let scaled = values[top] / scale;
                elements::quantize(list, values, scale, noise.advanced(index * block));
                if let Some(fine) = &format.fine {
                    values[top] = fine.signed(place, scaled) * scale;
                }
            }
            0
        }
        Metadata::Maximum { .. } => {
            let (top, value) = maximum(list, values, scale);
            let clipped = elements::quantize(list, values, scale, noise);
            if let Some(top) = values.get_mut(top) {
                *top = value * scale;
            }
            clipped
        }
        Metadata::Flags { shift } => {
            let coarse = power_of_two(i32::from(*shift));
            for (index, value) in values.iter_mut().enumerate() {
                let scaled = *value / scale;
                let is_coarse = scaled.abs() > list.beyond;
                let scaled = if is_coarse { scaled / coarse } else { scaled };
                let place = list.rounded_place(scaled, noise.uniform(index));
                let step = if is_coarse { scale * coarse } else { scale };
                *value = list.signed(place, scaled) * step;
            }
            0
        }
    }
}

/// Elements below one-bit scales.
fn doubled(
    format: &Prepared,
    level: usize,
    list: &ValueList,
    values: &mut [f32],
    scale: f32,
    noise: Noise,
) -> u32 {
    let Some(own) = format.definition.levels.get(level) else {
        return elements::quantize(list, values, scale, noise);
    };
    let block = format.block_values(level, values.len());
    let mut clipped = 0;
    for (index, values) in values.chunks_mut(block).enumerate() {
        let doubled_scale = scale * doubling(own, values, scale);
        let noise = noise.advanced(index * block);
        clipped += doubled(format, level + 1, list, values, doubled_scale, noise);
    }
    clipped
}

/// 1 or 2: the one-bit scale of a block.
pub(super) fn doubling(level: &ScaleLevel, values: &[f32], scale: f32) -> f32 {
    level.scale(figure(level, values) / scale, 1.0, 0, 0)
}

/// Place of the largest element of a sub-block after rounding, its place in the list and in the finer list.
pub(super) fn top_fine(
    format: &Prepared,
    values: &[f32],
    scale: f32,
    bits: u8,
) -> (usize, usize, usize) {
    let list = &format.candidates[0].list;
    let mut top = (0, 0);
    for (index, value) in values.iter().enumerate() {
        let place = list.place(*value / scale);
        if index == 0 || place > top.1 {
            top = (index, place);
        }
    }
    let Some(fine) = &format.fine else {
        return (top.0, top.1, 0);
    };
    let first = top.1 << bits;
    let half = 1_usize << (bits - 1);
    let range = (
        first.saturating_sub(half - 1),
        (first + half).min(fine.values.len() - 1),
    );
    let place = fine.place(values[top.0] / scale).clamp(range.0, range.1);
    (top.0, top.1, place)
}

/// Place of the first largest magnitude of a block, and its scaled value with all code bits as fraction; zero stays zero.
pub(super) fn maximum(list: &ValueList, values: &[f32], scale: f32) -> (usize, f32) {
    let mut top = 0;
    for (index, value) in values.iter().enumerate() {
        if value.abs() > values[top].abs() {
            top = index;
        }
    }
    let Some(value) = values.get(top) else {
        return (0, 0.0);
    };
    let scaled = value / scale;
    if scaled == 0.0 {
        return (top, 0.0);
    }
    let (step, first, last) = maximum_codes(list);
    let code = (scaled.abs() / step).round_ties_even().clamp(first, last);
    (top, (code * step).copysign(scaled))
}

/// Step, first and last code of the element that spends its exponent on fraction.
pub(super) fn maximum_codes(list: &ValueList) -> (f32, f32, f32) {
    let bits = crate::format::general::bits_for(list.values.len());
    let exponent = floor_log2(list.largest().into());
    let fraction = i32::try_from(bits).unwrap_or(0);
    let first = power_of_two(fraction);
    (power_of_two(exponent - fraction), first, 2.0 * first - 1.0)
}
