//! Joins the parts of a table to what one run would have written, byte by byte.
//!
//! Parts are read one at a time, twice: first each is checked and the front found, then the rows are written. Memory holds the
//! front alone, and the numbers of all designs where a search can come to one twice.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::PathBuf;

use super::part_file::PartFile;
use super::seal::SealedFile;
use super::table::{origin_column, status_of};
use super::{Output, Part, Status, StoreError};
use crate::judge::evaluate::Tried;
use crate::pareto::{MAX_OBJECTIVES, ParetoFront};
use crate::space::objective::Goal;

/// Designs whose front is found at once.
const BATCH: usize = 1 << 14;

/// What was joined.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// Designs in the joined table.
    pub n_designs: u64,
    /// Of these, non-dominated ones.
    pub front_size: u64,
}

/// Joins parts, given in any order, and writes the whole table.
///
/// # Errors
/// A file that is no part, a part that is missing, doubled, damaged, or of another sweep or program; an output that is one of the
/// parts or holds something else, or cannot be written.
pub fn merge(paths: &[PathBuf], output: &Output) -> Result<Merged, StoreError> {
    output.check(paths)?;
    let mut parts = Vec::new();
    for path in paths {
        let part = PartFile::open(path)?;
        let header = if parts.is_empty() {
            part.header.clone()
        } else {
            String::new()
        };
        parts.push(Listed {
            path: path.clone(),
            about: part.about,
            header,
        });
    }
    let header = parts
        .first_mut()
        .map(|part| std::mem::take(&mut part.header));
    parts.sort_by_key(|part| part.about.shard);
    check_complete(&parts)?;
    let header = header.unwrap_or_default();
    let first = &parts[0].about;
    let goal = Goal::new(first.objectives.clone(), first.constraints.clone())
        .map_err(|violation| StoreError::content(&parts[0].path, violation.to_string()))?;
    let found = find_front(&parts, &header, &goal)?;
    write(&parts, &header, &goal, &found, output)?;
    Ok(Merged {
        n_designs: found.n_designs,
        front_size: found.front.len() as u64,
    })
}

/// A part that was looked at and closed again: a thousand of them need no thousand open files.
struct Listed {
    path: PathBuf,
    about: Part,
    header: String,
}

/// What the first reading finds out.
struct Found {
    /// Numbers of the designs on the front.
    front: HashSet<u64>,
    /// Different designs.
    n_designs: u64,
}

fn find_front(parts: &[Listed], header: &str, goal: &Goal) -> Result<Found, StoreError> {
    let n = goal.n_objectives();
    let mut front = ParetoFront::new(n);
    let mut batch: Vec<(u64, [f64; MAX_OBJECTIVES])> = Vec::with_capacity(BATCH);
    let mut rows = Distinct::new(parts);
    let mut n_designs = 0;
    for part in parts {
        read_rows(part, header, |_line, (index, metrics)| {
            if rows.is_new(index) {
                n_designs += 1;
                let score = goal.score(metrics.as_ref());
                if score.is_feasible(n) {
                    batch.push((index, score.objectives));
                }
            }
            if batch.len() == BATCH {
                front.extend(batch.iter().map(|(index, values)| (*index, &values[..n])));
                batch.clear();
            }
            Ok(())
        })?;
    }
    front.extend(batch.iter().map(|(index, values)| (*index, &values[..n])));
    Ok(Found {
        front: front.ids().iter().copied().collect(),
        n_designs,
    })
}

fn write(
    parts: &[Listed],
    header: &str,
    goal: &Goal,
    found: &Found,
    output: &Output,
) -> Result<(), StoreError> {
    let origin = origin_column(&parts[0].about.build, found.n_designs);
    let first_line = format!("{header},{origin},status");
    let fail = |reason| StoreError::unwritten(output.path())(reason);
    let mut out = SealedFile::begin(output.create()?, &first_line).map_err(fail)?;
    let mut rows = Distinct::new(parts);
    for part in parts {
        read_rows(part, header, |line, (index, metrics)| {
            if !rows.is_new(index) {
                return Ok(());
            }
            let status = match status_of(&goal.score(metrics.as_ref()), goal) {
                Status::Dominated if found.front.contains(&index) => Status::Front,
                status => status,
            };
            writeln!(out, "{line},,{status}").map_err(fail)
        })?;
    }
    out.commit()
}

/// Tells designs that come up for the first time; a later one is left out, as one run would.
struct Distinct(Option<HashSet<u64>>);

impl Distinct {
    fn new(parts: &[Listed]) -> Self {
        let can_repeat = parts.iter().any(|part| part.about.can_repeat);
        Self(can_repeat.then(HashSet::new))
    }

    fn is_new(&mut self, index: u64) -> bool {
        self.0.as_mut().is_none_or(|seen| seen.insert(index))
    }
}

/// Reads all rows of a part and checks it to its end.
fn read_rows(
    listed: &Listed,
    header: &str,
    mut take: impl FnMut(&str, Tried) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut part = PartFile::open(&listed.path)?;
    if part.about != listed.about || part.header != header {
        return Err(StoreError::content(
            &listed.path,
            "line 2: other columns than the first part, or changed while it was read",
        ));
    }
    while let Some((line, tried)) = part.row()? {
        take(&line, tried)?;
    }
    part.finish()
}

fn check_complete(parts: &[Listed]) -> Result<(), StoreError> {
    let Some(first) = parts.first() else {
        return Err(StoreError::content("parts", "none given"));
    };
    let n_shards = first.about.n_shards;
    for (part, expected) in parts.iter().zip(1..) {
        let refuse = |message: String| Err(StoreError::content(&part.path, message));
        let other = first.path.display();
        if part.about.build != first.about.build {
            let (one, two) = (&part.about.build, &first.about.build);
            return refuse(format!("made by blockscape {one}, but {other} by {two}"));
        }
        if part.about.fingerprint != first.about.fingerprint || part.about.n_shards != n_shards {
            return refuse(format!("a part of another sweep than {other}"));
        }
        if part.about.shard < expected {
            return refuse(format!("part {} is given twice", part.about.shard));
        }
        if part.about.shard > expected {
            return refuse(format!("part {expected} of {n_shards} is missing"));
        }
    }
    if (parts.len() as u64) < n_shards {
        let missing = parts.len() + 1;
        let message = format!("part {missing} of {n_shards} is missing");
        return Err(StoreError::content(&first.path, message));
    }
    Ok(())
}
