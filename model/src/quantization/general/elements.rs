//! Scaled values to the nearest value of a list.

#![expect(
    clippy::inline_always,
    reason = "these must become part of loops compiled for several instruction sets"
)]

use crate::format::general::{Nearest, SHORT, ValueList};
use crate::quantization::arithmetic::Noise;

/// Replaces each value by `scale` times the nearest value of the list to `value / scale`; returns how many lie beyond the list.
#[inline(always)]
pub(super) fn quantize(list: &ValueList, values: &mut [f32], scale: f32, noise: Noise) -> u32 {
    let mut beyond = 0;
    for value in &*values {
        beyond += u32::from((*value / scale).abs() > list.beyond);
    }
    match &list.short {
        Some((thresholds, above)) if list.thresholds.len() <= SHORT / 2 => {
            let (thresholds, above) = (halved(thresholds), halved(above));
            chosen(list, &thresholds, &above, values, scale);
        }
        Some((thresholds, above)) => chosen(list, thresholds, above, values, scale),
        None => {
            for (index, value) in values.iter_mut().enumerate() {
                let scaled = *value / scale;
                let place = if list.rule == Nearest::Nearest {
                    list.place(scaled)
                } else {
                    list.rounded_place(scaled, noise.uniform(index))
                };
                *value = list.signed(place, scaled) * scale;
            }
        }
    }
    beyond
}

fn halved(values: &[f32; SHORT]) -> [f32; SHORT / 2] {
    std::array::from_fn(|index| values[index])
}

/// A list short enough to compare with every threshold: a chain of choices without branches.
#[inline(always)]
fn chosen<const N: usize>(
    list: &ValueList,
    thresholds: &[f32; N],
    above: &[f32; N],
    values: &mut [f32],
    scale: f32,
) {
    let first = list.values[0];
    let nearest = |key: f32| {
        let mut nearest = first;
        for index in 0..N {
            nearest = if key > thresholds[index] {
                above[index]
            } else {
                nearest
            };
        }
        nearest
    };
    match (list.has_sign, list.keeps_negative_zero) {
        (false, _) => {
            for value in values {
                *value = nearest(*value / scale) * scale;
            }
        }
        (true, true) => {
            for value in values {
                let scaled = *value / scale;
                *value = nearest(scaled.abs()).copysign(scaled) * scale;
            }
        }
        (true, false) => {
            for value in values {
                let scaled = *value / scale;
                let magnitude = nearest(scaled.abs());
                *value = if scaled < 0.0 { -magnitude } else { magnitude } * scale;
            }
        }
    }
}
