//! Rotation of queries and keys by position.

use serde::{Deserialize, Serialize};

use super::is_default;

/// Which two channels of a head one rotation turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RotaryPairs {
    /// Channels i and i + half the rotated width.
    #[default]
    Halves,
    /// Channels 2i and 2i + 1.
    Neighbors,
}

/// How queries and keys are rotated: pair `i` of `n` turns by `base^(-i/n)` radians a token, then scaled.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rotary {
    /// Channels of a head that are rotated, from the first on; even.
    pub channels: u32,
    /// Base of the geometric series of frequencies; positive.
    pub base: f64,
    /// Which channels form a pair.
    #[serde(skip_serializing_if = "is_default")]
    pub pairs: RotaryPairs,
    /// Change of the frequencies.
    #[serde(skip_serializing_if = "is_default")]
    pub scaling: RotaryScaling,
}

/// Change of the rotation frequencies for contexts longer than those trained on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum RotaryScaling {
    /// As trained.
    #[default]
    None,
    /// All frequencies divided by a factor.
    Linear {
        /// The divisor.
        factor: f64,
    },
    /// The base grows with the length of the text beyond the original context ("dynamic NTK").
    Dynamic {
        /// Growth for a text of twice the original context.
        factor: f64,
        /// Context of the original training, in tokens.
        original_context: f64,
    },
    /// Low frequencies divided, high ones kept, a ramp between (Llama 3.1).
    Llama3 {
        /// The divisor of low frequencies.
        factor: f64,
        /// Wavelengths above `original_context / low_frequency_factor` are divided.
        low_frequency_factor: f64,
        /// Wavelengths below `original_context / high_frequency_factor` are kept.
        high_frequency_factor: f64,
        /// Context of the original training, in tokens.
        original_context: f64,
    },
    /// A ramp over channels, and larger queries and keys (Peng et al., "`YaRN`", ICLR 2024).
    Yarn(Yarn),
    /// Each frequency has a divisor of its own, one set up to the original context and one beyond it (Phi-3).
    Long {
        /// Divisors for texts up to the original context, one a pair.
        short: Vec<f64>,
        /// Divisors for longer texts.
        long: Vec<f64>,
        /// Context of the original training, in tokens.
        original_context: f64,
        /// What rotated queries and keys are multiplied by.
        magnitude: f64,
    },
    /// Frequencies of the whole head, of which the pairs beyond the rotated channels stand still (Gemma 4).
    Proportional {
        /// Divisor of all frequencies.
        factor: f64,
    },
}

/// The figures of `YaRN`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Yarn {
    /// The divisor of low frequencies.
    pub factor: f64,
    /// Context of the original training, in tokens.
    pub original_context: f64,
    /// Turns over the original context from which on a frequency is kept; 32 in the paper.
    pub fast_turns: f64,
    /// Turns up to which a frequency is divided; 1 in the paper.
    pub slow_turns: f64,
    /// Whether the ends of the ramp are rounded outwards to whole channels.
    pub whole_channels: bool,
    /// What rotated queries and keys are multiplied by.
    pub magnitude: f64,
}

impl Yarn {
    /// The magnitude that the paper recommends for a factor and a weight of it: `0.1 weight ln(factor) + 1`, 1 for factors up to 1.
    pub fn recommended_magnitude(factor: f64, weight: f64) -> f64 {
        0.1 * weight * factor.max(1.0).ln() + 1.0
    }
}

impl RotaryScaling {
    /// Whether all figures are positive and in order.
    pub fn is_sound(&self) -> bool {
        let positive = |values: &[f64]| values.iter().all(|each| each.is_finite() && *each > 0.0);
        match self {
            Self::None => true,
            Self::Linear { factor } | Self::Proportional { factor } => positive(&[*factor]),
            Self::Dynamic {
                factor,
                original_context,
            } => positive(&[*factor, *original_context]),
            Self::Llama3 {
                factor,
                low_frequency_factor,
                high_frequency_factor,
                original_context,
            } => {
                positive(&[
                    *factor,
                    *low_frequency_factor,
                    *high_frequency_factor,
                    *original_context,
                ]) && high_frequency_factor >= low_frequency_factor
            }
            Self::Yarn(yarn) => positive(&[
                yarn.factor,
                yarn.original_context,
                yarn.fast_turns,
                yarn.slow_turns,
                yarn.magnitude,
            ]),
            Self::Long {
                short,
                long,
                original_context,
                magnitude,
            } => {
                short.len() == long.len()
                    && positive(short)
                    && positive(long)
                    && positive(&[*original_context, *magnitude])
            }
        }
    }
}
