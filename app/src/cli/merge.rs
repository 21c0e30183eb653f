//! `blockscape merge`: joins the parts that `sweep --shard` wrote to the table of one whole run.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use anyhow::Context as _;
use blockscape_explorer::sweep::store::merge;
use serde_json::json;

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
    // Written beside its place and moved there whole, so that a refused merge leaves an older table alone.
    let mut beside = arguments.output.as_os_str().to_owned();
    beside.push(".unfinished");
    let beside = PathBuf::from(beside);
    let file = File::create(&beside).with_context(|| format!("{name}"))?;
    let merged = merge(&arguments.parts, &mut BufWriter::new(file));
    let merged = match merged {
        Ok(merged) => merged,
        Err(error) => {
            // What could not be joined is of no use; that it cannot be removed either changes nothing.
            let _ = std::fs::remove_file(&beside);
            return Err(error.into());
        }
    };
    std::fs::rename(&beside, &arguments.output).with_context(|| format!("{name}"))?;
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
