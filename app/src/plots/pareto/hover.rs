//! What lies under the pointer: the card beside it, and clicks on it.

use egui::{Pos2, RichText, Ui};

use blockscape_model::evaluation::{Metric, Metrics};

use super::cache::Cache;
use super::{NamedPoint, ParetoAction, ParetoData, ParetoView, ShownChart, Target, edge};
use crate::plots::axis::{prefixed_unit, significant, written_unit};
use crate::plots::theme::{Marker, PlotTheme};

/// How near the pointer must be, in points.
const REACH: f32 = 10.0;
/// Settings on the card.
const MOST_SETTINGS: usize = 10;
/// What the card tells beside the two axes; the table tells the rest.
const TOLD: [Metric; 6] = [
    Metric::Perplexity,
    Metric::Sqnr,
    Metric::Area,
    Metric::EnergyPerToken,
    Metric::DecodeRate,
    Metric::PrefillTime,
];

/// Shows the card of the point under the pointer; a click selects it, a double click loads it, a Shift-click pins it.
pub(super) fn interact(
    ui: &Ui,
    cache: &Cache,
    shown: &ShownChart,
    data: &ParetoData<'_>,
    view: &ParetoView,
    theme: &PlotTheme,
) -> Option<ParetoAction> {
    if let Some(picked) = data.picked {
        ring(shown, data, view, picked, theme);
    }
    let pointer = shown.response.hover_pos()?;
    if shown.response.dragged() {
        return None;
    }
    let target = target_at(cache, shown, data, view, pointer, theme)?;
    let metrics = metrics_of(data, target)?;
    ring(shown, data, view, target, theme);
    shown
        .response
        .clone()
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .on_hover_ui_at_pointer(|ui| {
            card(ui, cache, data, view, target, metrics);
        });
    if shown.response.double_clicked() {
        return Some(ParetoAction::Load(target));
    }
    let shift = ui.input(|input| input.modifiers.shift);
    shown.response.clicked().then_some(if shift {
        ParetoAction::Pin(target)
    } else {
        ParetoAction::Pick(target)
    })
}

/// A ring around the mark of a point.
fn ring(
    shown: &ShownChart,
    data: &ParetoData<'_>,
    view: &ParetoView,
    target: Target,
    theme: &PlotTheme,
) {
    let marks = |points| named_marks(shown, points, view, theme);
    let center = match target {
        Target::Literature(i) => marks(data.literature).get(i).copied().flatten(),
        Target::Pinned(i) => marks(data.pinned).get(i).copied().flatten(),
        _ => metrics_of(data, target).and_then(|metrics| mark(shown, metrics, view, theme)),
    };
    if let Some(center) = center {
        let stroke = egui::Stroke::new(theme.line_width, theme.text);
        let radius = theme.marker_radius * 1.6;
        let circle = Marker::Circle.shape(center, radius, egui::Color32::TRANSPARENT, stroke);
        shown.painter.add(circle);
    }
}

/// Where a design is marked.
fn mark(
    shown: &ShownChart,
    metrics: &Metrics,
    view: &ParetoView,
    theme: &PlotTheme,
) -> Option<Pos2> {
    let center = shown.position([metrics.get(view.x), metrics.get(view.y)])?;
    Some(edge::placed(shown.frame(), center, theme).at)
}

/// Where named designs are marked.
fn named_marks(
    shown: &ShownChart,
    points: &[NamedPoint],
    view: &ParetoView,
    theme: &PlotTheme,
) -> Vec<Option<Pos2>> {
    let values = |point: &NamedPoint| [view.x, view.y].map(|metric| point.metrics.get(metric));
    let positions = points.iter().map(|point| shown.position(values(point)));
    let placed = edge::placed_apart(shown.frame(), positions, theme).into_iter();
    placed
        .map(|placed| placed.map(|placed| placed.at))
        .collect()
}

/// Named points first, then fronts, then the cloud.
fn target_at(
    cache: &Cache,
    shown: &ShownChart,
    data: &ParetoData<'_>,
    view: &ParetoView,
    pointer: Pos2,
    theme: &PlotTheme,
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
    // Points beyond the edge are met at their marks on it.
    let marked = |marks: Vec<Option<Pos2>>, target: fn(usize) -> Target| {
        let marks = marks.into_iter().enumerate();
        let mut found = marks.filter_map(|(i, at)| {
            let distance = at?.distance(pointer);
            (distance <= REACH).then(|| (distance, target(i)))
        });
        nearest(&mut found)
    };
    let named =
        |points: &[NamedPoint], target| marked(named_marks(shown, points, view, theme), target);
    let measured = || {
        let points = data.measured.iter().map(|measured| &measured.point.metrics);
        let marks = points.map(|metrics| mark(shown, metrics, view, theme));
        marked(marks.collect(), Target::Measured)
    };
    let front = || {
        let points = cache.members.iter();
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
        .or_else(measured)
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
        Target::Measured(i) => data.measured.get(i).map(|p| &p.point.metrics),
        Target::PinnedFront(f, i) => data.pinned_fronts.get(f)?.points.get(i).map(|p| &p.metrics),
    }
}

