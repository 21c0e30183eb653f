//! Budget search: what each axis costs and loses on its own, then the best combinations for every budget.
//!
//! Takes the first objective as the loss and the second as the cost, both as sums over the axes after the transform of
//! their metrics: tries each value of each axis once around a base design, solves for all budgets and tries the answers.
//! Where the sums hold only nearly, the answers around the best of them are tried, too.

use std::collections::HashSet;

use super::{Strategy, Trial};
use crate::search::budget::{Choice, Ledger};
use crate::space::lattice::Lattice;

/// A metric's cost as a quantity that adds up over axes.
pub type Additive = fn(f64) -> f64;

/// A budget search in progress.
#[derive(Debug)]
pub struct BudgetSearch {
    lattice: Lattice,
    base: u64,
    transforms: [Additive; 2],
    limit: Option<f64>,
    phase: Phase,
    seen: HashSet<u64>,
    rest: usize,
}

#[derive(Debug)]
enum Phase {
    Single,
    Combine(Vec<u64>),
    Done,
}

/// Budgets that are solved between two neighbors of the path; the path alone leaves gaps where few axes matter.
const N_BUDGETS: u32 = 64;

impl BudgetSearch {
    /// Starts around the design with number `base`; tries at most `evaluations` designs.
    ///
    /// `limit` is the largest value of the second objective of interest, if any.
    pub fn new(
        lattice: Lattice,
        base: u64,
        transforms: [Additive; 2],
        limit: Option<f64>,
        evaluations: usize,
    ) -> Self {
        Self {
            base: base.min(lattice.size() - 1),
            lattice,
            transforms,
            limit,
            phase: Phase::Single,
            seen: HashSet::new(),
            rest: evaluations,
        }
    }

    /// The base and everything one axis away.
    fn singles(&self) -> Vec<u64> {
        let mut genome = self.lattice.genome(self.base);
        let mut singles = vec![self.base];
        for (axis, shape) in self.lattice.axes().iter().enumerate() {
            let here = genome[axis];
            for gene in (0..shape.len).filter(|&gene| gene != here) {
                genome[axis] = gene;
                singles.push(self.lattice.index(&genome));
            }
            genome[axis] = here;
        }
        singles
    }

    /// Combinations along all budgets, from the differences that single axes made.
    fn combinations(&self, trials: &[Trial]) -> Vec<u64> {
        let Some((base, singles)) = trials.split_first() else {
            return Vec::new();
        };
        let value = |trial: &Trial, objective: usize| {
            (self.transforms[objective])(trial.score.objectives[objective])
        };
        let choice = |trial: &Trial| Choice {
            cost: value(trial, 1) - value(base, 1),
            loss: value(trial, 0) - value(base, 0),
        };
        let genome = self.lattice.genome(self.base);
        let mut singles = singles.iter();
        let mut sites = Vec::new();
        for (&here, shape) in genome.iter().zip(self.lattice.axes()) {
            let option = |gene: u16| match source(gene == here, &mut singles) {
                Tried::Base => Choice {
                    cost: 0.0,
                    loss: 0.0,
                },
                Tried::Single(trial) => choice(trial),
                Tried::Not => Choice {
                    cost: f64::INFINITY,
                    loss: f64::INFINITY,
                },
            };
            sites.push((0..shape.len).map(option).collect());
        }
        let Some(ledger) = Ledger::new(&sites) else {
            return Vec::new();
        };
        let mut answers = ledger.path();
        let (least, most) = ledger.cost_range();
        let budgets = (0..=N_BUDGETS)
            .map(|at| least + (most - least) * f64::from(at) / f64::from(N_BUDGETS))
            .chain(
                self.limit
                    .map(|limit| (self.transforms[1])(limit) - value(base, 1)),
            );
        answers.extend(budgets.filter_map(|budget| Some(ledger.allocate(budget)?.choices)));
        answers.iter().map(|choices| self.index(choices)).collect()
    }

    fn index(&self, choices: &[usize]) -> u64 {
        let genome: Vec<u16> = choices
            .iter()
            .map(|&choice| u16::try_from(choice).unwrap_or(u16::MAX))
            .collect();
        self.lattice.index(&genome)
    }
}

impl Strategy for BudgetSearch {
    fn propose(&mut self) -> Vec<u64> {
        let batch = match &self.phase {
            Phase::Single => self.singles(),
            Phase::Combine(batch) => batch.clone(),
            Phase::Done => Vec::new(),
        };
        let mut batch: Vec<u64> = batch
            .into_iter()
            .filter(|&index| self.seen.insert(index))
            .collect();
        batch.truncate(self.rest);
        self.rest -= batch.len();
        batch
    }

    fn learn(&mut self, trials: &[Trial]) {
        self.phase = match self.phase {
            Phase::Single => Phase::Combine(self.combinations(trials)),
            Phase::Combine(_) | Phase::Done => Phase::Done,
        };
    }
}

/// Where the figures of one value of an axis come from.
enum Tried<'trials> {
    Base,
    Single(&'trials Trial),
    /// The number of evaluations did not reach this far.
    Not,
}

fn source<'trials>(
    is_base: bool,
    singles: &mut impl Iterator<Item = &'trials Trial>,
) -> Tried<'trials> {
    if is_base {
        return Tried::Base;
    }
    singles.next().map_or(Tried::Not, Tried::Single)
}
