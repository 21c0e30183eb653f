//! What a sweep found, as JSON and as text.
#![expect(
    clippy::cast_precision_loss,
    reason = "counts of designs become a rate"
)]

use std::path::Path;

use blockscape_explorer::judge::uncertainty::Certainty;
use blockscape_explorer::pareto::{Points, knee, thin};
use blockscape_explorer::{SpacePreset, Sweep};
use blockscape_model::evaluation::{Metric, Metrics};
use serde_json::{Map, Value, json};

use super::findings::Findings;
use super::progress::rate_text;
use crate::plots::written::digits;

/// Front members that the text shows at most, about.
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
        "dropped": summary.n_dropped,
        "was_finished": summary.was_finished,
        "build": sweep.build.to_string(),
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
    let mut lines = vec![tried_text(preset, sweep, findings)];
    if summary.was_finished {
        lines.push("this part was finished before; nothing was computed".to_owned());
    } else if summary.n_resumed > 0 {
        lines.push(format!(
            "{} of them from an interrupted run",
            summary.n_resumed
        ));
    }
    lines.push(front_text(sweep, findings));
    if let Some((index, metrics)) = &summary.chosen {
        lines.push(format!("found: {}", design_text(sweep, *index, metrics)));
    }
    lines.extend(member_lines(sweep, findings));
    if let Some(certainty) = &summary.certainty {
        lines.push(certainty_text(certainty));
    }
    if let Some(sensitivity) = &findings.sensitivity {
        lines.extend(sensitivity.lines(sweep));
    }
    lines.push(format!("written to {}", output.display()));
    lines.join("\n")
}

/// How much was tried and how fast.
fn tried_text(preset: &SpacePreset, sweep: &Sweep, findings: &Findings) -> String {
    let summary = &findings.summary;
    format!(
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
    )
}

/// Members of the front, some that stand for all where it has many; the knee is always among them.
fn member_lines(sweep: &Sweep, findings: &Findings) -> Vec<String> {
    let summary = &findings.summary;
    let points = front_points(sweep, findings);
    let knee = knee(&points);
    let mut places = few(&points);
    places.extend(knee);
    places.sort_unstable();
    places.dedup();
    let member = |place: usize| {
        let (index, metrics) = &summary.front[place];
        let mark = if Some(place) == knee { "  knee" } else { "" };
        let certainty = summary.certainty.as_ref();
        let sure = certainty
            .and_then(|certainty| certainty.of(*index))
            .map_or_else(String::new, |design| {
                format!("  on the front {:.0} %", 100.0 * design.probability)
            });
        format!("  {}{sure}{mark}", design_text(sweep, *index, metrics))
    };
    places.into_iter().map(member).collect()
}

/// Places of members that stand for a front, at most about [`SHOWN`]: the finest thinning with so few.
fn few(points: &Points) -> Vec<usize> {
    let mut epsilon = 0.0;
    loop {
        let places = thin(points, epsilon);
        if places.len() <= SHOWN || epsilon >= 1.0 {
            return places;
        }
        epsilon = (1.25 * epsilon).max(1e-3);
    }
}

/// Number, objectives and axis values of a design.
fn design_text(sweep: &Sweep, index: u64, metrics: &Metrics) -> String {
    let values = sweep.space.value_texts(index).join(" ");
    format!("#{index}  {}  {values}", figures(sweep, metrics))
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
        .map(|(objective, value)| format!("{} {}", objective.metric, digits(*value)))
        .collect();
    format!(
        "front: {} designs, hypervolume {} up to {}",
        summary.front.len(),
        digits(summary.hypervolume),
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
            format!(
                "{} {} {}",
                description.label,
                digits(value),
                description.unit
            )
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
    knee(&front_points(sweep, findings))
}

/// Objectives of the members, to be minimized.
fn front_points(sweep: &Sweep, findings: &Findings) -> Points {
    let mut points = Points::new(sweep.goal.n_objectives());
    for (_, metrics) in &findings.summary.front {
        points.push(&sweep.goal.score(Some(metrics)).objectives);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_five_significant_digits_whatever_their_size() {
        for (value, expected) in [
            (5.644_812, "5.6448"),
            (0.000_535_12, "5.3512e-4"),
            (0.012_345_6, "0.012346"),
            (159.048_8, "159.05"),
            (138_343.9, "138344"),
            (-15.2, "-15.200"),
            (2.5e9, "2.5000e9"),
            (0.0, "0"),
        ] {
            assert_eq!(digits(value), expected);
        }
    }

    #[test]
    fn a_long_front_is_shown_by_a_few_members_and_its_ends() {
        let rows: Vec<[f64; 2]> = (0..500)
            .map(|at| [f64::from(at), 500.0 / (1.0 + f64::from(at))])
            .collect();
        let points = Points::from_rows(2, rows.iter().map(|row| &row[..]));
        let places = few(&points);
        assert!((4..=SHOWN).contains(&places.len()), "{places:?}");
        assert!(places.contains(&0) && places.contains(&499));
        let short = Points::from_rows(2, rows[..SHOWN].iter().map(|row| &row[..]));
        assert_eq!(few(&short), (0..SHOWN).collect::<Vec<_>>());
    }
}
