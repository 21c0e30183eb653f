//! A front as it is drawn: the points that no other beats on the two axes shown, and the line through them.

use blockscape_model::evaluation::{Direction, Metric, Metrics};

/// One non-dominated design.
#[derive(Debug, Clone, PartialEq)]
pub struct FrontPoint {
    /// Its place in the evaluated candidates.
    pub index: usize,
    /// What was found for it.
    pub metrics: Metrics,
    /// Whether its accuracy was measured rather than estimated.
    pub measured: bool,
    /// Low and high perplexity, where known.
    pub perplexity_band: Option<(f64, f64)>,
}

impl FrontPoint {
    /// Low and high value of a metric, where known; only accuracy carries a band.
    pub fn band(&self, metric: Metric) -> Option<(f64, f64)> {
        let (low, high) = self.perplexity_band?;
        match metric {
            Metric::Perplexity => Some((low, high)),
            Metric::DeltaPerplexity => {
                let rise = 1.0 + self.metrics.get(Metric::DeltaPerplexity) / 100.0;
                let reference = self.metrics.get(Metric::Perplexity) / rise;
                Some((
                    (low / reference - 1.0) * 100.0,
                    (high / reference - 1.0) * 100.0,
                ))
            }
            _ => None,
        }
    }
}

/// Whether larger values of a metric are better.
pub fn more_is_better(metric: Metric) -> bool {
    metric.description().direction == Direction::Maximize
}

/// Positions in `points` that no other point beats on both metrics, from left to right; ties keep the first.
pub fn visible_front(points: &[FrontPoint], x: Metric, y: Metric) -> Vec<usize> {
    let worth = |metric: Metric, i: usize| metric.cost(points[i].metrics.get(metric));
    let mut order: Vec<usize> = (0..points.len())
        .filter(|&i| worth(x, i).is_finite() && worth(y, i).is_finite())
        .collect();
    order.sort_by(|&a, &b| {
        worth(x, a)
            .total_cmp(&worth(x, b))
            .then(worth(y, a).total_cmp(&worth(y, b)))
            .then(a.cmp(&b))
    });
    let mut best = f64::INFINITY;
    order.retain(|&i| {
        let beats = worth(y, i) < best;
        best = best.min(worth(y, i));
        beats
    });
    if more_is_better(x) {
        order.reverse();
    }
    order
}

/// Corners of the staircase through points given from left to right: it follows the edge of what they dominate.
pub fn staircase(points: &[[f64; 2]], x_higher_is_better: bool) -> Vec<[f64; 2]> {
    let mut corners = Vec::with_capacity(points.len() * 2);
    for (i, &point) in points.iter().enumerate() {
        if let Some(&last) = i.checked_sub(1).and_then(|before| points.get(before)) {
            corners.push(if x_higher_is_better {
                [last[0], point[1]]
            } else {
                [point[0], last[1]]
            });
        }
        corners.push(point);
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(metrics: [Metric; 2], values: &[[f64; 2]]) -> Vec<FrontPoint> {
        let point = |(index, pair): (usize, &[f64; 2])| {
            let mut found = Metrics::new([f64::NAN; Metric::COUNT]);
            found.set(metrics[0], pair[0]);
            found.set(metrics[1], pair[1]);
            FrontPoint {
                index,
                metrics: found,
                measured: false,
                perplexity_band: None,
            }
        };
        values.iter().enumerate().map(point).collect()
    }

    #[test]
    fn no_point_of_the_visible_front_beats_another() {
        let values = [
            [3.0, 1.0],
            [1.0, 3.0],
            [2.0, 2.0],
            [2.5, 2.5],
            [1.0, 4.0],
            [f64::NAN, 0.0],
            [2.0, 2.0],
        ];
        let metrics = [Metric::Area, Metric::Perplexity];
        assert_eq!(
            visible_front(&points(metrics, &values), metrics[0], metrics[1]),
            [1, 2, 0]
        );
    }

    #[test]
    fn more_can_be_better_on_either_axis() {
        let values = [[1.0, 1.0], [2.0, 3.0], [3.0, 2.0], [1.5, 0.5]];
        let both = [Metric::DecodeRate, Metric::Sqnr];
        assert_eq!(
            visible_front(&points(both, &values), both[0], both[1]),
            [1, 2]
        );
        let one = [Metric::Area, Metric::Sqnr];
        assert_eq!(visible_front(&points(one, &values), one[0], one[1]), [0, 1]);
    }

    #[test]
    fn the_staircase_follows_what_the_front_dominates() {
        assert_eq!(
            staircase(&[[1.0, 5.0], [2.0, 3.0]], false),
            [[1.0, 5.0], [2.0, 5.0], [2.0, 3.0]]
        );
        assert_eq!(
            staircase(&[[1.0, 7.0], [2.0, 5.0]], true),
            [[1.0, 7.0], [1.0, 5.0], [2.0, 5.0]]
        );
    }

    #[test]
    fn the_band_of_the_perplexity_rise_is_relative_to_the_same_reference() {
        let mut found = Metrics::new([f64::NAN; Metric::COUNT]);
        found.set(Metric::Perplexity, 6.0);
        found.set(Metric::DeltaPerplexity, 20.0);
        let point = FrontPoint {
            index: 0,
            metrics: found,
            measured: false,
            perplexity_band: Some((5.5, 7.0)),
        };
        let (low, high) = point.band(Metric::DeltaPerplexity).unwrap();
        assert!(
            (low - 10.0).abs() < 1e-9 && (high - 40.0).abs() < 1e-9,
            "{low} {high}"
        );
        assert_eq!(point.band(Metric::Area), None);
    }
}
