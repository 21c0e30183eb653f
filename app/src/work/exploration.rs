//! From the session to a job of the explorer, and from its updates to the results.
//!
//! Computes nothing itself. A closed channel is a state: the window says that exploration stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use blockscape_explorer::{DesignSpace, Explorer, Goal, Job, Judge, Update};
use blockscape_model::design::Design;
use blockscape_model::evaluation::Evaluation;
use blockscape_model::preset;
use blockscape_model::quality::QualityModel;
use blockscape_model::violation::Violation;
use blockscape_model::workload::Slot;

use crate::checkpoint::calibration::RunFile;
use crate::checkpoint::report::{self, CheckpointReport};
use crate::results::certainty::{self, Certainty};
use crate::results::details::{self, Details, Question, Refusal};
use crate::results::nearest::Nearest;
use crate::results::{Results, State};
use crate::session::Session;
use crate::session::measured_design::{Measured, Subject};
use crate::work::measuring::{self, MOST_VERIFIED, Measuring, Task};
use blockscape_explorer::worker::{Wake, Worker};

/// The explorer and what was last asked of it.
#[derive(Debug)]
pub struct Exploration {
    explorer: Option<Explorer>,
    judge: Option<Arc<Judge>>,
    published: Arc<[Design]>,
    inspector: Worker<Question, Option<Result<Details, Refusal>>>,
    reader: Worker<report::Question, Option<anyhow::Result<CheckpointReport>>>,
    measuring: Measuring,
    certainty: Worker<certainty::Question, Option<Certainty>>,
    /// The edited design as the explorer evaluated it, until it is edited again.
    edited: Option<Arc<Evaluation>>,
}

/// What the updates of a frame brought.
#[derive(Debug, Default)]
pub struct Drained {
    /// Something new is to be drawn.
    pub any: bool,
    /// An exploration became whole.
    pub finished: bool,
    /// The details are those of another design.
    pub inspected: bool,
    /// A model was read, or could not be.
    pub model: Option<anyhow::Result<CheckpointReport>>,
    /// A measurement came to its end.
    pub measured: Option<anyhow::Result<Measured>>,
}

impl Exploration {
    /// Starts the explorer; without one the window says so and goes on.
    pub fn new(wake: Wake, n_threads: usize) -> Self {
        Self {
            explorer: Explorer::new(Arc::clone(&wake), n_threads).ok(),
            judge: None,
            published: preset::designs().into(),
            reader: Worker::new("model reader", Arc::clone(&wake), |question, ticket| {
                report::answer(&question, ticket)
            }),
            measuring: Measuring::new(Arc::clone(&wake)),
            inspector: Worker::new("inspector", Arc::clone(&wake), |question, ticket| {
                details::answer(&question, ticket)
            }),
            certainty: Worker::new("certainty", wake, |question, ticket| {
                certainty::answer(&question, ticket)
            }),
            edited: None,
        }
    }

    /// Asks for the session's design and space; what was asked before is forgotten.
    ///
    /// Details follow once the explorer has evaluated the design, its first batch.
    pub fn explore(&mut self, session: &Session, results: &mut Results) {
        let judge = self.judge_of(session);
        self.edited = None;
        self.certainty.cancel();
        let shown = results.checkpoint.as_ref();
        let weights = shown.filter(|report| report.architecture.is_err());
        let weights = weights.map(|report| &report.path);
        if let Some(path) = weights.or(session.checkpoint.as_ref()) {
            self.read_model(path.clone(), session);
        }
        let Some(explorer) = self
            .explorer
            .as_ref()
            .filter(|explorer| explorer.is_alive())
        else {
            results.state = State::Failed("exploration stopped; start Blockscape again".to_owned());
            return;
        };
        match job(session, judge) {
            Ok(job) => {
                results.begin(Arc::clone(&job.space));
                explorer.submit(job);
            }
            Err(violation) => results.state = State::Failed(violation.to_string()),
        }
    }

