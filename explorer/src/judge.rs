//! The judge that searches and the window share: cost and quality models joined, one cost model kept for each workload and technology.

use std::sync::{Arc, OnceLock};

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Evaluation, Metrics, figures_of_merit};
use blockscape_model::hardware::cost::CostModel;
use blockscape_model::hardware::technology;
use blockscape_model::quality::{ModelStatistics, QualityModel, published_sensitivities};
use blockscape_model::violation::Violation;
use blockscape_model::workload::{ModelShape, Workload};

use crate::evaluate::{Evaluate, Session};

/// Judges designs for one language model.
#[derive(Debug)]
pub struct Judge {
    shape: ModelShape,
    quality: OnceLock<Arc<QualityModel>>,
}

impl Judge {
    /// A judge by what is built in: channel statistics of this model or its nearest relative, and published perplexities
    /// where there are some. Made ready by the first thread that asks, so building it costs nothing.
    pub fn for_model(shape: &ModelShape) -> Self {
        Self {
            shape: shape.clone(),
            quality: OnceLock::new(),
        }
    }

    /// A judge with a quality model of its own, such as one calibrated on a checkpoint.
    pub fn with_quality(shape: &ModelShape, quality: Arc<QualityModel>) -> Self {
        Self {
            shape: shape.clone(),
            quality: OnceLock::from(quality),
        }
    }

    /// The language model it judges for.
    pub fn shape(&self) -> &ModelShape {
        &self.shape
    }

    /// The quality model; the first caller may wait for it, so never from a thread that draws.
    pub fn quality(&self) -> &Arc<QualityModel> {
        self.quality.get_or_init(|| {
            let model = QualityModel::from_statistics(
                &self.shape,
                &ModelStatistics::for_model(&self.shape),
            );
            Arc::new(match published_sensitivities(&model) {
                Some(sensitivities) => model.with_sensitivities(sensitivities),
                None => model,
            })
        })
    }

    /// Cost and quality of one design with their breakdowns.
    ///
    /// # Errors
    /// Why the design cannot be built.
    pub fn evaluation(
        &self,
        design: &Design,
        workload: &Workload,
    ) -> Result<Evaluation, Vec<Violation>> {
        design.check()?;
        let cost = cost_model(design, workload)?.estimate(design)?;
        Ok(Evaluation {
            cost,
            quality: self.quality().estimate(design, workload),
        })
    }
}

fn cost_model(design: &Design, workload: &Workload) -> Result<CostModel, Vec<Violation>> {
    let technology = technology(&design.technology).map_err(|violation| vec![violation])?;
    CostModel::new(workload, &technology).map_err(|violation| vec![violation])
}

impl Evaluate for Judge {
    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(JudgeSession {
            judge: self,
            prepared: None,
        })
    }
}

/// Remembers the last cost model: neighbors in a space mostly share workload and technology.
struct JudgeSession<'judge> {
    judge: &'judge Judge,
    prepared: Option<Prepared>,
}

struct Prepared {
    workload: Workload,
    technology: String,
    model: CostModel,
}

impl Session for JudgeSession<'_> {
    fn metrics(&mut self, design: &Design, workload: &Workload) -> Result<Metrics, Vec<Violation>> {
        design.check()?;
        let fits = |prepared: &Prepared| {
            prepared.technology == design.technology && prepared.workload == *workload
        };
        let prepared = match self.prepared.take().filter(fits) {
            Some(prepared) => prepared,
            None => Prepared {
                workload: workload.clone(),
                technology: design.technology.clone(),
                model: cost_model(design, workload)?,
            },
        };
        let prepared = self.prepared.insert(prepared);
        let cost = prepared.model.summary(design)?;
        Ok(figures_of_merit(
            &cost,
            &self.judge.quality().summary(design, workload),
        ))
    }
}
