//! Fewer points for a display that cannot show them all.
#![expect(
    clippy::cast_possible_truncation,
    reason = "a share of the range times at most a million boxes"
)]

use std::collections::BTreeMap;

use super::points::{Points, compare, is_finite};

/// Positions of a subset that stands for all points, in increasing order.
///
/// Each objective's range is cut into steps of `epsilon`, a share of the range; of each occupied box the point nearest
/// to the box's low corner stays. Every point left out has a kept one within `epsilon` in every objective. The least
/// and greatest point of each objective stay. An `epsilon` of 0 or below only drops copies of equal points; steps
/// finer than a millionth count as a millionth.
pub fn thin(points: &Points, epsilon: f64) -> Vec<usize> {
    if epsilon.is_nan() || epsilon <= 0.0 {
        return distinct(points);
    }
    let epsilon = epsilon.max(1e-6);
    let bounds = points.bounds();
    let mut kept: BTreeMap<Vec<i64>, (f64, usize)> = BTreeMap::new();
    for position in points.sorted() {
        let mut corner = Vec::with_capacity(points.n_objectives());
        let mut distance = 0.0;
        for (objective, &value) in points.at(position).iter().enumerate() {
            let steps = bounds.share(objective, value) / epsilon;
            corner.push(steps.floor() as i64);
            distance += steps - steps.floor();
        }
        let best = kept.entry(corner).or_insert((distance, position));
        if distance < best.0 {
            *best = (distance, position);
        }
    }
    let mut positions: Vec<usize> = kept.into_values().map(|(_, position)| position).collect();
    positions.extend(ends(points));
    positions.sort_unstable();
    positions.dedup();
    positions
}

/// One position, the lowest, for each distinct finite point.
fn distinct(points: &Points) -> Vec<usize> {
    let mut order = points.sorted();
    order.dedup_by(|later, first| compare(points.at(*later), points.at(*first)).is_eq());
    order.sort_unstable();
    order
}

/// Positions of the least and the greatest point of each objective.
fn ends(points: &Points) -> Vec<usize> {
    let finite = || (0..points.len()).filter(|&at| is_finite(points.at(at)));
    let mut ends = Vec::new();
    for objective in 0..points.n_objectives() {
        let order = |&a: &usize, &b: &usize| {
            let (first, second) = (points.at(a), points.at(b));
            first[objective]
                .total_cmp(&second[objective])
                .then_with(|| compare(first, second))
                .then(b.cmp(&a))
        };
        ends.extend(finite().min_by(order));
        ends.extend(finite().max_by(order));
    }
    ends
}
