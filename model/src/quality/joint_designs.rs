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
            *format = Format::Bfp(BfpFormat::clamped(width, block));
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::preset;
    use crate::quality::{Interaction, ModelStatistics, SiteSensitivity};
    use crate::workload::ModelShape;

    #[test]
    fn joint_designs_differ_and_stay_in_their_range() {
        let mut seen = HashSet::new();
        for number in 0..N_JOINT_DESIGNS {
            let formats = joint_formats(number, 3);
            assert_eq!(formats, joint_formats(number, 3));
            for layer in 0..=3 {
                for format in formats.row(layer) {
                    let Format::Bfp(bfp) = format else {
                        panic!("{format}");
                    };
                    assert!((2..=10).contains(&bfp.mantissa_bits()), "{format}");
                    let blocks = [16, 32, 64, 128].map(BlockLen::fixed);
                    assert!(blocks.contains(&format.block_len()), "{format}");
                }
            }
            assert!(
                seen.insert((*formats.row(0), *formats.row(3))),
                "{number} repeats"
            );
        }
    }

    fn small_model() -> QualityModel {
        let shape = ModelShape {
            n_layers: 2,
            ..preset::model("TinyLlama-1.1B").expect("a built-in model")
        };
        QualityModel::from_statistics(&shape, &ModelStatistics::for_model(&shape))
    }

    /// Sites of every second slot cost three times what the others do, all scaled by what is believed of them.
    fn sensitivities(model: &QualityModel, belief: fn(usize) -> f64) -> Sensitivities {
        let row = std::array::from_fn(|slot| SiteSensitivity {
            slope: belief(slot) * if slot % 2 == 0 { 0.3 } else { 0.1 },
            ..SiteSensitivity::default()
        });
        Sensitivities {
            reference_perplexity: 10.0,
            rows: vec![row; model.n_rows()],
            first_order: Vec::new(),
            interaction: Interaction {
                strength: 1.0,
                half: 0.3,
            },
            unbiased_share: 1.0,
            relative_error: 0.0,
            absolute_error: 0.0,
        }
    }

    fn loss(model: &QualityModel, sensitivities: &Sensitivities, formats: &FormatTable) -> f64 {
        let mut losses = SiteLosses::default();
        for Site { layer, slot } in model.sites() {
            let format = formats.row(layer)[slot.index()];
            let noise = model.site_noise(layer, slot, format).expect("a site");
            losses.add(
                slot,
                sensitivities.site_loss(layer as usize, slot, format, noise),
            );
        }
        sensitivities.interaction.total(losses)
    }

    #[test]
    fn joint_runs_correct_slopes_that_single_runs_got_wrong() {
        let model = small_model();
        let truth = sensitivities(&model, |_| 1.0);
        let wrong = sensitivities(&model, |slot| if slot % 3 == 0 { 1.6 } else { 0.7 });
        let designs = |numbers: std::ops::Range<u32>| {
            numbers.map(|number| joint_formats(number, model.n_layers()))
        };
        let runs: Vec<(FormatTable, f64)> = designs(0..N_JOINT_DESIGNS)
            .map(|formats| {
                let measured = loss(&model, &truth, &formats);
                (formats, measured)
            })
            .collect();
        let mut refitted = wrong.clone();
        refit_slopes(&model, &mut refitted, &runs);
        // Judged on designs that were not measured.
        let misfit = |sensitivities: &Sensitivities| -> f64 {
            designs(N_JOINT_DESIGNS..2 * N_JOINT_DESIGNS)
                .map(|formats| {
                    let expected = loss(&model, &truth, &formats);
                    (loss(&model, sensitivities, &formats) / expected - 1.0).abs()
                })
                .sum()
        };
        assert!(
            misfit(&refitted) < 0.4 * misfit(&wrong),
            "{} {}",
            misfit(&refitted),
            misfit(&wrong)
        );
        for row in &refitted.rows {
            assert!(row.iter().all(|site| site.slope >= 0.0));
        }
    }

    #[test]
    fn without_joint_runs_slopes_stay() {
        let model = small_model();
        let kept = sensitivities(&model, |_| 1.0);
        let mut refitted = kept.clone();
        refit_slopes(&model, &mut refitted, &[]);
        assert_eq!(refitted, kept);
    }

    #[test]
    fn a_run_that_loses_less_than_nothing_takes_no_slope_below_zero() {
        let model = small_model();
        let before = sensitivities(&model, |_| 1.0);
        let mut refitted = before.clone();
        refit_slopes(&model, &mut refitted, &[(joint_formats(0, 2), -5.0)]);
        for (row, before) in refitted.rows.iter().zip(&before.rows) {
            for (site, before) in row.iter().zip(before) {
                assert!((0.0..=before.slope).contains(&site.slope), "{site:?}");
            }
        }
    }
}
