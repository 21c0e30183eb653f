//! Random designs with every site quantized, each differently: what they add to a calibration by single sites.
//!
//! A site's own runs cut all else out, so a small loss drowns in chance and the effect of other sites' noise on it is missed. Joint runs
//! correct the slopes by ridge regression toward what the single runs say (Hoerl and Kennard, "Ridge regression", Technometrics
//! 1970).

use super::random::SeededValues;
use super::{QualityModel, Sensitivities, SiteLosses};
use crate::design::FormatTable;
use crate::format::{BfpFormat, BlockLen, Format};
use crate::workload::{Product, Site};

/// Joint designs of a calibration.
pub(super) const N_JOINT_DESIGNS: u32 = 64;

/// Seed of the first; the others follow.
const FIRST_SEED: u64 = 0x6A6F_696E_7400;

/// Standard deviation that a site's slope is credited with, as a share of itself.
const SLOPE_DEVIATION: f64 = 0.5;

/// Standard deviation that an estimate is credited with, as a share of the measured loss.
const RELATIVE_DEVIATION: f64 = 0.1;

/// The same for vanishing loss, in nats a token.
const ABSOLUTE_DEVIATION: f64 = 0.001;

/// Rounds of linearization and sweeps over all sites; by then nothing moves by a thousandth.
const N_ROUNDS: usize = 60;

/// Formats of one: a floor of 2 to 5 bits, each site of each layer from there to 10 bits in blocks of 16 to 128.
pub(super) fn joint_formats(number: u32, n_layers: u32) -> FormatTable {
    let mut random = SeededValues::new(FIRST_SEED + u64::from(number));
    let mut table = FormatTable::uniform(Format::FP32);
    let floor = 2 + random.position(4);
    for layer in 0..=n_layers {
        let mut row = *table.base();
        for format in &mut row {
            let width = u8::try_from(floor + random.position(11 - floor)).unwrap_or(10);
            let block = BlockLen::fixed(16 << random.position(4));
            *format = Format::Bfp(BfpFormat::new(width, 8, block));
        }
        table.set_row(layer, row);
    }
    table
}

/// Scales the slope of each site so that runs with every site quantized are explained better; never below 0.
pub(super) fn refit_slopes(
    model: &QualityModel,
    sensitivities: &mut Sensitivities,
    runs: &[(FormatTable, f64)],
) {
    let sites: Vec<Site> = model.sites().collect();
    let runs: Vec<Run> = runs
        .iter()
        .map(|(formats, loss)| Run::new(model, sensitivities, &sites, formats, *loss))
        .collect();
    let mut factors = vec![1.0; sites.len()];
    for _ in 0..N_ROUNDS {
        let states: Vec<(Vec<f64>, f64)> = runs
            .iter()
            .map(|run| run.linearized(sensitivities, &sites, &factors))
            .collect();
        let mut residuals: Vec<f64> = states.iter().map(|state| state.1).collect();
        for (index, factor) in factors.iter_mut().enumerate() {
            let prior = SLOPE_DEVIATION.powi(-2);
            let (mut products, mut squares) = (prior * (1.0 - *factor), prior);
            for ((gradients, _), residual) in states.iter().zip(&residuals) {
                products += gradients[index] * residual;
                squares += gradients[index].powi(2);
            }
            let step = (products / squares).max(-*factor);
            *factor += step;
            for ((gradients, _), residual) in states.iter().zip(&mut residuals) {
                *residual -= gradients[index] * step;
            }
        }
    }
    for (Site { layer, slot }, factor) in sites.into_iter().zip(factors) {
        sensitivities.rows[layer as usize][slot.index()].slope *= factor;
    }
}

/// A measured run: losses of its sites before any correction, and what was measured.
struct Run {
    site_losses: Vec<f64>,
    first_order: f64,
    loss: f64,
}

impl Run {
    fn new(
        model: &QualityModel,
        sensitivities: &Sensitivities,
        sites: &[Site],
        formats: &FormatTable,
        loss: f64,
    ) -> Self {
        let mut first_order = 0.0;
        let site_losses = sites
            .iter()
            .map(|&Site { layer, slot }| {
                let format = formats.row(layer)[slot.index()];
                let noise = model.site_noise(layer, slot, format).unwrap_or(0.0);
                let row = layer as usize;
                first_order += sensitivities.first_order_loss(row, slot, format, noise);
                sensitivities.site_loss(row, slot, format, noise)
            })
            .collect();
        Self {
            site_losses,
            first_order,
            loss,
        }
    }

    /// Gradient of the estimate by each factor, and measurement less estimate, both over the standard deviation of the run.
    fn linearized(
        &self,
        sensitivities: &Sensitivities,
        sites: &[Site],
        factors: &[f64],
    ) -> (Vec<f64>, f64) {
        let deviation = (RELATIVE_DEVIATION * self.loss).hypot(ABSOLUTE_DEVIATION);
        let mut losses = SiteLosses {
            first_order: self.first_order,
            ..SiteLosses::default()
        };
        for ((site, loss), factor) in sites.iter().zip(&self.site_losses).zip(factors) {
            losses.add(site.slot, factor * loss);
        }
        let interaction = sensitivities.interaction;
        let (body, half) = (losses.body, interaction.half);
        let pairs = (body * body - losses.squares).max(0.0);
        let gradients = sites
            .iter()
            .zip(&self.site_losses)
            .zip(factors)
            .map(|((site, loss), factor)| {
                let excess = if matches!(site.slot.product(), Product::Head) {
                    0.0
                } else {
                    let of_pairs = 2.0 * (body - factor * loss) / (half + body);
                    interaction.strength * (of_pairs - pairs / (half + body).powi(2))
                };
                loss * (1.0 + excess) / deviation
            })
            .collect();
        let residual = (self.loss - interaction.total(losses)) / deviation;
        (gradients, residual)
    }
}
