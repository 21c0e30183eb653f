//! What other programs read of a built-in design: `cargo run --example interop -- DESIGN OUT_DIR`.

use std::path::PathBuf;

use anyhow::Context as _;
use blockscape::export::{llama_cpp_arguments, recipe_json, timeloop_yaml, zigzag_yaml};
use blockscape::files::input;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let design = input::design(&arguments.next().context("name a design")?)?;
    let folder: PathBuf = arguments.next().context("name a folder")?.into();
    let workload = input::workload("LLaMA-2-7B")?;
    let refused = |violations: Vec<_>| input::refused(&design.name, &violations);
    let files = [
        (
            "recipe.json",
            serde_json::to_string_pretty(&recipe_json(&design, &workload))?,
        ),
        ("llama_cpp.txt", llama_cpp_arguments(&design, &workload)),
        (
            "zigzag.yaml",
            zigzag_yaml(&design, &workload).map_err(refused)?,
        ),
        (
            "timeloop.yaml",
            timeloop_yaml(&design, &workload).map_err(refused)?,
        ),
    ];
    std::fs::create_dir_all(&folder)?;
    for (name, text) in files {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
