//! `blockscape evaluate`: cost and quality of one design, as the window shows them.

use std::collections::BTreeMap;

use blockscape_explorer::Judge;
use blockscape_model::design::Design;
use blockscape_model::evaluation::{Evaluation, Metric};
use blockscape_model::hardware::cost::{Cost, ElementPart, PhaseCost, Placement};
use blockscape_model::units::{Area, Energy};
use blockscape_model::workload::Workload;
use serde_json::{Value, json};

use crate::files::input;
use crate::files::output;
use crate::plots::written::{number_text, scaled};
use crate::session::words::{opening_words, sites_and_formats};

/// Arguments of `evaluate`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Path of a design (.ron) or name of a built-in one
    design: String,
    /// Name of a built-in model, or path of a workload or model shape (.ron)
    #[arg(long, default_value = "LLaMA-2-7B")]
    workload: String,
    /// Another technology than the design's, at its nominal supply: a built-in one, or the path of a node's file (.ron)
    #[arg(long, value_name = "NAME|FILE")]
    technology: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Evaluates and prints.
///
/// # Errors
/// An input that cannot be read, or a design that cannot be built.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut design = input::design(&arguments.design)?;
    input::retarget(&mut design, arguments.technology.as_deref())?;
    let workload = input::workload(&arguments.workload)?;
    let judge = Judge::for_model(&workload.model);
    let evaluation = judge
        .evaluation(&design, &workload)
        .map_err(|violations| input::refused(&design.name, &violations))?;
    if arguments.json {
        output::json(&document(&design, &workload, &evaluation))
    } else {
        output::text(&report(&design, &workload, &evaluation))
    }
}

fn document(design: &Design, workload: &Workload, evaluation: &Evaluation) -> Value {
    let cost = &evaluation.cost;
    let quality = &evaluation.quality;
    let metrics = evaluation.metrics();
    let metric = |metric: Metric| metrics.get(metric);
    let summary = &cost.summary;
    json!({
        "design": design.name,
        "workload": workload.model.name,
        "batch": workload.batch,
        "prefill_tokens": workload.prefill_tokens,
        "context_tokens": workload.context_tokens,
        "technology": design.technology,
        "formats": sites_and_formats(design)
            .map(|(sites, format)| json!({ "sites": sites, "format": format.to_string() }))
            .collect::<Vec<_>>(),
        "area_mm2": finite(metric(Metric::Area)),
        "luts": summary.luts,
        "prefill": {
            "seconds": metric(Metric::PrefillTime),
            "energy_j": metric(Metric::PrefillEnergy),
            "tops": metric(Metric::PrefillTops),
            "tops_per_watt": metric(Metric::TopsPerWatt),
            "tops_per_mm2": finite(metric(Metric::TopsPerMm2)),
            "bound_by": bound_by(&cost.prefill),
            "products": products(&cost.prefill),
        },
        "decode": {
            "tokens_per_second": metric(Metric::DecodeRate),
            "energy_per_token_j": summary.energy_per_token().to_joules(),
            "bound_by": bound_by(&cost.decode),
            "products": products(&cost.decode),
        },
        "timing": {
            "clock_mhz": summary.timing.clock_mhz,
            "fastest_mhz": summary.timing.fastest_mhz,
            "critical_path": summary.timing.critical_path,
            "critical_path_ps": summary.timing.critical.to_picoseconds(),
            "pipeline_stages": summary.timing.pipeline_stages,
            "interleaved_sums": summary.timing.interleaved_sums,
        },
        "power_w": metric(Metric::Power),
        "energy_delay_js": metric(Metric::EnergyDelay),
        "weight_bits": metric(Metric::WeightBits),
        "kv_bits": metric(Metric::KvBits),
        "sqnr_db": metric(Metric::Sqnr),
        "perplexity": finite(metric(Metric::Perplexity)),
        "perplexity_low": quality.perplexity.map(|interval| interval.low),
        "perplexity_high": quality.perplexity.map(|interval| interval.high),
        "reference_perplexity": quality.reference_perplexity,
        "delta_perplexity": finite(metric(Metric::DeltaPerplexity)).map(|percent| percent / 100.0),
        "quality_basis": quality.basis.name(),
        "breakdown": {
            "area_mm2": cost.area.parts().map(|(part, area)| (part.key().to_owned(), area.to_square_millimeters().into())).collect::<serde_json::Map<_, _>>(),
            "prefill_energy_j": energies(&cost.prefill),
            "decode_energy_j": energies(&cost.decode),
            "element_um2": element_parts(cost, |part| part.area.to_square_micrometers()),
            "element_fj_per_group": element_parts(cost, |part| part.energy.to_femtojoules()),
        },
        "band": {
            "area_mm2": cost.band.area.map(Area::to_square_millimeters),
            "prefill_energy_j": cost.band.prefill_energy.map(Energy::to_joules),
            "decode_energy_j": cost.band.decode_energy.map(Energy::to_joules),
        },
        "sources": cost.sources.iter().map(|note| json!({
            "name": note.name,
            "value": note.value,
            "low": note.low,
            "high": note.high,
            "source": note.source,
            "confidence": format!("{:?}", note.confidence).to_lowercase(),
        })).collect::<Vec<_>>(),
    })
}

