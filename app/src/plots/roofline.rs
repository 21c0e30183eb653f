//! The roofline: what each matrix product reaches, below what compute and memory allow.
//!
//! Horizontal: operations per byte moved to and from external memory. Vertical: tera-operations per second (Williams, Waterman
//! and Patterson, "Roofline", 2009).

use egui::{Align2, Pos2, Rect, Shape, Stroke, Ui, Vec2};
use serde::{Deserialize, Serialize};

use super::axis::{Axis, Scale, significant};
use super::chart::{Bounds, Chart, ShownChart};
use super::legend::{Key, Labels, legend, point};
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
    let mut labels = Labels::default();
    paint_roofs(&shown, data, &mut labels, theme);
    let hovered = paint_points(&shown, data, &mut labels, theme);
    let entries: Vec<(Key, String)> = (data.series.iter().enumerate())
        .map(|(i, name)| {
            let (color, marker) = theme.category(i);
            (Key::Marker(marker, color, true), (*name).to_owned())
        })
        .collect();
    legend(
        &shown.painter,
        shown.frame(),
        Align2::RIGHT_BOTTOM,
        &entries,
        theme,
    );
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
    bounds.with_margin(0.1)
}

/// A slope of bandwidth into the highest roof, and the other roofs as levels from the slope on.
fn paint_roofs(
    shown: &ShownChart,
    data: &RooflineData<'_>,
    labels: &mut Labels,
    theme: &PlotTheme,
) {
    let bounds = shown.bounds();
    let right = 10_f64.powf(bounds.max[0]);
    let left = 10_f64.powf(bounds.min[0]);
    let terabytes = data.bandwidth * 1e-3;
    let highest = data.roofs.iter().map(|roof| roof.tops).fold(0.0, f64::max);
    let stroke = Stroke::new(theme.line_width, theme.text);
    for roof in data.roofs {
        let ridge = roof.tops / terabytes;
        let corners = if roof.tops < highest {
            vec![[ridge, roof.tops], [right, roof.tops]]
        } else {
            vec![
                [left, left * terabytes],
                [ridge, roof.tops],
                [right, roof.tops],
            ]
        };
        let path: Vec<Pos2> = corners
            .into_iter()
            .filter_map(|corner| shown.position(corner))
            .collect();
        shown.painter.add(Shape::line(path, stroke));
        if let Some(end) = shown.position([right, roof.tops]) {
            let text = format!("{}  {} TOPS", roof.name, significant(roof.tops, 3));
            let galley = shown
                .painter
                .layout_no_wrap(text, theme.small_font(), theme.weak_text);
            // the highest roof is named above its line, the others below theirs
            let lift = if roof.tops < highest {
                -theme.line_width
            } else {
                galley.size().y + theme.line_width
            };
            let corner = end - Vec2::new(galley.size().x + theme.text_size * 0.5, lift);
            labels.avoid(Rect::from_min_size(corner, galley.size()));
            shown.painter.galley(corner, galley, theme.weak_text);
        }
    }
    paint_bandwidth(shown, data, [left, highest / terabytes], theme);
}

/// The bandwidth written along its slope.
fn paint_bandwidth(shown: &ShownChart, data: &RooflineData<'_>, span: [f64; 2], theme: &PlotTheme) {
    let terabytes = data.bandwidth * 1e-3;
    let middle = (span[0].log10() * 0.3 + span[1].log10() * 0.7)
        .exp2()
        .powf(std::f64::consts::LOG2_10);
    let ends = [middle, middle * 1.5].map(|x| shown.position([x, x * terabytes]));
    let [Some(from), Some(to)] = ends else { return };
    let text = format!("{} GB/s", significant(data.bandwidth, 3));
    let galley = shown
        .painter
        .layout_no_wrap(text, theme.small_font(), theme.weak_text);
    let along = to - from;
    let lift = Vec2::new(along.y, -along.x).normalized() * (galley.size().y + theme.line_width);
    let mut shape = egui::epaint::TextShape::new(from + lift, galley, theme.weak_text);
    shape.angle = along.angle();
    shown.painter.add(shape);
}

fn paint_points(
    shown: &ShownChart,
    data: &RooflineData<'_>,
    labels: &mut Labels,
    theme: &PlotTheme,
) -> Option<usize> {
    let pointer = shown.response.hover_pos();
    let mut hovered: Option<(f32, usize)> = None;
    let placed: Vec<(usize, Pos2)> = (data.points.iter().enumerate())
        .filter_map(|(i, product)| Some((i, shown.position([product.intensity, product.tops])?)))
        .collect();
    for &(i, center) in &placed {
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
    let mut named: Vec<(&str, Pos2)> = Vec::new();
    for &(i, center) in &placed {
        let name = data.points[i].name.as_str();
        let near = |&(known, at): &(&str, Pos2)| {
            known == name && at.distance(center) < theme.text_size * 3.0
        };
        if !named.iter().any(near) {
            labels.place(&shown.painter, center, name, theme.text, theme);
            named.push((name, center));
        }
    }
    hovered.map(|(_, i)| i)
}
