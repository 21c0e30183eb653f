//! `blockscape rtl`: a design's processing element as `SystemVerilog` with testbench, vectors and manifest.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use blockscape_explorer::sweep::store::write_whole;
use blockscape_model::hardware::elements::{self, Described, DesignElement, Element};
use blockscape_model::hardware::gates::SynthesisFlow;
use blockscape_model::hardware::rtl::{self, Export, VectorCount};
use blockscape_model::hardware::technology;
use serde_json::json;

use crate::files::input;
use crate::files::output;

/// Arguments of `rtl`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Path of a design (.ron), name of a built-in one, or kind of an element such as `mx_pe`
    pub design: String,
    /// Parameters of an element, such as format=e2m1 scale=e4m3 lanes=16 block=16
    #[arg(value_name = "KEY=VALUE")]
    pub parameters: Vec<String>,
    /// Folder to write to; it must be empty or absent
    #[arg(short, long)]
    pub output: PathBuf,
    /// Name of the module; the design's name if absent
    #[arg(long)]
    pub name: Option<String>,
    /// Cycles of the vector file
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub vectors: u32,
    /// Seed of the operands
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Technology of the model's figures
    #[arg(long, default_value = "nangate45")]
    pub technology: String,
    /// Run the vectors and the synthesis with the tools that are on this machine
    #[arg(long)]
    pub check: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Writes the files and says where.
///
/// # Errors
/// A design or element that cannot be exported, a name that is no identifier, or a folder that is not empty.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let failed = |error| anyhow::anyhow!("{error}");
    let (element, text, comment) = described(arguments)?;
    let name = match &arguments.name {
        Some(name) => rtl::module_name(name).map_err(failed)?,
        None => rtl::module_name_from(&text),
    };
    let name = rtl::module_name(&name).map_err(failed)?;
    check_empty(&arguments.output)?;
    let vectors = VectorCount {
        cycles: usize::try_from(arguments.vectors)?,
        seed: arguments.seed,
    };
    let export = rtl::export(element.as_ref(), &name, &comment, vectors);
    let technology = technology(&arguments.technology).map_err(failed)?;
    let flow = SynthesisFlow::named("fa").map_err(failed)?;
    let described = Described {
        element,
        constant_operands: false,
    };
    let model = technology
        .element(&text, &described, &flow)
        .map_err(failed)?;
    write(&arguments.output, &export)?;
    let checked = arguments
        .check
        .then(|| check(&arguments.output))
        .transpose()?;
    if arguments.json {
        let mut document = export.manifest.clone();
        document["model"] = json!({
            "technology": model.technology,
            "area_um2": model.area_um2,
            "ff_bits": model.ff_bits,
            "energy_settled_fj_per_op": model.energy_settled_fj_per_op,
            "energy_fj_per_op": model.energy_fj_per_op,
            "delay_ps": model.delay_ps,
            "critical_path": model.critical_path,
        });
        if let Some(lines) = checked {
            document["check"] = json!(lines);
        }
        return output::json(&document);
    }
    let names: Vec<&str> = export.files.iter().map(|file| file.name.as_str()).collect();
    let mut text = format!(
        "{}: {} vectors, latency {}; {}\nmodel, {}: {:.0} um2, {} flip-flops, {:.0} ps through {}",
        arguments.output.display(),
        export.manifest["vectors"]["count"],
        export.manifest["latency"],
        names.join(" "),
        model.technology,
        model.area_um2,
        model.ff_bits,
        model.delay_ps,
        model.critical_path.join(", ")
    );
    for line in checked.into_iter().flatten() {
        text.push('\n');
        text.push_str(&line);
    }
    output::text(&text)
}

/// Runs the script of the export; its lines name the tools that are missing.
fn check(folder: &Path) -> anyhow::Result<Vec<String>> {
    let told = Command::new("sh")
        .arg("run.sh")
        .current_dir(folder)
        .output()
        .context("sh: cannot be run, and with it no tool")?;
    let text = String::from_utf8_lossy(&told.stdout);
    let errors = String::from_utf8_lossy(&told.stderr);
    let lines = text.lines().chain(errors.lines()).map(str::to_owned);
    Ok(lines.collect())
}

/// The element, the text that names it, and the comment that opens its module.
fn described(arguments: &Arguments) -> anyhow::Result<(Box<dyn Element>, String, String)> {
    let kind = arguments.design.as_str();
    let mut given = Vec::new();
    for text in &arguments.parameters {
        match text.split_once('=') {
            Some(pair) => given.push(pair),
            None => bail!("parameter \"{text}\"; allowed: KEY=VALUE"),
        }
    }
    if let Some(element) = elements::from_text(kind, &given) {
        let element = element.map_err(|error| anyhow::anyhow!("{error}"))?.element;
        let comment = format!("{kind} {}", arguments.parameters.join(" "));
        return Ok((element, kind.to_owned(), comment.trim_end().to_owned()));
    }
    if let Some((key, _)) = given.first() {
        bail!("{key}: a design has no parameters; change them in its file");
    }
    let design = input::design(kind)?;
    let element = DesignElement::of_design(&design)
        .map_err(|violation| input::refused(&design.name, &[violation]))?;
    let comment = format!(
        "Processing element of {}\nunit {:?}, {} lanes\n{:?}",
        design.name, design.unit, design.array.lanes, element
    );
    Ok((Box::new(element), design.name.clone(), comment))
}

fn check_empty(folder: &Path) -> anyhow::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let mut entries = std::fs::read_dir(folder)
        .with_context(|| format!("{}: not a folder that can be read", folder.display()))?;
    if entries.next().is_some() {
        bail!(
            "{}: not empty; allowed: an empty or absent folder",
            folder.display()
        );
    }
    Ok(())
}

fn write(folder: &Path, export: &Export) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot be made", folder.display()))?;
    for file in &export.files {
        let path = folder.join(&file.name);
        write_whole(&path, file.text.as_bytes())?;
    }
    Ok(())
}
