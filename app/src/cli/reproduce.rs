//! `blockscape reproduce`: published numbers beside ours, with the basis of each.

use std::fmt::Write as _;

use blockscape_model::published::{Basis, Row, reproduce};
use clap::Args;
use serde::Serialize;
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
    let summary = summaries(&rows);
    if arguments.json {
        return crate::files::output::json(&json!({ "rows": rows, "summary": summary }));
    }
    crate::files::output::text(&table(&rows, &summary)?)
}

/// How far the rows of one system and basis are off.
#[derive(Debug, Serialize)]
struct Summary {
    system: &'static str,
    basis: Basis,
    rows: usize,
    median_deviation: f64,
    largest_deviation: f64,
}

fn summaries(rows: &[Row]) -> Vec<Summary> {
    let mut keys: Vec<(&'static str, Basis)> = Vec::new();
    for row in rows {
        if !keys.contains(&(row.system, row.basis)) {
            keys.push((row.system, row.basis));
        }
    }
    keys.into_iter()
        .map(|(system, basis)| {
            let mut sizes: Vec<f64> = rows
                .iter()
                .filter(|row| row.system == system && row.basis == basis)
                .map(|row| row.relative_error.abs())
                .collect();
            sizes.sort_by(f64::total_cmp);
            Summary {
                system,
                basis,
                rows: sizes.len(),
                median_deviation: f64::midpoint(
                    sizes[(sizes.len() - 1) / 2],
                    sizes[sizes.len() / 2],
                ),
                largest_deviation: sizes[sizes.len() - 1],
            }
        })
        .collect()
}

fn table(rows: &[Row], summary: &[Summary]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "{:<9} {:>10} {:>10} {:>9}  {:<15} quantity",
        "system", "published", "ours", "deviation", "basis"
    )?;
    for row in rows {
        writeln!(
            text,
            "{:<9} {:>10} {:>10} {:>+8.1}%  {:<15} {}",
            row.system,
            four_digits(row.published),
            four_digits(row.ours),
            row.relative_error * 100.0,
            row.basis.label(),
            row.quantity
        )?;
    }
    writeln!(text, "\nsummary")?;
    for each in summary {
        writeln!(
            text,
            "  {:<9} {:<15} {:>4} rows, median deviation {:>5.1} %, largest {:>6.1} %",
            each.system,
            each.basis.label(),
            each.rows,
            each.median_deviation * 100.0,
            each.largest_deviation * 100.0
        )?;
    }
    let mut notes: Vec<(&str, &str)> = Vec::new();
    for row in rows {
        if !row.note.is_empty() && !notes.contains(&(row.system, row.note)) {
            notes.push((row.system, row.note));
        }
    }
    writeln!(text, "\nreadings and reasons")?;
    for (system, note) in notes {
        writeln!(text, "  {system}: {note}")?;
    }
    Ok(text.trim_end().to_owned())
}

/// Four significant digits, large numbers without decimals.
fn four_digits(value: f64) -> String {
    let size = value.abs();
    let decimals = if size >= 1000.0 {
        0
    } else if size >= 100.0 {
        1
    } else if size >= 10.0 {
        2
    } else if size >= 1.0 {
        3
    } else {
        4
    };
    format!("{value:.decimals$}")
}
