//! The design that comes nearest to the limits where none keeps them all.

use blockscape_explorer::{Constraint, Goal};
use blockscape_model::evaluation::{Direction, Metric, Metrics};

use crate::plots::axis::{significant, written_unit};
use crate::session::ExplorationSettings;

/// A design that breaks the limits least.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// Its place among the candidates.
    pub candidate: usize,
    /// The limits that it breaks, with its values.
    pub text: String,
}

impl Nearest {
    /// Of these designs; `None` where one keeps all limits or none can be judged.
    pub fn of(settings: &ExplorationSettings, candidates: &[Metrics]) -> Option<Self> {
        let (objectives, constraints) = (settings.objectives.clone(), settings.constraints.clone());
        let goal = Goal::new(objectives, constraints).ok()?;
        let violations = candidates
            .iter()
            .map(|metrics| goal.score(Some(metrics)).violation);
        let known = violations
            .enumerate()
            .filter(|(_, violation)| violation.is_finite());
        let (candidate, violation) = known.min_by(|a, b| a.1.total_cmp(&b.1))?;
        if violation <= 0.0 {
            return None;
        }
        let metrics = &candidates[candidate];
        let broken: Vec<String> = limits(settings)
            .filter(|(metric, is_most, limit)| {
                let value = metrics.get(*metric);
                if *is_most {
                    value > *limit
                } else {
                    value < *limit
                }
            })
            .map(|(metric, is_most, limit)| {
                let description = metric.description();
                let sign = if is_most { '≤' } else { '≥' };
                let [limit, value] =
                    [limit, metrics.get(metric)].map(|value| significant(value, 4));
                let (label, unit) = (description.label, written_unit(description.unit));
                let text = format!("{label} {sign} {limit} {unit}");
                format!("{}: the nearest has {value}", text.trim_end())
            })
            .collect();
        (!broken.is_empty()).then(|| Self {
            candidate,
            text: format!("No design meets {}", broken.join(", ")),
        })
    }
}

/// Limits of objectives and conditions on metrics: metric, whether it is the most, value.
fn limits(settings: &ExplorationSettings) -> impl Iterator<Item = (Metric, bool, f64)> {
    let objectives = settings.objectives.iter().filter_map(|objective| {
        let is_most = objective.metric.description().direction == Direction::Minimize;
        Some((objective.metric, is_most, objective.limit?))
    });
    let constraints = settings
        .constraints
        .iter()
        .filter_map(|constraint| match *constraint {
            Constraint::AtMost(metric, limit) => Some((metric, true, limit)),
            Constraint::AtLeast(metric, limit) => Some((metric, false, limit)),
            Constraint::NotAbove(..) => None,
        });
    objectives.chain(constraints)
}

#[cfg(test)]
mod tests {
    use blockscape_explorer::Objective;

    use super::*;

    #[test]
    fn the_nearest_design_is_named_with_the_limit_it_breaks() {
        let design = |bits: f64, area: f64| {
            let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
            metrics.set(Metric::WeightBits, bits);
            metrics.set(Metric::Area, area);
            metrics
        };
        let candidates = [design(8.0, 1.0), design(5.25, 2.0), design(6.0, 0.5)];
        let limited = |limit: Option<f64>| ExplorationSettings {
            objectives: vec![
                Objective {
                    metric: Metric::WeightBits,
                    limit,
                },
                Objective::new(Metric::Area),
            ],
            ..ExplorationSettings::default()
        };
        let nearest = Nearest::of(&limited(Some(4.5)), &candidates).unwrap();
        assert_eq!(nearest.candidate, 1);
        assert!(nearest.text.contains("≤ 4.5"), "{}", nearest.text);
        assert!(
            nearest.text.ends_with("the nearest has 5.250"),
            "{}",
            nearest.text
        );
        assert_eq!(Nearest::of(&limited(Some(5.5)), &candidates), None);
        assert_eq!(Nearest::of(&limited(None), &candidates), None);
    }
}
