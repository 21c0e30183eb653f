//! `blockscape reproduce`: published numbers beside ours, with the basis of each.

use std::fmt::Write as _;

use blockscape_model::published::{Row, reproduce};
use clap::Args;
use serde_json::json;

/// Published values, ours, deviation and basis
#[derive(Debug, Args)]
pub struct ReproduceArguments {
    /// anda, harmonia, fbfq, mase, anchors or all
    #[arg(default_value = "all")]
    pub system: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Prints the table.
pub fn run(arguments: &ReproduceArguments) -> anyhow::Result<()> {
    let rows = reproduce(&arguments.system).map_err(|error| anyhow::anyhow!("{error}"))?;
    if arguments.json {
        return super::output::json(&json!({ "rows": rows }));
    }
    super::output::text(&table(&rows)?)
}

fn table(rows: &[Row]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "{:<9} {:>10} {:>10} {:>8}  {:<15} quantity",
        "system", "published", "ours", "off", "basis"
    )?;
    for row in rows {
        writeln!(
            text,
            "{:<9} {:>10.4} {:>10.4} {:>+7.1}%  {:<15} {}",
            row.system,
            row.published,
            row.ours,
            row.relative_error * 100.0,
            row.basis.label(),
            row.quantity
        )?;
    }
    let mut notes: Vec<(&str, &str)> = Vec::new();
    for row in rows {
        if !row.note.is_empty() && !notes.contains(&(row.system, row.note)) {
            notes.push((row.system, row.note));
        }
    }
    writeln!(text, "readings and reasons")?;
    for (system, note) in notes {
        writeln!(text, "  {system}: {note}")?;
    }
    Ok(text.trim_end().to_owned())
}
