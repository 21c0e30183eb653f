//! The Pareto plot: every evaluated design as a cloud, the front, the current design and the points of the literature.
//!
//! The line is the front of the two axes shown, over all designs of the cloud. The front of the objectives is the explorer's; its
//! members that are not on the line are marked apart.

mod axes_front;
mod cache;
mod controls;
mod edge;
mod fit;
mod front;
mod hover;
mod paint;
mod paint_front;
mod selection;

use egui::text::LayoutJob;
use egui::{Align, Id, Ui, vec2};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};

use super::axis::{Axis, Scale, written_unit};
use super::chart::{Bounds, Chart, ShownChart};
use super::theme::PlotTheme;

pub use axes_front::AxesFront;
pub use cache::{Shown, shown};
pub use controls::pareto_controls_ui;
pub use front::{Bands, FrontPoint, more_is_better, staircase, visible_front};
pub use paint::front_category;
pub use selection::Selection;

/// A front kept for comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct PinnedFront {
    /// Shown in the legend.
    pub name: String,
    /// Its points.
    pub points: Vec<FrontPoint>,
}

/// A design somebody published, or a pinned single design.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedPoint {
    /// Shown beside the point.
    pub name: String,
    /// Where its numbers come from.
    pub source: String,
    /// NaN where a number is not known.
    pub metrics: Metrics,
    /// Whether its accuracy was measured.
    pub measured: bool,
}

/// A design whose accuracy was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredPoint {
    /// Its figures, and what they rest on.
    pub point: NamedPoint,
    /// The text it was measured on; accuracies on different texts do not compare.
    pub text: String,
    /// The design.
    pub design: Design,
}

/// What the plot shows, borrowed from the caches of the window.
pub struct ParetoData<'a> {
    /// Changes when the candidates are replaced rather than appended.
    pub generation: u64,
    /// Every evaluated candidate.
    pub candidates: &'a [Metrics],
    /// The front of the objectives over the candidates, once it is whole.
    pub front: &'a [FrontPoint],
    /// The front of the objectives before the running exploration; empty once the new one is whole.
    pub former_front: &'a [FrontPoint],
    /// Whether the exploration has come to its end. Until then the bounds stay and the line before is drawn faded.
    pub settled: bool,
    /// What is explored for; empty where it is what the axes show.
    pub objectives: &'a [Metric],
    /// Whether a design keeps all limits; others are on no front.
    pub admits: &'a dyn Fn(&Metrics) -> bool,
    /// The edited design.
    pub current: Option<&'a Metrics>,
    /// Whether the edited design's accuracy was measured.
    pub current_measured: bool,
    /// Where the edited design has been, oldest first.
    pub trail: &'a [Metrics],
    /// Fronts kept for comparison.
    pub pinned_fronts: &'a [PinnedFront],
    /// Single designs kept for comparison.
    pub pinned: &'a [NamedPoint],
    /// Published designs.
    pub literature: &'a [NamedPoint],
    /// Single designs whose accuracy was measured; drawn without a name.
    pub measured: &'a [MeasuredPoint],
    /// Limits of the objectives: the largest allowed value, the smallest where higher is better.
    pub limits: &'a [(Metric, f64)],
    /// The selected point, marked by a ring.
    pub picked: Option<Target>,
    /// Candidates inside the selected box, where there is one.
    pub n_selected: usize,
    /// Settings of a candidate, as pairs of name and value; asked for the hovered one only.
    pub describe: &'a dyn Fn(usize) -> Vec<(String, String)>,
}

impl Default for ParetoData<'_> {
    /// No design at all.
    fn default() -> Self {
        Self {
            generation: 0,
            candidates: &[],
            front: &[],
            former_front: &[],
            settled: true,
            objectives: &[],
            admits: &|_| true,
            current: None,
            current_measured: false,
            trail: &[],
            pinned_fronts: &[],
            pinned: &[],
            literature: &[],
            measured: &[],
            limits: &[],
            picked: None,
            n_selected: 0,
            describe: &|_| Vec::new(),
        }
    }
}

impl ParetoData<'_> {
    /// Whether the axes show what is explored for, so that both fronts are the same.
    fn shows_objectives(&self, view: &ParetoView) -> bool {
        let shown = |metric: &Metric| [view.x, view.y].contains(metric);
        self.objectives.is_empty()
            || (self.objectives.len() == 2 && self.objectives.iter().all(shown))
    }
}

impl std::fmt::Debug for ParetoData<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ParetoData")
            .field("generation", &self.generation)
            .field("candidates", &self.candidates.len())
            .field("front", &self.front.len())
            .finish_non_exhaustive()
    }
}

/// How the plot is looked at; saved with the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent check boxes")]
pub struct ParetoView {
    /// Metric on the horizontal axis.
    pub x: Metric,
    /// Metric on the vertical axis.
    pub y: Metric,
    /// Scale of the horizontal axis.
    pub x_scale: Scale,
    /// Scale of the vertical axis.
    pub y_scale: Scale,
    /// Bounds the user chose, in scaled coordinates.
    pub bounds: Option<Bounds>,
    /// Leave the dominated designs out.
    pub front_only: bool,
    /// Show published designs.
    pub literature: bool,
    /// Show uncertainty of the accuracy.
    pub uncertainty: bool,
    /// A drag selects instead of panning.
    pub selecting: bool,
    /// The selected box.
    pub selection: Option<Selection>,
}

