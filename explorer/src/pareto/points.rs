//! Objective vectors in one flat list, and the order of dominance.

use std::cmp::Ordering;

/// Most objectives a front can have.
pub const MAX_OBJECTIVES: usize = 5;

/// Points in objective space, all objectives minimized.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    n_objectives: usize,
    values: Vec<f64>,
}

impl Points {
    /// No points yet, with this many objectives: 1 to [`MAX_OBJECTIVES`], clamped to that range.
    pub fn new(n_objectives: usize) -> Self {
        Self {
            n_objectives: n_objectives.clamp(1, MAX_OBJECTIVES),
            values: Vec::new(),
        }
    }

    /// Points from rows, each with `n_objectives` values.
    pub fn from_rows<'rows>(
        n_objectives: usize,
        rows: impl IntoIterator<Item = &'rows [f64]>,
    ) -> Self {
        let mut points = Self::new(n_objectives);
        for row in rows {
            points.push(row);
        }
        points
    }

    /// Appends one point; values beyond the number of objectives are left out, absent ones are infinite.
    pub fn push(&mut self, values: &[f64]) {
        let value = |objective| values.get(objective).copied().unwrap_or(f64::INFINITY);
        self.values.extend((0..self.n_objectives).map(value));
    }

    /// Number of objectives.
    pub fn n_objectives(&self) -> usize {
        self.n_objectives
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.values.len() / self.n_objectives
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The point at this position.
    pub fn at(&self, position: usize) -> &[f64] {
        &self.values[position * self.n_objectives..][..self.n_objectives]
    }

    /// All points in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.n_objectives)
    }

    /// The points at these positions, in that order.
    #[must_use]
    pub fn select(&self, positions: &[usize]) -> Self {
        Self::from_rows(self.n_objectives, positions.iter().map(|&at| self.at(at)))
    }

    /// Smallest and largest value of each objective over the finite points.
    pub fn bounds(&self) -> Bounds {
        let mut bounds = Bounds {
            low: vec![f64::INFINITY; self.n_objectives],
            high: vec![f64::NEG_INFINITY; self.n_objectives],
        };
        for point in self.iter().filter(|point| is_finite(point)) {
            for (objective, &value) in point.iter().enumerate() {
                bounds.low[objective] = bounds.low[objective].min(value);
                bounds.high[objective] = bounds.high[objective].max(value);
            }
        }
        bounds
    }

    /// Positions of the finite points, sorted by their values, first objective first, then by position.
    pub(super) fn sorted(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len())
            .filter(|&position| is_finite(self.at(position)))
            .collect();
        order.sort_unstable_by(|&a, &b| compare(self.at(a), self.at(b)).then(a.cmp(&b)));
        order
    }
}

/// The box that holds a set of points.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    /// Smallest value of each objective (the ideal point); infinite without points.
    pub low: Vec<f64>,
    /// Largest value of each objective (of a front: the nadir point); minus infinite without points.
    pub high: Vec<f64>,
}

impl Bounds {
    /// A value of one objective as a share of the box, 0 at the low end; 0 where the box is flat.
    pub fn share(&self, objective: usize, value: f64) -> f64 {
        let span = self.high[objective] - self.low[objective];
        if span > 0.0 {
            (value - self.low[objective]) / span
        } else {
            0.0
        }
    }
}

/// Whether `a` is at least as small in every objective and smaller in one.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    let mut smaller = false;
    for (x, y) in a.iter().zip(b) {
        if x > y {
            return false;
        }
        smaller |= x < y;
    }
    smaller
}

/// Whether every objective is a finite number.
pub(super) fn is_finite(point: &[f64]) -> bool {
    point.iter().all(|value| value.is_finite())
}

/// Order by values, first objective first; -0.0 equals 0.0.
pub(super) fn compare(a: &[f64], b: &[f64]) -> Ordering {
    a.iter()
        .zip(b)
        .map(|(x, y)| x.partial_cmp(y).unwrap_or(Ordering::Equal))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
