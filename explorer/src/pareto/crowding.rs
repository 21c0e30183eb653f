//! Crowding distance: how far a point's neighbors on its front are.
#![expect(
    clippy::cast_precision_loss,
    reason = "a number of objectives becomes a divisor"
)]

use super::points::{Points, compare};

/// Crowding distance of each point, meant for the points of one layer.
///
/// Mean over the objectives of the gap between both neighbors, as a share of the objective's range; infinite at the
/// ends (Deb, Pratap, Agarwal and Meyarivan, IEEE TEVC 6(2), 2002). Of equal points the first keeps the distance and
/// the others get 0, so that copies give way; broken points get 0.
pub fn crowding_distances(points: &Points) -> Vec<f64> {
    let mut distance = vec![0.0; points.len()];
    let mut distinct = points.sorted();
    distinct.dedup_by(|later, first| compare(points.at(*later), points.at(*first)).is_eq());
    if distinct.len() <= 2 {
        for position in distinct {
            distance[position] = f64::INFINITY;
        }
        return distance;
    }
    for objective in 0..points.n_objectives() {
        add_gaps(points, &mut distinct, objective, &mut distance);
    }
    let n_objectives = points.n_objectives() as f64;
    for value in &mut distance {
        *value /= n_objectives;
    }
    distance
}

/// Adds the share of one objective to the distances.
fn add_gaps(points: &Points, order: &mut [usize], objective: usize, distance: &mut [f64]) {
    order.sort_unstable_by(|&a, &b| {
        let (a, b) = (points.at(a), points.at(b));
        a[objective]
            .total_cmp(&b[objective])
            .then_with(|| compare(a, b))
    });
    let value = |at: usize| points.at(order[at])[objective];
    let last = order.len() - 1;
    let range = value(last) - value(0);
    distance[order[0]] = f64::INFINITY;
    distance[order[last]] = f64::INFINITY;
    if range > 0.0 {
        for at in 1..last {
            distance[order[at]] += (value(at + 1) - value(at - 1)) / range;
        }
    }
}