    /// Asks for the details of the session's design.
    pub fn inspect(&mut self, session: &Session, tensor: (u32, Slot)) {
        let question = Question {
            judge: self.judge_of(session),
            design: Arc::new(session.design.clone()),
            workload: Arc::new(session.workload.clone()),
            pinned: session.pinned.clone(),
            measured: session.measured_here().cloned().collect(),
            reference: session.reference,
            evaluation: self.edited.clone(),
            tensor,
            published: Arc::clone(&self.published),
            preset: session.preset.clone(),
        };
        self.inspector.submit(question);
    }

    /// Whether details or a model's tensors are being made.
    pub fn is_inspecting(&self) -> bool {
        self.inspector.is_busy() || self.reader.is_busy()
    }

    /// Reads a model and looks at its weights in the session's formats.
    pub fn read_model(&mut self, path: PathBuf, session: &Session) {
        let formats = session.design.formats.clone();
        self.reader.submit(report::Question { path, formats });
    }

    /// Measures the session's design, or those of the front, on its model and a text; the built-in model brings its own.
    pub fn measure(
        &mut self,
        session: &Session,
        results: &Results,
        text: Option<PathBuf>,
        front: bool,
    ) {
        let subject = match (session.checkpoint.clone(), text) {
            (Some(model), Some(text)) => Subject::Files { model, text },
            (None, _) if session.is_on_built_in_model() => Subject::BuiltIn,
            _ => return,
        };
        let designs = if front {
            let step = results.front.len().div_ceil(MOST_VERIFIED).max(1);
            let members = results.front.iter().step_by(step);
            members
                .filter_map(|point| results.design(point.index))
                .collect()
        } else {
            vec![session.design.clone()]
        };
        self.measuring.start(measuring::Question {
            subject,
            designs,
            task: Task::Measure,
        });
    }

    /// Calibrates the estimator on the session's model and a text, keeping the runs beside the model or, where that cannot be
    /// written, in the folder of the program's own state; the design is measured too.
    pub fn calibrate(&mut self, session: &Session, text: PathBuf, state: Option<&Path>) {
        let Some(model) = session.checkpoint.clone() else {
            return;
        };
        let ending = ".calibration.ron";
        let mut path = model.clone().into_os_string();
        path.push(ending);
        let instead = state.zip(model.file_name()).map(|(folder, name)| {
            let mut name = name.to_os_string();
            name.push(ending);
            folder.join("calibrations").join(name)
        });
        self.measuring.start(measuring::Question {
            subject: Subject::Files { model, text },
            designs: vec![session.design.clone()],
            task: Task::Calibrate(RunFile {
                path: path.into(),
                instead,
            }),
        });
    }

    /// Takes up the calibration that the session keeps of its model.
    pub fn recall(&mut self, session: &Session) {
        if let Some(kept) = session.calibration_here() {
            self.measuring.start(measuring::Question {
                subject: Subject::Files {
                    model: kept.model.clone(),
                    text: kept.text.clone(),
                },
                designs: Vec::new(),
                task: Task::Recall(Box::new(kept.clone())),
            });
        }
    }

    /// Judges designs of the session's model by this estimator from now on.
    pub fn use_quality(&mut self, session: &Session, quality: Arc<QualityModel>) {
        let judge = Judge::with_quality(&session.workload.model, quality);
        self.judge = Some(Arc::new(judge));
        self.inspector.cancel(); // what it looks at is judged by the estimator before
    }

    /// Judges by what is built in again, until another estimator is given.
    pub fn forget_quality(&mut self) {
        self.judge = None;
        self.inspector.cancel();
    }

    pub fn cancel_measurement(&mut self) {
        self.measuring.cancel();
    }

    /// Asks how sure the front is.
    fn judge_front(&mut self, session: &Session, results: &Results) {
        let Some(space) = &results.shown.space else {
            return;
        };
        let judge = self.judge_of(session);
        self.certainty.submit(certainty::Question {
            judge,
            space: Arc::clone(space),
            members: results.front_numbers(),
            generation: results.generation,
        });
    }

