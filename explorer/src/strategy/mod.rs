//! Which designs to try next. Strategies see a [`crate::lattice::Lattice`] and scores, never designs or threads.
//!
//! A strategy proposes numbers of designs and then learns their scores, batch by batch. Batches have a size that is
//! part of the strategy, so that what is tried does not depend on threads or time; all randomness is seeded.

mod anda;
mod budget;
mod evolutionary;
mod parzen;
mod plan;
mod refinement;

pub use anda::{AndaSearch, KnownCost};
pub use budget::{Additive, BudgetSearch};
pub use evolutionary::{Evolution, EvolutionSettings};
pub use parzen::{ParzenSearch, ParzenSettings};
pub use plan::{Plan, PlanSearch};
pub use refinement::Refinement;

use std::fmt::Debug;

use crate::pareto::MAX_OBJECTIVES;

/// How good a design is, as a strategy sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Objectives to minimize; entries beyond their number are 0.
    pub objectives: [f64; MAX_OBJECTIVES],
    /// 0 if the design keeps all limits, else by how much it breaks them; infinite if it cannot be built.
    pub violation: f64,
}

impl Score {
    /// Score of a design that keeps all limits.
    pub fn feasible(values: &[f64]) -> Self {
        let mut objectives = [0.0; MAX_OBJECTIVES];
        for (slot, &value) in objectives.iter_mut().zip(values) {
            *slot = value;
        }
        Self {
            objectives,
            violation: 0.0,
        }
    }

    /// Score of a design that cannot be built.
    pub const IMPOSSIBLE: Self = Self {
        objectives: [f64::INFINITY; MAX_OBJECTIVES],
        violation: f64::INFINITY,
    };

    /// Whether the design keeps all limits and each of the first `n_objectives` is a finite number.
    pub fn is_feasible(&self, n_objectives: usize) -> bool {
        self.violation <= 0.0
            && self.objectives[..n_objectives]
                .iter()
                .all(|value| value.is_finite())
    }
}

/// A design that was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Number of the design in its space.
    pub index: u64,
    /// How good it is.
    pub score: Score,
}

/// A search in progress.
pub trait Strategy: Debug + Send {
    /// Numbers of the designs to try next, none of them proposed before; none at all when the search is over.
    fn propose(&mut self) -> Vec<u64>;

    /// Takes the scores of the last proposal, in its order.
    fn learn(&mut self, trials: &[Trial]);
}