/// A number JSON can hold: `null` for what is not known.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Areas of the element's parts by name; parts of the same name in several units count together.
/// A figure of each part of the processing element, parts of one name together.
fn element_parts(cost: &Cost, figure: fn(&ElementPart) -> f64) -> serde_json::Map<String, Value> {
    let mut parts: BTreeMap<&str, f64> = BTreeMap::new();
    for part in &cost.element {
        *parts.entry(&part.name).or_default() += figure(part);
    }
    parts
        .into_iter()
        .map(|(name, figure)| (name.to_owned(), figure.into()))
        .collect()
}

fn energies(phase: &PhaseCost) -> serde_json::Map<String, Value> {
    phase
        .summary
        .energy
        .parts()
        .map(|(component, energy)| (component.key().to_owned(), energy.to_joules().into()))
        .collect()
}

/// Shares of a phase's time by what sets its pace.
fn bound_by(phase: &PhaseCost) -> serde_json::Map<String, Value> {
    let shares = phase.bound_by().into_iter();
    shares
        .map(|(bottleneck, share)| (bottleneck.label().to_owned(), share.into()))
        .collect()
}

fn products(phase: &PhaseCost) -> Vec<Value> {
    phase
        .products
        .iter()
        .map(|product| {
            json!({
                "product": product.product.name(),
                "first_layer": product.first_layer,
                "layers": product.n_layers,
                "placement": match product.placement {
                    Placement::Array => "array",
                    Placement::FloatArray => "floating-point array",
                    Placement::VectorUnit => "vector unit",
                },
                "bound_by": product.bottleneck().label(),
                "macs_per_byte": finite(product.intensity()),
                "macs": product.macs.0,
                "seconds": product.time.to_seconds(),
                "energy_j": product.energy.total().to_joules(),
                "external_bits": product.external_bits,
            })
        })
        .collect()
}

fn report(design: &Design, workload: &Workload, evaluation: &Evaluation) -> String {
    let metrics = evaluation.metrics();
    let mut lines = vec![opening_words(design, workload)];
    for (sites, format) in sites_and_formats(design) {
        lines.push(format!("  {sites:<28}{format}"));
    }
    let basis = evaluation.quality.basis.name();
    for metric in Metric::ALL {
        let description = metric.description();
        let value = metrics.get(metric);
        let (factor, prefix) = scaled(value);
        let (number, unit) = match description.unit {
            "s" | "J" => (
                number_text(value / factor),
                format!("{prefix}{}", description.unit),
            ),
            unit => (number_text(value), unit.to_owned()),
        };
        let note = match metric {
            Metric::Perplexity | Metric::DeltaPerplexity | Metric::Sqnr => format!(" ({basis})"),
            _ => String::new(),
        };
        lines.push(format!(
            "{:<24}{number:>12} {unit}{note}",
            description.label
        ));
    }
    let timing = &evaluation.cost.summary.timing;
    lines.push(format!(
        "{:<24}{:>12} ps, {}",
        "Slowest path",
        number_text(timing.critical.to_picoseconds()),
        timing.critical_path,
    ));
    let cost = &evaluation.cost;
    for (name, phase) in [("Prefill", &cost.prefill), ("Decode", &cost.decode)] {
        let bounds = phase.bound_by().into_iter();
        let bounds: Vec<String> = bounds
            .map(|(bottleneck, share)| format!("{} {:.0} %", bottleneck.label(), share * 100.0))
            .collect();
        lines.push(format!("{name} bound by {}", bounds.join(", ")));
    }
    lines.join("\n")
}
