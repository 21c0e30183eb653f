//! Which parameter matters: shares of variance over the whole space, and one axis at a time around the base design.

use blockscape_explorer::Sweep;
use blockscape_explorer::judge::sensitivity::{
    AxisEffect, VarianceShares, one_at_a_time, shares_of_all_metrics,
};
use blockscape_model::evaluation::Metric;
use serde_json::{Map, Value, json};

use crate::plots::written::digits;

/// What was found for every metric.
pub(super) struct Sensitivity {
    /// Sobol indices by metric; `None` where too few of the samples have it.
    shares: Vec<Option<VarianceShares>>,
    /// Design around which the effects were found.
    center: u64,
    effects: Vec<AxisEffect>,
}

/// Judges samples and neighbors on the current pool; `None` if the sweep's ticket was revoked.
pub(super) fn sensitivity(sweep: &Sweep, n_samples: usize) -> Option<Sensitivity> {
    let Sweep {
        space,
        evaluator,
        ticket,
        ..
    } = sweep;
    let center = space.nearest(space.base(), space.workload());
    Some(Sensitivity {
        shares: shares_of_all_metrics(space, n_samples, sweep.seed, evaluator, ticket)?,
        center,
        effects: one_at_a_time(space, center, evaluator, ticket)?,
    })
}

impl Sensitivity {
    /// Shares of variance by metric and axis.
    pub(super) fn shares_document(&self, sweep: &Sweep) -> Value {
        let by_metric = Metric::ALL.iter().zip(&self.shares);
        let by_metric = by_metric.filter_map(|(metric, shares)| {
            let shares = shares.as_ref()?;
            let axes = sweep.space.axes().iter().enumerate();
            let axes: Map<String, Value> = axes
                .map(|(at, axis)| {
                    let share = json!({ "first": shares.first[at], "total": shares.total[at] });
                    (axis.parameter.to_string(), share)
                })
                .collect();
            Some((metric.to_string(), Value::Object(axes)))
        });
        Value::Object(by_metric.collect())
    }

    /// Least and greatest value of each metric along each axis, the others at the base design's values.
    pub(super) fn effects_document(&self, sweep: &Sweep) -> Value {
        let by_metric = Metric::ALL.iter().filter_map(|metric| {
            let axes: Map<String, Value> = self
                .effects
                .iter()
                .filter_map(|effect| {
                    let axis = &sweep.space.axes()[effect.axis];
                    let values = &sweep.space.values()[effect.axis];
                    let [low, high] = effect.range(*metric)?.map(|(at, value)| {
                        json!({ "at": axis.parameter.value_to_text(values[at]), "value": value })
                    });
                    let range = json!({ "low": low, "high": high });
                    Some((axis.parameter.to_string(), range))
                })
                .collect();
            (!axes.is_empty()).then(|| (metric.to_string(), Value::Object(axes)))
        });
        json!({ "design": self.center, "metrics": by_metric.collect::<Map<_, _>>() })
    }

    /// Two lines an objective, the axis that matters most first.
    pub(super) fn lines(&self, sweep: &Sweep) -> Vec<String> {
        let objectives = sweep.goal.objectives().iter();
        objectives
            .flat_map(|objective| {
                let metric = objective.metric;
                [
                    self.shares_line(sweep, metric),
                    self.effects_line(sweep, metric),
                ]
            })
            .collect()
    }

    fn shares_line(&self, sweep: &Sweep, metric: Metric) -> String {
        let Some(shares) = &self.shares[metric.index()] else {
            return format!("{metric}: too few samples have it to tell what it depends on");
        };
        let axes = shares.total.iter().zip(sweep.space.axes());
        let axes = axes.map(|(&share, axis)| (share, axis.parameter.to_string()));
        let told = by_size(axes.collect(), |share| format!("{:.0} %", 100.0 * share));
        format!("{metric} depends on {told}")
    }

    fn effects_line(&self, sweep: &Sweep, metric: Metric) -> String {
        let unit = metric.description().unit;
        let axes = self.effects.iter().map(|effect| {
            let axis = &sweep.space.axes()[effect.axis];
            (effect.swing(metric), axis.parameter.to_string())
        });
        let told = by_size(axes.collect(), |swing| {
            format!("{} {unit}", digits(swing)).trim_end().to_owned()
        });
        format!("  around #{} it moves by {told}", self.center)
    }
}

/// Names with their numbers, the largest first.
fn by_size(mut named: Vec<(f64, String)>, text: impl Fn(f64) -> String) -> String {
    named.sort_by(|a, b| b.0.total_cmp(&a.0));
    let named = named.into_iter();
    let told: Vec<String> = named
        .map(|(number, name)| format!("{name} {}", text(number)))
        .collect();
    told.join(", ")
}
