//! `blockscape unit`: one hardware unit by itself, in the names and parameters of the synthesis table.

use std::fmt::Write as _;
use std::path::Path;

use blockscape_explorer::judge::technologies::technology_of;
use blockscape_model::hardware::UnitReport;
use clap::Args;

use crate::files::input;

/// Area, energy and delay of one hardware unit, with its parts
#[derive(Debug, Args)]
pub struct UnitArguments {
    /// Kind of unit, such as `bfp_int_dot`, `mul`, `fp16_mac_fp32` or `sram`
    pub kind: String,
    /// Parameters, such as m=6 n=4 lanes=32 acc=24, and a synthesis flow, such as flow=fap@1000
    #[arg(value_name = "KEY=VALUE")]
    pub parameters: Vec<String>,
    /// Built-in technology, or the path of a node's file (.ron)
    #[arg(long, default_value = "nangate45")]
    pub technology: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Costs the unit and prints it.
pub fn run(arguments: &UnitArguments) -> anyhow::Result<()> {
    let name = input::own_technology(&arguments.technology, Path::new(""))?;
    let technology = technology_of(&name).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut given = Vec::new();
    for text in &arguments.parameters {
        let pair = text
            .split_once('=')
            .ok_or_else(|| anyhow::anyhow!("parameter \"{text}\"; allowed: KEY=VALUE"))?;
        given.push(pair);
    }
    let failed = |error| anyhow::anyhow!("{error}");
    let text = if arguments.kind == "sram" {
        let report = technology.sram_macro(&given).map_err(failed)?;
        if arguments.json {
            serde_json::to_string_pretty(&report)?
        } else {
            format!(
                "sram {} KiB, {} bit port, {}: {:.0} um2, read {:.3} pJ, write {:.3} pJ, {:.2} ns",
                report.kib,
                report.port_bits,
                report.technology,
                report.area_um2,
                report.read_pj,
                report.write_pj,
                report.access_ns
            )
        }
    } else {
        let report = technology
            .unit_from_text(&arguments.kind, &given)
            .map_err(failed)?;
        if arguments.json {
            serde_json::to_string_pretty(&report)?
        } else {
            table(&report)?
        }
    };
    crate::files::output::text(&text)
}

fn table(report: &UnitReport) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "{} in {}, synthesis flow {}",
        report.unit, report.technology, report.flow
    )?;
    writeln!(
        text,
        "  area             {:>12.2} um2  ({:.1} gate equivalents, {} register bits)",
        report.area_um2, report.gate_equivalents, report.ff_bits
    )?;
    writeln!(
        text,
        "  energy, settled  {:>12.2} fJ a cycle",
        report.energy_settled_fj_per_op
    )?;
    writeln!(
        text,
        "  with glitches    {:>12.2} fJ a cycle",
        report.energy_fj_per_op
    )?;
    writeln!(text, "  delay            {:>12.0} ps", report.delay_ps)?;
    if report.macs_per_op > 0.0 {
        let macs = report.macs_per_op;
        writeln!(
            text,
            "  per MAC          {:>12.2} um2, {:.2} fJ settled ({macs:.3} MACs a cycle)",
            report.area_um2 / macs,
            report.energy_settled_fj_per_op / macs
        )?;
    }
    writeln!(text, "  parts")?;
    for part in &report.parts {
        writeln!(
            text,
            "    {:<30} {:>10.2} um2 {:>5.1} %  {:>10.2} fJ {:>5.1} %",
            part.name,
            part.area_um2,
            part.area_share * 100.0,
            part.energy_settled_fj_per_op,
            part.energy_share * 100.0
        )?;
    }
    writeln!(text, "  sources")?;
    for source in &report.sources {
        writeln!(
            text,
            "    {}: {} ({} to {}), {}",
            source.name, source.value, source.low, source.high, source.source
        )?;
    }
    Ok(text.trim_end().to_owned())
}
