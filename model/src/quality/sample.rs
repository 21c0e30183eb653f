//! Sample tensors on which the error of a format is measured: captured from a model, or drawn from channel profiles.
//!
//! A sample is small (some thousand values): the noise-to-signal ratio of a block format settles quickly.

use super::random::SeededValues;
use super::{ChannelMeasure, ChannelProfile, ModelStatistics};
use crate::workload::{ModelShape, Operand, Product, Slot};

/// Values of one drawn sample, about.
const SAMPLE_VALUES: usize = 8192;

/// Longest row of a drawn sample; longer reductions are cut, which only a block as long as the row would notice.
const LONGEST_ROW: usize = 2048;

/// An outlier this many times the median in a record of largest values is taken to occur in one row only:
/// massive activations stand on single tokens (Sun et al., "Massive activations in large language models", 2024).
const MASSIVE_RATIO: f32 = 50.0;

/// Spread of the logarithm of key channel magnitudes where nothing was recorded, and their outliers (one channel in 64 at
/// six times the median): keys have channel outliers, values do not (Liu et al., "KIVI", ICML 2024). An assumption.
const KEY_SPREAD: f32 = 0.4;

/// Standard deviation of attention scores before softmax where nothing was recorded. An assumption.
const SCORE_DEVIATION: f32 = 2.0;

/// Rows of values as a product reads them: quantization blocks run along each row.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteSample {
    /// Values, row after row.
    pub values: Vec<f32>,
    /// Values a row, at least 1.
    pub row_len: usize,
}

/// How the values of a channel are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Distribution {
    /// Normal around zero.
    Normal,
    /// The product of two normals: a gate times a value.
    Gated,
    /// What a rectifier leaves of a normal shifted down by 1.5 deviations: 93 % zeros, as in OPT's feed-forward layers.
    Rectified,
}

/// Which sample serves a slot of a model that is known by statistics only.
///
/// Query, key and value projections share their input, and so do gate and up; all weights of a model share one sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SampleKind {
    /// Input of the query, key and value projections.
    Qkv,
    /// Input of the output projection.
    O,
    /// Input of the gate and up projections.
    Up,
    /// Input of the down projection.
    Down,
    /// Input of the head.
    Head,
    /// Any weight.
    Weight,
    /// Queries.
    Query,
    /// Keys.
    Key,
    /// Attention probabilities.
    Probability,
    /// Values, one row a channel.
    Value,
}

impl SampleKind {
    /// The kind of sample for a slot.
    pub const fn of(slot: Slot) -> Self {
        match slot.operand() {
            Operand::Weight => Self::Weight,
            Operand::Query => Self::Query,
            Operand::Key => Self::Key,
            Operand::Probability => Self::Probability,
            Operand::Value => Self::Value,
            Operand::Activation => match slot.product() {
                Product::O => Self::O,
                Product::Gate | Product::Up => Self::Up,
                Product::Down => Self::Down,
                Product::Head => Self::Head,
                Product::Q | Product::K | Product::V | Product::Qk | Product::Pv => Self::Qkv,
            },
        }
    }

    /// Whether the sample differs from layer to layer.
    pub const fn varies_with_layer(self) -> bool {
        matches!(self, Self::Qkv | Self::O | Self::Up | Self::Down)
    }
}

