//! Rotary position encoding (Su et al. 2021): each pair of channels is turned by position times a frequency.

use crate::architecture::{Rotary, RotaryPairs, RotaryScaling, Yarn};

/// Cosines and sines for the positions of one window.
#[derive(Debug, Clone)]
pub(super) struct RotaryTable {
    pairs: RotaryPairs,
    n_pairs: usize,
    /// (cosine, sine), position by position.
    turns: Vec<(f32, f32)>,
}

impl RotaryTable {
    /// For positions from 0 of a window of so many tokens; `divisors` divide the frequencies where a file carries them.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "f32 is the working precision"
    )]
    #[expect(clippy::cast_precision_loss, reason = "positions are below 2^24")]
    pub(super) fn new(rotary: &Rotary, divisors: Option<&[f32]>, n_positions: usize) -> Self {
        let magnitude = match &rotary.scaling {
            RotaryScaling::Yarn(yarn) => yarn.magnitude,
            RotaryScaling::Long { magnitude, .. } => *magnitude,
            _ => 1.0,
        };
        let frequencies = frequencies(rotary, divisors, n_positions);
        let turns = (0..n_positions)
            .flat_map(|position| {
                frequencies.iter().map(move |frequency| {
                    let (sin, cos) = (position as f64 * frequency).sin_cos();
                    ((magnitude * cos) as f32, (magnitude * sin) as f32)
                })
            })
            .collect();
        Self {
            pairs: rotary.pairs,
            n_pairs: frequencies.len(),
            turns,
        }
    }

    /// Whether the frequencies are those of any window, however long.
    pub(super) const fn is_for_any_length(rotary: &Rotary) -> bool {
        !matches!(
            rotary.scaling,
            RotaryScaling::Dynamic { .. } | RotaryScaling::Long { .. }
        )
    }

    /// Turns every head of every token, its channels from `offset` on; a row of `x` is one token with heads of `head_dim`
    /// channels.
    pub(super) fn apply(&self, x: &mut [f32], row_len: usize, head_dim: usize, offset: usize) {
        for (row, turns) in x
            .chunks_exact_mut(row_len)
            .zip(self.turns.chunks_exact(self.n_pairs))
        {
            for head in row.chunks_exact_mut(head_dim) {
                let head = &mut head[offset..];
                match self.pairs {
                    RotaryPairs::Neighbors => {
                        for (pair, turn) in head.as_chunks_mut::<2>().0.iter_mut().zip(turns) {
                            let [a, b] = *pair;
                            *pair = [a * turn.0 - b * turn.1, a * turn.1 + b * turn.0];
                        }
                    }
                    RotaryPairs::Halves => {
                        let (first, second) = head.split_at_mut(self.n_pairs);
                        for ((first, second), turn) in first.iter_mut().zip(second).zip(turns) {
                            let (a, b) = (*first, *second);
                            *first = a * turn.0 - b * turn.1;
                            *second = a * turn.1 + b * turn.0;
                        }
                    }
                }
            }
        }
    }
}

/// Angle a position, one a pair.
#[expect(clippy::cast_precision_loss, reason = "positions are below 2^24")]
fn frequencies(rotary: &Rotary, divisors: Option<&[f32]>, n_positions: usize) -> Vec<f64> {
    let n_rotated = f64::from(rotary.channels);
    let length = n_positions as f64;
    let base = match rotary.scaling {
        RotaryScaling::Dynamic {
            factor,
            original_context,
        } if length > original_context => {
            let growth = factor * length / original_context - (factor - 1.0);
            rotary.base * growth.powf(n_rotated / (n_rotated - 2.0))
        }
        _ => rotary.base,
    };
    (0..rotary.channels / 2)
        .map(|pair| {
            let frequency = base.powf(-2.0 * f64::from(pair) / n_rotated);
            let scaled = match &rotary.scaling {
                RotaryScaling::Yarn(yarn) => {
                    let kept = kept_by_yarn(yarn, base, rotary.channels, pair);
                    frequency * (kept + (1.0 - kept) / yarn.factor)
                }
                RotaryScaling::Long {
                    short,
                    long,
                    original_context,
                    ..
                } => {
                    let of_length = if length > *original_context {
                        long
                    } else {
                        short
                    };
                    let divisor = of_length.get(pair as usize).copied();
                    frequency / divisor.unwrap_or(1.0)
                }
                scaling => scale(frequency, scaling),
            };
            divisors
                .and_then(|divisors| divisors.get(pair as usize))
                .map_or(scaled, |divisor| scaled / f64::from(*divisor))
        })
        .collect()
}

/// Formulas of `modeling_rope_utils` in `transformers`; Llama 3.1's is described in its model card.
fn scale(frequency: f64, scaling: &RotaryScaling) -> f64 {
    match *scaling {
        RotaryScaling::Linear { factor } | RotaryScaling::Proportional { factor } => {
            frequency / factor
        }
        RotaryScaling::Llama3 {
            factor,
            low_frequency_factor,
            high_frequency_factor,
            original_context,
        } => {
            let turns = original_context * frequency / std::f64::consts::TAU;
            let kept = ((turns - low_frequency_factor)
                / (high_frequency_factor - low_frequency_factor))
                .clamp(0.0, 1.0);
            frequency * (kept + (1.0 - kept) / factor)
        }
        _ => frequency,
    }
}

/// Share of a pair's frequency that `YaRN` keeps, 1 for fast pairs and 0 for slow ones; formulas of `modeling_rope_utils`.
fn kept_by_yarn(yarn: &Yarn, theta: f64, n_rotated: u32, pair: u32) -> f64 {
    let n_rotated = f64::from(n_rotated);
    // The pair, as a fraction, whose frequency makes so many turns over the original context.
    let pair_of = |turns: f64| {
        let per_radian = yarn.original_context / (turns * std::f64::consts::TAU);
        n_rotated * per_radian.ln() / (2.0 * theta.ln())
    };
    let (mut first, mut last) = (pair_of(yarn.fast_turns), pair_of(yarn.slow_turns));
    if yarn.whole_channels {
        (first, last) = (first.floor(), last.ceil());
    }
    (first, last) = (first.max(0.0), last.min(n_rotated - 1.0));
    let width = if last > first { last - first } else { 0.001 };
    1.0 - ((f64::from(pair) - first) / width).clamp(0.0, 1.0)
}
