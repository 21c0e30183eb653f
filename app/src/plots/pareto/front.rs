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
    /// Low and high values of its figures, where known.
    pub bands: Bands,
    /// How sure its place on the front is when all constants move within their ranges, 0 to 1; `None` until that is known.
    pub membership: Option<f64>,
}

impl FrontPoint {
    /// A point of which nothing but its figures is known.
    pub fn new(index: usize, metrics: Metrics) -> Self {
        Self {
            index,
            metrics,
            measured: false,
            bands: Bands::default(),
            membership: None,
        }
    }

    /// Takes a measured perplexity and its rise in percent; their bands go.
    pub fn set_measured(&mut self, perplexity: f64, rise: f64) {
        self.metrics.set(Metric::Perplexity, perplexity);
        self.metrics.set(Metric::DeltaPerplexity, rise);
        self.bands.set(Metric::Perplexity, None);
        self.bands.set(Metric::DeltaPerplexity, None);
        self.measured = true;
    }
}

/// Low and high value of each figure of one design, where the ranges of its constants say so.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bands([Option<(f64, f64)>; Metric::COUNT]);

impl Bands {
    /// Low and high value of a metric.
    pub fn get(&self, metric: Metric) -> Option<(f64, f64)> {
        self.0[metric.index()]
    }

    /// Replaces the band of a metric; one that is not finite counts as none.
    pub fn set(&mut self, metric: Metric, band: Option<(f64, f64)>) {
        self.0[metric.index()] =
            band.filter(|(low, high)| low.is_finite() && high.is_finite() && low <= high);
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
            FrontPoint::new(index, found)
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
    fn a_measured_point_has_no_band_of_its_perplexity_any_more() {
        let mut point = FrontPoint::new(0, Metrics::new([6.0; Metric::COUNT]));
        point.bands.set(Metric::Perplexity, Some((5.5, 7.0)));
        point.bands.set(Metric::Area, Some((5.0, 7.0)));
        point.bands.set(Metric::PrefillTime, Some((f64::NAN, 7.0)));
        point.set_measured(6.5, 8.0);
        assert_eq!(point.bands.get(Metric::Perplexity), None);
        assert_eq!(point.bands.get(Metric::Area), Some((5.0, 7.0)));
        assert_eq!(point.bands.get(Metric::PrefillTime), None);
        assert!(point.measured);
    }
}
