//! The table of a finished sweep: one line a design, comma-separated, as spreadsheets, pandas and `DuckDB` read it.
//!
//! Numbers are written in the shortest form that reads back to the same bits; what is not known stays empty.

use std::fmt;
use std::io::{self, Write};

use blockscape_model::evaluation::{Metric, Metrics};
use serde::{Deserialize, Serialize};

use super::csv::csv_field;
use super::file_kind::PART_MARK;
use super::seal::{self, SealedFile};
use super::{Build, Output, StoreError};
use crate::judge::evaluate::Tried;
use crate::judge::uncertainty::Certainty;
use crate::pareto::Score;
use crate::pareto::{Points, front};
use crate::space::DesignSpace;
use crate::space::objective::{Constraint, Goal, Objective};

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
    /// The program that made it.
    pub build: Build,
    /// Designs in this part.
    pub n_designs: u64,
    /// Whether a design of this part can come up in another one too.
    pub can_repeat: bool,
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
        let status = status_of(&score, goal);
        if status == Status::Dominated {
            places.push(statuses.len());
            feasible.push(&score.objectives[..n]);
        }
        statuses.push(status);
    }
    for member in front(&feasible) {
        statuses[places[member]] = Status::Front;
    }
    statuses
}

/// Status of a design before the front is known: dominated until it turns out to be on it.
pub(super) fn status_of(score: &Score, goal: &Goal) -> Status {
    if score.is_feasible(goal.n_objectives()) {
        Status::Dominated
    } else if score.violation.is_finite() {
        Status::OverLimit
    } else {
        Status::Impossible
    }
}

/// Writes the whole table: number, axis values, metrics and status of each design; where samples of the constants were
/// judged, also the probability of each design that keeps all limits to be on the front. The column before these is empty; its
/// name says which program made the table, how many designs it has, and its checksum.
///
/// # Errors
/// The output may not be written, or the system cannot.
pub fn write_table(
    output: &Output,
    space: &DesignSpace,
    goal: &Goal,
    build: &Build,
    tried: &[Tried],
    certainty: Option<&Certainty>,
) -> Result<(), StoreError> {
    let probability = certainty.map_or("", |_| ",front_probability");
    let origin = origin_column(build, tried.len() as u64);
    let first_line = format!("{},{origin}{probability},status", header(space));
    let file = output.create()?;
    let mut file =
        SealedFile::begin(file, &first_line).map_err(StoreError::unwritten(output.path()))?;
    let written = write_rows(&mut file, space, goal, tried, certainty);
    written.map_err(|reason| file.explain(reason))?;
    file.commit()
}

fn write_rows(
    out: &mut impl Write,
    space: &DesignSpace,
    goal: &Goal,
    tried: &[Tried],
    certainty: Option<&Certainty>,
) -> io::Result<()> {
    let mut rows = Rows::new(space);
    for (&(index, ref metrics), status) in tried.iter().zip(statuses(goal, tried)) {
        rows.write(out, index, metrics.as_ref())?;
        // The column of the origin.
        write!(out, ",")?;
        if let Some(certainty) = certainty {
            let listed = certainty.of(index).map(|design| design.probability);
            write!(out, ",{}", listed.unwrap_or(0.0))?;
        }
        writeln!(out, ",{status}")?;
    }
    Ok(())
}

/// Writes a part of a table: a line about itself, then rows without status, which only the whole table can know.
///
/// # Errors
/// The output may not be written, or the system cannot.
pub fn write_part(
    output: &Output,
    space: &DesignSpace,
    part: &Part,
    tried: &[Tried],
) -> Result<(), StoreError> {
    let fail = || StoreError::unwritten(output.path());
    let about = ron::to_string(part).map_err(io::Error::other);
    let about = about.map_err(fail())?;
    let first_line = format!("{PART_MARK}{about} {}", seal::blank());
    let mut file = SealedFile::begin(output.create()?, &first_line).map_err(fail())?;
    let mut write = || {
        writeln!(file, "{}", header(space))?;
        let mut rows = Rows::new(space);
        for (index, metrics) in tried {
            rows.write(&mut file, *index, metrics.as_ref())?;
            writeln!(file)?;
        }
        Ok(())
    };
    write().map_err(fail())?;
    file.commit()
}

/// What the name of the column of the origin begins with.
const ORIGIN_MARK: &str = "blockscape ";

/// Name of the column that says which program made a table of so many designs, with a place for the checksum.
pub(super) fn origin_column(build: &Build, n_designs: u64) -> String {
    let seal = seal::blank();
    let text = format!("{ORIGIN_MARK}{build} designs {n_designs} {seal}");
    // It stands between commas without quotes.
    text.replace([',', '"', '\n', '\r'], " ")
}

/// The name of the column that tells the origin of a table, and the designs that it promises.
pub(super) fn origin_in(header: &str) -> Option<(&str, u64)> {
    let column = header
        .split(',')
        .find(|name| name.starts_with(ORIGIN_MARK))?;
    let (_, rest) = column.split_once(" designs ")?;
    let (n_designs, _) = rest.split_once(' ')?;
    Some((column, n_designs.parse().ok()?))
}

fn header(space: &DesignSpace) -> String {
    let axes = space.axes().iter();
    let names = axes.map(|axis| csv_field(&axis.parameter.to_string()));
    let metrics = Metric::ALL.iter().map(ToString::to_string);
    let columns: Vec<String> = std::iter::once("design".to_owned())
        .chain(names)
        .chain(metrics)
        .collect();
    columns.join(",")
}

/// Writes rows; the cells of all axis values are made once.
struct Rows<'space> {
    space: &'space DesignSpace,
    /// Text of each value of each axis with a comma before it.
    cells: Vec<Vec<String>>,
    genome: Vec<u16>,
}

impl<'space> Rows<'space> {
    fn new(space: &'space DesignSpace) -> Self {
        let axes = space.axes().iter().zip(space.values());
        let cells = axes.map(|(axis, values)| {
            let cell = |&value| format!(",{}", csv_field(&axis.parameter.value_to_text(value)));
            values.iter().map(cell).collect()
        });
        Self {
            space,
            cells: cells.collect(),
            genome: vec![0; space.axes().len()],
        }
    }

    fn write(
        &mut self,
        out: &mut impl Write,
        index: u64,
        metrics: Option<&Metrics>,
    ) -> io::Result<()> {
        write!(out, "{index}")?;
        self.space.lattice().write_genome(index, &mut self.genome);
        for (cells, &gene) in self.cells.iter().zip(&self.genome) {
            out.write_all(cells[usize::from(gene)].as_bytes())?;
        }
        for metric in Metric::ALL {
            match metrics.map(|metrics| metrics.get(metric)) {
                Some(value) if !value.is_nan() => write!(out, ",{value}")?,
                _ => out.write_all(b",")?,
            }
        }
        Ok(())
    }
}
