//! `blockscape man` and `blockscape completions`: the manual page and completions of shells, made from the arguments themselves.

use std::path::PathBuf;

use anyhow::Context as _;
use blockscape_explorer::sweep::store::write_whole;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::Arguments;
use crate::files::output;

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
pub struct ManArguments {
    /// Folder to write one page a subcommand into; else the main page goes to standard output
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionArguments {
    /// Shell that is to complete the command line
    shell: Shell,
}

/// Prints the manual page, or writes all pages.
///
/// # Errors
/// A page that cannot be written.
pub fn man(arguments: &ManArguments) -> anyhow::Result<()> {
    let mut command = Arguments::command();
    command.build();
    let Some(folder) = &arguments.folder else {
        return output::text(page(&command)?.trim_end());
    };
    let name = "blockscape";
    let mut written = vec![(name.to_owned(), page(&command)?)];
    for subcommand in command.get_subcommands() {
        let name = format!("{name}-{}", subcommand.get_name());
        written.push((name.clone(), page(subcommand)?));
    }
    for (name, text) in &written {
        write_whole(&folder.join(format!("{name}.1")), text.as_bytes())?;
    }
    output::text(&format!(
        "{} pages written to {}",
        written.len(),
        folder.display()
    ))
}

fn page(command: &Command) -> anyhow::Result<String> {
    // Commit and presets do not belong into a page that packages compare.
    let command = command.clone().version(env!("CARGO_PKG_VERSION"));
    let mut bytes = Vec::new();
    clap_mangen::Man::new(command).render(&mut bytes)?;
    String::from_utf8(bytes).context("the manual page is text")
}

/// Prints the completions of a shell.
///
/// # Errors
/// Standard output cannot be written.
pub fn completions(arguments: &CompletionArguments) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "blockscape",
        &mut bytes,
    );
    let text = String::from_utf8(bytes).context("completions are text")?;
    output::text(text.trim_end())
}
