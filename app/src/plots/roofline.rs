//! The roofline: what each matrix product reaches, below what compute and memory allow.
//!
//! Horizontal: operations per byte moved to and from external memory. Vertical: tera-operations per second (Williams, Waterman
//! and Patterson, "Roofline", 2009).

use egui::epaint::TextShape;
use egui::{Align2, Pos2, Rect, Shape, Stroke, Ui, Vec2, pos2};
use serde::{Deserialize, Serialize};

use super::axis::{Axis, Scale, significant};
use super::chart::{Bounds, Chart, ShownChart};
use super::labels::Labels;
use super::legend::{Key, free_corner, legend, point};
use super::theme::PlotTheme;

/// A level of compute.
#[derive(Debug, Clone, PartialEq)]
pub struct Roof {
    /// What reaches it: a format pair, a mode.
    pub name: String,
    /// Tera-operations per second.
    pub tops: f64,
}

/// One product in one phase.
#[derive(Debug, Clone, PartialEq)]
pub struct RooflinePoint {
    /// The product.
    pub name: String,
    /// Which series it belongs to: prefill or decode.
    pub series: usize,
    /// Operations per byte of external memory traffic.
    pub intensity: f64,
    /// Tera-operations per second reached.
    pub tops: f64,
    /// Share of the phase's time, 0 to 1; drawn as size.
    pub time_share: f64,
}

/// What the plot shows.
#[derive(Debug, Clone, Copy)]
pub struct RooflineData<'a> {
    /// Levels of compute.
    pub roofs: &'a [Roof],
    /// External memory bandwidth in 10^9 bytes per second.
    pub bandwidth: f64,
    /// Names of the series.
    pub series: &'a [&'a str],
    /// All products.
    pub points: &'a [RooflinePoint],
}

/// How it is looked at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RooflineView {
    /// Bounds the user chose, in scaled coordinates.
    pub bounds: Option<Bounds>,
}

/// What the user asked for: a product was clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RooflineAction {
    /// Position of the product in the data.
    Product(usize),
}

/// Draws roofs and products.
pub fn roofline_ui(
    ui: &mut Ui,
    data: &RooflineData<'_>,
    view: &mut RooflineView,
    theme: &PlotTheme,
) -> Option<RooflineAction> {
    if data.points.is_empty() {
        ui.weak("No products yet: evaluate a design to see what limits it.");
        return None;
    }
    let x = Axis::new("Operational intensity", "operations/byte", Scale::Log);
    let y = Axis::new("Throughput", "TOPS", Scale::Log);
    let chart = Chart {
        id: "roofline",
        x: &x,
        y: &y,
        fit: fit(data),
        drag_pans: true,
    };
    let shown = chart.show(ui, &mut view.bounds, theme);
    let placed: Vec<(usize, Pos2)> = (data.points.iter().enumerate())
        .filter_map(|(i, product)| Some((i, shown.position([product.intensity, product.tops])?)))
        .collect();
    let mut labels = Labels::default();
    paint_slope(&shown, data, theme);
    paint_levels(&shown, data, &placed, &mut labels, theme);
    paint_legend(&shown, data, &placed, &mut labels, theme);
    let hovered = paint_points(&shown, data, &placed, &mut labels, theme);
    let index = hovered?;
    let product = &data.points[index];
    shown.response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!(
            "{}, {}",
            product.name,
            data.series.get(product.series).unwrap_or(&"")
        ));
        ui.label(format!("{} TOPS", significant(product.tops, 3)));
        ui.label(format!(
            "{} operations per byte",
            significant(product.intensity, 3)
        ));
        ui.label(format!(
            "{:.1} % of the phase's time",
            product.time_share * 100.0
        ));
        let ridge =
            data.roofs.iter().map(|roof| roof.tops).fold(0.0, f64::max) * 1e3 / data.bandwidth;
        ui.weak(if product.intensity < ridge {
            "Limited by memory"
        } else {
            "Limited by compute"
        });
    });
    shown
        .response
        .clicked()
        .then_some(RooflineAction::Product(index))
}

