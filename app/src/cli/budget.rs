//! `blockscape budget`: the best formats of single layers under a limit on bits, energy, time or area.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use blockscape_explorer::Judge;
use blockscape_explorer::engine::worker_pool;
use blockscape_explorer::judge::evaluate::Evaluate;
use blockscape_explorer::search::budget::{LINEAR_WEIGHTS, LayerBudget, LayerPlan};
use blockscape_explorer::sweep::store::Output;
use blockscape_model::evaluation::Metric;
use blockscape_model::format::Format;
use blockscape_model::preset;
use blockscape_model::workload::SlotGroup;
use serde_json::{Map, Value, json};

use super::replacing::Replacing;
use crate::files::input;
use crate::files::output;
use crate::files::preset_library::is_own_design;

/// Arguments of `budget`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Path of a design (.ron) or name of a built-in one
    design: String,
    /// Name of a built-in model, or path of a workload or model shape (.ron)
    #[arg(long, default_value = "LLaMA-2-7B")]
    workload: String,
    /// What is limited and the worst value allowed, such as `weight_bits=3.5` or `prefill_energy_j=7`
    #[arg(long, value_name = "METRIC=VALUE")]
    limit: String,
    /// What to lose least of
    #[arg(long, default_value = "sqnr_db")]
    loss: String,
    /// Sites of each layer that choose on their own; may be given several times
    #[arg(long = "site", value_name = "SITES", default_values_t = LINEAR_WEIGHTS.map(str::to_owned))]
    sites: Vec<String>,
    /// Formats to choose from; may be given several times
    #[arg(long = "format", value_name = "FORMAT", default_values_t = FORMATS.map(str::to_owned))]
    formats: Vec<String>,
    /// Write the design that was found as a preset
    #[arg(short, long, value_name = "OUT.ron")]
    output: Option<PathBuf>,
    #[command(flatten)]
    replacing: Replacing,
    /// Worker threads; all cores but one, yet two at least, if not given
    #[arg(long, default_value_t = 0, value_parser = input::threads)]
    threads: usize,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Block formats from two to eight bits.
const FORMATS: [&str; 7] = [
    "int:w=2,g=128",
    "int:w=3,g=128",
    "int:w=4,g=128",
    "int:w=5,g=128",
    "int:w=6,g=128",
    "int:w=7,g=128",
    "int:w=8,g=128",
];

/// Finds the formats and prints what they bring.
///
/// # Errors
/// An input that cannot be read, or a limit that nothing keeps.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let place = place(arguments)?;
    let design = Arc::new(input::design(&arguments.design)?);
    let workload = Arc::new(input::workload(&arguments.workload)?);
    let (cost, limit) = limit(&arguments.limit)?;
    let loss: Metric = arguments.loss.parse()?;
    if loss == cost {
        bail!("--loss and --limit are both {loss}; two different metrics are needed");
    }
    let formats = arguments
        .formats
        .iter()
        .map(|text| text.parse::<Format>())
        .collect::<Result<Vec<_>, _>>()?;
    let groups = arguments
        .sites
        .iter()
        .map(|text| Ok((text.parse::<SlotGroup>()?, formats.clone())))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let sites = LayerBudget::all_layers(workload.model.n_layers, &groups);
    let n_sites = sites.len();
    let evaluator: Arc<dyn Evaluate> = Arc::new(Judge::for_model(&workload.model));
    let pool = worker_pool(arguments.threads)?;
    let started = Instant::now();
    let prepared =
        pool.install(|| LayerBudget::prepare(&design, &workload, sites, (loss, cost), &evaluator));
    let prepared = prepared.with_context(|| {
        format!(
            "{}: cannot be built, or {loss} or {cost} is not known for it",
            design.name
        )
    })?;
    let prepared_in = started.elapsed();
    let asked = Instant::now();
    let plan = prepared.plan(limit, &evaluator);
    let answered_in = asked.elapsed();
    let plan = plan.with_context(|| format!("no choice of these formats keeps {cost} {limit}"))?;
    if let Some(place) = place {
        let mut file = place.create()?;
        let text = preset::to_ron(&plan.design)?;
        let written = file.write_all(text.as_bytes());
        written.map_err(|reason| file.explain(reason))?;
        file.commit()?;
    }
    if arguments.json {
        output::json(&json!({
            "design": design.name,
            "workload": workload.model.name,
            "sites": n_sites,
            "formats": rules(&plan),
            "metrics": figures(&plan),
            "gap": plan.gap,
            "prepare_seconds": prepared_in.as_secs_f64(),
            "answer_seconds": answered_in.as_secs_f64(),
        }))
    } else {
        let rules: Vec<String> = plan
            .design
            .formats
            .rules()
            .iter()
            .map(|rule| format!("  {}  {}", rule.pattern, rule.format))
            .collect();
        let value = |metric: Metric| format!("{metric} {:.4}", plan.metrics.get(metric));
        output::text(&format!(
            "{}: {n_sites} sites, {}, {} (at most {limit})\n{}",
            design.name,
            value(loss),
            value(cost),
            rules.join("\n")
        ))
    }
}

/// Where the design goes, if it is to be written.
fn place(arguments: &Arguments) -> anyhow::Result<Option<Output>> {
    let inputs = [Path::new(&arguments.design), Path::new(&arguments.workload)];
    let check = |path: &PathBuf| {
        let place = Output::new(path, "a design as the program writes it", is_own_design);
        arguments.replacing.check(place, &inputs)
    };
    arguments.output.as_ref().map(check).transpose()
}

/// A metric and a number.
fn limit(text: &str) -> anyhow::Result<(Metric, f64)> {
    let (metric, value) = text
        .split_once('=')
        .with_context(|| format!("--limit is \"{text}\"; METRIC=VALUE is needed"))?;
    let value: f64 = value
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
        .with_context(|| format!("--limit has \"{value}\"; a number is needed"))?;
    Ok((metric.parse()?, value))
}

fn rules(plan: &LayerPlan) -> Vec<Value> {
    let rules = plan.design.formats.rules();
    let rule = |rule: &blockscape_model::design::FormatRule| json!({ "sites": rule.pattern.to_string(), "format": rule.format.to_string() });
    rules.iter().map(rule).collect()
}

fn figures(plan: &LayerPlan) -> Map<String, Value> {
    let figure = |metric: &Metric| (metric.to_string(), json!(plan.metrics.get(*metric)));
    Metric::ALL.iter().map(figure).collect()
}
