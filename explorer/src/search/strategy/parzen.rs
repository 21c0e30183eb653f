//! Tree-structured Parzen estimator search for several objectives.
//!
//! Bergstra, Bardenet, Bengio and Kegl, "Algorithms for hyper-parameter optimization", NIPS 2011; several objectives
//! as in Ozaki et al., "Multiobjective tree-structured Parzen estimator", JAIR 73, 2022: good designs are the first
//! layers, the last of them cut by crowding. Each axis has its own density; no design is tried twice.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of trials become weights and shares of them counts"
)]

use std::collections::HashSet;

use super::{Plan, Strategy, Trial};
use crate::pareto::{Points, crowding_distances, front};
use crate::random::Random;
use crate::space::lattice::{AxisShape, Lattice};

/// What a Parzen search can be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParzenSettings {
    /// Designs to try in all.
    pub evaluations: usize,
    /// Designs of a Latin hypercube to start from.
    pub startup: usize,
    /// Designs proposed from one estimate.
    pub batch: usize,
    /// Draws of which the most promising is proposed.
    pub draws: usize,
    /// Share of the trials that counts as good, 0 to 1.
    pub good_share: f64,
    /// Start of the random numbers.
    pub seed: u64,
}

impl ParzenSettings {
    /// 64 designs to start, batches of 16, best of 24 draws, a tenth of the trials good.
    pub fn new(evaluations: usize, seed: u64) -> Self {
        Self {
            evaluations,
            startup: 64,
            batch: 16,
            draws: 24,
            good_share: 0.1,
            seed,
        }
    }
}

/// Most designs that count as good, so that estimates stay sharp in long searches.
const MOST_GOOD: usize = 200;

/// A Parzen search in progress.
#[derive(Debug)]
pub struct ParzenSearch {
    lattice: Lattice,
    n_objectives: usize,
    settings: ParzenSettings,
    random: Random,
    trials: Vec<Trial>,
    seen: HashSet<u64>,
    rest: usize,
}

impl ParzenSearch {
    /// A search over a lattice with this many objectives.
    pub fn new(lattice: Lattice, n_objectives: usize, settings: ParzenSettings) -> Self {
        let size = usize::try_from(lattice.size()).unwrap_or(usize::MAX);
        Self {
            lattice,
            n_objectives,
            settings,
            random: Random::new(settings.seed),
            trials: Vec::new(),
            seen: HashSet::new(),
            rest: settings.evaluations.min(size),
        }
    }

    /// Positions in `trials` of the good ones.
    fn good(&self) -> HashSet<usize> {
        let wanted = (self.trials.len() as f64 * self.settings.good_share).ceil() as usize;
        let wanted = wanted.clamp(1, MOST_GOOD);
        let n = self.n_objectives;
        let mut rest: Vec<usize> = (0..self.trials.len())
            .filter(|&at| self.trials[at].score.is_feasible(n))
            .collect();
        let mut good = HashSet::new();
        while good.len() < wanted && !rest.is_empty() {
            let points = Points::from_rows(
                n,
                rest.iter()
                    .map(|&at| &self.trials[at].score.objectives[..n]),
            );
            let mut layer = front(&points);
            if layer.len() > wanted - good.len() {
                let crowding = crowding_distances(&points.select(&layer));
                let mut order: Vec<usize> = (0..layer.len()).collect();
                order.sort_by(|&a, &b| crowding[b].total_cmp(&crowding[a]).then(a.cmp(&b)));
                order.truncate(wanted - good.len());
                layer = order.into_iter().map(|at| layer[at]).collect();
            }
            good.extend(layer.iter().map(|&at| rest[at]));
            rest.retain(|at| !good.contains(at));
        }
        if good.is_empty() {
            good.extend(self.least_broken(wanted));
        }
        good
    }

