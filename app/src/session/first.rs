//! The session of a first run.

use blockscape_explorer::{Axis, Objective, Spread};
use blockscape_model::evaluation::Metric;
use blockscape_model::parameter::Parameter;
use blockscape_model::preset;
use blockscape_model::workload::Workload;

use crate::plots::Scale;
use crate::session::Session;

/// The session of a first run: Anda on Llama-2-7B.
///
/// # Panics
/// If a built-in preset of these names is missing, which a test rules out.
pub fn first_session() -> Session {
    let design = preset::design("Anda").expect("a test finds the built-in design");
    let model = preset::model("LLaMA-2-7B").expect("a test finds the built-in model");
    let mut session = Session::new(design, Workload::single_sequence(model));
    session.exploration.objectives = vec![
        Objective::new(Metric::Perplexity),
        Objective::new(Metric::PrefillEnergy),
    ];
    session.pareto.x = Metric::PrefillEnergy;
    session.pareto.x_scale = Scale::Linear;
    session.exploration.axes = FIRST_AXES
        .iter()
        .filter_map(|text| first_axis(text))
        .collect();
    // Activation widths move the prefill phase; a decode step waits for weights.
    session.exploration.objectives = vec![
        Objective::new(Metric::Perplexity),
        Objective::new(Metric::PrefillEnergy),
    ];
    session.pareto.x = Metric::PrefillEnergy;
    session
}

/// Mantissa bits of Anda's four modules and the width of the array: 9,604 designs.
const FIRST_AXES: [&str; 5] = [
    "mantissa_bits qkv.activation",
    "mantissa_bits o.activation",
    "mantissa_bits gate_up.activation",
    "mantissa_bits down.activation",
    "columns",
];

fn first_axis(parameter: &str) -> Option<Axis> {
    let parameter: Parameter = parameter.parse().ok()?;
    let values = match parameter {
        Parameter::Columns => Spread::Log {
            from: 8.0,
            to: 64.0,
            factor: 2.0,
        },
        _ => Spread::Range {
            from: 4.0,
            to: 10.0,
            step: 1.0,
        },
    };
    Some(Axis { parameter, values })
}
