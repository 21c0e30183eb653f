//! Sensitivities from a handful of measured runs: which runs to make, and what follows from them.
//!
//! Runs one site at a time say what noise costs there; runs with every site quantized, all alike or each at random, say how sites
//! add up and correct what single runs could not tell from chance.
//! Measuring itself happens elsewhere: this module plans and fits.

use serde::{Deserialize, Serialize};

use super::joint_designs::{N_JOINT_DESIGNS, joint_formats, refit_slopes};
use super::sensitivity::FIRST_ORDER_WIDTHS;
use super::{FirstOrder, Interaction, QualityModel, Sensitivities, SiteLosses, SiteSensitivity};
use crate::design::FormatTable;
use crate::format::{BfpFormat, BlockLen, Format};
use crate::workload::{Operand, Site, Slot};

/// Mantissa widths that every site is perturbed with.
const WIDTHS_OF_EVERY_SITE: [u8; 2] = [3, 2];

/// Further widths for sites that are sensitive, as long as the loss at one bit less was above [`SENSITIVE_LOSS`].
const WIDTHS_OF_SENSITIVE_SITES: [u8; 3] = [4, 5, 6];

/// Loss in nats a token above which a site is measured at less noise too.
const SENSITIVE_LOSS: f64 = 0.008;

/// Share of a measured first-order loss that is believed of other block lengths: what predicted random designs of the small
/// language models of the tests best.
const FIRST_ORDER_SHARE: f64 = 0.7;

/// Mantissa widths of the runs with every site quantized.
const WIDTHS_OF_WHOLE_MODEL: [u8; 4] = [3, 4, 5, 6];

/// Saturations tried, from none to a tensor that is destroyed by a noise of 1/256 of its signal.
const SATURATIONS: [f64; 11] = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Everything that was measured to calibrate the estimator on one model and text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationRecord {
    /// Model and text that were measured, as whoever measured names them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Perplexity of the unquantized model.
    pub reference_perplexity: f64,
    /// The runs.
    pub runs: Vec<CalibrationRun>,
}

/// One measured run: what is quantized, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationRun {
    /// What was quantized.
    pub probe: Probe,
    /// Rise of the mean negative log-likelihood over the unquantized model, in nats a token.
    pub loss: f64,
}

/// What one calibration run quantizes, with BFP of 8 exponent bits, rounded to nearest even, in blocks of 32 unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Probe {
    /// One site, everything else as it is.
    Site {
        /// Layer from 0; the head's is the number of layers.
        layer: u32,
        /// Index of the slot in [`Slot::ALL`].
        slot: u8,
        /// Mantissa bits.
        width: u8,
    },
    /// Every site.
    Whole {
        /// Mantissa bits.
        width: u8,
    },
    /// Every site at a width of 2 to 10 bits and a block length of 16 to 128 of its own.
    Joint {
        /// Which of the seeded designs, from 0.
        number: u32,
    },
}

impl Probe {
    /// Formats of the run on a model of so many layers.
    pub fn formats(self, n_layers: u32) -> FormatTable {
        match self {
            Self::Site { layer, slot, width } => {
                let mut table = FormatTable::uniform(Format::FP32);
                let mut row = *table.base();
                if let Some(format) = row.get_mut(usize::from(slot)) {
                    *format = probe_format(width);
                }
                table.set_row(layer, row);
                table
            }
            Self::Whole { width } => FormatTable::uniform(probe_format(width)),
            Self::Joint { number } => joint_formats(number, n_layers),
        }
    }
}

/// The format that sites are perturbed with.
const fn probe_format(width: u8) -> Format {
    Format::Bfp(BfpFormat::clamped(width, BlockLen::fixed(32)))
}

/// The runs still needed after those already made; empty when the calibration is complete.
///
/// Sensitive sites ask for further runs as their first results come in, so this is asked again after each batch.
pub fn missing_runs(model: &QualityModel, done: &[CalibrationRun]) -> Vec<Probe> {
    let mut missing = Vec::new();
    let mut want = |probe: Probe| {
        let found = done.iter().find(|run| run.probe == probe);
        if found.is_none() {
            missing.push(probe);
        }
        found.map(|run| run.loss)
    };
    for site in model.sites() {
        let probe = |width| Probe::Site {
            layer: site.layer,
            slot: slot_number(site.slot),
            width,
        };
        if site.slot.operand() == Operand::Weight {
            for width in FIRST_ORDER_WIDTHS {
                want(probe(width));
            }
            continue;
        }
        let mut loss = None;
        for width in WIDTHS_OF_EVERY_SITE.into_iter().rev() {
            loss = want(probe(width));
        }
        for width in WIDTHS_OF_SENSITIVE_SITES {
            match loss {
                Some(known) if known > SENSITIVE_LOSS => loss = want(probe(width)),
                _ => break,
            }
        }
    }
    for width in WIDTHS_OF_WHOLE_MODEL {
        want(Probe::Whole { width });
    }
    for number in 0..N_JOINT_DESIGNS {
        want(Probe::Joint { number });
    }
    missing
}

