//! `blockscape sweep`: tries the designs of a space and writes them to a table, resumable and in shards.

mod findings;
mod judging;
mod progress;
mod report;
mod sensitivity;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use blockscape_explorer::preset::{self as spaces, Base};
use blockscape_explorer::sweep::store::{Journal, Output};
use blockscape_explorer::{Search, SpacePreset, Sweep, Ticket};

use self::findings::Findings;
use self::progress::ProgressLine;
use self::sensitivity::sensitivity;
use super::interruption;
use super::replacing::Replacing;
use super::shard::{self, Shard};
use crate::checkpoint::text_cutting::TextCutting;
use crate::files::identity;
use crate::files::input;
use crate::files::output;

/// Arguments of `sweep`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Path of a design space (.ron) or name of a built-in one
    space: String,
    /// Table to write; beside it lies a journal while the sweep runs, from which a killed sweep goes on
    #[arg(short, long, value_name = "OUT.csv")]
    output: PathBuf,
    #[command(flatten)]
    replacing: Replacing,
    /// How to search, if not as the space says: exhaustive, random, latin-hypercube, nsga2, tpe, anda, budget
    #[arg(long)]
    strategy: Option<String>,
    /// Most designs to try, for strategies that do not try all
    #[arg(long, value_name = "N")]
    evaluations: Option<u64>,
    /// Start of all random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Worker threads; all cores but one, yet two at least, if not given
    #[arg(long, default_value_t = 0, value_parser = input::threads)]
    threads: usize,
    /// Do part I of N (from 1); `merge` joins the parts. In a Slurm array `auto` takes part and number of parts from the task,
    /// `auto/N` the part alone; a part that is finished is not computed again
    #[arg(long, value_name = "I/N", value_parser = shard::shard)]
    shard: Option<Shard>,
    /// Checkpoint whose perplexity is measured for every design tried, instead of estimated; its shape replaces the space's model
    #[arg(long, value_name = "FILE", requires = "text")]
    model: Option<PathBuf>,
    /// UTF-8 text that it is measured on
    #[arg(long, value_name = "FILE", requires = "model")]
    text: Option<PathBuf>,
    #[command(flatten)]
    cutting: TextCutting,
    /// Estimate perplexity, calibrated on model and text, instead of measuring every design; the measured runs of the calibration
    /// are kept in FILE, as those of `perplexity --calibrate`
    #[arg(long, value_name = "FILE", requires = "model")]
    calibrate: Option<PathBuf>,
    /// Limit perplexity: by so many percent may accuracy, its inverse, fall below the base design's with FP16 activations
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    tolerance: Option<f64>,
    /// Draw the constants N times from their ranges and tell how often each design is on the front
    #[arg(long, value_name = "N", value_parser = samples)]
    uncertainty: Option<usize>,
    /// Tell which axis matters: Sobol indices from N samples, and one axis at a time around the base design
    #[arg(long, value_name = "N", value_parser = samples)]
    sensitivity: Option<usize>,
    /// Another technology than the base design's, at its nominal supply: a built-in one, or the path of a node's file (.ron)
    #[arg(long, value_name = "NAME|FILE")]
    technology: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Sweeps, writes the table and prints what was found.
///
/// # Errors
/// An input that cannot be read or does not go together, or an output that cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut preset = space(&arguments.space)?;
    technology(arguments, &mut preset)?;
    let shard = arguments.shard.map(Shard::resolve).transpose()?;
    let place = place(arguments)?;
    let ticket = Ticket::unlimited();
    let running = ticket.clone();
    interruption::on_request(move || running.revoke())?;
    let evaluator = judging::evaluator(arguments, &mut preset)?;
    let refuse = |violation| input::refused(&arguments.space, &[violation]);
    let (space, goal) = preset.prepare().map_err(refuse)?;
    let sweep = Sweep {
        search: search(arguments, &preset.search)?,
        seed: arguments.seed,
        threads: threads(arguments),
        shard,
        build: identity::build(),
        n_samples: arguments.uncertainty.unwrap_or(0),
        evaluator,
        space: Arc::new(space),
        goal: Arc::new(goal),
        ticket,
    };
    let announcement = announcement(&preset, &sweep, &arguments.output);
    let mut line = ProgressLine::new(&preset.name, announcement);
    let outcome = sweep.run(place, &mut |progress| line.show(progress));
    line.finish();
    let summary = outcome?;
    let pool = blockscape_explorer::engine::worker_pool(sweep.threads)?;
    let sensitivity = arguments
        .sensitivity
        .and_then(|n_samples| pool.install(|| sensitivity(&sweep, n_samples)));
    let findings = Findings {
        summary,
        sensitivity,
    };
    if arguments.json {
        output::json(&report::document(
            &preset,
            &sweep,
            &findings,
            &arguments.output,
        ))
    } else {
        output::text(&report::text(&preset, &sweep, &findings, &arguments.output))
    }
}

