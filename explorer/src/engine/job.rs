//! What is asked of the engine and what it answers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Evaluation, Metrics};
use blockscape_model::violation::Violation;
use blockscape_model::workload::Workload;

use crate::judge::evaluate::Evaluate;
use crate::judge::uncertainty::Certainty;
use crate::search::Search;
use crate::space::DesignSpace;
use crate::space::objective::Goal;
use crate::ticket::Generation;

/// One exploration: an edited design first, then a space.
#[derive(Clone)]
pub struct Job {
    /// The design that is being edited; its figures come first.
    pub edited: Arc<Design>,
    /// The workload it is judged on.
    pub workload: Arc<Workload>,
    /// What to search.
    pub space: Arc<DesignSpace>,
    /// What to strive for.
    pub goal: Arc<Goal>,
    /// How to search.
    pub search: Search,
    /// Start of all random numbers.
    pub seed: u64,
    /// Judge of designs.
    pub evaluator: Arc<dyn Evaluate>,
    /// Samples of the constants in which the front is found again once it is known; 0 for none.
    pub n_samples: usize,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("edited", &self.edited.name)
            .field("size", &self.space.size())
            .field("search", &self.search)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// A design of a space and its figures of merit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Number of the design in its space.
    pub index: u64,
    /// Figures of merit.
    pub metrics: Metrics,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Designs tried, those that cannot be built included.
    pub n_tried: u64,
    /// Of these, how many cannot be built.
    pub n_impossible: u64,
    /// Designs to try in all, as far as known.
    pub total: u64,
    /// Time since the job began.
    pub elapsed: Duration,
}

impl Progress {
    /// Designs tried each second; 0 before any time has passed.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    pub fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 {
            self.n_tried as f64 / seconds
        } else {
            0.0
        }
    }

    /// Estimated time to the end, once something was tried.
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people to read")]
    pub fn remaining(&self) -> Option<Duration> {
        let rest = self.total.saturating_sub(self.n_tried) as f64;
        Duration::try_from_secs_f64(rest / self.rate()).ok()
    }
}

/// What the engine reports, each with the generation it was asked for.
#[derive(Debug, Clone)]
pub enum Update {
    /// A job begins.
    Started {
        /// Of which job.
        generation: Generation,
        /// Designs to try in all.
        total: u64,
    },
    /// Figures of the edited design, or why it cannot be built: batch 0.
    Edited {
        /// Of which job.
        generation: Generation,
        /// Its figures of merit.
        outcome: Result<Metrics, Vec<Violation>>,
        /// Its breakdowns, where it can be built and the judge has them.
        evaluation: Option<Box<Evaluation>>,
    },
    /// Some designs of the space, in the order in which the strategy tried them.
    Evaluated {
        /// Of which job.
        generation: Generation,
        /// Designs that can be built.
        batch: Vec<Candidate>,
        /// Numbers of the designs so far that keep all limits and that no other beats, by objective values.
        front: Vec<u64>,
        /// State after this batch.
        progress: Progress,
    },
    /// A job is done.
    Finished {
        /// Of which job.
        generation: Generation,
        /// Numbers of the non-dominated designs that keep all limits, by objective values.
        front: Vec<u64>,
        /// Final state.
        progress: Progress,
    },
    /// How sure the front is; after `Finished`, from jobs that ask for samples.
    Sampled {
        /// Of which job.
        generation: Generation,
        /// Probability of each design to be on the front.
        certainty: Certainty,
    },
    /// A job broke down; the next one will run.
    Failed {
        /// Of which job.
        generation: Generation,
        /// What happened.
        message: String,
    },
}

impl Update {
    /// The job it belongs to.
    pub fn generation(&self) -> Generation {
        match self {
            Self::Started { generation, .. }
            | Self::Edited { generation, .. }
            | Self::Evaluated { generation, .. }
            | Self::Finished { generation, .. }
            | Self::Sampled { generation, .. }
            | Self::Failed { generation, .. } => *generation,
        }
    }
}
