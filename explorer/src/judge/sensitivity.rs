//! Which parameter matters: one axis at a time around a design, and shares of variance over a whole space.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "samples are counted and spread over short axes"
)]

use std::sync::Arc;

use blockscape_model::evaluation::{Metric, Metrics};

use crate::judge::evaluate::{Evaluate, evaluate_all};
use crate::random::Permutation;
use crate::space::DesignSpace;
use crate::space::lattice::Lattice;
use crate::ticket::Ticket;

/// What happens when one axis runs through its values and all others stay.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisEffect {
    /// Position of the axis in the space.
    pub axis: usize,
    /// Figures at each value of the axis, `None` where the design cannot be built.
    pub outcomes: Vec<Option<Metrics>>,
}

impl AxisEffect {
    /// Least and greatest value of a metric along the axis, with the positions where they stand.
    pub fn range(&self, metric: Metric) -> Option<[(usize, f64); 2]> {
        let values = self.outcomes.iter().enumerate();
        let mut known = values.filter_map(|(at, metrics)| {
            let value = metrics.as_ref()?.get(metric);
            value.is_finite().then_some((at, value))
        });
        let first = known.next()?;
        Some(known.fold([first, first], |[low, high], next| {
            [
                if next.1 < low.1 { next } else { low },
                if next.1 > high.1 { next } else { high },
            ]
        }))
    }

    /// Greatest minus least value of a metric along the axis; 0 where nothing is known.
    pub fn swing(&self, metric: Metric) -> f64 {
        self.range(metric)
            .map_or(0.0, |[(_, low), (_, high)]| high - low)
    }
}

/// Effects of all axes around one design: a tornado diagram once sorted by [`AxisEffect::swing`].
///
/// Runs on the current rayon pool; `None` if the ticket went stale on the way.
pub fn one_at_a_time(
    space: &DesignSpace,
    center: u64,
    evaluator: &Arc<dyn Evaluate>,
    ticket: &Ticket,
) -> Option<Vec<AxisEffect>> {
    let lattice = space.lattice();
    let mut genome = lattice.genome(center.min(lattice.size() - 1));
    let mut indexes = Vec::new();
    for (at, axis) in lattice.axes().iter().enumerate() {
        let here = genome[at];
        for gene in 0..axis.len {
            genome[at] = gene;
            indexes.push(lattice.index(&genome));
        }
        genome[at] = here;
    }
    let mut outcomes = evaluate_all(space, evaluator, &indexes, ticket)?.into_iter();
    let effect = |(axis, shape): (usize, &crate::space::lattice::AxisShape)| AxisEffect {
        axis,
        outcomes: outcomes.by_ref().take(shape.len.into()).collect(),
    };
    Some(lattice.axes().iter().enumerate().map(effect).collect())
}

/// Shares of a metric's variance over a space.
#[derive(Debug, Clone, PartialEq)]
pub struct VarianceShares {
    /// Share that each axis explains alone (first-order Sobol index), near 0 to 1.
    pub first: Vec<f64>,
    /// Share that vanishes when the axis is known last: alone and together with others (total Sobol index).
    pub total: Vec<f64>,
    /// Variance of the metric over the samples.
    pub variance: f64,
    /// Samples of which all designs could be built.
    pub n_samples: usize,
}

/// Designs that [`variance_designs`] asks for, for this many axes and samples.
fn n_variance_designs(n_axes: usize, n_samples: usize) -> usize {
    n_samples * (n_axes + 2)
}

/// Numbers of the designs to judge for [`variance_shares`]: two samples and, for each axis, the first with that axis
/// taken from the second (Saltelli et al., Computer Physics Communications 181, 2010).
fn variance_designs(lattice: &Lattice, n_samples: usize, seed: u64) -> Vec<u64> {
    let n_axes = lattice.axes().len();
    let mut designs = Vec::with_capacity(n_variance_designs(n_axes, n_samples));
    for sample in 0..n_samples as u64 {
        let [first, second] =
            [0, 1].map(|which| stratified(lattice, n_samples as u64, sample, seed ^ (which << 48)));
        designs.push(lattice.index(&first));
        designs.push(lattice.index(&second));
        for axis in 0..n_axes {
            let mut mixed = first.clone();
            mixed[axis] = second[axis];
            designs.push(lattice.index(&mixed));
        }
    }
    designs
}

/// One of `n_samples` samples that visit each axis evenly.
fn stratified(lattice: &Lattice, n_samples: u64, sample: u64, seed: u64) -> Vec<u16> {
    let position = |(at, axis): (usize, &crate::space::lattice::AxisShape)| {
        let stream = Permutation::new(n_samples, seed.wrapping_add((at as u64) << 32));
        let middle = 2 * u128::from(stream.image(sample)) + 1;
        (middle * u128::from(axis.len) / (2 * u128::from(n_samples))) as u16
    };
    lattice.axes().iter().enumerate().map(position).collect()
}

