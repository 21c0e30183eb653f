//! The judge of a session's designs, made ready by the first thread that needs it and kept while the model stays.

use std::sync::{Arc, OnceLock};

use blockscape_explorer::evaluate::{Evaluate, Session as JudgeSession};
use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::quality::{ModelStatistics, QualityModel, published_sensitivities};
use blockscape_model::violation::Violation;
use blockscape_model::workload::{ModelShape, Workload};

/// A judge that is built where it is used, not where it is asked for.
#[derive(Debug)]
pub struct LazyJudge {
    shape: ModelShape,
    quality: OnceLock<QualityModel>,
}

impl LazyJudge {
    /// Not built yet.
    pub fn new(shape: &ModelShape) -> Arc<Self> {
        Arc::new(Self {
            shape: shape.clone(),
            quality: OnceLock::new(),
        })
    }

    /// The model it judges.
    pub fn shape(&self) -> &ModelShape {
        &self.shape
    }

    /// The quality model; the first caller waits for it, so never from the window's thread.
    pub fn quality(&self) -> &QualityModel {
        self.quality.get_or_init(|| {
            let statistics = ModelStatistics::for_model(&self.shape);
            let model = QualityModel::from_statistics(&self.shape, &statistics);
            match published_sensitivities(&model) {
                Some(sensitivities) => model.with_sensitivities(sensitivities),
                None => model,
            }
        })
    }
}

impl Evaluate for LazyJudge {
    fn session(&self) -> Box<dyn JudgeSession + '_> {
        Box::new(Quality(self.quality()))
    }
}

struct Quality<'judge>(&'judge QualityModel);

impl JudgeSession for Quality<'_> {
    fn metrics(&mut self, design: &Design, workload: &Workload) -> Result<Metrics, Vec<Violation>> {
        design.check()?;
        let summary = self.0.summary(design, workload);
        let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
        metrics.set(Metric::Sqnr, summary.sqnr_db);
        if let Some(perplexity) = summary.perplexity {
            metrics.set(Metric::Perplexity, perplexity.value);
            let reference = summary.reference_perplexity.unwrap_or(f64::NAN);
            metrics.set(
                Metric::DeltaPerplexity,
                (perplexity.value / reference - 1.0) * 100.0,
            );
        }
        Ok(metrics)
    }
}