impl SiteSample {
    /// A sample of this kind for one layer of a model that is known by its shape and statistics.
    pub fn drawn(
        kind: SampleKind,
        shape: &ModelShape,
        statistics: &ModelStatistics,
        layer: u32,
    ) -> Self {
        let seed = (u64::from(layer) << 8) | kind as u64;
        let [hidden, head_dim, ffn] =
            [shape.hidden_size, shape.head_dim, shape.ffn_size].map(|each| each as usize);
        let profiles = statistics.layer(layer, shape.n_layers);
        let tokens = (shape.max_context as usize).clamp(1, 512);
        let recorded = statistics.measure;
        let down = if shape.gated_mlp {
            Distribution::Gated
        } else {
            Distribution::Rectified
        };
        let of_profile = |profile: &ChannelProfile, row_len: usize, distribution| {
            drawn(profile, recorded, row_len, distribution, seed)
        };
        let plain = |spread: f32, row_len: usize| {
            let channels = u32::try_from(row_len).unwrap_or(u32::MAX);
            of_profile(
                &ChannelProfile::plain(channels, spread),
                row_len,
                Distribution::Normal,
            )
        };
        match kind {
            SampleKind::Qkv => of_profile(&profiles.qkv, hidden, Distribution::Normal),
            SampleKind::O => of_profile(
                &profiles.o,
                shape.n_heads as usize * head_dim,
                Distribution::Normal,
            ),
            SampleKind::Up => of_profile(&profiles.up, hidden, Distribution::Normal),
            SampleKind::Down => of_profile(&profiles.down, ffn, down),
            SampleKind::Head => of_profile(
                statistics.head.as_ref().unwrap_or(&profiles.up),
                hidden,
                Distribution::Normal,
            ),
            SampleKind::Weight => plain(0.2, hidden),
            SampleKind::Query => plain(0.3, head_dim),
            SampleKind::Key => {
                let mut profile = ChannelProfile::plain(64, KEY_SPREAD);
                profile.outliers = vec![super::OutlierChannels {
                    count: 1,
                    size: 6.0,
                }];
                of_profile(&profile, head_dim, Distribution::Normal)
            }
            SampleKind::Probability => probabilities(tokens, seed),
            SampleKind::Value => plain(0.2, tokens),
        }
    }

    /// The same rows with every channel brought to the same magnitude: keys after smoothing.
    ///
    /// Each channel's mean over the rows is subtracted (the online offset), then the channel is divided by its largest
    /// magnitude (the offline scale that moves into the query weights).
    #[must_use]
    pub fn smoothed(&self) -> Self {
        let mut values = self.values.clone();
        let n_rows = values.len() / self.row_len;
        if n_rows == 0 {
            return self.clone();
        }
        for channel in 0..self.row_len {
            let column = || (0..n_rows).map(|row| row * self.row_len + channel);
            #[expect(clippy::cast_precision_loss, reason = "a few hundred rows")]
            let mean = column().map(|at| values[at]).sum::<f32>() / n_rows as f32;
            let largest = column()
                .map(|at| (values[at] - mean).abs())
                .fold(0.0, f32::max);
            let scale = if largest > 0.0 { largest.recip() } else { 1.0 };
            for at in column() {
                values[at] = (values[at] - mean) * scale;
            }
        }
        Self {
            values,
            row_len: self.row_len,
        }
    }
}

fn drawn(
    profile: &ChannelProfile,
    measure: ChannelMeasure,
    row_len: usize,
    distribution: Distribution,
    seed: u64,
) -> SiteSample {
    let row_len = row_len.clamp(1, LONGEST_ROW);
    let n_rows = (SAMPLE_VALUES / row_len).max(4);
    let magnitudes = profile.magnitudes(row_len, seed);
    let massive = profile.median * MASSIVE_RATIO;
    let mut random = SeededValues::new(!seed);
    let mut values = Vec::with_capacity(n_rows * row_len);
    for row in 0..n_rows {
        values.extend(magnitudes.iter().map(|magnitude| {
            let rare = measure == ChannelMeasure::Largest && *magnitude >= massive;
            let magnitude = if rare && row > 0 {
                profile.median
            } else {
                *magnitude
            };
            let normal = random.normal();
            magnitude
                * match distribution {
                    Distribution::Normal => normal,
                    Distribution::Gated => normal * random.normal(),
                    Distribution::Rectified => (normal - 1.5).max(0.0),
                }
        }));
    }
    SiteSample { values, row_len }
}

/// Rows of causal softmax over normal scores; the first token draws a constant share, as attention sinks do.
fn probabilities(tokens: usize, seed: u64) -> SiteSample {
    let mut random = SeededValues::new(seed);
    let n_rows = (SAMPLE_VALUES / tokens).max(4);
    let mut values = Vec::with_capacity(n_rows * tokens);
    for row in 1..=n_rows {
        let n_seen = (row * tokens / n_rows).max(1);
        let mut weights: Vec<f32> = (0..n_seen)
            .map(|_| (SCORE_DEVIATION * random.normal()).exp())
            .collect();
        let rest: f32 = weights.iter().skip(1).sum();
        weights[0] += 0.25 * rest;
        let sum: f32 = weights.iter().sum();
        values.extend(weights.iter().map(|weight| weight / sum));
        values.resize(row * tokens, 0.0);
    }
    SiteSample {
        values,
        row_len: tokens,
    }
}
