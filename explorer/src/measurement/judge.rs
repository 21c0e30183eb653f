//! A judge that runs the language model: searches that want the real perplexity of every design they try.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use blockscape_model::design::{Design, FormatTable, KeyValuePolicy};
use blockscape_model::evaluation::{Metrics, figures_of_merit};
use blockscape_model::language_model::{LanguageModel, QuantizedModel, Window};
use blockscape_model::quality::{Interval, QualityBasis, QualitySummary};
use blockscape_model::violation::Violation;
use blockscape_model::workload::Workload;

use super::{MeasurementError, measure};
use crate::judge::Judge;
use crate::judge::evaluate::{Evaluate, Session};
use crate::measurement::calibration::subject;

/// Measures the perplexity of a design's formats on the windows of a text; cost and signal-to-noise ratio are another judge's.
///
/// Designs that calculate the same are measured once. A design that cannot be measured, because its formats lack the range that the
/// model needs, has an infinite perplexity.
#[derive(Debug)]
pub struct MeasuringJudge {
    judge: Judge,
    /// Shared with the judges of samples: other constants do not change what was measured.
    measured: Arc<Measured>,
}

/// What is run, and the perplexities found so far.
struct Measured {
    model: LanguageModel,
    windows: Vec<Window>,
    reference_perplexity: f64,
    /// Few beside the time that each took: looked through one by one.
    known: Mutex<Vec<(FormatTable, KeyValuePolicy, f64)>>,
}

impl MeasuringJudge {
    /// A judge for this model and text; measures the unquantized model. `judge` must be for the same shape.
    ///
    /// # Errors
    /// A window that the model cannot run.
    pub fn new(
        judge: Judge,
        model: LanguageModel,
        windows: Vec<Window>,
    ) -> Result<Self, MeasurementError> {
        let unquantized = QuantizedModel::unquantized(&model);
        let reference = measure(&unquantized, None, &windows, &|_| {}, &|| false)?;
        let measured = Measured {
            model,
            windows,
            reference_perplexity: reference.perplexity,
            known: Mutex::default(),
        };
        Ok(Self {
            judge,
            measured: Arc::new(measured),
        })
    }
}

impl Measured {
    fn perplexity(&self, design: &Design) -> f64 {
        let Design {
            formats, key_value, ..
        } = design;
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known()
            .iter()
            .find(|(each, policy, _)| each == formats && policy == key_value)
            .map(|(_, _, perplexity)| *perplexity);
        found.unwrap_or_else(|| {
            let quantized = QuantizedModel::new(&self.model, formats, key_value);
            let found = measure(&quantized, None, &self.windows, &|_| {}, &|| false);
            let perplexity = found.map_or(f64::INFINITY, |found| found.perplexity);
            known().push((formats.clone(), *key_value, perplexity));
            perplexity
        })
    }
}

impl fmt::Debug for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measured")
            .field("windows", &self.windows.len())
            .field("reference_perplexity", &self.reference_perplexity)
            .finish_non_exhaustive()
    }
}

impl Evaluate for MeasuringJudge {
    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(MeasuringSession(self))
    }

    fn perplexity(&self, design: &Design, _workload: &Workload) -> Option<f64> {
        Some(self.measured.perplexity(design))
    }

    fn subject(&self) -> String {
        let Measured { model, windows, .. } = &*self.measured;
        format!("measured: {}", subject(model, windows))
    }

    fn report_every(&self) -> usize {
        rayon::current_num_threads()
    }

    fn samples(&self, n_samples: usize, seed: u64) -> Vec<Arc<dyn Evaluate>> {
        let judges = self.judge.sampled(n_samples, seed);
        judges
            .into_iter()
            .map(|judge| {
                let measured = Arc::clone(&self.measured);
                Arc::new(Self { judge, measured }) as Arc<dyn Evaluate>
            })
            .collect()
    }
}

struct MeasuringSession<'judge>(&'judge MeasuringJudge);

impl Session for MeasuringSession<'_> {
    fn metrics(&mut self, design: &Design, workload: &Workload) -> Result<Metrics, Vec<Violation>> {
        let MeasuringJudge { judge, measured } = self.0;
        let cost = judge
            .cost(workload, &design.technology)
            .map_err(|violation| vec![violation])?;
        let cost = cost.summary(design)?;
        let value = measured.perplexity(design);
        let quality = QualitySummary {
            basis: QualityBasis::Measured,
            perplexity: Some(Interval {
                value,
                low: value,
                high: value,
            }),
            reference_perplexity: Some(measured.reference_perplexity),
            ..judge.quality().summary(design, workload)
        };
        Ok(figures_of_merit(&cost, &quality))
    }
}
