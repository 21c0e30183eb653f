//! Local refinement: what lies around a chosen design, then around whatever turned out to be non-dominated.

use std::collections::HashSet;

use super::{Strategy, Trial};
use crate::pareto::ParetoFront;
use crate::space::lattice::Lattice;

/// Pareto local search (Paquete, Chiarandini and Stuetzle, 2004) from one design.
///
/// Proposes the design, then the unseen neighbors of every front member not yet expanded, until no member is left or
/// the budget is spent.
#[derive(Debug)]
pub struct Refinement {
    lattice: Lattice,
    n_objectives: usize,
    front: ParetoFront,
    seen: HashSet<u64>,
    expanded: HashSet<u64>,
    next: Vec<u64>,
    rest: usize,
}

impl Refinement {
    /// Starts at the design with number `start` and tries at most `evaluations` designs.
    pub fn new(lattice: Lattice, n_objectives: usize, start: u64, evaluations: usize) -> Self {
        let start = start.min(lattice.size() - 1);
        let mut next = vec![start];
        next.extend(lattice.neighbors(start));
        Self {
            lattice,
            n_objectives,
            front: ParetoFront::new(n_objectives),
            seen: next.iter().copied().collect(),
            expanded: HashSet::from([start]),
            next,
            rest: evaluations,
        }
    }
}

impl Strategy for Refinement {
    fn propose(&mut self) -> Vec<u64> {
        let mut batch = std::mem::take(&mut self.next);
        batch.truncate(self.rest);
        self.rest -= batch.len();
        batch
    }

    fn learn(&mut self, trials: &[Trial]) {
        let n_objectives = self.n_objectives;
        let feasible = trials
            .iter()
            .filter(|trial| trial.score.is_feasible(n_objectives));
        self.front
            .extend(feasible.map(|trial| (trial.index, &trial.score.objectives[..n_objectives])));
        for &member in self.front.ids() {
            if self.expanded.insert(member) {
                let neighbors = self.lattice.neighbors(member).into_iter();
                self.next
                    .extend(neighbors.filter(|&index| self.seen.insert(index)));
            }
        }
    }
}
