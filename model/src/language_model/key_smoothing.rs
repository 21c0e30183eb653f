//! Smoothing of keys before they are quantized, in two parts that change nothing in infinite precision.
//!
//! Offline: each channel of K is divided by a scale and the same channel of Q multiplied by it, folded into the weights
//! and biases of both projections. The two channels of a rotation pair share a scale, which therefore passes through
//! the rotation; all query heads of a key head get its scales. Online: an offset a channel is subtracted from all keys,
//! which moves all scores of a query alike and so leaves softmax as it is. After Harmonia (arXiv 2602.04595), whose
//! published description leaves the choice of scales and offsets open; the choices here are this project's.

use super::layer::{GroupedWeights, Layer};
use super::{LanguageModel, Linear, Matrix, Norm};
use crate::architecture::{self, GroupedAttention, Rotary, RotaryPairs};

/// Keys of the start of a window from which offsets are computed, where no initial tokens are protected.
pub(super) const OFFSET_TOKENS: usize = 16;

/// Scales of the channels of K, a layer after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyScales(Vec<Vec<f32>>);

impl KeyScales {
    /// From the weights alone: a channel's spread is that of its projection of a normalized input.
    ///
    /// The scale is the spread of the pair relative to the head's geometric mean, rounded to a power of two so that
    /// folding it into the weights rounds nothing.
    pub fn from_weights(model: &LanguageModel) -> Self {
        let described = model.hyperparameters.architecture.layers();
        Self(
            model
                .layers
                .iter()
                .zip(described)
                .map(|(layer, described)| match foldable(layer, described) {
                    Some((weights, attention)) => scales_of_layer(layer, weights, attention),
                    None => Vec::new(),
                })
                .collect(),
        )
    }

    /// Folds the scales into the projections of queries and keys.
    pub(super) fn fold(&self, model: &mut LanguageModel) {
        let described: Vec<_> = model
            .hyperparameters
            .architecture
            .layers()
            .map(|layer| layer.grouped().cloned())
            .collect();
        for ((layer, scales), attention) in model.layers.iter_mut().zip(&self.0).zip(described) {
            let (Some(weights), Some(attention)) = (layer.grouped_mut(), attention) else {
                continue;
            };
            if scales.is_empty() {
                continue;
            }
            let head_dim = attention.head_dim as usize;
            let group = (attention.heads / attention.key_heads) as usize;
            scale_rows(&mut weights.k, |row| 1.0 / scales[row]);
            scale_rows(&mut weights.q, |row| {
                let kv_head = row / head_dim / group;
                scales[kv_head * head_dim + row % head_dim]
            });
        }
    }
}

/// Attention whose scales pass from keys to queries: without norms of theirs in between.
fn foldable<'m>(
    layer: &'m Layer,
    described: &'m architecture::Layer,
) -> Option<(&'m GroupedWeights, &'m GroupedAttention)> {
    let attention = described.grouped()?;
    let is_plain = attention.query_key_norm.is_none() && attention.clip.is_none();
    layer.grouped().filter(|_| is_plain).zip(Some(attention))
}

fn scales_of_layer(
    layer: &Layer,
    weights: &GroupedWeights,
    attention: &GroupedAttention,
) -> Vec<f32> {
    let head_dim = attention.head_dim as usize;
    let spreads = spreads(layer.mixer_norms.before.as_ref(), weights);
    let mut scales = Vec::with_capacity(spreads.len());
    for head in spreads.chunks_exact(head_dim) {
        let of_pairs: Vec<f64> = (0..head_dim)
            .map(|channel| {
                let partner = partner(attention.rotary.as_ref(), channel);
                (head[channel] + head[partner]).max(f64::MIN_POSITIVE)
            })
            .collect();
        let mean = of_pairs.iter().map(|spread| spread.ln()).sum::<f64>() / to_f64(head_dim);
        // Spreads are squares: half the logarithm.
        scales.extend(
            of_pairs
                .iter()
                .map(|spread| power_of_two(0.5 * (spread.ln() - mean))),
        );
    }
    scales
}

