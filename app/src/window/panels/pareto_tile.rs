//! The Pareto tile: what the plot is given, and what its actions become.

use blockscape_model::design::Design;
use egui::Ui;

use super::Scene;
use crate::plots::PlotTheme;
use crate::plots::pareto::{self, ParetoAction, ParetoData, Target, pareto_ui};
use crate::results::Results;
use crate::results::selected_designs::SelectedDesigns;
use crate::session::Session;
use crate::session::axis_choice::short_label;
use crate::session::command::Command;
use crate::window::request::Request;

/// The selected point of the plot; none any more once its candidates are replaced.
#[derive(Debug, Clone, Copy, Default)]
pub struct Picked(Option<(u64, Target)>);

impl Picked {
    /// A point of what is shown at the moment.
    pub(super) fn new(results: &Results, target: Target) -> Self {
        Self(Some((results.generation, target)))
    }

    /// The point.
    fn target(self, results: &Results) -> Option<Target> {
        let (generation, target) = self.0?;
        (generation == results.generation).then_some(target)
    }

    /// Its place among the candidates, if it is one of them.
    pub(super) fn candidate(self, results: &Results) -> Option<usize> {
        match self.target(results)? {
            Target::Candidate(candidate) => Some(candidate),
            _ => None,
        }
    }
}

/// The selected design by its name, with what can be done with it.
fn picked_ui(ui: &mut Ui, scene: &Scene<'_>, picked: &mut Picked) -> Vec<Request> {
    let target = picked.target(scene.results);
    let Some(design) = target.and_then(|target| design_of(scene, target)) else {
        return Vec::new();
    };
    let mut requests = Vec::new();
    ui.horizontal(|ui| {
        ui.label("Selected:");
        ui.strong(&design.name);
        if ui.button("Load selected").clicked() {
            requests.push(Command::ReplaceDesign(Box::new(design.clone())).into());
        }
        if ui.button("Pin selected").clicked() {
            requests.push(Command::Pin(Box::new(design.clone())).into());
        }
        if ui.button("Deselect").clicked() {
            *picked = Picked::default();
        }
    });
    requests
}

/// Draws the plot.
pub(super) fn pareto_tile_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    selected: &SelectedDesigns,
    picked: &mut Picked,
    theme: &PlotTheme,
) -> Vec<Request> {
    let results = scene.results;
    let mut requests = picked_ui(ui, scene, picked);
    let exploration = &scene.session.exploration;
    let (limits, objectives) = (exploration.limits(), exploration.metrics());
    let data = ParetoData {
        generation: results.generation,
        candidates: &results.shown.metrics,
        front: &results.front,
        former_front: &results.former.points,
        settled: !results.is_running(),
        objectives: &objectives,
        admits: &|metrics| exploration.admits(metrics),
        // The figures of a design that cannot be built are of another one.
        current: results.current.as_ref().filter(|_| results.is_built()),
        current_measured: results.current_is_measured,
        trail: &results.trail,
        pinned_fronts: &results.pinned_fronts,
        pinned: &results.pinned_points,
        literature: &results.literature,
        measured: &results.measured,
        limits: &limits,
        picked: picked.target(results),
        n_selected: selected.count(),
        describe: &|candidate| settings(results, candidate),
    };
    let mut view = scene.session.pareto.clone();
    let action = pareto_ui(ui, &data, &mut view, theme);
    let axes = [view.y, view.x];
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
        Some(ParetoAction::Pick(target)) => {
            *picked = Picked::new(results, target);
            None
        }
        Some(ParetoAction::KeepFront) => {
            let name = front_name(scene.session);
            let shown = pareto::shown(ui.ctx()).map(|shown| shown.front);
            let front = results.kept_front(name, &shown.unwrap_or_default());
            front.map(|front| Command::KeepFront(Box::new(front)))
        }
        Some(ParetoAction::ExploreAxes) => {
            let mut exploration = exploration.clone();
            exploration.explore_for(axes);
            Some(Command::SetExploration(Box::new(exploration)))
        }
        Some(ParetoAction::Select) | None => None,
    };
    requests.extend(command.map(Request::from));
    requests
}

/// Settings of a candidate in the short names of the exploration.
fn settings(results: &Results, candidate: usize) -> Vec<(String, String)> {
    let space = results.shown.space.as_ref();
    let axes = space.map_or(&[][..], |space| space.axes());
    let names = axes.iter().map(|axis| short_label(axis.parameter));
    let values = results.settings(candidate).into_iter();
    names.zip(values.map(|(_, value)| value)).collect()
}

/// A name that no kept front has: that of the design it was found around, with a number where taken.
fn front_name(session: &Session) -> String {
    let base = &session.design.name;
    let taken = |name: &str| session.fronts.iter().any(|front| front.name == name);
    let numbered = (2..).map(|number| format!("{base} front {number}"));
    std::iter::once(format!("{base} front"))
        .chain(numbered)
        .find(|name| !taken(name))
        .unwrap_or_default()
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
        Target::Measured(index) => {
            let measured = scene.results.measured.get(index);
            measured.map(|measured| measured.design.clone())
        }
        Target::PinnedFront(front, member) => scene.session.fronts.get(front)?.design(member),
    }
}
