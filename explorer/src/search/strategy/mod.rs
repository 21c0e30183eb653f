//! Which designs to try next. Strategies see a [`crate::space::lattice::Lattice`] and scores, never designs or threads.
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

use crate::pareto::Score;

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
