//! What a sweep found, as JSON and as text.
#![expect(
    clippy::cast_precision_loss,
    reason = "counts of designs become a rate"
)]

use std::fmt::Write as _;
use std::path::Path;

use blockscape_explorer::pareto::{Points, knee};
use blockscape_explorer::uncertainty::Certainty;
use blockscape_explorer::{SpacePreset, Sweep};
use blockscape_model::evaluation::{Metric, Metrics};
use serde_json::{Map, Value, json};

use super::Findings;
use super::progress::rate_text;

/// Front members that the text shows.
const SHOWN: usize = 12;

pub(super) fn document(
    preset: &SpacePreset,
    sweep: &Sweep,
    findings: &Findings,
    output: &Path,
) -> Value {
    let summary = &findings.summary;
    let seconds = summary.elapsed.as_secs_f64();
    let objectives: Vec<Value> = sweep
        .goal
        .objectives()
        .iter()
        .map(
            |objective| json!({ "metric": objective.metric.to_string(), "limit": objective.limit }),
        )
        .collect();
    let mut document = json!({
        "space": preset.name,
        "designs": sweep.space.size(),
        "search": sweep.search.name(),
        "seed": sweep.seed,
        "evaluated": summary.n_tried,
        "impossible": summary.n_impossible,
        "resumed": summary.n_resumed,
        "seconds": seconds,
        "points_per_second": rate(findings),
        "objectives": objectives,
        "front_size": summary.front.len(),
        "hypervolume": summary.hypervolume,
        "reference": summary.reference,
        "chosen": summary.chosen.map(|(index, _)| index),
        "knee": knee_of(sweep, findings).map(|place| summary.front[place].0),
        "front": front(sweep, findings),
        "output": output.display().to_string(),
    });
    if let Some(certainty) = &summary.certainty {
        document["uncertainty"] = json!({
            "samples": certainty.n_samples,
            "judged": certainty.n_judged,
            "left_out": certainty.n_left_out,
            "rivals": certainty
                .designs
                .iter()
                .filter(|design| !design.is_member)
                .map(|design| json!({ "design": design.index, "probability": design.probability }))
                .collect::<Vec<_>>(),
        });
    }
    if let Some((shard, n_shards)) = sweep.shard {
        document["shard"] = json!({ "part": shard, "of": n_shards });
    }
    if let Some(sensitivity) = &findings.sensitivity {
        document["sensitivity"] = sensitivity.shares_document(sweep);
        document["one_at_a_time"] = sensitivity.effects_document(sweep);
    }
    document
}

fn front(sweep: &Sweep, findings: &Findings) -> Vec<Value> {
    let members = findings.summary.front.iter();
    members
        .map(|(index, metrics)| {
            let axes = sweep.space.axes().iter();
            let values = axes.zip(sweep.space.value_texts(*index));
            let values: Map<String, Value> = values
                .map(|(axis, text)| (axis.parameter.to_string(), Value::String(text)))
                .collect();
            let figures: Map<String, Value> = Metric::ALL
                .iter()
                .map(|metric| (metric.to_string(), json!(metrics.get(*metric))))
                .collect();
            let mut member = json!({ "design": index, "values": values, "metrics": figures });
            let certainty = findings.summary.certainty.as_ref();
            if let Some(persistence) = certainty.and_then(|certainty| certainty.of(*index)) {
                member["probability"] = json!(persistence.probability);
                member["always"] = json!(persistence.always);
            }
            member
        })
        .collect()
}