/// Mean square of each channel of K for inputs of unit mean square before the normalization's gain.
fn spreads(norm: Option<&Norm>, layer: &GroupedWeights) -> Vec<f64> {
    let weight = &layer.k.weight;
    let plain = vec![1.0; weight.row_len()];
    let gain: &[f32] = norm.map_or(&plain, |norm| &norm.gain);
    let norm_bias = norm.and_then(|norm| norm.bias.as_ref());
    (0..weight.n_rows())
        .map(|row| {
            let weights = weight.row(row);
            let noise: f64 = weights
                .iter()
                .zip(gain.iter())
                .map(|(w, g)| f64::from(w * g).powi(2))
                .sum();
            let shift: f64 = norm_bias.map_or(0.0, |bias| {
                weights
                    .iter()
                    .zip(bias.iter())
                    .map(|(w, b)| f64::from(w * b))
                    .sum()
            });
            let bias = layer
                .k
                .bias
                .as_ref()
                .map_or(0.0, |bias| f64::from(bias[row]));
            noise + (shift + bias).powi(2)
        })
        .collect()
}

/// The power of two nearest to e^x on a logarithmic scale, held to a range that no weight overflows in.
#[expect(clippy::cast_possible_truncation, reason = "held to -32 ..= 32")]
fn power_of_two(x: f64) -> f32 {
    let exponent = (x * std::f64::consts::LOG2_E).round().clamp(-32.0, 32.0) as i32;
    2.0_f32.powi(exponent)
}

/// Index within a head of the channel that is rotated together with this one; itself if it is not rotated.
fn partner(rotary: Option<&Rotary>, channel: usize) -> usize {
    match rotary {
        Some(rotary) if channel < rotary.channels as usize => match rotary.pairs {
            RotaryPairs::Neighbors => channel ^ 1,
            RotaryPairs::Halves => {
                let half = rotary.channels as usize / 2;
                if channel < half {
                    channel + half
                } else {
                    channel - half
                }
            }
        },
        _ => channel,
    }
}

fn scale_rows(linear: &mut Linear, factor: impl Fn(usize) -> f32) {
    let weight = &linear.weight;
    let mut values = weight.values().to_vec();
    for (row, values) in values.chunks_exact_mut(weight.row_len()).enumerate() {
        let factor = factor(row);
        for value in values {
            *value *= factor;
        }
    }
    linear.weight = Matrix::new(values, weight.n_rows(), weight.row_len());
    if let Some(bias) = &linear.bias {
        linear.bias = Some(
            bias.iter()
                .enumerate()
                .map(|(row, value)| value * factor(row))
                .collect(),
        );
    }
}

/// Subtracts from every key the offsets that the first keys of the window give; a key a row.
///
/// A channel gets an offset, its mean, only where the mean is larger than the spread around it. The first key is left
/// out of the mean: the start token's key is unlike all others.
pub(super) fn subtract_offsets(keys: &[f32], row_len: usize, n_first: usize, out: &mut Vec<f32>) {
    out.clear();
    out.extend_from_slice(keys);
    let first = &keys[row_len.min(keys.len())..(n_first * row_len).min(keys.len())];
    let n = to_f64(first.len() / row_len);
    if n < 1.0 {
        return;
    }
    for channel in 0..row_len {
        let column = || {
            first
                .iter()
                .skip(channel)
                .step_by(row_len)
                .map(|value| f64::from(*value))
        };
        let mean = column().sum::<f64>() / n;
        let variance = column().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        if mean * mean > variance {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "f32 is the working precision"
            )]
            let offset = mean as f32;
            for value in out.iter_mut().skip(channel).step_by(row_len) {
                *value -= offset;
            }
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "widths and token counts are far below 2^53"
)]
fn to_f64(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_channels_know_their_partner() {
        let rotary = |pairs| Rotary {
            channels: 6,
            base: 1e4,
            pairs,
            scaling: crate::architecture::RotaryScaling::None,
        };
        let all = |pairs| {
            (0..8)
                .map(|channel| partner(Some(&rotary(pairs)), channel))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(RotaryPairs::Neighbors), [1, 0, 3, 2, 5, 4, 6, 7]);
        assert_eq!(all(RotaryPairs::Halves), [3, 4, 5, 0, 1, 2, 6, 7]);
    }

    #[test]
    fn only_channels_far_from_zero_get_an_offset() {
        let keys = [9.0, 9.0, 5.0, 0.5, 6.0, -0.5, 5.5, 0.1];
        let mut out = Vec::new();
        subtract_offsets(&keys, 2, 3, &mut out);
        assert_eq!(out, [3.5, 9.0, -0.5, 0.5, 0.5, -0.5, 0.0, 0.1]);
    }
}
