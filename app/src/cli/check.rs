//! `blockscape check`: whether files that the program wrote, or reads, are what they were when they were written.

use std::path::{Path, PathBuf};

use anyhow::bail;
use blockscape_explorer::sweep::store::{Journal, check_part, check_table, is_part, is_table};
use blockscape_model::quality::calibration::CalibrationRecord;
use serde_json::json;

use crate::checkpoint::file::CheckpointFile;
use crate::files::preset_library::{self, Opened};
use crate::files::{input, output};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Tables, parts, journals, presets, sessions, calibrations, figures and checkpoints
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Checks all files and tells of each.
///
/// # Errors
/// At least one of them is damaged; the others are told of too.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let outcomes: Vec<(&PathBuf, Result<String, String>)> = arguments
        .files
        .iter()
        .map(|path| (path, check(path).map_err(|error| format!("{error:#}"))))
        .collect();
    let n_damaged = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.is_err())
        .count();
    if arguments.json {
        let files: Vec<_> = outcomes
            .iter()
            .map(|(path, outcome)| {
                let (Ok(text) | Err(text)) = outcome;
                json!({ "file": path.display().to_string(), "intact": outcome.is_ok(), "text": text })
            })
            .collect();
        output::json(&json!({ "files": files, "damaged": n_damaged }))?;
    } else {
        for (path, outcome) in &outcomes {
            match outcome {
                Ok(text) => output::text(&format!("{}: intact, {text}", path.display()))?,
                Err(text) => output::text(text)?,
            }
        }
    }
    if n_damaged > 0 {
        bail!("{n_damaged} of {} files are not intact", outcomes.len());
    }
    Ok(())
}

/// Kind of an intact file.
fn check(path: &Path) -> anyhow::Result<String> {
    let name = path.to_string_lossy();
    if name.ends_with(".journal") {
        return journal(path);
    }
    if is_table(path) {
        let facts = check_table(path)?;
        return Ok(format!(
            "a table of {} designs, {}",
            facts.n_designs, facts.origin
        ));
    }
    if is_part(path) {
        let part = check_part(path)?;
        return Ok(format!(
            "part {} of {}, {} designs, blockscape {}",
            part.shard, part.n_shards, part.n_designs, part.build
        ));
    }
    if name.ends_with(".ron") && input::read_ron::<CalibrationRecord>(path).is_ok() {
        return Ok("a calibration".to_owned());
    }
    let what = match preset_library::open(path)? {
        Opened::Session(session) => format!("a session around {}", session.design.name),
        Opened::Design(design) => format!("the design {}", design.name),
        Opened::Workload(workload) => format!("a workload of {}", workload.model.name),
        Opened::Model(model) => format!("the model {}", model.name),
        Opened::Space(space) => format!("the space {}", space.name),
        Opened::Checkpoint(path) => {
            let file = CheckpointFile::open_tensors(&path)?;
            let n = file.tensors()?.len();
            format!("a checkpoint with {n} tensors")
        }
    };
    Ok(format!(
        "{what}; read without fault, it carries no checksum"
    ))
}

fn journal(path: &Path) -> anyhow::Result<String> {
    let journal = Journal::look(path)?;
    let (n, total) = (journal.n_records, journal.header.total);
    if journal.n_dropped > 0 && !journal.is_open {
        bail!(
            "{}: {n} intact records of {total} designs; {} behind them are damaged or torn and would be tried again",
            path.display(),
            journal.n_dropped
        );
    }
    Ok(format!(
        "a journal of {n} of {total} designs, blockscape {}",
        journal.header.build
    ))
}
