//! Joins the parts of a table to what one run would have written, byte by byte.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use blockscape_model::evaluation::{Metric, Metrics};

use super::table::PART_MARK;
use super::{Output, Part, StoreError, WholeFile, statuses};
use crate::judge::evaluate::Tried;
use crate::space::objective::Goal;

/// Longest line of a part; a row has a few hundred bytes.
const LONGEST_LINE: u64 = 1 << 20;

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
/// A file that is no part, a part that is missing, doubled, cut short or of another sweep; an output that is one of the parts or
/// holds something else, or cannot be written.
pub fn merge(paths: &[PathBuf], output: &Output) -> Result<Merged, StoreError> {
    output.check(paths)?;
    let mut parts = Vec::new();
    for path in paths {
        parts.push(PartFile::open(path)?);
    }
    parts.sort_by_key(|part| part.about.shard);
    check_complete(&parts)?;
    let first = &parts[0];
    let goal = Goal::new(
        first.about.objectives.clone(),
        first.about.constraints.clone(),
    )
    .map_err(|violation| StoreError::content(&first.path, violation.to_string()))?;
    let header = first.header.clone();
    let mut rows = Rows::default();
    for part in parts {
        part.read_rows(&mut rows)?;
    }
    let statuses = statuses(&goal, &rows.tried);
    let mut out = output.create()?;
    let write = |out: &mut WholeFile| -> std::io::Result<()> {
        writeln!(out, "{header},status")?;
        for (line, status) in rows.lines.iter().zip(&statuses) {
            writeln!(out, "{line},{status}")?;
        }
        Ok(())
    };
    write(&mut out).map_err(|reason| out.explain(reason))?;
    out.commit()?;
    let on_front = |status: &&super::Status| **status == super::Status::Front;
    Ok(Merged {
        n_designs: rows.lines.len() as u64,
        front_size: statuses.iter().filter(on_front).count() as u64,
    })
}

/// Rows of all parts so far; a design that comes up again in a later part is left out, as one run would.
#[derive(Default)]
struct Rows {
    lines: Vec<String>,
    tried: Vec<Tried>,
    seen: HashSet<u64>,
}

struct PartFile {
    path: PathBuf,
    about: Part,
    header: String,
    reader: BufReader<File>,
}

impl PartFile {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::file(path))?;
        let mut reader = BufReader::new(file);
        let about = read_line(&mut reader, path)?;
        let about = about
            .as_deref()
            .and_then(|line| line.strip_prefix(PART_MARK));
        let about = about.ok_or_else(|| {
            StoreError::content(path, "line 1: not a part written by sweep --shard")
        })?;
        let about: Part = ron::from_str(about)
            .map_err(|error| StoreError::content(path, format!("line 1: {error}")))?;
        let header = read_line(&mut reader, path)?
            .ok_or_else(|| StoreError::content(path, "line 2: no column names"))?;
        Ok(Self {
            path: path.to_owned(),
            about,
            header,
            reader,
        })
    }

    fn read_rows(mut self, rows: &mut Rows) -> Result<(), StoreError> {
        let mut n_designs = 0;
        while let Some(line) = read_line(&mut self.reader, &self.path)? {
            n_designs += 1;
            let tried = parse_row(&line).ok_or_else(|| {
                let message = format!("line {}: not a row of a sweep", n_designs + 2);
                StoreError::content(&self.path, message)
            })?;
            if rows.seen.insert(tried.0) {
                rows.lines.push(line);
                rows.tried.push(tried);
            }
        }
        if n_designs != self.about.n_designs {
            let message = format!(
                "{n_designs} designs instead of {}: the file was cut or edited",
                self.about.n_designs
            );
            return Err(StoreError::content(&self.path, message));
        }
        Ok(())
    }
}

fn check_complete(parts: &[PartFile]) -> Result<(), StoreError> {
    let Some(first) = parts.first() else {
        return Err(StoreError::content("parts", "none given"));
    };
    let n_shards = first.about.n_shards;
    for (part, expected) in parts.iter().zip(1..) {
        let refuse = |message: String| Err(StoreError::content(&part.path, message));
        if part.about.fingerprint != first.about.fingerprint
            || part.about.n_shards != n_shards
            || part.header != first.header
        {
            let other = first.path.display();
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

/// The next line without its end, `None` at the end of the file.
fn read_line(reader: &mut BufReader<File>, path: &Path) -> Result<Option<String>, StoreError> {
    use std::io::Read as _;
    let mut line = String::new();
    let n = reader
        .by_ref()
        .take(LONGEST_LINE)
        .read_line(&mut line)
        .map_err(StoreError::file(path))?;
    if n as u64 == LONGEST_LINE {
        return Err(StoreError::content(path, "a line is too long for a table"));
    }
    if line.ends_with('\n') {
        line.pop();
    }
    Ok((n > 0).then_some(line))
}

/// Number and metrics of a row; the metrics are its last cells and have no quotes.
fn parse_row(line: &str) -> Option<Tried> {
    let (index, _) = line.split_once(',')?;
    let mut values = [f64::NAN; Metric::COUNT];
    let mut cells = line.rsplit(',');
    for value in values.iter_mut().rev() {
        let cell = cells.next()?;
        if !cell.is_empty() {
            *value = cell.parse().ok()?;
        }
    }
    let is_built = values.iter().any(|value| !value.is_nan());
    let metrics = is_built.then(|| Metrics::new(values));
    Some((index.parse().ok()?, metrics))
}
