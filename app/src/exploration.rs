//! From the session to a job of the explorer, and from its updates to the results.
//!
//! Computes nothing itself. A closed channel is a state: the window says that exploration stopped.

use std::sync::Arc;

use blockscape_explorer::{DesignSpace, Explorer, Goal, Job, Judge, Update};
use blockscape_model::violation::Violation;
use blockscape_model::workload::Slot;

use crate::background::{Background, Wake};
use crate::details::{self, Details, Question};
use crate::results::{Results, State};
use crate::session::Session;

/// The explorer and what was last asked of it.
#[derive(Debug)]
pub struct Exploration {
    explorer: Option<Explorer>,
    judge: Option<Arc<Judge>>,
    inspector: Background<Question, Option<Result<Details, Vec<Violation>>>>,
}

/// What the updates of a frame brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Something new is to be drawn.
    pub any: bool,
    /// An exploration became whole.
    pub finished: bool,
}

impl Exploration {
    /// Starts the explorer; without one the window says so and goes on.
    pub fn new(wake: Wake, n_threads: usize) -> Self {
        Self {
            explorer: Explorer::new(Arc::clone(&wake), n_threads).ok(),
            judge: None,
            inspector: Background::new("inspector", wake, |question, ticket| {
                details::answer(&question, ticket)
            }),
        }
    }

    /// Asks for the session's design and space; what was asked before is forgotten.
    pub fn explore(&mut self, session: &Session, tensor: (u32, Slot), results: &mut Results) {
        let judge = self.judge_of(session);
        self.inspect(session, tensor);
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
            reference: session.reference,
            tensor,
        };
        self.inspector.submit(question);
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
    pub fn drain(&mut self, session: &Session, results: &mut Results, dragging: bool) -> Drained {
        let mut drained = Drained::default();
        match self.inspector.try_answer() {
            Some(Ok(Some(Ok(details)))) => results.set_details(details, &session.pinned),
            Some(Ok(Some(Err(violations)))) => results.violations = violations,
            Some(Err(message)) => results.state = State::Failed(message),
            Some(Ok(None)) | None => {}
        }
        let Some(explorer) = &self.explorer else {
            return drained;
        };
        while let Some(update) = explorer.try_recv() {
            drained.any = true;
            match update {
                Update::Started { .. } => {}
                Update::Edited { outcome, .. } => results.set_current(outcome, dragging),
                Update::Evaluated {
                    batch, progress, ..
                } => results.add(&batch, progress),
                Update::Finished {
                    front, progress, ..
                } => {
                    results.finish(&front, progress);
                    drained.finished = true;
                }
                Update::Failed { message, .. } => results.state = State::Failed(message),
            }
        }
        drained
    }
}

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
    })
}
