//! A judge that runs the language model: searches that want the real perplexity of every design they try.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use blockscape_model::design::{Design, FormatTable, KeyValuePolicy};
use blockscape_model::evaluation::{Metrics, figures_of_merit};
use blockscape_model::language_model::{LanguageModel, QuantizedModel, Window};
use blockscape_model::quality::{Interval, QualityBasis, QualitySummary};
use blockscape_model::violation::Violation;
use blockscape_model::workload::Workload;

use super::{MeasurementError, measure};
use crate::evaluate::{Evaluate, Session};
use crate::judge::Judge;

/// Measures the perplexity of a design's formats on the windows of a text; cost and signal-to-noise ratio are another judge's.
///
/// Designs that calculate the same are measured once. A design that cannot be measured, because its formats lack the range that the
/// model needs, has an infinite perplexity.
pub struct MeasuringJudge {
    judge: Judge,
    model: LanguageModel,
    windows: Vec<Window>,
    reference_perplexity: f64,
    /// Few beside the time that each took: looked through one by one.
    measured: Mutex<Vec<(FormatTable, KeyValuePolicy, f64)>>,
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
        Ok(Self {
            judge,
            model,
            windows,
            reference_perplexity: reference.perplexity,
            measured: Mutex::default(),
        })
    }

    fn perplexity(&self, design: &Design) -> f64 {
        let Design {
            formats, key_value, ..
        } = design;
        let kept = || self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept()
            .iter()
            .find(|(each, policy, _)| each == formats && policy == key_value)
            .map(|(_, _, perplexity)| *perplexity);
        known.unwrap_or_else(|| {
            let quantized = QuantizedModel::new(&self.model, formats, key_value);
            let found = measure(&quantized, None, &self.windows, &|_| {}, &|| false);
            let perplexity = found.map_or(f64::INFINITY, |found| found.perplexity);
            kept().push((formats.clone(), *key_value, perplexity));
            perplexity
        })
    }
}

impl fmt::Debug for MeasuringJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeasuringJudge")
            .field("judge", &self.judge)
            .field("windows", &self.windows.len())
            .finish_non_exhaustive()
    }
}

impl Evaluate for MeasuringJudge {
    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(MeasuringSession(self))
    }
}

struct MeasuringSession<'judge>(&'judge MeasuringJudge);

impl Session for MeasuringSession<'_> {
    fn metrics(&mut self, design: &Design, workload: &Workload) -> Result<Metrics, Vec<Violation>> {
        let MeasuringSession(judge) = self;
        let cost = judge
            .judge
            .cost(workload, &design.technology)
            .map_err(|violation| vec![violation])?;
        let cost = cost.summary(design)?;
        let value = judge.perplexity(design);
        let quality = QualitySummary {
            basis: QualityBasis::Measured,
            perplexity: Some(Interval {
                value,
                low: value,
                high: value,
            }),
            reference_perplexity: Some(judge.reference_perplexity),
            ..judge.judge.quality().summary(design, workload)
        };
        Ok(figures_of_merit(&cost, &quality))
    }
}