fn fit(data: &RooflineData<'_>) -> Bounds {
    let mut bounds = Bounds::EMPTY;
    for product in data.points {
        bounds.include([product.intensity.log10(), product.tops.log10()]);
    }
    for roof in data.roofs {
        bounds.include([
            (roof.tops * 1e3 / data.bandwidth).log10(),
            roof.tops.log10(),
        ]);
        bounds.include([
            (roof.tops * 4e3 / data.bandwidth).log10(),
            roof.tops.log10(),
        ]);
    }
    let mut bounds = bounds.with_margin(0.1);
    bounds.max[1] += 0.2 * (bounds.max[1] - bounds.min[1]); // the highest roof is named above its line
    bounds
}

fn highest(data: &RooflineData<'_>) -> f64 {
    data.roofs.iter().map(|roof| roof.tops).fold(0.0, f64::max)
}

/// The bandwidth as a slope into the highest roof, its number written along it.
fn paint_slope(shown: &ShownChart, data: &RooflineData<'_>, theme: &PlotTheme) {
    let terabytes = data.bandwidth * 1e-3;
    let bounds = shown.bounds();
    let left = 10_f64.powf(bounds.min[0].max(bounds.min[1] - terabytes.log10()));
    let ridge = highest(data) / terabytes;
    let ends = [left, ridge].map(|x| shown.position([x, x * terabytes]));
    let [Some(from), Some(to)] = ends else { return };
    let stroke = Stroke::new(theme.line_width, theme.text);
    shown.painter.add(Shape::line(vec![from, to], stroke));
    let text = format!("{} GB/s", significant(data.bandwidth, 3));
    let galley = shown
        .painter
        .layout_no_wrap(text, theme.small_font(), theme.weak_text);
    let along = (to - from).normalized();
    let lift = Vec2::new(along.y, -along.x) * (galley.size().y + theme.line_width);
    // in the middle of what is seen of the slope
    let start = (from.distance(to) - galley.size().x).max(0.0) * 0.5;
    let mut shape = TextShape::new(from + along * start + lift, galley, theme.weak_text);
    shape.angle = along.angle();
    shown.painter.add(shape);
}

/// The roofs as levels from the slope on, each named where it hides least.
fn paint_levels(
    shown: &ShownChart,
    data: &RooflineData<'_>,
    placed: &[(usize, Pos2)],
    labels: &mut Labels,
    theme: &PlotTheme,
) {
    let right = 10_f64.powf(shown.bounds().max[0]);
    let stroke = Stroke::new(theme.line_width, theme.text);
    let points: Vec<Pos2> = placed.iter().map(|(_, center)| *center).collect();
    for roof in data.roofs {
        let ridge = roof.tops * 1e3 / data.bandwidth;
        let ends = [ridge, right].map(|x| shown.position([x, roof.tops]));
        let [Some(from), Some(to)] = ends else {
            continue;
        };
        shown.painter.add(Shape::line(vec![from, to], stroke));
        let text = format!("{}  {} TOPS", roof.name, significant(roof.tops, 3));
        let galley = shown
            .painter
            .layout_no_wrap(text, theme.small_font(), theme.weak_text);
        // the highest roof is named above its line, the others below theirs
        let below = roof.tops < highest(data);
        let top = if below {
            theme.line_width
        } else {
            -galley.size().y - theme.line_width
        };
        let gap = theme.text_size * 0.5;
        let free = to.x - from.x - galley.size().x - 2.0 * gap;
        let place = |share: f32| {
            let left = from.x + gap + free.max(0.0) * share;
            Rect::from_min_size(pos2(left, from.y + top), galley.size())
        };
        let hidden = |rect: &Rect| {
            let wide = rect.expand(theme.marker_radius * 1.5);
            points.iter().filter(|point| wide.contains(**point)).count()
        };
        let best = [1.0, 0.5, 0.0].map(place).into_iter().min_by_key(hidden);
        let Some(mut best) = best else { continue };
        if hidden(&best) > 0 {
            // leaves a row for the names of the points
            let away = theme.marker_radius * 1.4 + theme.small_text_size * 1.2;
            let away = if below { away } else { -away };
            best = best.translate(Vec2::new(0.0, away));
        }
        labels.avoid(best);
        labels.avoid(Rect::from_two_pos(from, to).expand(theme.line_width));
        shown.painter.galley(best.min, galley, theme.weak_text);
    }
}