/// Shares of variance from values at the designs of [`variance_designs`], in their order.
///
/// First-order shares after Saltelli et al. (2010), total shares after Jansen (Computer Physics Communications 117,
/// 1999). Samples with an unknown value are left out; `None` if fewer than two are left. Where the value never changes,
/// all shares are 0.
fn variance_shares(n_axes: usize, values: &[Option<f64>]) -> Option<VarianceShares> {
    let whole = |row: &[Option<f64>]| -> Option<Vec<f64>> {
        let row: Option<Vec<f64>> = row.iter().copied().collect();
        row.filter(|row| row.iter().all(|value| value.is_finite()))
    };
    let rows: Vec<Vec<f64>> = values.chunks_exact(n_axes + 2).filter_map(whole).collect();
    let n = rows.len();
    if n < 2 {
        return None;
    }
    let count = 2.0 * n as f64;
    let mean = rows.iter().map(|row| row[0] + row[1]).sum::<f64>() / count;
    let square = |value: f64| (value - mean).powi(2);
    let sum: f64 = rows.iter().map(|row| square(row[0]) + square(row[1])).sum();
    let variance = sum / count;
    let share = |term: &dyn Fn(&[f64]) -> f64| {
        if variance > 0.0 {
            rows.iter().map(|row| term(row)).sum::<f64>() / n as f64 / variance
        } else {
            0.0
        }
    };
    let first = |axis: usize| share(&|row| (row[1] - mean) * (row[axis + 2] - row[0]));
    let total = |axis: usize| share(&|row| 0.5 * (row[0] - row[axis + 2]).powi(2));
    Some(VarianceShares {
        first: (0..n_axes).map(first).collect(),
        total: (0..n_axes).map(total).collect(),
        variance,
        n_samples: n,
    })
}

/// Shares of variance of every metric over a space, in the order of [`Metric::ALL`].
///
/// Judges `n_samples * (axes + 2)` designs on the current rayon pool. The outer `None`: the ticket went stale; an inner
/// one: too few samples have this metric.
pub fn shares_of_all_metrics(
    space: &DesignSpace,
    n_samples: usize,
    seed: u64,
    evaluator: &Arc<dyn Evaluate>,
    ticket: &Ticket,
) -> Option<Vec<Option<VarianceShares>>> {
    let designs = variance_designs(space.lattice(), n_samples, seed);
    let outcomes = evaluate_all(space, evaluator, &designs, ticket)?;
    let shares = |metric: Metric| {
        let values: Vec<Option<f64>> = outcomes
            .iter()
            .map(|metrics| Some(metrics.as_ref()?.get(metric)))
            .collect();
        variance_shares(space.axes().len(), &values)
    };
    Some(Metric::ALL.map(shares).to_vec())
}

#[cfg(test)]
mod tests {
    use super::{variance_designs, variance_shares};
    use crate::space::lattice::{AxisShape, Lattice};

    /// Ishigami's function, whose indices are known: a standard test (Ishigami and Homma, 1990), a = 7, b = 0.1.
    fn ishigami(genome: &[u16], len: u16) -> f64 {
        let x = |at: usize| {
            let share = (f64::from(genome[at]) + 0.5) / f64::from(len);
            std::f64::consts::PI * (2.0 * share - 1.0)
        };
        x(0).sin() + 7.0 * x(1).sin().powi(2) + 0.1 * x(2).powi(4) * x(0).sin()
    }

    #[test]
    fn shares_of_a_known_function_are_found() {
        let len = 500;
        let shape = AxisShape { len, ordered: true };
        let lattice = Lattice::new(vec![shape; 4]).expect("a lattice");
        let values: Vec<Option<f64>> = variance_designs(&lattice, 16_384, 1)
            .into_iter()
            .map(|index| Some(ishigami(&lattice.genome(index), len)))
            .collect();
        let shares = variance_shares(4, &values).expect("shares");
        let check = |found: &[f64], known: [f64; 4]| {
            for (found, known) in found.iter().zip(known) {
                assert!((found - known).abs() < 0.02, "{found} instead of {known}");
            }
        };
        check(&shares.first, [0.3139, 0.4424, 0.0, 0.0]);
        check(&shares.total, [0.5576, 0.4424, 0.2437, 0.0]);
        assert!((shares.variance - 13.8446).abs() < 0.2);
    }

    #[test]
    fn samples_with_unknown_values_are_left_out() {
        let rows = [[1.0, 2.0, 2.0], [4.0, 1.0, 1.0], [f64::NAN, 3.0, 3.0]];
        let mut values: Vec<Option<f64>> =
            rows.iter().flatten().map(|&value| Some(value)).collect();
        let shares = variance_shares(1, &values).expect("shares");
        assert_eq!(shares.n_samples, 2);
        values[1] = None;
        assert!(
            variance_shares(1, &values).is_none(),
            "one sample is not enough"
        );
    }
}
