//! The judge of real designs: cost model and quality model together.

pub mod evaluate;
pub mod sensitivity;
pub mod technologies;
pub mod uncertainty;

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use blockscape_model::design::{Design, FormatTable, KeyValuePolicy};
use blockscape_model::evaluation::{Evaluation, Metrics, figures_of_merit};
use blockscape_model::hardware::cost::{CostMemory, CostModel};
use blockscape_model::quality::{QualityModel, QualitySummary};
use blockscape_model::violation::Violation;
use blockscape_model::workload::{ModelShape, Workload};

use crate::judge::evaluate::{Evaluate, Session};
use crate::judge::technologies::technology_of;
use crate::judge::uncertainty::Draw;

/// Judges designs of one language model; the slow preparations are made by whoever needs them first, once.
pub struct Judge {
    shape: ModelShape,
    quality: OnceLock<Arc<QualityModel>>,
    /// One for each workload and name of a technology that came up.
    cost: RwLock<Vec<NamedCost>>,
    draw: Option<Draw>,
    /// What a quality model of one's own rests on.
    subject: String,
}

/// A cost model and the name under which designs ask for its technology.
#[derive(Clone)]
struct NamedCost {
    technology: String,
    model: Arc<CostModel>,
}

impl NamedCost {
    fn is_for(&self, workload: &Workload, technology: &str) -> bool {
        self.technology == technology && self.model.workload() == workload
    }
}

/// Most cost models that are remembered: a sweep over batch, prompt and context lengths has some hundreds.
const MOST_COST_MODELS: usize = 1024;

impl Judge {
    /// Judges by what is built in: measurements of the model that comes with the program, else channel statistics of this model
    /// or its nearest relative, and published perplexities where there are some. Made ready by the first thread that asks, so building it costs nothing.
    pub fn for_model(shape: &ModelShape) -> Self {
        Self {
            shape: shape.clone(),
            quality: OnceLock::new(),
            cost: RwLock::default(),
            draw: None,
            subject: String::new(),
        }
    }

    /// Judges by a quality model of one's own, such as one calibrated on a checkpoint.
    pub fn with_quality(shape: &ModelShape, quality: Arc<QualityModel>) -> Self {
        Self {
            quality: OnceLock::from(quality),
            ..Self::for_model(shape)
        }
    }

    /// The same judge, said to rest on a model and text ([`Evaluate::subject`]).
    #[must_use]
    pub fn about(self, subject: String) -> Self {
        Self { subject, ..self }
    }

    /// The model it judges.
    pub fn shape(&self) -> &ModelShape {
        &self.shape
    }

    /// The quality model; the first caller may wait for it, so never from a thread that draws.
    pub fn quality(&self) -> &Arc<QualityModel> {
        self.quality
            .get_or_init(|| Arc::new(QualityModel::built_in(&self.shape)))
    }

    /// The cost model of a workload and the technology of this name; the first caller waits for it.
    ///
    /// # Errors
    /// A technology that does not exist.
    pub fn cost(&self, workload: &Workload, name: &str) -> Result<Arc<CostModel>, Violation> {
        let known = {
            let models = self.cost.read().unwrap_or_else(PoisonError::into_inner);
            models
                .iter()
                .find(|each| each.is_for(workload, name))
                .cloned()
        };
        if let Some(known) = known {
            return Ok(known.model);
        }
        let mut technology = technology_of(name)?;
        if let Some(draw) = &self.draw {
            draw.apply(&mut technology);
        }
        let model = Arc::new(CostModel::new(workload, &technology)?);
        let mut models = self.cost.write().unwrap_or_else(PoisonError::into_inner);
        if models.len() < MOST_COST_MODELS && !models.iter().any(|each| each.is_for(workload, name))
        {
            models.push(NamedCost {
                technology: name.to_owned(),
                model: Arc::clone(&model),
            });
        }
        Ok(model)
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
        let model = self
            .cost(workload, &design.technology)
            .map_err(|violation| vec![violation])?;
        Ok(Evaluation {
            cost: model.estimate(design)?,
            quality: self.quality().estimate(design, workload),
        })
    }

    /// The same judge with other plausible constants: every constant of the technology drawn from its range and the
    /// perplexity from its interval, one judge a sample.
    pub(crate) fn sampled(&self, n_samples: usize, seed: u64) -> Vec<Self> {
        let sample = |sample: usize| Self {
            draw: Some(Draw::new(seed, sample as u64)),
            subject: self.subject.clone(),
            ..Self::with_quality(&self.shape, Arc::clone(self.quality()))
        };
        (0..n_samples).map(sample).collect()
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge")
            .field("model", &self.shape.name)
            .finish_non_exhaustive()
    }
}

impl Evaluate for Judge {
    fn session(&self) -> Box<dyn Session + '_> {
        Box::new(JudgeSession {
            judge: self,
            cost: None,
            memory: CostMemory::default(),
            quality: None,
        })
    }

    fn breakdown(
        &self,
        design: &Design,
        workload: &Workload,
    ) -> Option<Result<Evaluation, Vec<Violation>>> {
        Some(self.evaluation(design, workload))
    }

    fn perplexity(&self, design: &Design, workload: &Workload) -> Option<f64> {
        let summary = self.quality().summary(design, workload);
        Some(summary.perplexity?.value)
    }

    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn samples(&self, n_samples: usize, seed: u64) -> Vec<Arc<dyn Evaluate>> {
        let judges = self.sampled(n_samples, seed);
        judges
            .into_iter()
            .map(|judge| Arc::new(judge) as Arc<dyn Evaluate>)
            .collect()
    }
}

/// Remembers what neighboring designs share: the cost model, and the quality while formats stay.
struct JudgeSession<'judge> {
    judge: &'judge Judge,
    cost: Option<NamedCost>,
    /// Of this cost model.
    memory: CostMemory,
    quality: Option<QualityMemory>,
}

/// A quality and everything that it depends on.
struct QualityMemory {
    formats: FormatTable,
    key_value: KeyValuePolicy,
    context_tokens: u32,
    summary: QualitySummary,
}

impl JudgeSession<'_> {
    fn quality(&mut self, design: &Design, workload: &Workload) -> QualitySummary {
        let known = self.quality.as_ref().filter(|memory| {
            memory.formats == design.formats
                && memory.key_value == design.key_value
                && memory.context_tokens == workload.context_tokens
        });
        if let Some(memory) = known {
            return memory.summary;
        }
        let summary = self.judge.quality().summary(design, workload);
        self.quality = Some(QualityMemory {
            formats: design.formats.clone(),
            key_value: design.key_value,
            context_tokens: workload.context_tokens,
            summary,
        });
        summary
    }
}

impl Session for JudgeSession<'_> {
    fn metrics(&mut self, design: &Design, workload: &Workload) -> Result<Metrics, Vec<Violation>> {
        let technology = &design.technology;
        let known = self.cost.take();
        let named = match known.filter(|named| named.is_for(workload, technology)) {
            Some(named) => named,
            None => {
                self.memory = CostMemory::default();
                NamedCost {
                    technology: technology.clone(),
                    model: self
                        .judge
                        .cost(workload, technology)
                        .map_err(|violation| vec![violation])?,
                }
            }
        };
        let cost = named.model.summary_beside(design, &mut self.memory);
        self.cost = Some(named);
        let mut quality = self.quality(design, workload);
        if let Some(draw) = &self.judge.draw {
            quality.perplexity = quality.perplexity.map(|interval| draw.within(interval));
        }
        Ok(figures_of_merit(&cost?, &quality))
    }
}
