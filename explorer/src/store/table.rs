//! The table of a finished sweep: one line a design, comma-separated, as spreadsheets, pandas and `DuckDB` read it.
//!
//! Numbers are written in the shortest form that reads back to the same bits; what is not known stays empty.

use std::fmt;
use std::io::{self, Write};

use blockscape_model::evaluation::{Metric, Metrics};
use serde::{Deserialize, Serialize};

use crate::objective::{Constraint, Goal, Objective};
use crate::pareto::{Points, front};
use crate::search::Tried;
use crate::space::DesignSpace;

/// How a design stands among all that were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Keeps all limits and is not dominated.
    Front,
    /// Keeps all limits.
    Dominated,
    /// Breaks a limit.
    OverLimit,
    /// Cannot be built, or an objective is not known for it.
    Impossible,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Front => "front",
            Self::Dominated => "dominated",
            Self::OverLimit => "over_limit",
            Self::Impossible => "impossible",
        })
    }
}

/// What a part of a table says about itself, so that parts can be joined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Part from 1.
    pub shard: u64,
    /// Number of parts.
    pub n_shards: u64,
    /// Fingerprint of the sweep without the part.
    pub fingerprint: u64,
    /// Designs in this part.
    pub n_designs: u64,
    /// What the sweep strives for.
    pub objectives: Vec<Objective>,
    /// Conditions of the space.
    pub constraints: Vec<Constraint>,
}

/// Status of each design.
pub fn statuses(goal: &Goal, tried: &[Tried]) -> Vec<Status> {
    let n = goal.n_objectives();
    let mut feasible = Points::new(n);
    let mut places = Vec::new();
    let mut statuses = Vec::with_capacity(tried.len());
    for (_, metrics) in tried {
        let score = goal.score(metrics.as_ref());
        statuses.push(if score.is_feasible(n) {
            places.push(statuses.len());
            feasible.push(&score.objectives[..n]);
            Status::Dominated
        } else if score.violation.is_finite() {
            Status::OverLimit
        } else {
            Status::Impossible
        });
    }
    for member in front(&feasible) {
        statuses[places[member]] = Status::Front;
    }
    statuses
}

/// Writes the whole table: number, axis values, metrics and status of each design.
///
/// # Errors
/// The writer fails.
pub fn write_table(
    out: &mut impl Write,
    space: &DesignSpace,
    goal: &Goal,
    tried: &[Tried],
) -> io::Result<()> {
    writeln!(out, "{},status", header(space))?;
    for (&(index, ref metrics), status) in tried.iter().zip(statuses(goal, tried)) {
        write_row(out, space, index, metrics.as_ref())?;
        writeln!(out, ",{status}")?;
    }
    out.flush()
}

/// Writes a part of a table: a line about itself, then rows without status, which only the whole table can know.
///
/// # Errors
/// The writer fails.
pub fn write_part(
    out: &mut impl Write,
    space: &DesignSpace,
    part: &Part,
    tried: &[Tried],
) -> io::Result<()> {
    let about = ron::to_string(part).map_err(io::Error::other)?;
    writeln!(out, "{PART_MARK}{about}")?;
    writeln!(out, "{}", header(space))?;
    for (index, metrics) in tried {
        write_row(out, space, *index, metrics.as_ref())?;
        writeln!(out)?;
    }
    out.flush()
}

/// What the first line of a part begins with.
pub(super) const PART_MARK: &str = "# blockscape part ";

fn header(space: &DesignSpace) -> String {
    let axes = space.axes().iter();
    let names = axes.map(|axis| quote(&axis.parameter.to_string()));
    let metrics = Metric::ALL.iter().map(ToString::to_string);
    let columns: Vec<String> = std::iter::once("design".to_owned())
        .chain(names)
        .chain(metrics)
        .collect();
    columns.join(",")
}

fn write_row(
    out: &mut impl Write,
    space: &DesignSpace,
    index: u64,
    metrics: Option<&Metrics>,
) -> io::Result<()> {
    write!(out, "{index}")?;
    for text in space.value_texts(index) {
        write!(out, ",{}", quote(&text))?;
    }
    for metric in Metric::ALL {
        match metrics.map(|metrics| metrics.get(metric)) {
            Some(value) if !value.is_nan() => write!(out, ",{value}")?,
            _ => write!(out, ",")?,
        }
    }
    Ok(())
}

/// A cell, in quotes where it has a comma or a quote (RFC 4180).
fn quote(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