impl Default for ParetoView {
    fn default() -> Self {
        Self {
            x: Metric::EnergyPerToken,
            y: Metric::Perplexity,
            x_scale: Scale::Log,
            y_scale: Scale::Linear,
            bounds: None,
            front_only: false,
            literature: true,
            uncertainty: true,
            selecting: false,
            selection: None,
        }
    }
}

/// A point of the plot, by where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// An evaluated candidate.
    Candidate(usize),
    /// A published design.
    Literature(usize),
    /// A pinned design.
    Pinned(usize),
    /// A measured design.
    Measured(usize),
    /// A point of a pinned front: front, point.
    PinnedFront(usize, usize),
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParetoAction {
    /// Select it: it is marked, and can be loaded or pinned.
    Pick(Target),
    /// Make it the edited design.
    Load(Target),
    /// Keep it for comparison.
    Pin(Target),
    /// The selected box changed; it is in the view.
    Select,
    /// Keep the front for comparison.
    KeepFront,
    /// Explore for the metrics of the two axes.
    ExploreAxes,
}

/// Controls, then the chart.
pub fn pareto_ui(
    ui: &mut Ui,
    data: &ParetoData<'_>,
    view: &mut ParetoView,
    theme: &PlotTheme,
) -> Option<ParetoAction> {
    let changed = pareto_controls_ui(ui, data, view);
    pareto_chart_ui(ui, data, view, theme).or(changed)
}

/// The chart alone, as figures use it.
pub fn pareto_chart_ui(
    ui: &mut Ui,
    data: &ParetoData<'_>,
    view: &mut ParetoView,
    theme: &PlotTheme,
) -> Option<ParetoAction> {
    let id = Id::unique(cache::CACHE);
    let cache = ui.data_mut(|memory| {
        Arc::clone(memory.get_temp_mut_or_default::<Arc<Mutex<cache::Cache>>>(id))
    });
    let mut cache = cache
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let cache = &mut *cache;
    cache::refresh(cache, data, view, theme, ui);
    let axes = [axis(view.x, view.x_scale), axis(view.y, view.y_scale)];
    let dragging = ui.input(|input| input.pointer.any_down());
    let fit = fit::held(cache, data, view, dragging);
    let selects =
        view.selecting || cache.drag_from.is_some() || ui.input(|input| input.modifiers.command);
    let chart = Chart {
        id: "pareto",
        x: &axes[0],
        y: &axes[1],
        fit,
        drag_pans: !selects,
    };
    let chosen = view.bounds;
    let shown = chart.show(ui, &mut view.bounds, theme);
    cache.shown = Some(shown.bounds());
    paint_all(ui, cache, &shown, data, view, theme);
    if let Some(hint) = hint(cache, data, view) {
        let frame = shown.frame();
        let (font, color) = (theme.font(), theme.weak_text);
        let mut text = LayoutJob::simple(hint, font, color, frame.width() * 0.9);
        text.halign = Align::Center;
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(text));
        let top = frame.center() - vec2(0.0, galley.size().y * 0.5);
        shown.painter.galley(top, galley, color);
    }
    if theme.on_paper {
        return None;
    }
    let selected = selection::interact(&shown, view, selects, &mut cache.drag_from, theme);
    let action = selected.or_else(|| hover::interact(ui, cache, &shown, data, view, theme));
    if matches!(action, Some(ParetoAction::Load(_))) {
        // A double click fits the plot only beside the designs.
        view.bounds = chosen;
    }
    action
}

/// What an empty plot says.
fn hint(cache: &cache::Cache, data: &ParetoData<'_>, view: &ParetoView) -> Option<String> {
    let known =
        |metrics: &Metrics| metrics.get(view.x).is_finite() && metrics.get(view.y).is_finite();
    let named = data.pinned.iter().chain(if view.literature {
        data.literature
    } else {
        &[]
    });
    let shows_something = cache.cloud.extent().min.iter().all(|low| low.is_finite())
        || data.current.is_some_and(known)
        || named.into_iter().any(|point| known(&point.metrics));
    if shows_something {
        return None;
    }
    if data.candidates.is_empty() && data.current.is_none() {
        let has_ended = data.settled && data.generation > 0;
        let text = if has_ended {
            "None of the explored designs can be built"
        } else {
            "Designs appear here once they have been evaluated"
        };
        return Some(text.to_owned());
    }
    let unknown = [view.y, view.x].into_iter().find(|&metric| {
        let mut shown = data.candidates.iter().take(1000).chain(data.current);
        shown.all(|metrics| !metrics.get(metric).is_finite())
    })?;
    Some(format!(
        "{} is not known for these designs: choose another axis",
        unknown.description().label
    ))
}

/// The axis of a metric.
pub fn axis(metric: Metric, scale: Scale) -> Axis {
    let description = metric.description();
    Axis::new(description.label, written_unit(description.unit), scale)
}

fn paint_all(
    ui: &Ui,
    cache: &mut cache::Cache,
    shown: &ShownChart,
    data: &ParetoData<'_>,
    view: &ParetoView,
    theme: &PlotTheme,
) {
    if !view.front_only && !cache.cloud.paint(ui.ctx(), shown, theme, theme.on_paper) {
        ui.ctx().request_repaint();
    }
    let scene = paint::Scene {
        shown,
        data,
        view,
        theme,
        members: &cache.members,
        faded: cache.faded([view.x, view.y]),
    };
    scene.paint();
}