    /// Whether the ranges of the front's figures are still on their way.
    pub fn is_judging_front(&self) -> bool {
        self.certainty.is_busy()
    }

    /// The judge of the session's model, kept while the model stays.
    fn judge_of(&mut self, session: &Session) -> Arc<Judge> {
        let shape = &session.workload.model;
        match &self.judge {
            Some(judge) if judge.shape() == shape => Arc::clone(judge),
            _ => Arc::clone(self.judge.insert(Arc::new(Judge::for_model(shape)))),
        }
    }

    /// Stops what runs.
    pub fn cancel(&mut self, results: &mut Results) {
        if let Some(explorer) = &self.explorer {
            explorer.cancel();
        }
        results.cancel();
    }

    /// Puts what arrived into the results.
    pub fn drain(
        &mut self,
        session: &Session,
        tensor: (u32, Slot),
        results: &mut Results,
        dragging: bool,
    ) -> Drained {
        let mut drained = Drained::default();
        match self.inspector.try_answer() {
            Some(Ok(Some(Ok(details)))) => {
                results.set_details(details, session);
                drained.inspected = true;
            }
            Some(Ok(Some(Err(refusal)))) => results.set_refusal(refusal),
            Some(Err(message)) => results.state = State::Failed(message),
            Some(Ok(None)) | None => {}
        }
        drained.model = match self.reader.try_answer() {
            Some(Ok(report)) => report,
            Some(Err(message)) => Some(Err(anyhow::anyhow!(
                "reading the model broke down: {message}"
            ))),
            None => None,
        };
        drained.measured = self.measuring.try_answer();
        results.measuring = self.measuring.progress();
        if let Some(Ok(Some(certainty))) = self.certainty.try_answer() {
            results.set_certainty(certainty);
        }
        while let Some(update) = self.explorer.as_ref().and_then(Explorer::try_recv) {
            drained.any = true;
            match update {
                Update::Started { .. } => {}
                Update::Edited {
                    outcome,
                    evaluation,
                    ..
                } => {
                    // Of a design that cannot be built the inspector finds out why.
                    self.edited = evaluation.map(Arc::from);
                    self.inspect(session, tensor);
                    results.set_current(outcome, session, dragging);
                }
                Update::Evaluated {
                    batch,
                    front,
                    progress,
                    ..
                } => results.add(&batch, front, progress),
                Update::Finished {
                    front, progress, ..
                } => {
                    results.finish(&front, progress);
                    if front.is_empty() {
                        let candidates = &results.shown.metrics;
                        results.nearest = Nearest::of(&session.exploration, candidates);
                    }
                    results.measure_front(session);
                    self.judge_front(session, results);
                    drained.finished = true;
                }
                Update::Sampled { certainty, .. } => results.set_membership(&certainty),
                Update::Failed { message, .. } => results.state = State::Failed(message),
            }
        }
        drained
    }
}

/// Draws of all constants by which a whole front is judged anew; 32 tell probabilities apart by a tenth.
const N_SAMPLES: usize = 32;

/// What the explorer is asked for a session.
pub fn job(session: &Session, judge: Arc<Judge>) -> Result<Job, Violation> {
    let settings = &session.exploration;
    let edited = Arc::new(session.design.clone());
    let workload = Arc::new(session.workload.clone());
    let space = DesignSpace::new(
        Arc::clone(&edited),
        Arc::clone(&workload),
        settings.axes.clone(),
        settings.constraints.clone(),
    )?;
    let goal = Goal::new(settings.objectives.clone(), settings.constraints.clone())?;
    Ok(Job {
        edited,
        workload,
        space: Arc::new(space),
        goal: Arc::new(goal),
        search: settings.search.clone(),
        seed: settings.seed,
        evaluator: judge,
        n_samples: N_SAMPLES,
    })
}
