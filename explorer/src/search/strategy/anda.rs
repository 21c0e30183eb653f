//! Anda's adaptive precision combination search over a lattice (Fang et al., HPCA 2025, algorithm 1).
//!
//! The search itself is the model's [`AndaQueue`]; here it meets numbers of designs and scores.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use blockscape_model::quality::AndaQueue;

use super::{Strategy, Trial};
use crate::space::lattice::{Genome, Lattice};

/// Bit operations of a design, or any cost known without trying it; less is better.
pub type KnownCost = Arc<dyn Fn(u64) -> f64 + Send + Sync>;

/// The search; each axis is one width, narrow first. A trial counts as accurate if it breaks no limit.
pub struct AndaSearch {
    lattice: Lattice,
    cost: KnownCost,
    queue: AndaQueue<u64>,
    /// Whether each design tried so far was accurate: one that two parents queued is not tried again.
    accurate: HashMap<u64, bool>,
}

impl AndaSearch {
    /// Starts from the combinations with the same position on every axis and takes at most `iterations` from the queue.
    ///
    /// The paper uses 32 iterations.
    pub fn new(lattice: Lattice, cost: KnownCost, iterations: usize) -> Self {
        let axes = lattice.axes();
        let longest = axes.iter().map(|axis| axis.len).max().unwrap_or(1);
        let mut seeds: Vec<u64> = (0..longest)
            .map(|position| {
                let genome: Genome = axes.iter().map(|axis| position.min(axis.len - 1)).collect();
                lattice.index(&genome)
            })
            .collect();
        seeds.dedup();
        let queue = AndaQueue::new(
            seeds.into_iter().map(|index| (index, cost(index))),
            iterations,
        );
        Self {
            lattice,
            cost,
            queue,
            accurate: HashMap::new(),
        }
    }

    /// Number and cost of the cheapest accurate combination so far.
    pub fn best(&self) -> Option<(u64, f64)> {
        self.queue.best().copied()
    }

    fn judge(&mut self, is_accurate: bool) {
        let (lattice, cost) = (&self.lattice, &self.cost);
        self.queue.judge(is_accurate, |&index| {
            let genome = lattice.genome(index);
            (0..genome.len()).filter_map(move |axis| {
                let mut narrower = genome.clone();
                narrower[axis] = narrower[axis].checked_sub(1)?;
                let neighbor = lattice.index(&narrower);
                Some((neighbor, cost(neighbor)))
            })
        });
    }
}

impl Strategy for AndaSearch {
    fn propose(&mut self) -> Vec<u64> {
        while let Some(index) = self.queue.take() {
            match self.accurate.get(&index) {
                Some(&is_accurate) => self.judge(is_accurate),
                None => return vec![index],
            }
        }
        Vec::new()
    }

    fn learn(&mut self, trials: &[Trial]) {
        for trial in trials {
            let is_accurate = trial.score.violation <= 0.0;
            self.accurate.insert(trial.index, is_accurate);
            self.judge(is_accurate);
        }
    }
}

impl fmt::Debug for AndaSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AndaSearch")
            .field("best", &self.best())
            .field("tried", &self.accurate.len())
            .finish_non_exhaustive()
    }
}
