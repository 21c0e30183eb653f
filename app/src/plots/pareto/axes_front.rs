//! The front of the shown axes: the designs of the whole cloud that no other beats on both metrics.
//!
//! It grows with the cloud, a slice of designs a frame, and is exact once all were looked at.

use std::collections::HashSet;
use std::fmt;

use blockscape_model::evaluation::{Metric, Metrics};

use super::front::{FrontPoint, more_is_better};

/// Designs looked at in one frame; about one millisecond.
const SLICE: usize = 1 << 16;

/// Designs of a cloud, as the front looks at them.
#[derive(Clone, Copy)]
pub(super) struct Cloud<'a> {
    /// Changes when designs are replaced rather than appended.
    pub generation: u64,
    /// Every evaluated design.
    pub candidates: &'a [Metrics],
    /// Front of the objectives; its measured accuracies stand in the place of estimates.
    pub objectives_front: &'a [FrontPoint],
    /// Whether a design keeps all limits.
    pub admits: &'a dyn Fn(&Metrics) -> bool,
}

impl fmt::Debug for Cloud<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cloud")
            .field("generation", &self.generation)
            .field("candidates", &self.candidates.len())
            .finish_non_exhaustive()
    }
}

/// A member of the staircase by its costs: smaller is better on both.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    costs: [f64; 2],
    index: usize,
}

/// What the front was made of; another one is begun when it differs.
type Key = (u64, [Metric; 2], usize);

/// The front so far.
#[derive(Debug, Clone, Default)]
pub struct AxesFront {
    key: Option<Key>,
    n_looked_at: usize,
    /// Costs rise on the first axis and fall on the second.
    steps: Vec<Step>,
    /// Designs with a measured accuracy, which are not taken from the cloud.
    measured: HashSet<usize>,
}

impl AxesFront {
    /// Looks at the next slice of designs, or at all of them; returns whether all were.
    pub(super) fn update(&mut self, cloud: Cloud<'_>, axes: [Metric; 2], whole: bool) -> bool {
        let measured = || cloud.objectives_front.iter().filter(|point| point.measured);
        let key = Some((cloud.generation, axes, measured().count()));
        if self.key != key || cloud.candidates.len() < self.n_looked_at {
            *self = Self {
                key,
                measured: measured().map(|point| point.index).collect(),
                ..Self::default()
            };
            for point in measured() {
                self.take(axes, point.index, &point.metrics);
            }
        }
        let all = cloud.candidates.len();
        let end = if whole {
            all
        } else {
            all.min(self.n_looked_at + SLICE)
        };
        for index in self.n_looked_at..end {
            let metrics = &cloud.candidates[index];
            if !self.measured.contains(&index) && (cloud.admits)(metrics) {
                self.take(axes, index, metrics);
            }
        }
        self.n_looked_at = end;
        end == all
    }

    /// Designs looked at.
    pub fn n_looked_at(&self) -> usize {
        self.n_looked_at
    }

    /// Adds a design that no member beats, and lets those go that it beats; of equal ones the first stays.
    fn take(&mut self, axes: [Metric; 2], index: usize, metrics: &Metrics) {
        let costs = axes.map(|metric| metric.cost(metrics.get(metric)));
        if !costs.iter().all(|cost| cost.is_finite()) {
            return;
        }
        let behind = self.steps.partition_point(|step| step.costs[0] <= costs[0]);
        if behind > 0 && self.steps[behind - 1].costs[1] <= costs[1] {
            return;
        }
        let start = self.steps.partition_point(|step| step.costs[0] < costs[0]);
        let beaten = self.steps[start..].partition_point(|step| step.costs[1] >= costs[1]);
        let step = Step { costs, index };
        self.steps.splice(start..start + beaten, [step]);
    }

    /// Places of the members in the cloud, from left to right.
    pub fn members(&self) -> impl Iterator<Item = usize> {
        let n = self.steps.len();
        let reversed = self.key.is_some_and(|(_, [x, _], _)| more_is_better(x));
        let place = move |at: usize| if reversed { n - 1 - at } else { at };
        (0..n).map(move |at| self.steps[place(at)].index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Designs whose figures lie on few values, so that ties are many; some are not known.
    fn candidates(n: u32) -> Vec<Metrics> {
        let mut state = 1_u32;
        let mut draw = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        let design = |_| {
            let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
            for metric in Metric::ALL {
                let drawn = draw();
                if drawn % 50 != 0 {
                    metrics.set(metric, f64::from(1 + drawn % 97));
                }
            }
            metrics
        };
        (0..n).map(design).collect()
    }

    fn cloud(candidates: &[Metrics]) -> Cloud<'_> {
        Cloud {
            generation: 1,
            candidates,
            objectives_front: &[],
            admits: &|_| true,
        }
    }

    #[test]
    fn it_is_the_exact_front_of_the_cloud_for_all_pairs_of_metrics() {
        let candidates = candidates(800);
        for x in Metric::ALL {
            for y in Metric::ALL {
                let mut front = AxesFront::default();
                assert!(front.update(cloud(&candidates), [x, y], true));
                let costs = |i: usize| [x, y].map(|metric| metric.cost(candidates[i].get(metric)));
                let known = |i: &usize| costs(*i).iter().all(|cost| cost.is_finite());
                let not_worse = |a: [f64; 2], b: [f64; 2]| a[0] <= b[0] && a[1] <= b[1];
                let beats = |i: usize, j: usize| {
                    let (a, b) = (costs(i), costs(j));
                    // Of equal ones the first stays.
                    not_worse(a, b) && (i < j || !not_worse(b, a))
                };
                let all: Vec<usize> = (0..candidates.len()).filter(known).collect();
                let unbeaten = all
                    .iter()
                    .filter(|&&i| !all.iter().any(|&j| j != i && beats(j, i)));
                let expected: HashSet<usize> = unbeaten.copied().collect();
                let members: Vec<usize> = front.members().collect();
                assert_eq!(members.iter().copied().collect::<HashSet<_>>(), expected);
                assert!(
                    members.is_sorted_by_key(|&i| candidates[i].get(x)),
                    "{x} {y}"
                );
            }
        }
    }

    #[test]
    fn it_is_the_same_however_the_cloud_grows() {
        let candidates = candidates(5000);
        let axes = [Metric::Area, Metric::Sqnr];
        let mut whole = AxesFront::default();
        whole.update(cloud(&candidates), axes, true);
        let mut grown = AxesFront::default();
        for n in [0, 1, 17, 2500, 5000] {
            grown.update(cloud(&candidates[..n]), axes, true);
        }
        assert!(whole.members().eq(grown.members()));
    }

    #[test]
    fn a_design_beyond_a_limit_is_no_member_and_a_measured_one_stands_by_its_measurement() {
        let candidates = candidates(300);
        let axes = [Metric::Area, Metric::Perplexity];
        let below = |metrics: &Metrics| metrics.get(Metric::Area) >= 40.0;
        let mut front = AxesFront::default();
        let limited = Cloud {
            admits: &below,
            ..cloud(&candidates)
        };
        front.update(limited, axes, true);
        assert!(front.members().count() > 1);
        assert!(
            front
                .members()
                .all(|i| candidates[i].get(Metric::Area) >= 40.0)
        );
        let second = front.members().nth(1).unwrap();
        let mut point = FrontPoint::new(second, candidates[second]);
        point.set_measured(1e6, 1e6);
        let points = [point];
        let measured = Cloud {
            objectives_front: &points,
            ..limited
        };
        front.update(measured, axes, true);
        assert!(
            front.members().all(|i| i != second),
            "another one beats it now"
        );
    }
}
