//! How magnitude is spread over the channels of a tensor, in a few figures: a log-normal body and outlier channels.
//!
//! Fitted from one magnitude a channel (largest value or root mean square); expanded again to any number of channels.
//! It does not keep which channel is the outlier: positions are drawn from a seed.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "channel counts are far below 2^24 and magnitudes are single precision"
)]

use serde::{Deserialize, Serialize};

use super::random::SeededValues;

/// Channels at least this many times the median are outliers, provided they also leave the log-normal body.
const OUTLIER_RATIO: f64 = 4.0;

/// Spreads of the body (in standard deviations of the logarithm) that an outlier lies above the median.
const OUTLIER_SPREADS: f64 = 3.5;

/// Summary of the channel magnitudes of one tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelProfile {
    /// Channels that the summary was fitted from.
    pub channels: u32,
    /// Median magnitude of the channels that are not silent.
    pub median: f32,
    /// Standard deviation of the natural logarithm of the body's magnitudes.
    pub spread: f32,
    /// Channels that are always zero.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub silent: u32,
    /// Outlier channels, one group an octave of size, smallest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outliers: Vec<OutlierChannels>,
}

/// Channels of about the same excess.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutlierChannels {
    /// How many.
    pub count: u32,
    /// Their magnitude as a multiple of the median.
    pub size: f32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl ChannelProfile {
    /// A body without outliers.
    pub const fn plain(channels: u32, spread: f32) -> Self {
        Self {
            channels,
            median: 1.0,
            spread,
            silent: 0,
            outliers: Vec::new(),
        }
    }

    /// Summary of these channel magnitudes; `None` when no channel is finite and above zero.
    pub fn fit(magnitudes: &[f32]) -> Option<Self> {
        let mut sorted: Vec<f64> = magnitudes
            .iter()
            .map(|each| f64::from(each.abs()))
            .filter(|each| each.is_finite() && *each > 0.0)
            .collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        let quantile = |share: f64| sorted[(share * last as f64).round() as usize];
        let median = quantile(0.5);
        // One standard deviation each side of the median of a normal distribution holds 15.87 % to 84.13 %.
        let spread = 0.5 * (quantile(0.8413) / quantile(0.1587)).ln();
        let threshold = OUTLIER_RATIO.max((OUTLIER_SPREADS * spread).exp());
        let ratios: Vec<f64> = sorted
            .iter()
            .map(|each| each / median)
            .filter(|ratio| *ratio > threshold)
            .collect();
        Some(Self {
            channels: magnitudes.len() as u32,
            median: rounded(median),
            spread: rounded(spread),
            silent: (magnitudes.len() - sorted.len()) as u32,
            outliers: octaves(&ratios),
        })
    }

    /// Magnitudes of `n_channels` channels: shares of silent and outlier channels kept, positions and body drawn from the seed.
    ///
    /// A kind of outlier that the profile has keeps at least one channel, however few channels are asked for.
    pub fn magnitudes(&self, n_channels: usize, seed: u64) -> Vec<f32> {
        let mut random = SeededValues::new(seed);
        let mut values: Vec<f32> = (0..n_channels)
            .map(|_| self.median * (self.spread * random.normal()).exp())
            .collect();
        if n_channels == 0 {
            return values;
        }
        let scale = n_channels as f64 / f64::from(self.channels.max(1));
        let scaled = |count: u32| ((f64::from(count) * scale).round() as usize).max(1);
        if self.silent > 0 {
            for _ in 0..scaled(self.silent) {
                values[random.position(n_channels)] = 0.0;
            }
        }
        for group in &self.outliers {
            for _ in 0..scaled(group.count) {
                values[random.position(n_channels)] = self.median * group.size;
            }
        }
        values
    }
}

/// Ratios in ascending order gathered by octave, each group at its quadratic mean so that its energy is kept.
fn octaves(ratios: &[f64]) -> Vec<OutlierChannels> {
    ratios
        .chunk_by(|left, right| left.log2().floor() >= right.log2().floor())
        .map(|group| {
            let energy: f64 = group.iter().map(|ratio| ratio * ratio).sum();
            OutlierChannels {
                count: group.len() as u32,
                size: rounded((energy / group.len() as f64).sqrt()),
            }
        })
        .collect()
}

/// Four significant digits, as presets carry them.
fn rounded(value: f64) -> f32 {
    format!("{value:.3e}")
        .parse()
        .unwrap_or_else(|_| unreachable!("a number that was just printed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_profile_is_found_again() {
        let profile = ChannelProfile {
            channels: 4096,
            median: 2.0,
            spread: 0.2,
            silent: 0,
            outliers: vec![
                OutlierChannels {
                    count: 20,
                    size: 6.0,
                },
                OutlierChannels {
                    count: 3,
                    size: 40.0,
                },
            ],
        };
        let again = ChannelProfile::fit(&profile.magnitudes(4096, 1)).expect("channels");
        assert!((again.median / profile.median - 1.0).abs() < 0.02);
        // Two quantiles of 4096 draws: standard error 1.7 %, three of them, and 1.2 % that the outliers shift them by.
        assert!((again.spread / profile.spread - 1.0).abs() < 0.065);
        // Sizes are multiples of the median, which is itself found within 2 %.
        assert_eq!(again.outliers.len(), profile.outliers.len());
        for (found, drawn) in again.outliers.iter().zip(&profile.outliers) {
            assert_eq!(found.count, drawn.count);
            assert!((found.size / drawn.size - 1.0).abs() < 0.02, "{found:?}");
        }
    }

    #[test]
    fn few_channels_keep_the_largest_outlier() {
        let mut profile = ChannelProfile::plain(10_000, 0.1);
        profile.outliers = vec![OutlierChannels {
            count: 1,
            size: 30.0,
        }];
        let values = profile.magnitudes(64, 3);
        assert_eq!(values.iter().filter(|each| **each > 20.0).count(), 1);
    }

    #[test]
    fn nothing_but_zeros_has_no_profile() {
        assert_eq!(ChannelProfile::fit(&[]), None);
        assert_eq!(ChannelProfile::fit(&[0.0, f32::NAN]), None);
    }
}
