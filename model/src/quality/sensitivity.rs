//! What noise at a site does to the mean negative log-likelihood of a token.
//!
//! Site by site the loss grows with the noise-to-signal ratio and saturates; together sites do more than their sum.

use serde::{Deserialize, Serialize};

use crate::format::{Format, Rounding};
use crate::workload::{Product, Slot};

/// Loss of one site alone, in nats a token: `slope x n^power / (1 + saturation x n)` for a noise-to-signal ratio `n`.
///
/// The slope, with power 1, is the second-order effect of small noise (Dong et al., "HAWQ", ICCV 2019, use the same curvature argument);
/// the saturation says how soon a destroyed tensor cannot get any worse.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSensitivity {
    /// Nats a token per unit of noise-to-signal ratio, at least 0.
    pub slope: f64,
    /// Inverse of the noise-to-signal ratio at which half of the greatest loss is reached, at least 0.
    #[serde(default)]
    pub saturation: f64,
    /// Power of the noise-to-signal ratio, above 0; 1 wherever measurements do not say otherwise.
    #[serde(default = "one")]
    pub power: f64,
}

const fn one() -> f64 {
    1.0
}

impl Default for SiteSensitivity {
    /// A site that loses nothing.
    fn default() -> Self {
        Self {
            slope: 0.0,
            saturation: 0.0,
            power: 1.0,
        }
    }
}

impl SiteSensitivity {
    /// Loss in nats a token at this noise-to-signal ratio.
    pub fn loss(self, noise: f64) -> f64 {
        self.slope * noise.powf(self.power) / (1.0 + self.saturation * noise)
    }
}

/// Sums over sites, in nats a token, from which the loss of the whole model follows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SiteLosses {
    /// Losses of all sites but the head's.
    pub body: f64,
    /// Squares of the same.
    pub squares: f64,
    /// Losses of the head's sites, which nothing follows that could amplify them.
    pub head: f64,
}

impl SiteLosses {
    /// Adds the loss of one site.
    pub const fn add(&mut self, slot: Slot, loss: f64) {
        if matches!(slot.product(), Product::Head) {
            self.head += loss;
        } else {
            self.body += loss;
            self.squares += loss * loss;
        }
    }
}

/// How the losses of single sites become the loss of all: their sum, and an excess for each pair of different sites.
///
/// `B + H + strength x (B^2 - Q) / (half + B)` with B the sum, Q the sum of squares of the body's sites and H the head's sum:
/// a site alone has no excess, and the excess turns from quadratic to linear at `half`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interaction {
    /// Excess over the sum for large losses; 0 is a plain sum.
    pub strength: f64,
    /// Sum of losses in nats at which half of the excess is reached, above 0.
    pub half: f64,
}

impl Interaction {
    /// A plain sum.
    pub const NONE: Self = Self {
        strength: 0.0,
        half: 1.0,
    };

    /// Loss of the model in nats a token.
    pub fn total(self, losses: SiteLosses) -> f64 {
        let SiteLosses {
            body,
            squares,
            head,
        } = losses;
        let pairs = (body * body - squares).max(0.0);
        body + head + self.strength * pairs / (self.half + body)
    }

    /// The sum of many small losses that makes this loss, by bisection; the inverse of [`Interaction::total`].
    pub fn sum_for(self, total: f64) -> f64 {
        let (mut low, mut high) = (0.0, total.max(0.0));
        // 60 halvings leave nothing of a double's 52 fraction bits.
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            let losses = SiteLosses {
                body: middle,
                ..SiteLosses::default()
            };
            if self.total(losses) < total {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

/// Sensitivities of all sites of one model, the head's in the row after the last layer's.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivities {
    /// Perplexity without quantization.
    pub reference_perplexity: f64,
    /// One row a layer, then the head's; by slot index.
    pub rows: Vec<[SiteSensitivity; Slot::COUNT]>,
    /// How sites add up.
    pub interaction: Interaction,
    /// Loss of a format that does not truncate over that of one that does, at equal noise; 1 where calibration saw no difference.
    pub unbiased_share: f64,
    /// Half width of the 90 % interval of an estimate, as a share of the estimated loss.
    pub relative_error: f64,
    /// Half width of the same interval for vanishing loss, in nats a token.
    pub absolute_error: f64,
}

impl Sensitivities {
    /// Loss of one site in nats a token at the noise-to-signal ratio that a format has there.
    pub fn site_loss(&self, row: usize, slot: Slot, format: Format, noise: f64) -> f64 {
        let share = if truncates(format) {
            1.0
        } else {
            self.unbiased_share
        };
        share * self.rows[row][slot.index()].loss(noise)
    }

    /// Estimated loss and the half width of its 90 % interval, in nats a token, from its sites'.
    pub fn total(&self, losses: SiteLosses) -> (f64, f64) {
        let loss = self.interaction.total(losses);
        (
            loss,
            (loss * self.relative_error).hypot(self.absolute_error),
        )
    }
}

/// Whether a format drops bits toward zero, so that its errors have a direction.
pub(super) const fn truncates(format: Format) -> bool {
    match format {
        Format::Bfp(each) => matches!(each.rounding, Rounding::Truncate),
        Format::Mx(each) => matches!(each.rounding, Rounding::Truncate),
        Format::MxInt(each) => matches!(each.rounding, Rounding::Truncate),
        Format::BlockFp(each) => matches!(each.rounding, Rounding::Truncate),
        _ => false,
    }
}
