//! Objectives and limits of one design as a strategy sees them.

use super::MAX_OBJECTIVES;

/// How good a design is, as a strategy sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Objectives to minimize; entries beyond their number are 0.
    pub objectives: [f64; MAX_OBJECTIVES],
    /// 0 if the design keeps all limits, else by how much it breaks them; infinite if it cannot be built.
    pub violation: f64,
}

impl Score {
    /// Score of a design that keeps all limits.
    pub fn feasible(values: &[f64]) -> Self {
        let mut objectives = [0.0; MAX_OBJECTIVES];
        for (slot, &value) in objectives.iter_mut().zip(values) {
            *slot = value;
        }
        Self {
            objectives,
            violation: 0.0,
        }
    }

    /// Score of a design that cannot be built.
    pub const IMPOSSIBLE: Self = Self {
        objectives: [f64::INFINITY; MAX_OBJECTIVES],
        violation: f64::INFINITY,
    };

    /// Whether the design keeps all limits and each of the first `n_objectives` is a finite number.
    pub fn is_feasible(&self, n_objectives: usize) -> bool {
        self.violation <= 0.0
            && self.objectives[..n_objectives]
                .iter()
                .all(|value| value.is_finite())
    }
}