/// What is about to be done, so that a space too large is noticed before it runs.
fn announcement(preset: &SpacePreset, sweep: &Sweep, output: &Path) -> String {
    let size = sweep.space.size();
    let tries = match sweep.search.total(size) {
        all if all == size => format!("{} search tries all", sweep.search.name()),
        some => format!(
            "{} search tries {some}, seed {}",
            sweep.search.name(),
            sweep.seed
        ),
    };
    let part = sweep.shard.map_or_else(String::new, |(shard, n_shards)| {
        format!(", part {shard} of {n_shards}")
    });
    let name = output.display();
    let journal = format!("{name}.journal");
    let resumed = match Journal::look(Path::new(&journal)) {
        Ok(state) if state.n_dropped > 0 => format!(
            "; of an interrupted run {} designs are intact, {} records are damaged or torn and tried again",
            state.n_records, state.n_dropped
        ),
        Ok(state) if state.n_records > 0 => {
            format!(
                "; goes on from {} designs of an interrupted run",
                state.n_records
            )
        }
        _ => String::new(),
    };
    format!(
        "{}: {size} designs, {tries}{part}; writing {name}, interrupted runs go on from {journal}{resumed}",
        preset.name,
    )
}

/// Most samples of one question; more change nothing that a figure shows.
const MOST_SAMPLES: usize = 1 << 20;

/// A space from a RON file or by the name of a built-in one.
fn space(text: &str) -> anyhow::Result<SpacePreset> {
    if input::is_path(text) {
        return input::read_ron(Path::new(text));
    }
    spaces::space(text).with_context(|| {
        let names: Vec<String> = spaces::spaces().into_iter().map(|each| each.name).collect();
        format!(
            "no file and no built-in space \"{text}\"; built in: {}",
            names.join(", ")
        )
    })
}

/// Reads the technology of a space's base design where it is a file, and puts another under it where one is asked for.
fn technology(arguments: &Arguments, preset: &mut SpacePreset) -> anyhow::Result<()> {
    if let Base::Own(design) = &mut preset.base {
        let folder = Path::new(&arguments.space).parent();
        let folder = folder.unwrap_or_else(|| Path::new(""));
        design.technology = input::own_technology(&design.technology, folder)?;
    }
    if arguments.technology.is_some() {
        let refuse = |violation| input::refused(&arguments.space, &[violation]);
        let mut design = preset.base.design().map_err(refuse)?;
        input::retarget(&mut design, arguments.technology.as_deref())?;
        preset.base = Base::Own(Box::new(design));
    }
    Ok(())
}

fn search(arguments: &Arguments, preset: &Search) -> anyhow::Result<Search> {
    let search = match &arguments.strategy {
        None => preset.clone(),
        Some(name) => Search::named(name).with_context(|| {
            let names = Search::NAMES.join(", ");
            format!("--strategy is \"{name}\"; allowed: {names}")
        })?,
    };
    Ok(match arguments.evaluations {
        None => search,
        Some(0) => bail!("--evaluations is 0; allowed: 1 and more"),
        Some(evaluations) => search.with_evaluations(evaluations),
    })
}

/// Threads as asked for; a task of an array takes the processors that it was given.
fn threads(arguments: &Arguments) -> usize {
    match (arguments.threads, arguments.shard) {
        (0, Some(Shard::OfTask(_))) => shard::threads_of_task().unwrap_or(0),
        (threads, _) => threads,
    }
}

fn samples(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number <= MOST_SAMPLES);
    number.ok_or_else(|| format!("a whole number from 0 to {MOST_SAMPLES} is needed"))
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    number
        .filter(|number| (0.0..100.0).contains(number))
        .ok_or_else(|| "a number from 0 to below 100 is needed".to_owned())
}

/// Where the table goes; whether it can be written there is found out before hours of work, not after.
fn place(arguments: &Arguments) -> anyhow::Result<Output> {
    let place = match arguments.shard {
        None => Output::table(&arguments.output),
        Some(_) => Output::part(&arguments.output),
    };
    let files = [&arguments.model, &arguments.text, &arguments.calibrate];
    let files = files.into_iter().flatten().map(PathBuf::as_path);
    let tokenizer = arguments.cutting.tokenizer();
    let inputs: Vec<&Path> = files
        .chain(tokenizer)
        .chain([Path::new(&arguments.space)])
        .collect();
    arguments.replacing.check(place, &inputs)
}
