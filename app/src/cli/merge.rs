//! `blockscape merge`: joins the parts that `sweep --shard` wrote to the table of one whole run.

use std::path::{Path, PathBuf};

use blockscape_explorer::sweep::store::{Output, merge};
use serde_json::json;

use super::replacing::Replacing;
use crate::files::output;

/// Arguments of `merge`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// All parts of one sweep, in any order
    #[arg(required = true)]
    parts: Vec<PathBuf>,
    /// Table to write
    #[arg(short, long, value_name = "OUT.csv")]
    output: PathBuf,
    #[command(flatten)]
    replacing: Replacing,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Joins the parts.
///
/// # Errors
/// Parts that do not make a whole, or an output that cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let name = arguments.output.display();
    let parts: Vec<&Path> = arguments.parts.iter().map(PathBuf::as_path).collect();
    let place = Output::table(&arguments.output);
    let place = arguments.replacing.check(place, &parts)?;
    let merged = merge(&arguments.parts, &place)?;
    if arguments.json {
        output::json(&json!({
            "parts": arguments.parts.len(),
            "evaluated": merged.n_designs,
            "front_size": merged.front_size,
            "output": name.to_string(),
        }))
    } else {
        output::text(&format!(
            "{} designs from {} parts, {} on the front, written to {name}",
            merged.n_designs,
            arguments.parts.len(),
            merged.front_size,
        ))
    }
}
