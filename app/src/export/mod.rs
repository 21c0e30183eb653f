//! What leaves for other programs: points as CSV, the front as RON, recipes for emulators and llama.cpp, architecture YAML.
//!
//! Made from what is already computed.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::cli::input::refused;
use crate::figure::{FigurePlot, Page, SessionFigure};
use crate::file_dialog::Purpose;
use crate::results::Results;
use crate::session::Session;
use crate::settings::write_whole;

mod architecture;
mod front;
mod points;
mod recipe;

pub use architecture::{timeloop_yaml, zigzag_yaml};
pub use front::{FrontDesign, FrontFile, front_file};
pub use points::points_csv;
pub use recipe::{llama_cpp_arguments, recipe_json, rounding_and_scale};

/// Writes what the window was asked to export.
///
/// # Errors
/// Nothing to export yet, a design that has no cost, or a file that cannot be written.
pub fn write(
    purpose: Purpose,
    session: &Session,
    results: &Results,
    path: &Path,
) -> anyhow::Result<()> {
    let (design, workload) = (&session.design, &session.workload);
    let text = match purpose {
        Purpose::ExportFigure => {
            let plot = FigurePlot::Pareto;
            let figure = SessionFigure {
                session,
                results,
                plot,
            };
            let width = Page::default().width;
            let page = Page {
                height: plot.height(width),
                caption: figure.caption(),
                ..Page::default()
            };
            return figure.write(&page, path).map(|_files| ());
        }
        Purpose::ExportCsv => points_csv(&results.shown, None),
        Purpose::ExportFront if results.front.is_empty() => {
            bail!("there is no front to export yet")
        }
        Purpose::ExportFront => blockscape_model::preset::to_ron(&front_file(session, results))?,
        Purpose::ExportRecipe if path.extension().is_some_and(|extension| extension == "txt") => {
            llama_cpp_arguments(design, workload)
        }
        Purpose::ExportRecipe => {
            serde_json::to_string_pretty(&recipe_json(design, workload)).context("recipe")? + "\n"
        }
        Purpose::ExportArchitecture => {
            let is_timeloop = path.to_string_lossy().to_lowercase().contains("timeloop");
            let yaml = if is_timeloop {
                timeloop_yaml(design, workload)
            } else {
                zigzag_yaml(design, workload)
            };
            yaml.map_err(|violations| refused(&design.name, &violations))?
        }
        _ => bail!("nothing to export"),
    };
    write_whole(path, text.as_bytes())
}
