//! What stands inside the tiles: each plot with the data that the results cache for it.

use egui::Ui;

use super::Scene;
use super::format_grid::{FormatGridView, format_grid_ui};
use super::layout::Pane;
use super::table::{TableView, table_ui};
use crate::command::Command;
use crate::plots::PlotTheme;
use crate::plots::pareto::{ParetoAction, ParetoData, Target, pareto_ui};
use crate::request::Request;
use crate::theme;

/// What the tiles remember beside the session.
#[derive(Debug, Clone, Default)]
pub struct TileViews {
    pub formats: FormatGridView,
    pub table: TableView,
}

/// Draws one tile.
pub fn tile_ui(ui: &mut Ui, pane: Pane, scene: &Scene<'_>, views: &mut TileViews) -> Vec<Request> {
    let plot_theme = theme::plot_theme(ui.ctx());
    match pane {
        Pane::Pareto => pareto_tile_ui(ui, scene, &plot_theme),
        Pane::Formats => format_grid_ui(ui, scene, &mut views.formats, &plot_theme),
        Pane::Table => table_ui(ui, scene, &mut views.table),
        _ => {
            empty_ui(ui, "Not here yet");
            Vec::new()
        }
    }
}

/// What an empty tile says: what would fill it.
pub fn empty_ui(ui: &mut Ui, text: &str) {
    ui.centered_and_justified(|ui| ui.weak(text));
}

fn pareto_tile_ui(ui: &mut Ui, scene: &Scene<'_>, plot_theme: &PlotTheme) -> Vec<Request> {
    let results = scene.results;
    let limits: Vec<_> = scene
        .session
        .exploration
        .objectives
        .iter()
        .filter_map(|objective| Some((objective.metric, objective.limit?)))
        .collect();
    let data = ParetoData {
        generation: results.generation,
        candidates: &results.shown.metrics,
        front: &results.front,
        previous_front: &results.previous_front,
        current: results.current.as_ref(),
        current_measured: false,
        trail: &results.trail,
        pinned_fronts: &[],
        pinned: &results.pinned_points,
        literature: &results.literature,
        limits: &limits,
        describe: &|candidate| results.settings(candidate),
    };
    let mut view = scene.session.pareto.clone();
    let action = pareto_ui(ui, &data, &mut view, plot_theme);
    let mut requests = Vec::new();
    if view != scene.session.pareto {
        requests.push(Command::SetParetoView(Box::new(view)).into());
    }
    match action {
        Some(ParetoAction::Load(target)) => {
            requests.extend(
                design_of(scene, target)
                    .map(|design| Command::ReplaceDesign(Box::new(design)).into()),
            );
        }
        Some(ParetoAction::Pin(target)) => {
            requests.extend(
                design_of(scene, target).map(|design| Command::Pin(Box::new(design)).into()),
            );
        }
        Some(ParetoAction::Select) | None => {}
    }
    requests
}

/// The design behind a point; published points have one where a preset has their name.
fn design_of(scene: &Scene<'_>, target: Target) -> Option<blockscape_model::design::Design> {
    match target {
        Target::Candidate(index) => scene.results.design(index),
        Target::Pinned(index) => scene.session.pinned.get(index).cloned(),
        Target::Literature(index) => {
            let name = &scene.results.literature.get(index)?.name;
            scene
                .library
                .designs
                .iter()
                .find(|design| design.name == *name)
                .cloned()
        }
        Target::PinnedFront(..) => None,
    }
}
