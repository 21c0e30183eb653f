//! Parallel coordinates: one vertical axis a quantity, one line a design; a drag along an axis keeps the designs inside.

mod columns;
mod pointer;

pub use columns::{Brush, CoordinatesAction, CoordinatesData, CoordinatesView};

use std::sync::Arc;

use egui::epaint::TextShape;
use egui::text::LayoutJob;
use egui::{
    Align, Color32, Galley, Label, Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, pos2, vec2,
};

use super::axis::{Axis, Tick, marks_of};
use super::theme::{PlotTheme, line};
use columns::{Columns, kept};
use pointer::{brush, nearest_line};

/// Most lines drawn; of more, an even sample is.
const MOST_LINES: usize = 1500;

/// Draws axes and lines and follows the pointer.
pub fn coordinates_ui(
    ui: &mut Ui,
    data: &CoordinatesData<'_>,
    view: &mut CoordinatesView,
    theme: &PlotTheme,
) -> Option<CoordinatesAction> {
    if data.n_designs == 0 || data.axes.is_empty() {
        ui.weak("No designs yet: run an exploration, or select a box in the Pareto plot that holds some.");
        return None;
    }
    let mut cleared = None;
    if !theme.on_paper {
        ui.horizontal(|ui| {
            let clear = ui.add_enabled(!view.brushes.is_empty(), egui::Button::new("Clear ranges"));
            if clear.clicked() {
                view.brushes.clear();
                cleared = Some(CoordinatesAction::Brush);
            }
            // Cut rather than wide: a row wider than the tile would widen the plot below it.
            let hint = "Drag along an axis to keep a range of it; click a line to load its design";
            ui.add(Label::new(RichText::new(hint).weak()).truncate());
        });
    }
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
    let shown: Vec<usize> = (0..data.n_designs)
        .step_by(data.n_designs.div_ceil(MOST_LINES).max(1))
        .collect();
    let spans = spans(data, &shown);
    let prefixed = |(axis, span): (&Axis, &(f64, f64))| axis.prefixed(axis.scale.value(span.1));
    let axes: Vec<Axis> = data.axes.iter().zip(&spans).map(prefixed).collect();
    let titles = Titles::new(ui, &axes, rect.width(), theme);
    let area = Rect::from_min_max(
        pos2(rect.left() + titles.side, rect.top() + titles.height),
        pos2(
            rect.right() - titles.side,
            rect.bottom() - theme.text_size * 0.6,
        ),
    );
    let columns = Columns {
        axes: data.axes,
        spans,
        area,
    };
    paint_lines(ui, &columns, data, view, &shown, theme);
    paint_axes(ui, &columns, view, theme);
    titles.paint(ui, &columns, theme);
    if theme.on_paper {
        return None;
    }
    cleared
        .or_else(|| brush(&response, &columns, view))
        .or_else(|| {
            let at = response.hover_pos().filter(|at| area.contains(*at))?;
            let nearest = nearest_line(&columns, data, view, &shown, at)?;
            let path = path(&columns, &|column| (data.value)(nearest, column))?;
            ui.painter().add(Shape::line(
                path,
                Stroke::new(theme.line_width * 1.6, theme.text),
            ));
            response
                .clicked()
                .then_some(CoordinatesAction::Load(nearest))
        })
}

/// Spans of the axes in scaled coordinates.
fn spans(data: &CoordinatesData<'_>, shown: &[usize]) -> Vec<(f64, f64)> {
    let span = |column: usize| {
        let scale = data.axes[column].scale;
        let current = data.current.and_then(|values| values.get(column).copied());
        let values = shown
            .iter()
            .map(|&design| (data.value)(design, column))
            .chain(current);
        let placed = values
            .map(|value| scale.coordinate(value))
            .filter(|c| c.is_finite());
        let (low, high) = placed.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), c| {
            (low.min(c), high.max(c))
        });
        match (low.is_finite(), high > low) {
            (false, _) => (0.0, 1.0),
            (true, false) => (low - 0.5, high + 0.5),
            (true, true) => (low, high),
        }
    };
    (0..data.axes.len()).map(span).collect()
}

