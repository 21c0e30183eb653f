//! The Pareto tile: what the plot is given, and what its actions become.

use blockscape_model::design::Design;
use blockscape_model::evaluation::Metric;
use egui::Ui;

use super::Scene;
use crate::command::Command;
use crate::plots::PlotTheme;
use crate::plots::pareto::{ParetoAction, ParetoData, Target, pareto_ui};
use crate::request::Request;
use crate::results::Results;
use crate::session::Session;

/// Draws the plot.
pub(super) fn pareto_tile_ui(ui: &mut Ui, scene: &Scene<'_>, theme: &PlotTheme) -> Vec<Request> {
    let results = scene.results;
    let limits = limits(scene.session);
    let data = ParetoData {
        generation: results.generation,
        candidates: &results.shown.metrics,
        front: &results.front,
        previous_front: &results.previous_front,
        current: results.current.as_ref(),
        current_measured: false,
        trail: &results.trail,
        pinned_fronts: &[],
        pinned: &results.named_points,
        literature: &results.literature,
        limits: &limits,
        describe: &|candidate| results.settings(candidate),
    };
    let mut view = scene.session.pareto.clone();
    let action = pareto_ui(ui, &data, &mut view, theme);
    let mut requests = Vec::new();
    if view != scene.session.pareto {
        requests.push(Command::SetParetoView(Box::new(view)).into());
    }
    let command = match action {
        Some(ParetoAction::Load(target)) => {
            design_of(scene, target).map(|design| Command::ReplaceDesign(Box::new(design)))
        }
        Some(ParetoAction::Pin(target)) => {
            design_of(scene, target).map(|design| Command::Pin(Box::new(design)))
        }
        Some(ParetoAction::Select) | None => None,
    };
    requests.extend(command.map(Request::from));
    requests
}

/// Limits of the objectives as the plot shades them.
pub(crate) fn limits(session: &Session) -> Vec<(Metric, f64)> {
    let objectives = session.exploration.objectives.iter();
    objectives
        .filter_map(|objective| Some((objective.metric, objective.limit?)))
        .collect()
}

/// Settings of a candidate in one line.
pub(super) fn describe(results: &Results, candidate: usize) -> String {
    let settings = results
        .settings(candidate)
        .into_iter()
        .map(|(_, value)| value);
    settings.collect::<Vec<_>>().join("  ")
}

/// The design behind a point; published points have one where a preset has their name.
fn design_of(scene: &Scene<'_>, target: Target) -> Option<Design> {
    match target {
        Target::Candidate(index) => scene.results.design(index),
        Target::Pinned(index) => scene.session.pinned.get(index).cloned(),
        Target::Literature(index) => {
            let name = &scene.results.literature.get(index)?.name;
            scene
                .library
                .designs
                .iter()
                .find(|design| name.starts_with(&design.name))
                .cloned()
        }
        Target::PinnedFront(..) => None,
    }
}