/// Sensitivities that explain measured runs.
///
/// A site without any run counts as insensitive. `reference_perplexity` is that of the unquantized model on the same text.
pub fn fit(
    model: &QualityModel,
    reference_perplexity: f64,
    runs: &[CalibrationRun],
) -> Sensitivities {
    let mut rows = vec![[SiteSensitivity::default(); Slot::COUNT]; model.n_rows()];
    let mut first_order = vec![[FirstOrder::default(); Slot::COUNT]; model.n_rows()];
    for site in model.sites() {
        let points: Vec<Point> = runs
            .iter()
            .filter_map(|run| match run.probe {
                Probe::Site { layer, slot, width }
                    if (layer, slot) == (site.layer, slot_number(site.slot)) =>
                {
                    let noise = model.site_noise(layer, site.slot, probe_format(width))?;
                    Some(Point {
                        width,
                        noise,
                        loss: run.loss,
                    })
                }
                _ => None,
            })
            .collect();
        let sensitivity = fit_site(&points);
        rows[site.layer as usize][site.slot.index()] = sensitivity;
        if site.slot.operand() == Operand::Weight {
            let of_site = &mut first_order[site.layer as usize][site.slot.index()];
            for point in points.iter().filter(|point| point.noise > 0.0) {
                let rest = point.loss - sensitivity.loss(point.noise);
                of_site.set(point.width, FIRST_ORDER_SHARE * rest / point.noise.sqrt());
            }
        }
    }
    let mut sensitivities = Sensitivities {
        reference_perplexity,
        rows,
        first_order,
        interaction: Interaction::NONE,
        unbiased_share: 1.0,
        relative_error: RELATIVE_ERROR,
        absolute_error: ABSOLUTE_ERROR,
    };
    let joint: Vec<(FormatTable, f64)> = runs
        .iter()
        .filter(|run| !matches!(run.probe, Probe::Site { .. }))
        .map(|run| (run.probe.formats(model.n_layers()), run.loss))
        .collect();
    sensitivities.interaction = fit_interaction(&sums(model, &sensitivities, &joint));
    let is_joint = |run: &CalibrationRun| matches!(run.probe, Probe::Joint { .. });
    // The few runs with all sites alike cannot tell one site's share from another's.
    if runs.iter().any(is_joint) {
        refit_slopes(model, &mut sensitivities, &joint);
        sensitivities.interaction = fit_interaction(&sums(model, &sensitivities, &joint));
    }
    sensitivities
}

/// Half width of the 90 % interval relative to the loss: what 200 random designs of two story models deviated at most, nine
/// times in ten (`tests/quality_estimator.rs`).
const RELATIVE_ERROR: f64 = 0.28;

/// The same for vanishing loss, in nats a token.
const ABSOLUTE_ERROR: f64 = 0.0025;

/// A measured point: noise-to-signal ratio and loss in nats a token.
#[derive(Debug, Clone, Copy)]
struct Point {
    /// Mantissa bits.
    width: u8,
    noise: f64,
    loss: f64,
}

impl Point {
    /// Standard deviation that a measured loss is credited with: a tenth of itself, and a first-order part that grows with
    /// the size of the perturbation and does not average out over a text of finite length.
    fn deviation(self) -> f64 {
        0.01 * self.noise.sqrt() + 0.1 * self.loss.abs() + 1e-4
    }
}

