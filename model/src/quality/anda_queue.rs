//! The queue of Anda's search (Fang et al., HPCA 2025, algorithm 1), for any kind of candidate: ask for the next one, say whether it
//! is accurate enough.
//!
//! Exactly as printed: a candidate is skipped when it was evaluated before, not when it is already waiting, so two parents may queue
//! it twice and it then takes two iterations. Of equally cheap candidates the one queued first comes first, which reproduces the order
//! of the paper's figure 9.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::hash::Hash;

/// A best-first search, cheapest candidate first, in progress.
#[derive(Debug, Clone)]
pub struct AndaQueue<C> {
    waiting: BinaryHeap<Reverse<Entry<C>>>,
    visited: HashSet<C>,
    current: Option<(C, f64)>,
    best: Option<(C, f64)>,
    n_queued: u64,
    rest: usize,
}

#[derive(Debug, Clone)]
struct Entry<C> {
    cost: f64,
    arrival: u64,
    candidate: C,
}

impl<C> PartialEq for Entry<C> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<C> Eq for Entry<C> {}

impl<C> PartialOrd for Entry<C> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<C> Ord for Entry<C> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.cost
            .total_cmp(&other.cost)
            .then(self.arrival.cmp(&other.arrival))
    }
}

impl<C: Clone + Eq + Hash> AndaQueue<C> {
    /// Starts from these candidates with their costs and takes at most `max_iterations`; the paper takes 32.
    pub fn new(seeds: impl IntoIterator<Item = (C, f64)>, max_iterations: usize) -> Self {
        let mut queue = Self {
            waiting: BinaryHeap::new(),
            visited: HashSet::new(),
            current: None,
            best: None,
            n_queued: 0,
            rest: max_iterations,
        };
        for (candidate, cost) in seeds {
            queue.push(candidate, cost);
        }
        queue
    }

    /// The candidate to evaluate next; `None` when the iterations or the candidates are used up.
    pub fn take(&mut self) -> Option<C> {
        self.current = None;
        self.rest = self.rest.checked_sub(1)?;
        let Reverse(entry) = self.waiting.pop()?;
        self.visited.insert(entry.candidate.clone());
        self.current = Some((entry.candidate.clone(), entry.cost));
        Some(entry.candidate)
    }

    /// Says whether the candidate taken last is accurate enough. If it also is the cheapest so far, it becomes the best,
    /// `neighbors` (with their costs) are queued unless they were evaluated, and the answer is true.
    pub fn judge<N>(&mut self, is_accurate: bool, neighbors: impl FnOnce(&C) -> N) -> bool
    where
        N: IntoIterator<Item = (C, f64)>,
    {
        let Some((candidate, cost)) = self.current.take() else {
            return false;
        };
        let is_cheaper = self.best.as_ref().is_none_or(|(_, least)| cost < *least);
        if !(is_accurate && is_cheaper) {
            return false;
        }
        for (neighbor, cost) in neighbors(&candidate) {
            if !self.visited.contains(&neighbor) {
                self.push(neighbor, cost);
            }
        }
        self.best = Some((candidate, cost));
        true
    }

    /// The cheapest accurate candidate so far and its cost.
    pub fn best(&self) -> Option<&(C, f64)> {
        self.best.as_ref()
    }

    fn push(&mut self, candidate: C, cost: f64) {
        self.waiting.push(Reverse(Entry {
            cost,
            arrival: self.n_queued,
            candidate,
        }));
        self.n_queued += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_of_two_parents_takes_two_iterations() {
        // "root" queues "cheap" and "shared"; "cheap" comes first, is better, and queues "shared" again.
        let mut queue = AndaQueue::new([("root", 3.0)], 32);
        let mut taken = Vec::new();
        while let Some(candidate) = queue.take() {
            taken.push(candidate);
            queue.judge(true, |&parent| match parent {
                "root" => vec![("cheap", 1.0), ("shared", 2.0)],
                "cheap" => vec![("shared", 2.0)],
                _ => Vec::new(),
            });
        }
        assert_eq!(taken, ["root", "cheap", "shared", "shared"]);
        assert_eq!(queue.best(), Some(&("cheap", 1.0)));
    }

    #[test]
    fn a_visited_candidate_is_not_queued_again() {
        let mut queue = AndaQueue::new([("root", 3.0)], 32);
        let mut n_taken = 0;
        while queue.take().is_some() {
            n_taken += 1;
            queue.judge(true, |_| [("root", 3.0)]);
        }
        assert_eq!(n_taken, 1);
    }

    #[test]
    fn the_iterations_end_the_search() {
        let mut queue = AndaQueue::new((0..10).map(|each| (each, f64::from(each))), 3);
        let mut n_taken = 0;
        while queue.take().is_some() {
            assert!(!queue.judge(false, |_| []));
            n_taken += 1;
        }
        assert_eq!(n_taken, 3);
        assert!(queue.best().is_none());
    }
}
