//! Strategies that know all their designs beforehand: exhaustive, random and Latin hypercube.
//!
//! The n-th design of a plan is computed, not stored, so a plan can be cut into shards.
#![expect(
    clippy::cast_possible_truncation,
    reason = "a share below 1 of a 16-bit length"
)]

use std::collections::HashSet;
use std::ops::Range;

use super::{Strategy, Trial};
use crate::random::Permutation;
use crate::space::lattice::Lattice;

/// Designs proposed at a time.
const BATCH: u64 = 1024;

/// A sequence of designs, fixed by the space and a seed.
#[derive(Debug, Clone)]
pub struct Plan {
    lattice: Lattice,
    kind: Kind,
    len: u64,
}

#[derive(Debug, Clone)]
enum Kind {
    Exhaustive,
    Random(Permutation),
    LatinHypercube(Vec<Permutation>),
}

impl Plan {
    /// Every design once, in the order of their numbers.
    pub fn exhaustive(lattice: Lattice) -> Self {
        let len = lattice.size();
        Self {
            lattice,
            kind: Kind::Exhaustive,
            len,
        }
    }

    /// Different designs drawn evenly; at most all of them.
    pub fn random(lattice: Lattice, evaluations: u64, seed: u64) -> Self {
        let len = evaluations.min(lattice.size());
        let permutation = Permutation::new(lattice.size(), seed);
        Self {
            lattice,
            kind: Kind::Random(permutation),
            len,
        }
    }

    /// A Latin hypercube: each axis is visited evenly (`McKay`, Beckman and Conover, Technometrics 21(2), 1979).
    ///
    /// Where an axis has fewer positions than samples, each position is visited equally often up to one.
    /// On small spaces a design can come up twice.
    pub fn latin_hypercube(lattice: Lattice, evaluations: u64, seed: u64) -> Self {
        let len = evaluations.min(lattice.size());
        let streams = (0..lattice.axes().len() as u64)
            .map(|axis| Permutation::new(len, seed.wrapping_add(axis << 32)))
            .collect();
        Self {
            lattice,
            kind: Kind::LatinHypercube(streams),
            len,
        }
    }

    /// Number of trials.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing to try.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of the design that is tried at this place of the sequence, below [`Self::len`].
    pub fn index(&self, trial: u64) -> u64 {
        match &self.kind {
            Kind::Exhaustive => trial,
            Kind::Random(permutation) => permutation.image(trial),
            Kind::LatinHypercube(streams) => {
                let position = |axis: u16, stream: &Permutation| {
                    // The middle of the stratum, scaled to the axis.
                    let middle = 2 * u128::from(stream.image(trial)) + 1;
                    let scaled = middle * u128::from(axis) / (2 * u128::from(self.len));
                    scaled as u16
                };
                let axes = self.lattice.axes().iter().zip(streams);
                let genome: Vec<u16> = axes
                    .map(|(axis, stream)| position(axis.len, stream))
                    .collect();
                self.lattice.index(&genome)
            }
        }
    }

    /// Places of one of `n_shards` consecutive parts, `shard` from 0.
    pub fn shard(&self, shard: u64, n_shards: u64) -> Range<u64> {
        let cut = |at: u64| {
            let place = u128::from(self.len) * u128::from(at) / u128::from(n_shards.max(1));
            u64::try_from(place).unwrap_or(self.len)
        };
        cut(shard)..cut(shard + 1)
    }
}

/// Carries out a plan, or a part of one; a design that comes up twice is tried once.
#[derive(Debug, Clone)]
pub struct PlanSearch {
    plan: Plan,
    rest: Range<u64>,
    seen: HashSet<u64>,
}

impl PlanSearch {
    /// Carries out these places of a plan.
    pub fn new(plan: Plan, places: Range<u64>) -> Self {
        Self {
            plan,
            rest: places,
            seen: HashSet::new(),
        }
    }

    /// Places of the plan that are left.
    pub fn remaining(&self) -> u64 {
        self.rest.end - self.rest.start
    }

    /// Carries out the whole plan.
    pub fn whole(plan: Plan) -> Self {
        let places = 0..plan.len();
        Self::new(plan, places)
    }
}

impl Strategy for PlanSearch {
    fn propose(&mut self) -> Vec<u64> {
        let can_repeat = matches!(self.plan.kind, Kind::LatinHypercube(_));
        while !self.rest.is_empty() {
            let end = self.rest.end.min(self.rest.start.saturating_add(BATCH));
            let places = self.rest.start..end;
            self.rest.start = end;
            let batch = places.map(|trial| self.plan.index(trial));
            let batch: Vec<u64> = if can_repeat {
                batch.filter(|&index| self.seen.insert(index)).collect()
            } else {
                batch.collect()
            };
            if !batch.is_empty() {
                return batch;
            }
        }
        Vec::new()
    }

    fn learn(&mut self, _trials: &[Trial]) {}
}
