//! The knee: the member of a front where giving up a little of one objective no longer buys much of another.

use super::points::{Points, compare, is_finite};

/// Position of the knee among the points of a front, or `None` without a finite point.
///
/// The member farthest below the plane through the ends of the front, each objective scaled to the front's range
/// (Das, "On characterizing the knee of the Pareto curve", 1999; for two objectives the distance to the chord).
/// Ties go to the smaller objective values, first objective first, then to the earlier position.
pub fn knee(points: &Points) -> Option<usize> {
    let bounds = points.bounds();
    let height = |at: usize| -> f64 {
        let shares = points.at(at).iter().enumerate();
        shares
            .map(|(objective, &value)| bounds.share(objective, value))
            .sum()
    };
    (0..points.len())
        .filter(|&at| is_finite(points.at(at)))
        .min_by(|&a, &b| {
            height(a)
                .total_cmp(&height(b))
                .then_with(|| compare(points.at(a), points.at(b)))
                .then(a.cmp(&b))
        })
}
