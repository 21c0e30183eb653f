//! What lies under the pointer: the card beside it, and clicks on it.

use egui::{Pos2, RichText, Ui};

use blockscape_model::evaluation::{Metric, Metrics};

use super::{Cache, NamedPoint, ParetoAction, ParetoData, ParetoView, ShownChart, Target};
use crate::plots::axis::{significant, written_unit};
use crate::plots::theme::{Marker, PlotTheme};

/// How near the pointer must be, in points.
const REACH: f32 = 10.0;
/// Lines of settings on the card.
const MOST_SETTINGS: usize = 14;

/// Shows the card of the point under the pointer; a click loads it, a Shift-click pins it.
pub(super) fn interact(
    ui: &Ui,
    cache: &Cache,
    shown: &ShownChart,
    data: &ParetoData<'_>,
    view: &ParetoView,
    theme: &PlotTheme,
) -> Option<ParetoAction> {
    let pointer = shown.response.hover_pos()?;
    if shown.response.dragged() {
        return None;
    }
    let target = target_at(cache, shown, data, view, pointer)?;
    let metrics = metrics_of(data, target)?;
    if let Some(center) = shown.position([metrics.get(view.x), metrics.get(view.y)]) {
        let ring = egui::Stroke::new(theme.line_width, theme.text);
        let radius = theme.marker_radius * 1.6;
        shown
            .painter
            .add(Marker::Circle.shape(center, radius, egui::Color32::TRANSPARENT, ring));
    }
    shown
        .response
        .clone()
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .on_hover_ui_at_pointer(|ui| {
            card(ui, data, view, target, metrics);
        });
    let shift = ui.input(|input| input.modifiers.shift);
    shown.response.clicked().then_some(if shift {
        ParetoAction::Pin(target)
    } else {
        ParetoAction::Load(target)
    })
}

/// Named points first, then fronts, then the cloud.
fn target_at(
    cache: &Cache,
    shown: &ShownChart,
    data: &ParetoData<'_>,
    view: &ParetoView,
    pointer: Pos2,
) -> Option<Target> {
    let near = |metrics: &Metrics| {
        let center = shown.position([metrics.get(view.x), metrics.get(view.y)])?;
        Some(center.distance(pointer)).filter(|distance| *distance <= REACH)
    };
    let nearest = |found: &mut dyn Iterator<Item = (f32, Target)>| {
        found.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, t)| t)
    };
    let literature = if view.literature {
        data.literature
    } else {
        &[]
    };
    let named = |points: &'_ [NamedPoint], target: fn(usize) -> Target| {
        let found = points
            .iter()
            .enumerate()
            .filter_map(|(i, p)| Some((near(&p.metrics)?, target(i))));
        nearest(&mut found.collect::<Vec<_>>().into_iter())
    };
    let front = || {
        let points = cache.visible.iter().filter_map(|&i| data.front.get(i));
        nearest(&mut points.filter_map(|p| Some((near(&p.metrics)?, Target::Candidate(p.index)))))
    };
    let pinned_fronts = || {
        let points = data.pinned_fronts.iter().enumerate();
        let points = points
            .flat_map(|(f, front)| front.points.iter().enumerate().map(move |(i, p)| (f, i, p)));
        nearest(
            &mut points
                .filter_map(|(f, i, p)| Some((near(&p.metrics)?, Target::PinnedFront(f, i)))),
        )
    };
    let cloud = || {
        (!view.front_only)
            .then(|| {
                cache
                    .cloud
                    .nearest(shown, pointer, REACH)
                    .map(Target::Candidate)
            })
            .flatten()
    };
    named(data.pinned, Target::Pinned)
        .or_else(|| named(literature, Target::Literature))
        .or_else(front)
        .or_else(pinned_fronts)
        .or_else(cloud)
}

fn metrics_of<'a>(data: &'a ParetoData<'_>, target: Target) -> Option<&'a Metrics> {
    match target {
        Target::Candidate(i) => data
            .candidates
            .get(i)
            .or_else(|| data.front.iter().find(|p| p.index == i).map(|p| &p.metrics)),
        Target::Literature(i) => data.literature.get(i).map(|p| &p.metrics),
        Target::Pinned(i) => data.pinned.get(i).map(|p| &p.metrics),
        Target::PinnedFront(f, i) => data.pinned_fronts.get(f)?.points.get(i).map(|p| &p.metrics),
    }
}

fn card(ui: &mut Ui, data: &ParetoData<'_>, view: &ParetoView, target: Target, metrics: &Metrics) {
    ui.set_max_width(320.0);
    let (title, note) = match target {
        Target::Candidate(i) => (format!("Design {i}"), String::new()),
        Target::Literature(i) => (
            data.literature[i].name.clone(),
            data.literature[i].source.clone(),
        ),
        Target::Pinned(i) => (data.pinned[i].name.clone(), data.pinned[i].source.clone()),
        Target::PinnedFront(f, i) => (
            format!("{}, point {i}", data.pinned_fronts[f].name),
            String::new(),
        ),
    };
    ui.strong(title);
    if !note.is_empty() {
        ui.weak(note);
    }
    egui::Grid::new("hovered metrics")
        .num_columns(3)
        .spacing([12.0, 2.0])
        .show(ui, |ui| {
            for metric in Metric::ALL {
                let value = metrics.get(metric);
                if !value.is_finite() {
                    continue;
                }
                let shown = metric == view.x || metric == view.y;
                let label = RichText::new(metric.description().label);
                ui.label(if shown { label.strong() } else { label });
                ui.label(RichText::new(significant(value, 4)).monospace());
                ui.weak(written_unit(metric.description().unit));
                ui.end_row();
            }
        });
    if let Target::Candidate(i) = target {
        settings(ui, &(data.describe)(i));
        let measured = data.front.iter().any(|p| p.index == i && p.measured);
        ui.weak(if measured {
            "Accuracy measured"
        } else {
            "Accuracy estimated"
        });
    }
    ui.weak("Click to load, Shift-click to pin");
}

fn settings(ui: &mut Ui, settings: &[(String, String)]) {
    if settings.is_empty() {
        return;
    }
    ui.separator();
    egui::Grid::new("hovered settings")
        .num_columns(2)
        .spacing([12.0, 2.0])
        .show(ui, |ui| {
            for (name, value) in settings.iter().take(MOST_SETTINGS) {
                ui.weak(name);
                ui.label(value);
                ui.end_row();
            }
        });
    if settings.len() > MOST_SETTINGS {
        ui.weak(format!("and {} more", settings.len() - MOST_SETTINGS));
    }
}
