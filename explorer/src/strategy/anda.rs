//! Anda's adaptive precision combination search.
//!
//! Fang et al., "Anda", HPCA 2025, Algorithm 1: a best-first search over mantissa widths, cheapest combination first,
//! that lowers one width at a time wherever accuracy still holds.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::{Strategy, Trial};
use crate::lattice::{Genome, Lattice};

/// Bit operations of a design, or any cost known without trying it; less is better.
pub type KnownCost = Arc<dyn Fn(u64) -> f64 + Send + Sync>;

/// The search; each axis is one width, narrow first. A trial counts as accurate if it breaks no limit.
pub struct AndaSearch {
    lattice: Lattice,
    cost: KnownCost,
    queue: BinaryHeap<Reverse<Entry>>,
    queued: HashSet<u64>,
    best: Option<(u64, f64)>,
    n_queued: usize,
    rest: usize,
}

/// A waiting combination; equal costs leave in the order in which they came.
#[derive(Debug, PartialEq)]
struct Entry {
    cost: f64,
    arrival: usize,
    index: u64,
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.cost
            .total_cmp(&other.cost)
            .then(self.arrival.cmp(&other.arrival))
    }
}

impl AndaSearch {
    /// Starts from the combinations with the same position on every axis and tries at most `iterations` designs.
    ///
    /// The paper uses 32 iterations.
    pub fn new(lattice: Lattice, cost: KnownCost, iterations: usize) -> Self {
        let mut search = Self {
            lattice,
            cost,
            queue: BinaryHeap::new(),
            queued: HashSet::new(),
            best: None,
            n_queued: 0,
            rest: iterations,
        };
        let longest = search.lattice.axes().iter().map(|axis| axis.len).max();
        for position in 0..longest.unwrap_or(1) {
            let axes = search.lattice.axes().iter();
            let genome: Genome = axes.map(|axis| position.min(axis.len - 1)).collect();
            search.push(&genome);
        }
        search
    }

    /// Number and cost of the cheapest accurate combination so far.
    pub fn best(&self) -> Option<(u64, f64)> {
        self.best
    }

    fn push(&mut self, genome: &[u16]) {
        let index = self.lattice.index(genome);
        if self.queued.insert(index) {
            self.queue.push(Reverse(Entry {
                cost: (self.cost)(index),
                arrival: self.n_queued,
                index,
            }));
            self.n_queued += 1;
        }
    }
}

impl Strategy for AndaSearch {
    fn propose(&mut self) -> Vec<u64> {
        if self.rest == 0 {
            return Vec::new();
        }
        self.rest -= 1;
        let next = self.queue.pop();
        next.map(|Reverse(entry)| entry.index).into_iter().collect()
    }

    fn learn(&mut self, trials: &[Trial]) {
        for trial in trials {
            let cost = (self.cost)(trial.index);
            let is_better = self.best.is_none_or(|(_, best)| cost < best);
            if trial.score.violation > 0.0 || !is_better {
                continue;
            }
            self.best = Some((trial.index, cost));
            let mut genome = self.lattice.genome(trial.index);
            for axis in 0..genome.len() {
                if genome[axis] > 0 {
                    genome[axis] -= 1;
                    self.push(&genome);
                    genome[axis] += 1;
                }
            }
        }
    }
}

impl fmt::Debug for AndaSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AndaSearch")
            .field("best", &self.best)
            .field("waiting", &self.queue.len())
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}
