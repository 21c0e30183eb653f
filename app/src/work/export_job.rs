//! One export: the files it makes, from what is already computed.

use std::path::PathBuf;

use anyhow::bail;
use blockscape_explorer::sweep::store::write_whole;
use blockscape_model::preset::to_ron;

use crate::export::{front_file, llama_cpp_arguments, recipe_json, timeloop_yaml, zigzag_yaml};
use crate::figure::{FigureOptions, SessionFigure};
use crate::files::input::refused;
use crate::files::purpose::Purpose;
use crate::plots::PlotViews;
use crate::results::Results;
use crate::results::points::points_csv;
use crate::session::Session;

/// What the window was asked to export, with all that it needs: the window goes on meanwhile.
#[derive(Debug)]
pub struct ExportJob {
    pub purpose: Purpose,
    pub path: PathBuf,
    pub session: Session,
    pub results: Results,
    pub views: PlotViews,
    pub figure: FigureOptions,
}

impl ExportJob {
    /// Makes the files and writes them; gives those written, the one asked for first.
    ///
    /// # Errors
    /// Nothing to export yet, a design that has no cost, or a file that cannot be written.
    pub fn run(&self) -> anyhow::Result<Vec<PathBuf>> {
        if self.purpose == Purpose::ExportFigure {
            let figure = SessionFigure {
                session: &self.session,
                results: &self.results,
                views: &self.views,
                plot: self.figure.plot,
                carries_session: self.figure.carries_session,
            };
            let page = self.figure.page(&figure)?;
            // The dialog asked before it took a name that a file has.
            let places = self.figure.places(&self.path)?.replacing_all(true);
            return figure.write(&page, &places);
        }
        write_whole(&self.path, self.text()?.as_bytes())?;
        Ok(vec![self.path.clone()])
    }

    fn text(&self) -> anyhow::Result<String> {
        let (design, workload) = (&self.session.design, &self.session.workload);
        let ends_in = |end: &str| self.path.to_string_lossy().to_lowercase().ends_with(end);
        let refuse = |violations: Vec<_>| refused(&design.name, &violations);
        match self.purpose {
            Purpose::ExportCsv => Ok(points_csv(&self.results.shown, None)),
            Purpose::ExportFront if self.results.front.is_empty() => {
                bail!("there is no front to export yet")
            }
            Purpose::ExportFront => Ok(to_ron(&front_file(&self.session, &self.results))?),
            Purpose::ExportRecipe if ends_in(".txt") => Ok(llama_cpp_arguments(design, workload)),
            Purpose::ExportRecipe => {
                Ok(serde_json::to_string_pretty(&recipe_json(design, workload))? + "\n")
            }
            Purpose::ExportArchitecture if ends_in(".timeloop.yaml") => {
                timeloop_yaml(design, workload).map_err(refuse)
            }
            Purpose::ExportArchitecture => zigzag_yaml(design, workload).map_err(refuse),
            _ => bail!("nothing to export"),
        }
    }
}