/// A design's line; `None` where a value is missing.
fn path(columns: &Columns<'_>, value: &dyn Fn(usize) -> f64) -> Option<Vec<Pos2>> {
    (0..columns.axes.len())
        .map(|column| {
            Some(pos2(columns.x(column), columns.y(column, value(column))))
                .filter(|at| at.y.is_finite())
        })
        .collect()
}

fn paint_lines(
    ui: &Ui,
    columns: &Columns<'_>,
    data: &CoordinatesData<'_>,
    view: &CoordinatesView,
    shown: &[usize],
    theme: &PlotTheme,
) {
    let opacity = (60.0 / shown.len() as f32).clamp(0.06, 0.6);
    let (front_color, _) = theme.category(0);
    let styles: [(bool, Color32, f32); 2] = [
        (
            false,
            theme.cloud.gamma_multiply(opacity),
            theme.line_width * 0.5,
        ),
        (
            true,
            front_color.gamma_multiply((opacity * 4.0).clamp(0.35, 0.9)),
            theme.line_width * 0.7,
        ),
    ];
    for (front, color, width) in styles {
        for &design in shown {
            let value = |column: usize| (data.value)(design, column);
            if (data.on_front)(design) != front || !kept(view, data.axes, &value) {
                continue;
            }
            if let Some(path) = path(columns, &value) {
                ui.painter()
                    .add(Shape::line(path, Stroke::new(width, color)));
            }
        }
    }
    if let Some(current) = data.current {
        let path = path(columns, &|column| {
            current.get(column).copied().unwrap_or(f64::NAN)
        });
        if let Some(path) = path {
            ui.painter().add(Shape::line(
                path,
                Stroke::new(theme.line_width * 1.6, theme.accent),
            ));
        }
    }
}

fn paint_axes(ui: &Ui, columns: &Columns<'_>, view: &CoordinatesView, theme: &PlotTheme) {
    let painter = ui.painter();
    let area = columns.area;
    for (column, axis) in columns.axes.iter().enumerate() {
        let x = columns.x(column);
        painter.vline(
            x,
            area.y_range(),
            Stroke::new(theme.line_width * 0.7, theme.frame),
        );
        let axis = &axis.prefixed(axis.scale.value(columns.spans[column].1));
        let room = f64::from(area.height() / (theme.small_text_size * 3.0));
        for tick in axis_ticks(axis, columns.spans[column], room) {
            let y = columns.y(column, axis.scale.value(tick.coordinate));
            let tick_length = theme.small_text_size * 0.3;
            painter.add(line(
                pos2(x, y),
                pos2(x + tick_length, y),
                Stroke::new(theme.line_width * 0.7, theme.frame),
            ));
            let galley = painter.layout_no_wrap(tick.label, theme.small_font(), theme.weak_text);
            let corner = pos2(x + tick_length * 1.6, y - galley.size().y * 0.5);
            let behind = Rect::from_min_size(corner, galley.size());
            painter.rect_filled(behind, 2.0, theme.background.gamma_multiply(0.75));
            painter.galley(corner, galley, theme.weak_text);
        }
        if let Some(brush) = view
            .brushes
            .iter()
            .find(|brush| brush.axis == columns.axes[column].title())
        {
            let (top, bottom) = (columns.y(column, brush.high), columns.y(column, brush.low));
            let width = theme.text_size * 0.5;
            let range = Rect::from_min_max(pos2(x - width, top), pos2(x + width, bottom))
                .intersect(area.expand2(vec2(width, 0.0)));
            painter.rect_filled(range, 2.0, theme.accent.gamma_multiply(0.25));
        }
    }
}