fn card(
    ui: &mut Ui,
    cache: &Cache,
    data: &ParetoData<'_>,
    view: &ParetoView,
    target: Target,
    metrics: &Metrics,
) {
    ui.set_max_width(300.0);
    ui.spacing_mut().interact_size.y = 0.0;
    ui.spacing_mut().item_spacing.y = 2.0;
    let on_front = front_point(data, target);
    let named = |point: &NamedPoint| (point.name.clone(), point.source.clone());
    let (title, note) = match target {
        Target::Candidate(index) => {
            let on_axes = cache.members.iter().any(|point| point.index == index);
            let title = match (on_front.is_some(), on_axes) {
                (true, _) if data.shows_objectives(view) => "On the front",
                (true, true) => "On the front of these axes and of the objectives",
                (true, false) => "On the front of the objectives",
                (false, true) => "On the front of these axes",
                (false, false) => "Explored design",
            };
            (title.to_owned(), String::new())
        }
        Target::Literature(i) => named(&data.literature[i]),
        Target::Pinned(i) => named(&data.pinned[i]),
        Target::Measured(i) => named(&data.measured[i].point),
        Target::PinnedFront(f, _) => (
            data.pinned_fronts[f].name.clone(),
            "pinned front".to_owned(),
        ),
    };
    ui.strong(title);
    if !note.is_empty() {
        ui.weak(note);
    }
    egui::Grid::new("hovered metrics")
        .num_columns(4)
        .spacing([8.0, 1.0])
        .show(ui, |ui| {
            for metric in Metric::ALL {
                let value = metrics.get(metric);
                let shown = metric == view.x || metric == view.y;
                if !value.is_finite() || !(shown || TOLD.contains(&metric)) {
                    continue;
                }
                let label = RichText::new(metric.description().label);
                ui.label(if shown { label.strong() } else { label });
                let unit = written_unit(metric.description().unit);
                let (factor, unit) = prefixed_unit(value, &unit);
                ui.label(RichText::new(significant(factor * value, 4)).monospace());
                ui.weak(unit);
                if let Some((low, high)) = on_front.and_then(|point| point.bands.get(metric)) {
                    let ends = [low, high].map(|end| significant(factor * end, 3));
                    ui.weak(format!("{} to {}", ends[0], ends[1]));
                }
                ui.end_row();
            }
        });
    if let Target::Candidate(i) = target {
        settings(ui, &(data.describe)(i));
    }
    let measured = match target {
        Target::Candidate(_) => on_front.is_some_and(|point| point.measured),
        Target::Literature(i) => data.literature[i].measured,
        Target::Pinned(i) => data.pinned[i].measured,
        Target::Measured(_) => true,
        Target::PinnedFront(..) => on_front.is_some_and(|point| point.measured),
    };
    ui.weak(if measured {
        "Accuracy measured"
    } else {
        "Accuracy estimated"
    });
    if let Some(membership) = on_front.and_then(|point| point.membership) {
        let percent = (membership * 100.0).round();
        ui.weak(format!(
            "On the front of the objectives in {percent} % of the draws of all constants"
        ));
    }
    ui.weak("Click to select, double click to load, Shift-click to pin");
}

/// The point of a front that is meant, if it is one.
fn front_point<'a>(data: &'a ParetoData<'_>, target: Target) -> Option<&'a super::FrontPoint> {
    match target {
        Target::Candidate(i) => data.front.iter().find(|point| point.index == i),
        Target::PinnedFront(f, i) => data.pinned_fronts.get(f)?.points.get(i),
        _ => None,
    }
}

fn settings(ui: &mut Ui, settings: &[(String, String)]) {
    if settings.is_empty() {
        return;
    }
    let shown = settings.iter().take(MOST_SETTINGS);
    let mut parts: Vec<String> = shown
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if settings.len() > MOST_SETTINGS {
        parts.push(format!("and {} more", settings.len() - MOST_SETTINGS));
    }
    ui.label(parts.join(" · "));
}
