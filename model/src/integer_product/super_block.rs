//! `Q2_K x Q8_K` and `Q3_K x Q8_K` in one routine that switches with each super-block, as F-BFQ's processor does.
//!
//! Inner sums are 32-bit integers: at most 16 x 3 x 127 x 15 a group, far from overflow.

use crate::format::GgmlFormat;
use crate::quantization::ggml::SuperBlock;

/// Integer sums of one super-block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuperBlockSum {
    /// Sum over the groups of `group scale x dot product of the codes`.
    pub products: i32,
    /// Sum over the groups of `group minimum x sum of the activation's codes`; zero without minima.
    pub minima: i32,
}

/// Groups of 16 values, as both weight types have them.
const GROUP: usize = 16;

/// Sums of one super-block; a weight type with minima uses the activation's stored group sums.
pub fn super_block_sum(
    format: GgmlFormat,
    weights: &SuperBlock,
    activations: &SuperBlock,
) -> SuperBlockSum {
    let group_dot = |group: usize| -> i32 {
        let range = group * GROUP..(group + 1) * GROUP;
        weights.codes[range.clone()]
            .iter()
            .zip(&activations.codes[range])
            .map(|(weight, activation)| i32::from(*weight) * i32::from(*activation))
            .sum()
    };
    let scale_of = |group: usize| i32::from(weights.group_scales[group / groups_per_scale(format)]);
    let products = (0..GROUP)
        .map(|group| scale_of(group) * group_dot(group))
        .sum();
    let minima = if format.has_minimum() {
        let sums = activations.group_sums();
        let minimum_of =
            |group: usize| i32::from(weights.group_minima[group / groups_per_scale(format)]);
        (0..GROUP)
            .map(|group| minimum_of(group) * i32::from(sums[group]))
            .sum()
    } else {
        0
    };
    SuperBlockSum { products, minima }
}

/// Groups of 16 that share a scale: 2 for the types with groups of 32.
const fn groups_per_scale(format: GgmlFormat) -> usize {
    match format {
        GgmlFormat::Q4_K | GgmlFormat::Q5_K => 2,
        _ => 1,
    }
}

/// Dot product of a row of weights, each super-block of a type of its own, with a row of `Q8_K` activations.
///
/// Integer sums in each super-block, FP32 between them; rows end with the shorter.
#[expect(
    clippy::cast_precision_loss,
    reason = "read out as FP32, as the hardware has it"
)]
pub fn super_block_dot(weights: &[(GgmlFormat, SuperBlock)], activations: &[SuperBlock]) -> f32 {
    weights
        .iter()
        .zip(activations)
        .fold(0.0, |sum, ((format, weights), activations)| {
            let sums = super_block_sum(*format, weights, activations);
            let products = weights.scale * activations.scale * sums.products as f32;
            let minima = weights.minimum_scale * activations.scale * sums.minima as f32;
            sum + (products - minima)
        })
}