fn paint_legend(
    shown: &ShownChart,
    data: &RooflineData<'_>,
    placed: &[(usize, Pos2)],
    labels: &mut Labels,
    theme: &PlotTheme,
) {
    let entries: Vec<(Key, String)> = (data.series.iter().enumerate())
        .map(|(i, name)| {
            let (color, marker) = theme.category(i);
            (Key::Marker(marker, color, true), (*name).to_owned())
        })
        .collect();
    let ridge = highest(data) * 1e3 / data.bandwidth;
    let steps = (0..=40_u8).map(|i| f64::from(i) / 40.0);
    let bounds = shown.bounds();
    let roof = steps.filter_map(|share| {
        let x = 10_f64.powf(bounds.min[0] + (bounds.max[0] - bounds.min[0]) * share);
        shown.position([x, highest(data) * (x / ridge).min(1.0)])
    });
    let points: Vec<Pos2> = placed.iter().map(|(_, at)| *at).chain(roof).collect();
    let corners = [
        Align2::RIGHT_BOTTOM,
        Align2::LEFT_TOP,
        Align2::RIGHT_CENTER,
        Align2::CENTER_BOTTOM,
    ];
    let (painter, frame) = (&shown.painter, shown.frame());
    let corner = free_corner(painter, frame, &corners, &entries, &points, theme);
    labels.avoid(legend(painter, frame, corner, &entries, theme));
}

fn paint_points(
    shown: &ShownChart,
    data: &RooflineData<'_>,
    placed: &[(usize, Pos2)],
    labels: &mut Labels,
    theme: &PlotTheme,
) -> Option<usize> {
    let pointer = shown.response.hover_pos();
    let mut hovered: Option<(f32, usize)> = None;
    for &(i, center) in placed {
        let (color, marker) = theme.category(data.points[i].series);
        let scale = 0.8 + data.points[i].time_share.clamp(0.0, 1.0).sqrt() as f32;
        let sized = PlotTheme {
            marker_radius: theme.marker_radius * scale,
            ..theme.clone()
        };
        shown
            .painter
            .add(point(marker, center, color, true, &sized));
        labels.avoid(Rect::from_center_size(
            center,
            Vec2::splat(sized.marker_radius * 2.2),
        ));
        let distance = pointer.map_or(f32::INFINITY, |at| at.distance(center));
        if distance < 12.0 && hovered.is_none_or(|(nearest, _)| distance < nearest) {
            hovered = Some((distance, i));
        }
    }
    for (center, text) in clusters(data, placed, theme) {
        labels.place(&shown.painter, center, &text, theme.text, theme);
    }
    hovered.map(|(_, i)| i)
}

/// Points of one series that lie on each other, with their names joined.
fn clusters(
    data: &RooflineData<'_>,
    placed: &[(usize, Pos2)],
    theme: &PlotTheme,
) -> Vec<(Pos2, String)> {
    let mut found: Vec<(usize, Pos2, Vec<&str>)> = Vec::new();
    for &(i, center) in placed {
        let (series, name) = (data.points[i].series, data.points[i].name.as_str());
        let known = |(_, at, names): &(usize, Pos2, Vec<&str>)| {
            at.distance(center) < theme.text_size * 3.0 && names.contains(&name)
        };
        if found.iter().any(known) {
            continue;
        }
        let near = found.iter_mut().find(|(other, at, _)| {
            *other == series && at.distance(center) < theme.marker_radius * 2.5
        });
        match near {
            Some((_, _, names)) => names.push(name),
            None => found.push((series, center, vec![name])),
        }
    }
    let named = found.into_iter();
    named.map(|(_, at, names)| (at, names.join(" "))).collect()
}
