//! `blockscape status`: which parts of a sweep are finished, running, interrupted or missing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;
use blockscape_explorer::sweep::store::{Journal, check_part};
use serde_json::json;

use crate::files::output;

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Parts of one sweep, finished or not, or their journals
    #[arg(required = true)]
    parts: Vec<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// How far a part is.
#[derive(Debug, Clone, PartialEq)]
enum State {
    Finished { n_designs: u64 },
    Running { n_tried: u64, total: u64 },
    Interrupted { n_tried: u64, total: u64 },
    Damaged(String),
}

impl State {
    fn name(&self) -> &'static str {
        match self {
            Self::Finished { .. } => "finished",
            Self::Running { .. } => "running",
            Self::Interrupted { .. } => "interrupted",
            Self::Damaged(_) => "damaged",
        }
    }

    fn text(&self) -> String {
        let name = self.name();
        match self {
            Self::Finished { n_designs } => format!("{name}, {n_designs} designs"),
            Self::Running { n_tried, total } | Self::Interrupted { n_tried, total } => {
                format!("{name}, {n_tried} of {total} designs")
            }
            Self::Damaged(message) => message.clone(),
        }
    }
}

/// What belongs to one sweep: its fingerprint and its number of parts.
type Sweep = (u64, u64);

/// Looks at all parts and tells of them.
///
/// # Errors
/// No part among the files, or parts of different sweeps.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut sweep: Option<(Sweep, PathBuf)> = None;
    let mut states: BTreeMap<u64, (PathBuf, State)> = BTreeMap::new();
    let mut others = Vec::new();
    for path in &arguments.parts {
        let Some((shard, of, state)) = look(path) else {
            others.push(path.display().to_string());
            continue;
        };
        if let State::Damaged(message) = &state {
            others.push(message.clone());
            continue;
        }
        match &sweep {
            Some((known, first)) if *known != of => {
                bail!(
                    "{}: a part of another sweep than {}",
                    path.display(),
                    first.display()
                );
            }
            Some(_) => {}
            None => sweep = Some((of, path.clone())),
        }
        // Part and journal may both be given; the part is the newer one.
        let is_better = !matches!(states.get(&shard), Some((_, State::Finished { .. })));
        if is_better {
            states.insert(shard, (path.clone(), state));
        }
    }
    let Some(((_, n_shards), _)) = sweep else {
        bail!(
            "no part of a sweep among these files: {}",
            others.join("; ")
        );
    };
    let missing: Vec<u64> = (1..=n_shards)
        .filter(|shard| !states.contains_key(shard))
        .collect();
    let is_finished = |state: &&(PathBuf, State)| matches!(state.1, State::Finished { .. });
    let n_finished = states.values().filter(is_finished).count() as u64;
    if arguments.json {
        let parts: Vec<_> = states
            .iter()
            .map(|(shard, (path, state))| {
                json!({ "part": shard, "file": path.display().to_string(), "state": state.name(), "text": state.text() })
            })
            .collect();
        return output::json(&json!({
            "parts": n_shards, "finished": n_finished, "complete": n_finished == n_shards,
            "states": parts, "missing": missing, "others": others,
        }));
    }
    let mut lines = vec![format!("{n_finished} of {n_shards} parts are finished")];
    let unfinished = states
        .iter()
        .filter(|(_, (_, state))| !matches!(state, State::Finished { .. }));
    lines.extend(unfinished.map(|(shard, (path, state))| {
        format!("  part {shard}: {} ({})", state.text(), path.display())
    }));
    if !missing.is_empty() {
        lines.push(format!("  missing: {}", ranges(&missing)));
    }
    lines.extend(others.iter().map(|other| format!("  {other}")));
    output::text(&lines.join("\n"))
}

/// Part, sweep and state of a file or of the journal beside it; `None` where there is neither.
fn look(path: &Path) -> Option<(u64, Sweep, State)> {
    if let Some(state) = journal(path) {
        return Some(state);
    }
    if path.is_file() {
        return Some(match check_part(path) {
            Ok(about) => {
                let n_designs = about.n_designs;
                let sweep = (about.fingerprint, about.n_shards);
                (about.shard, sweep, State::Finished { n_designs })
            }
            Err(error) => (0, (0, 0), State::Damaged(error.to_string())),
        });
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".journal");
    journal(Path::new(&beside))
}

fn journal(path: &Path) -> Option<(u64, Sweep, State)> {
    let journal = Journal::look(path).ok()?;
    let (shard, n_shards) = journal.header.shard;
    let (n_tried, total) = (journal.n_records, journal.header.total);
    let state = if journal.is_open {
        State::Running { n_tried, total }
    } else {
        State::Interrupted { n_tried, total }
    };
    Some((shard, (journal.header.fingerprint, n_shards), state))
}

/// Numbers as Slurm takes them for an array: `1-3,7`.
fn ranges(numbers: &[u64]) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut rest = numbers;
    while let Some(&first) = rest.first() {
        let run = rest
            .iter()
            .zip(first..)
            .take_while(|(number, expected)| *number == expected);
        let n = run.count();
        texts.push(match n {
            1 => first.to_string(),
            _ => format!("{first}-{}", rest[n - 1]),
        });
        rest = &rest[n..];
    }
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn numbers_are_told_as_slurm_takes_them() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1-3,7,9-10");
        assert_eq!(ranges(&[5]), "5");
    }
}
