//! The bare command without a display: the window's exploration with a progress bar; front, figure and designs as files.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use blockscape_explorer::sweep::store::write_whole;
use blockscape_model::evaluation::Metrics;
use blockscape_model::preset;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::computed;
use crate::export::front_file;
use crate::figure::{Companion, FigurePlaces, FigurePlot, Page, SessionFigure};
use crate::files::output;
use crate::files::preset_library;
use crate::plots::PlotViews;
use crate::plots::written::number_text;
use crate::results::points::points_csv;
use crate::results::{Results, State};
use crate::session::Session;
use crate::session::first::first_session;

/// Folder of the results, in the working folder; a later run takes the next free number behind it.
const FOLDER: &str = "blockscape-results";

/// Width of the figure in inches: both columns of a paper.
const FIGURE_WIDTH: f32 = 7.0;

/// Whether neither a Wayland nor an X11 display is named.
pub fn has_no_display() -> bool {
    let unset = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
    unset("WAYLAND_DISPLAY") && unset("WAYLAND_SOCKET") && unset("DISPLAY")
}

/// Explores what the window would show for this file and writes the results.
///
/// # Errors
/// A file that cannot be read, a space that cannot be explored, results that cannot be written.
pub fn run(file: Option<&Path>) -> anyhow::Result<()> {
    let mut session = match file {
        Some(path) => computed::session_of(preset_library::open(path)?)?,
        None => first_session(),
    };
    computed::look_at_noise(&mut session, 0)?;
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::with_template(
        "exploring {human_pos} of {human_len} designs [{bar:30}] {per_sec}, {eta} left",
    )?);
    let results = computed::compute(&session, true, 0, |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.n_tried);
    })?;
    bar.finish_and_clear();
    if results.front.is_empty() {
        bail!("none of the designs can be built and keeps all limits");
    }
    let folder = free_folder()?;
    write_files(&session, &results, &folder)?;
    output::text(&summary(&session, &results, &folder))
}

/// A new folder: nothing of an earlier run is overwritten.
fn free_folder() -> anyhow::Result<PathBuf> {
    let numbered = (2..).map(|number| format!("{FOLDER}-{number}"));
    for name in std::iter::once(FOLDER.to_owned()).chain(numbered) {
        match std::fs::create_dir(&name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return made.map(|()| PathBuf::from(&name)).with_context(|| name),
        }
    }
    bail!("{FOLDER}: no free name")
}

fn write_files(session: &Session, results: &Results, folder: &Path) -> anyhow::Result<()> {
    let figure = SessionFigure {
        session,
        results,
        views: &PlotViews::default(),
        plot: FigurePlot::Pareto,
        carries_session: true,
    };
    let page = figure.fitted(Page {
        width: FIGURE_WIDTH,
        caption: figure.caption(),
        ..Page::default()
    })?;
    let places = FigurePlaces::new(&folder.join("front.svg"), &[Companion::Tex])?;
    figure.write(&page, &places)?;
    let front: Vec<usize> = results.front.iter().map(|point| point.index).collect();
    for (name, text) in [
        ("front.csv", points_csv(&results.shown, Some(&front))),
        ("front.ron", preset::to_ron(&front_file(session, results))?),
        ("session.ron", session.to_ron()),
    ] {
        write_whole(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

fn summary(session: &Session, results: &Results, folder: &Path) -> String {
    let workload = &session.workload;
    let mut text = format!(
        "{} around {}: prefill {}, decode at {}, batch {}",
        workload.model.name,
        session.design.name,
        workload.prefill_tokens,
        workload.context_tokens,
        workload.batch
    );
    if let State::Finished(progress) = results.state {
        let _infallible = write!(
            text,
            "\n{} designs in {:.2} s, {} on the front (accuracy: {})",
            progress.n_tried,
            progress.elapsed.as_secs_f64(),
            results.front.len(),
            results.basis_text(),
        );
    }
    for objective in &session.exploration.objectives {
        let metric = objective.metric;
        let of = |metrics: &Metrics| metrics.get(metric);
        let values = results.front.iter().map(|point| of(&point.metrics));
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        let now = results.current.as_ref().map_or(f64::NAN, of);
        let _infallible = write!(
            text,
            "\n  {}: {} to {} on the front, {} now",
            metric.label_with_unit(),
            number_text(least),
            number_text(most),
            number_text(now),
        );
    }
    let _infallible = write!(
        text,
        "\nwritten to {}: front.csv, front.ron (designs), front.svg, front.tex, session.ron\n\
         No display was found; with one, the same command opens the window.",
        folder.display()
    );
    text
}
