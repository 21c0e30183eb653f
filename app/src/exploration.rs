//! From the session to a job of the explorer, and from its updates to the results.
//!
//! Computes nothing itself. A closed channel is a state: the window says that exploration stopped.

use std::sync::Arc;

use blockscape_explorer::{DesignSpace, Explorer, Goal, Job, Update};
use blockscape_model::violation::Violation;

use crate::background::Wake;
use crate::judge::LazyJudge;
use crate::results::{Results, State};
use crate::session::Session;

/// The explorer and what was last asked of it.
#[derive(Debug)]
pub struct Exploration {
    explorer: Option<Explorer>,
    judge: Option<Arc<LazyJudge>>,
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
            explorer: Explorer::new(wake, n_threads).ok(),
            judge: None,
        }
    }

    /// Asks for the session's design and space; what was asked before is forgotten.
    pub fn explore(&mut self, session: &Session, results: &mut Results) {
        let judge = self.judge_of(session);
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

    /// The judge of the session's model, kept while the model stays.
    fn judge_of(&mut self, session: &Session) -> Arc<LazyJudge> {
        let shape = &session.workload.model;
        match &self.judge {
            Some(judge) if judge.shape() == shape => Arc::clone(judge),
            _ => Arc::clone(self.judge.insert(LazyJudge::new(shape))),
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
    pub fn drain(&mut self, results: &mut Results, dragging: bool) -> Drained {
        let mut drained = Drained::default();
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
pub fn job(session: &Session, judge: Arc<LazyJudge>) -> Result<Job, Violation> {
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