pub(super) fn text(
    preset: &SpacePreset,
    sweep: &Sweep,
    findings: &Findings,
    output: &Path,
) -> String {
    let summary = &findings.summary;
    let mut text = String::new();
    let mut line = |words: String| {
        let _ = writeln!(text, "{words}");
    };
    line(format!(
        "{}: {} of {} designs by {} search, {} of them cannot be built{}; {:.2} s, {} designs/s",
        preset.name,
        summary.n_tried,
        sweep.space.size(),
        sweep.search.name(),
        summary.n_impossible,
        if sweep.space.compares_parameters() {
            " or break a condition of the space"
        } else {
            ""
        },
        summary.elapsed.as_secs_f64(),
        rate_text(rate(findings)),
    ));
    if summary.n_resumed > 0 {
        line(format!(
            "{} of them from an interrupted run",
            summary.n_resumed
        ));
    }
    line(front_text(sweep, findings));
    if let Some((index, metrics)) = &summary.chosen {
        line(format!(
            "found: #{index}  {}  {}",
            figures(sweep, metrics),
            sweep.space.value_texts(*index).join(" ")
        ));
    }
    let knee = knee_of(sweep, findings);
    let step = summary.front.len().div_ceil(SHOWN).max(1);
    for (place, (index, metrics)) in summary.front.iter().enumerate() {
        if place % step == 0 || Some(place) == knee {
            let mark = if Some(place) == knee { "  knee" } else { "" };
            let certainty = summary.certainty.as_ref();
            let sure = certainty
                .and_then(|certainty| certainty.of(*index))
                .map_or_else(String::new, |design| {
                    format!("  on the front {:.0} %", 100.0 * design.probability)
                });
            line(format!(
                "  #{index}  {}  {}{sure}{mark}",
                figures(sweep, metrics),
                sweep.space.value_texts(*index).join(" ")
            ));
        }
    }
    if let Some(certainty) = &summary.certainty {
        line(certainty_text(certainty));
    }
    let sensitivity = findings.sensitivity.as_ref();
    for told in sensitivity.map_or_else(Vec::new, |found| found.lines(sweep)) {
        line(told);
    }
    line(format!("written to {}", output.display()));
    text.trim_end().to_owned()
}

/// Size of the front and the part of objective space under it, or why there is none.
fn front_text(sweep: &Sweep, findings: &Findings) -> String {
    let summary = &findings.summary;
    if summary.front.is_empty() {
        if summary.n_impossible < summary.n_tried && !summary.unknown.is_empty() {
            let unknown: Vec<String> = summary.unknown.iter().map(Metric::to_string).collect();
            return format!(
                "front: none, {} is not known for {}",
                unknown.join(", "),
                sweep.space.workload().model.name
            );
        }
        return "front: none of these designs can be built and keeps every limit".to_owned();
    }
    let reference = sweep.goal.objectives().iter().zip(&summary.reference);
    let reference: Vec<String> = reference
        .map(|(objective, value)| format!("{} {value:.6}", objective.metric))
        .collect();
    format!(
        "front: {} designs, hypervolume {:.6} up to {}",
        summary.front.len(),
        summary.hypervolume,
        reference.join(", ")
    )
}

/// What samples of the constants say, in one line.
fn certainty_text(certainty: &Certainty) -> String {
    let members = certainty.designs.iter().filter(|design| design.is_member);
    let always = members.clone().filter(|design| design.always).count();
    let n_members = members.count();
    let left_out = match certainty.n_left_out {
        0 => String::new(),
        n => format!(", {n} rivals were not judged"),
    };
    format!(
        "{always} of {n_members} stay on the front in all {} samples of the constants; {} other designs are on it in \
         some{left_out}",
        certainty.n_samples,
        certainty.designs.len() - n_members,
    )
}

fn figures(sweep: &Sweep, metrics: &Metrics) -> String {
    let figures: Vec<String> = sweep
        .goal
        .objectives()
        .iter()
        .map(|objective| {
            let description = objective.metric.description();
            let value = metrics.get(objective.metric);
            format!("{} {value:.4} {}", description.label, description.unit)
                .trim_end()
                .to_owned()
        })
        .collect();
    figures.join("  ")
}

/// Designs tried a second in this run.
fn rate(findings: &Findings) -> f64 {
    let summary = &findings.summary;
    let n_fresh = summary.n_tried - summary.n_resumed;
    n_fresh as f64 / summary.elapsed.as_secs_f64().max(1e-9)
}

fn knee_of(sweep: &Sweep, findings: &Findings) -> Option<usize> {
    let mut points = Points::new(sweep.goal.n_objectives());
    for (_, metrics) in &findings.summary.front {
        points.push(&sweep.goal.score(Some(metrics)).objectives);
    }
    knee(&points)
}
