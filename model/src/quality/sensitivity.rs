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

/// Widths of a mantissa whose first-order loss is measured: 2 bits and up.
pub(super) const FIRST_ORDER_WIDTHS: std::ops::RangeInclusive<u8> = 2..=7;

/// The part of a weight's loss that has a sign: the same rounded weights serve every token, so their errors do not average out.
///
/// It grows with the size of the errors, the root of the noise-to-signal ratio; its coefficient depends on which bits are cut away, so
/// on the mantissa width, and hardly on the length of the blocks (measured on the small language models of the tests).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FirstOrder {
    /// Nats a token per root of the noise-to-signal ratio, for mantissas of 2 bits, 3 bits and so on.
    pub by_width: [f64; 6],
}

impl FirstOrder {
    /// Coefficient of a width; 0 for those that were not measured, where it is negligible.
    pub(super) fn at(&self, width: u8) -> f64 {
        let place = width.checked_sub(*FIRST_ORDER_WIDTHS.start());
        place
            .and_then(|place| self.by_width.get(usize::from(place)))
            .map_or(0.0, |coefficient| *coefficient)
    }

    pub(super) fn set(&mut self, width: u8, coefficient: f64) {
        let place = width.checked_sub(*FIRST_ORDER_WIDTHS.start());
        if let Some(slot) = place.and_then(|place| self.by_width.get_mut(usize::from(place))) {
            *slot = coefficient;
        }
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
    /// Signed losses of the weights, [`FirstOrder`], which no pair of sites amplifies.
    pub first_order: f64,
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
/// `B + H + F + strength x (B^2 - Q) / (half + B)` with B the sum, Q the sum of squares of the body's sites, H the head's sum and F the
/// sum of first-order losses: a site alone has no excess, and the excess turns from quadratic to linear at `half`.
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
            first_order,
        } = losses;
        let pairs = (body * body - squares).max(0.0);
        body + head + first_order + self.strength * pairs / (self.half + body)
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
    /// Signed losses of weights by row and slot; empty where none were measured.
    pub first_order: Vec<[FirstOrder; Slot::COUNT]>,
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

    /// First-order loss of one site in nats a token; 0 for formats other than those that were measured, BFP rounded to nearest even.
    pub fn first_order_loss(&self, row: usize, slot: Slot, format: Format, noise: f64) -> f64 {
        match (self.first_order.get(row), format) {
            (Some(of_row), Format::Bfp(bfp)) if bfp.rounding() == Rounding::NearestEven => {
                of_row[slot.index()].at(bfp.mantissa_bits()) * noise.sqrt()
            }
            _ => 0.0,
        }
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
pub(super) fn truncates(format: Format) -> bool {
    format.rounding() == Rounding::Truncate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{FieldValue, Role};

    #[test]
    fn every_kind_that_can_truncate_is_seen_to() {
        let truncate = Rounding::ALL
            .iter()
            .position(|each| *each == Rounding::Truncate);
        let word = FieldValue::Word(truncate.unwrap());
        let mut n_kinds = 0;
        for kind in Format::kinds() {
            let format: Format = kind.example.parse().unwrap();
            if let Ok(truncating) = format.with_role(Role::Rounding, word) {
                assert!(truncates(truncating), "{truncating}");
                n_kinds += 1;
            }
        }
        assert!(n_kinds >= 8, "{n_kinds}");
    }
}