    /// Without any feasible trial, those that break the limits least.
    fn least_broken(&self, wanted: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.trials.len()).collect();
        let violation = |at: usize| self.trials[at].score.violation;
        order.sort_by(|&a, &b| violation(a).total_cmp(&violation(b)).then(a.cmp(&b)));
        order.truncate(wanted);
        order
    }

    fn estimates(&self) -> Vec<Estimate> {
        let good = self.good();
        let axes = self.lattice.axes();
        let mut counts: Vec<[Vec<f64>; 2]> = axes
            .iter()
            .map(|axis| [vec![0.0; axis.len.into()], vec![0.0; axis.len.into()]])
            .collect();
        for (at, trial) in self.trials.iter().enumerate() {
            let side = usize::from(!good.contains(&at));
            for (count, gene) in counts.iter_mut().zip(self.lattice.genome(trial.index)) {
                count[side][usize::from(gene)] += 1.0;
            }
        }
        axes.iter()
            .zip(&counts)
            .map(|(axis, [good, bad])| Estimate {
                good: density(*axis, good),
                bad: density(*axis, bad),
            })
            .collect()
    }

    /// The most promising unseen of several draws.
    fn draw(&mut self, estimates: &[Estimate]) -> u64 {
        let mut best: Option<(f64, u64)> = None;
        for attempt in 0..self.settings.draws.max(1) * 4 {
            if attempt >= self.settings.draws && best.is_some() {
                break;
            }
            let mut promise = 0.0;
            let mut genome = Vec::with_capacity(estimates.len());
            for estimate in estimates {
                let gene = pick(&estimate.good, self.random.unit());
                promise += (estimate.good[gene] / estimate.bad[gene]).ln();
                genome.push(gene as u16);
            }
            let index = self.lattice.index(&genome);
            let is_better = best.is_none_or(|(most, _)| promise > most);
            if is_better && !self.seen.contains(&index) {
                best = Some((promise, index));
            }
        }
        let index = match best {
            Some((_, index)) => index,
            None => {
                let start = self.lattice.draw(&mut self.random);
                self.lattice.next_outside(&self.seen, start)
            }
        };
        self.seen.insert(index);
        index
    }
}

impl Strategy for ParzenSearch {
    fn propose(&mut self) -> Vec<u64> {
        if self.trials.is_empty() {
            let n = self.settings.startup.max(2).min(self.rest);
            let plan = Plan::latin_hypercube(self.lattice.clone(), n as u64, self.settings.seed);
            let batch = (0..plan.len()).map(|trial| plan.index(trial));
            let batch: Vec<u64> = batch.filter(|&index| self.seen.insert(index)).collect();
            self.rest -= batch.len();
            return batch;
        }
        let n = self.settings.batch.max(1).min(self.rest);
        if n == 0 {
            return Vec::new();
        }
        self.rest -= n;
        let estimates = self.estimates();
        (0..n).map(|_| self.draw(&estimates)).collect()
    }

    fn learn(&mut self, trials: &[Trial]) {
        self.trials.extend_from_slice(trials);
    }
}

/// Densities of one axis among the good and among the other trials.
struct Estimate {
    good: Vec<f64>,
    bad: Vec<f64>,
}

/// A density from counts: a kernel at each count on ordered axes, the counts on others; both with one even prior trial.
fn density(axis: AxisShape, counts: &[f64]) -> Vec<f64> {
    let len = counts.len();
    let total: f64 = counts.iter().sum();
    let prior = 1.0 / len as f64;
    let mut density = vec![prior; len];
    if axis.ordered {
        // Scott's rule on the spread of the axis; at least half a position, so that neighbors get a share.
        let width = (len as f64 / 4.0 * (total + 1.0).powf(-0.2)).max(0.5);
        for (center, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
            let kernel = |at: usize| (-0.5 * ((at as f64 - center as f64) / width).powi(2)).exp();
            let whole: f64 = (0..len).map(kernel).sum();
            for (at, slot) in density.iter_mut().enumerate() {
                *slot += count * kernel(at) / whole;
            }
        }
    } else {
        for (slot, count) in density.iter_mut().zip(counts) {
            *slot += count;
        }
    }
    for slot in &mut density {
        *slot /= total + 1.0;
    }
    density
}

/// The position at which the summed density passes `share`.
fn pick(density: &[f64], share: f64) -> usize {
    let mut rest = share;
    for (at, weight) in density.iter().enumerate() {
        rest -= weight;
        if rest < 0.0 {
            return at;
        }
    }
    density.len() - 1
}
