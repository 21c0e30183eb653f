//! The command line: one file a subcommand, each with its arguments and a `run` that prints its result.
//!
//! Results go to standard output, progress and errors to standard error. Bad input ends with one line and exit code 2.

pub mod budget;
pub mod calibration;
pub mod check;
pub mod computed;
pub mod evaluate;
pub mod explore;
pub mod figure;
pub mod interruption;
pub mod manual;
pub mod merge;
pub mod pace;
pub mod perplexity;
pub mod quantize;
pub mod replacing;
pub mod reproduce;
pub mod rtl;
pub mod shard;
pub mod status;
pub mod sweep;
pub mod unit;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, Parser, Subcommand};

use crate::files::settings::Folders;
use crate::files::{output, panic_report};
use crate::window::app;

/// Interactive design-space exploration of block floating point and microscaling accelerators for language models.
#[derive(Debug, Parser)]
#[command(name = "blockscape", version = crate::files::identity::text(), args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// A preset (.ron), an exported figure or a checkpoint to open in the window
    pub file: Option<PathBuf>,
    /// Block formats as RON files, usable by name wherever a format is; see `presets/formats`
    #[arg(long, value_name = "FILE", global = true)]
    pub format_file: Vec<PathBuf>,
    /// What to do instead of opening the window
    #[command(subcommand)]
    pub task: Option<Task>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Cost and quality of one design
    Evaluate(evaluate::Arguments),
    /// Tries the designs of a space and writes them to a table
    Sweep(sweep::Arguments),
    /// The best formats of single layers under a limit on bits, energy, time or area
    Budget(budget::Arguments),
    /// Joins the parts of a sweep to one table
    Merge(merge::Arguments),
    /// How far the parts of a sweep are
    Status(status::Arguments),
    /// Whether files of the program are intact: tables, parts, journals, presets, figures
    Check(check::Arguments),
    /// A plot of a session or design as a file: SVG, PDF, PNG or LaTeX
    Figure(figure::Arguments),
    /// Perplexity of a checkpoint on a text
    Perplexity(Box<perplexity::Args>),
    /// Tensors of a checkpoint in another number format, and their error
    Quantize(quantize::Args),
    /// Area, energy and delay of one hardware unit, with its parts
    Unit(unit::UnitArguments),
    /// A design's processing element as `SystemVerilog` with testbench, vectors and manifest
    Rtl(rtl::Arguments),
    /// Completions of the command line for a shell
    Completions(manual::CompletionArguments),
    /// The manual page
    Man(manual::ManArguments),
    /// Published values, ours, deviation and basis
    Reproduce(reproduce::ReproduceArguments),
}

/// Exit code of bad input.
const BAD_INPUT: u8 = 2;
/// Exit code of a fault of the program itself (`EX_SOFTWARE` of sysexits.h).
const INTERNAL_ERROR: u8 = 70;

/// Runs what the arguments (program name first) ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let state = Folders::of_user().state;
    panic_report::install(state.map(|folder| folder.join("reports")));
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // names have to mean something before the arguments that use them are read
    if let Err(error) = define_formats(&arguments) {
        return finish(Err(error));
    }
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => {
            // A panic was told and reported where it happened; the program ends in order.
            let performed = catch_unwind(AssertUnwindSafe(|| perform(arguments)));
            performed.map_or(ExitCode::from(INTERNAL_ERROR), finish)
        }
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            finish(output::text(error.render().to_string().trim_end()))
        }
        Err(error) => finish(Err(anyhow::anyhow!(one_line(&error.render().to_string())))),
    }
}

/// Defines the formats of every `--format-file FILE`.
fn define_formats(arguments: &[OsString]) -> anyhow::Result<()> {
    const OPTION: &str = "--format-file";
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        let path = match word.strip_prefix(OPTION) {
            Some("") => words.next().map(PathBuf::from),
            Some(rest) => rest.strip_prefix('=').map(PathBuf::from),
            None => None,
        };
        if let Some(path) = path {
            crate::files::input::define_format(&path)?;
        }
    }
    Ok(())
}

fn perform(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.task {
        Some(Task::Evaluate(arguments)) => evaluate::run(&arguments),
        Some(Task::Sweep(arguments)) => sweep::run(&arguments),
        Some(Task::Budget(arguments)) => budget::run(&arguments),
        Some(Task::Merge(arguments)) => merge::run(&arguments),
        Some(Task::Status(arguments)) => status::run(&arguments),
        Some(Task::Check(arguments)) => check::run(&arguments),
        Some(Task::Figure(arguments)) => figure::run(&arguments),
        Some(Task::Perplexity(args)) => perplexity::run(&args),
        Some(Task::Quantize(args)) => quantize::run(&args),
        Some(Task::Unit(arguments)) => unit::run(&arguments),
        Some(Task::Rtl(arguments)) => rtl::run(&arguments),
        Some(Task::Completions(arguments)) => manual::completions(&arguments),
        Some(Task::Man(arguments)) => manual::man(&arguments),
        Some(Task::Reproduce(arguments)) => reproduce::run(&arguments),
        None => open_window(arguments.file.as_deref()),
    }
}

/// Opens the window; where none can be had, explores without it.
fn open_window(file: Option<&Path>) -> anyhow::Result<()> {
    if let Some(file) = file.filter(|file| !file.exists()) {
        bail!("{}", unknown(file));
    }
    if explore::has_no_display() {
        return explore::run(file);
    }
    let options = app::Options {
        file: file.map(Path::to_path_buf),
        folders: Folders::of_user(),
        n_threads: 0,
    };
    // Libraries of the display panic where a part of it is missing (GLX, libxkbcommon-x11).
    panic_report::keep_quiet(true);
    let window = catch_unwind(AssertUnwindSafe(|| app::run(options)));
    panic_report::keep_quiet(false);
    let why = match window {
        Ok(Err(error)) if !app::was_shown() => format!("{error:#}"),
        Err(_panic) if !app::was_shown() => {
            let said = panic_report::last().unwrap_or_else(|| "the display broke down".to_owned());
            format!("no window: {said}")
        }
        Ok(shown) => return shown,
        Err(panic) => resume_unwind(panic),
    };
    output::note(&format!("{why}; exploring without a window"));
    explore::run(file)
}

/// What to say of a first word that is neither a file nor a subcommand.
fn unknown(file: &Path) -> String {
    let name = file.display();
    let looks_like_a_path = file.components().count() > 1 || file.extension().is_some();
    if looks_like_a_path {
        return format!("{name}: no such file");
    }
    let command = Arguments::command();
    let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    format!(
        "no file and no subcommand \"{name}\"; subcommands: {}",
        known.join(", ")
    )
}

fn finish(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if interruption::was_requested() => {
            output::note(&one_line(&format!("{error:#}")));
            ExitCode::from(interruption::EXIT_CODE)
        }
        Err(error) => {
            output::note(&format!("error: {}", one_line(&format!("{error:#}"))));
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// A message without its line breaks, usage hints and leading `error:`.
fn one_line(message: &str) -> String {
    let told: Vec<&str> = message
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    told.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_shrink_to_one_line_without_usage() {
        let message = "error: unexpected argument '--x'\n\n  tip: try -x\n\nUsage: blockscape\n\nFor more information, try '--help'.";
        assert_eq!(one_line(message), "unexpected argument '--x' tip: try -x");
    }
}
