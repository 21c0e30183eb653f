//! One step down and one up of every parameter: what the tornado shows, for any metric.

use blockscape_explorer::{Evaluate as _, Judge};
use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::parameter::{Parameter, Value};
use blockscape_model::workload::Workload;

use crate::plots::sensitivity::TornadoRow;
use crate::session::axis_choice::axis_parameters;
use crate::session::ranges::slider_range;
use blockscape_explorer::Ticket;

/// A parameter and its two neighbors; metrics are `None` where the neighbor cannot be built or does not exist.
#[derive(Debug, Clone)]
pub struct Step {
    pub parameter: Parameter,
    label: String,
    low: (String, Option<Metrics>),
    high: (String, Option<Metrics>),
}

impl Step {
    /// The row of a tornado that follows one metric.
    pub fn row(&self, metric: Metric) -> TornadoRow {
        let value =
            |metrics: Option<Metrics>| metrics.map_or(f64::NAN, |metrics| metrics.get(metric));
        TornadoRow {
            name: self.label.clone(),
            low: (self.low.0.clone(), value(self.low.1)),
            high: (self.high.0.clone(), value(self.high.1)),
        }
    }
}

/// Steps of every numeric parameter; `None` once a newer question waits.
pub(super) fn steps(
    judge: &Judge,
    design: &Design,
    workload: &Workload,
    ticket: &Ticket,
) -> Option<Vec<Step>> {
    let mut session = judge.session();
    let mut steps = Vec::new();
    for parameter in axis_parameters() {
        if ticket.is_stale() {
            return None;
        }
        let Some(value) = parameter.get(design, workload).and_then(Value::number) else {
            continue;
        };
        let description = parameter.description();
        let range = slider_range(parameter);
        let mut neighbor = |n_steps: i32| {
            let stepped = range.stepped(value, n_steps);
            let text = format!("{stepped} {}", description.unit)
                .trim_end()
                .to_owned();
            let (mut design, mut workload) = (design.clone(), workload.clone());
            let is_new = (stepped - value).abs() > 0.0;
            let set = is_new
                && parameter
                    .set(&mut design, &mut workload, Value::Number(stepped))
                    .is_ok();
            let metrics = set
                .then(|| session.metrics(&design, &workload).ok())
                .flatten();
            (text, metrics)
        };
        let (low, high) = (neighbor(-1), neighbor(1));
        steps.push(Step {
            parameter,
            label: description.label,
            low,
            high,
        });
    }
    Some(steps)
}