/// The saturating law through the points of one site, by weighted least squares; saturation only where points ask for it.
fn fit_site(points: &[Point]) -> SiteSensitivity {
    let mut best = (f64::INFINITY, SiteSensitivity::default());
    for saturation in SATURATIONS {
        let unit = SiteSensitivity {
            slope: 1.0,
            saturation,
            power: 1.0,
        };
        let (mut products, mut squares) = (0.0, 0.0);
        for point in points {
            let weight = point.deviation().powi(-2);
            products += weight * unit.loss(point.noise) * point.loss;
            squares += weight * unit.loss(point.noise).powi(2);
        }
        if squares <= 0.0 {
            continue;
        }
        let fitted = SiteSensitivity {
            slope: (products / squares).max(0.0),
            ..unit
        };
        let misfit: f64 = points
            .iter()
            .map(|point| ((point.loss - fitted.loss(point.noise)) / point.deviation()).powi(2))
            .sum();
        let score = misfit + 0.05 * saturation.ln_1p();
        if score < best.0 {
            best = (score, fitted);
        }
    }
    best.1
}

/// The excess over a plain sum, by search over strength and half point on a logarithmic grid.
fn fit_interaction(sums: &[(SiteLosses, f64)]) -> Interaction {
    let usable: Vec<(SiteLosses, f64)> = sums
        .iter()
        .map(|(losses, loss)| {
            // What has a sign is not amplified: the rest is explained.
            let unsigned = SiteLosses {
                first_order: 0.0,
                ..*losses
            };
            (unsigned, loss - losses.first_order)
        })
        .filter(|(losses, loss)| losses.body + losses.head > 0.0 && *loss > 0.0)
        .collect();
    let mut best = (f64::INFINITY, Interaction::NONE);
    if usable.is_empty() {
        return Interaction::NONE;
    }
    for strength_step in -12..=12_i32 {
        for half_step in -12..=12_i32 {
            let [strength_step, half_step] = [strength_step, half_step].map(f64::from);
            let candidate = Interaction {
                strength: (strength_step / 4.0).exp(),
                half: 0.3 * (half_step / 4.0).exp(),
            };
            let misfit: f64 = usable
                .iter()
                .map(|(losses, loss)| (loss / candidate.total(*losses)).ln().powi(2))
                .sum();
            // A mild pull to strength 1 and half point 0.3 decides where the runs do not.
            let score = misfit + 0.01 * (strength_step.powi(2) + half_step.powi(2)) / 16.0;
            if score < best.0 {
                best = (score, candidate);
            }
        }
    }
    best.1
}

/// Sums over all sites of each run, with what was measured.
fn sums(
    model: &QualityModel,
    sensitivities: &Sensitivities,
    runs: &[(FormatTable, f64)],
) -> Vec<(SiteLosses, f64)> {
    let of_run = |formats: &FormatTable| {
        let mut losses = SiteLosses::default();
        for Site { layer, slot } in model.sites() {
            let format = formats.row(layer)[slot.index()];
            if let Some(noise) = model.site_noise(layer, slot, format) {
                let row = layer as usize;
                losses.add(slot, sensitivities.site_loss(row, slot, format, noise));
                losses.first_order += sensitivities.first_order_loss(row, slot, format, noise);
            }
        }
        losses
    };
    runs.iter()
        .map(|(formats, loss)| (of_run(formats), *loss))
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "below 20")]
const fn slot_number(slot: Slot) -> u8 {
    slot.index() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saturating_site_is_found_again() {
        let truth = SiteSensitivity {
            slope: 20.0,
            saturation: 64.0,
            power: 1.0,
        };
        let points: Vec<Point> = [0.06, 0.015, 0.004, 0.001]
            .map(|noise| Point {
                width: 2,
                noise,
                loss: truth.loss(noise),
            })
            .to_vec();
        let found = fit_site(&points);
        assert!((found.saturation - 64.0).abs() < f64::EPSILON);
        assert!((found.slope / 20.0 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_site_that_helps_by_chance_counts_as_insensitive() {
        let found = fit_site(&[Point {
            width: 2,
            noise: 0.01,
            loss: -0.0004,
        }]);
        assert!(found.slope.abs() < f64::EPSILON);
        assert_eq!(fit_site(&[]), SiteSensitivity::default());
    }

    #[test]
    fn the_interaction_of_whole_model_runs_is_found_again() {
        let truth = Interaction {
            strength: 1.0_f64.exp(),
            half: 0.3,
        };
        let sums = [0.02, 0.1, 0.4, 1.5].map(|body| {
            let losses = SiteLosses {
                body,
                squares: 0.01 * body * body,
                head: 0.05 * body,
                first_order: 0.0,
            };
            (losses, truth.total(losses))
        });
        let found = fit_interaction(&sums);
        for (losses, loss) in sums {
            assert!((found.total(losses) / loss - 1.0).abs() < 0.08);
        }
    }
}