/// The labelled marks of an axis: its values where it has few, else round numbers.
fn axis_ticks(axis: &Axis, span: (f64, f64), room: f64) -> Vec<Tick> {
    if axis.marks.is_empty() {
        let mut marks = marks_of(axis, span, room);
        marks.retain(|tick| !tick.label.is_empty());
        return marks;
    }
    let step = (axis.marks.len() as f64 / room.max(1.0)).ceil() as usize;
    let mark = |(value, label): &(f64, String)| Tick {
        coordinate: axis.scale.coordinate(*value),
        label: label.clone(),
    };
    let marks = axis.marks.iter().map(mark);
    let inside = |tick: &Tick| (span.0..=span.1).contains(&tick.coordinate);
    marks.filter(inside).step_by(step.max(1)).collect()
}

/// Titles above the axes: beside each other where they fit, else every second one higher, else upright.
struct Titles {
    galleys: Vec<Arc<Galley>>,
    layout: TitleLayout,
    /// Height they take above the axes.
    height: f32,
    /// Width that the outer ones take beside the axes.
    side: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TitleLayout {
    Level,
    Staggered,
    Upright,
}

impl Titles {
    fn new(ui: &Ui, axes: &[Axis], width: f32, theme: &PlotTheme) -> Self {
        let titles = |align: Align| -> Vec<Arc<Galley>> {
            let galley = |axis| title_galley(ui, axis, align, theme);
            axes.iter().map(galley).collect()
        };
        let galleys = titles(Align::Center);
        let widths = || galleys.iter().map(|galley| galley.size().x);
        let widest = widths().fold(0.0, f32::max);
        let tallest = galleys
            .iter()
            .map(|galley| galley.size().y)
            .fold(0.0, f32::max);
        let outer = [galleys.first(), galleys.last()].into_iter().flatten();
        let outer = outer.map(|galley| galley.size().x).fold(0.0, f32::max);
        let side = (outer * 0.5).max(theme.small_text_size * 2.0);
        let spacing = (width - 2.0 * side) / (axes.len().max(2) - 1) as f32;
        let gap = theme.small_text_size * 0.5;
        let (layout, height, side) = if widest + gap <= spacing {
            (TitleLayout::Level, tallest, side)
        } else if widest + gap <= 2.0 * spacing {
            (TitleLayout::Staggered, 2.0 * tallest, side)
        } else {
            let side = tallest.max(theme.small_text_size * 2.0);
            (TitleLayout::Upright, widest, side)
        };
        let galleys = match layout {
            TitleLayout::Upright => titles(Align::LEFT),
            _ => galleys,
        };
        Self {
            galleys,
            layout,
            height: height + gap,
            side,
        }
    }

    fn paint(&self, ui: &Ui, columns: &Columns<'_>, theme: &PlotTheme) {
        let bottom = columns.area.top() - theme.small_text_size * 0.3;
        let tallest = self.galleys.iter().map(|galley| galley.size().y);
        let level = tallest.fold(0.0, f32::max);
        for (column, galley) in self.galleys.iter().enumerate() {
            let (x, size) = (columns.x(column), galley.size());
            if self.layout == TitleLayout::Upright {
                let corner = pos2(x - size.y * 0.5, bottom);
                let mut shape = TextShape::new(corner, Arc::clone(galley), theme.text);
                shape.angle = -std::f32::consts::FRAC_PI_2;
                ui.painter().add(shape);
                continue;
            }
            let raised = self.layout == TitleLayout::Staggered && column % 2 == 1;
            let lift = if raised { level } else { 0.0 };
            let corner = pos2(x, bottom - lift - size.y);
            ui.painter().galley(corner, Arc::clone(galley), theme.text);
        }
    }
}

/// A title in short lines: quantity, sites, unit.
fn title_galley(ui: &Ui, axis: &Axis, align: Align, theme: &PlotTheme) -> Arc<Galley> {
    let mut lines = axis.label.replace(", ", ",\n");
    if !axis.unit.is_empty() {
        lines = format!("{lines}\n({})", axis.unit);
    }
    let mut job = LayoutJob::simple(lines, theme.small_font(), theme.text, f32::INFINITY);
    job.halign = align;
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}
