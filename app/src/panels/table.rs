//! Designs of the front as rows: settings and figures; a click loads one.
//!
//! Only the rows in view are laid out. The order is chosen by a header and kept until another is.

use blockscape_model::evaluation::{Metric, Metrics};
use egui::{Align2, Rect, ScrollArea, Sense, TextStyle, Ui, vec2};

use super::Scene;
use super::inspector::unit_text;
use crate::command::Command;
use crate::request::Request;
use crate::theme::theme;
use crate::widgets::number_text;

/// Order and what is listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct TableView {
    order: Option<(Metric, bool)>,
}

const COLUMN: f32 = 92.0;

/// Draws the table.
pub fn table_ui(ui: &mut Ui, scene: &Scene<'_>, view: &mut TableView) -> Vec<Request> {
    let mut requests = Vec::new();
    let front = &scene.results.front;
    if front.is_empty() {
        ui.weak("The designs of the front are listed here once an exploration is whole");
        return requests;
    }
    let axes: Vec<String> = scene
        .results
        .shown
        .space
        .as_ref()
        .map_or_else(Vec::new, |space| {
            space
                .axes()
                .iter()
                .map(|axis| axis.parameter.description().label)
                .collect()
        });
    let mut rows: Vec<usize> = (0..front.len()).collect();
    if let Some((metric, ascending)) = view.order {
        let key = |place: &usize| front[*place].metrics.get(metric);
        rows.sort_by(|a, b| key(a).total_cmp(&key(b)));
        if !ascending {
            rows.reverse();
        }
    }
    let width = COLUMN * (axes.len() + Metric::COUNT) as f32;
    let row_height = theme().layout.row_height;
    ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
        ui.set_min_width(width);
        header_ui(ui, &axes, view);
        ScrollArea::vertical().auto_shrink(false).show_rows(
            ui,
            row_height,
            rows.len(),
            |ui, shown| {
                for place in &rows[shown] {
                    let point = &front[*place];
                    if row_ui(ui, scene, point.index, &point.metrics, axes.len(), width)
                        && let Some(design) = scene.results.design(point.index)
                    {
                        let pin = ui.input(|input| input.modifiers.shift);
                        let design = Box::new(design);
                        requests.push(
                            if pin {
                                Command::Pin(design)
                            } else {
                                Command::ReplaceDesign(design)
                            }
                            .into(),
                        );
                    }
                }
            },
        );
    });
    requests
}

fn header_ui(ui: &mut Ui, axes: &[String], view: &mut TableView) {
    let grid = theme().layout.grid;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for label in axes {
            let size = vec2(COLUMN, theme().layout.row_height);
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            text_in(
                ui,
                rect.shrink2(vec2(grid, 0.0)),
                label,
                ui.visuals().weak_text_color(),
                Align2::RIGHT_CENTER,
            );
            response.on_hover_text(label);
        }
        for metric in Metric::ALL {
            let description = metric.description();
            let size = vec2(COLUMN, theme().layout.row_height);
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            response.widget_info(|| {
                egui::WidgetInfo::labeled(
                    egui::Role::Button,
                    true,
                    format!("Sort by {}", description.label),
                )
            });
            let arrow = match view.order {
                Some((ordered, true)) if ordered == metric => " ↑",
                Some((ordered, false)) if ordered == metric => " ↓",
                _ => "",
            };
            let color = if response.hovered() {
                ui.visuals().strong_text_color()
            } else {
                ui.visuals().text_color()
            };
            let label = format!("{}{arrow}", description.label);
            text_in(
                ui,
                rect.shrink2(vec2(grid, 0.0)),
                &label,
                color,
                Align2::RIGHT_CENTER,
            );
            if response.clicked() {
                let ascending = view.order != Some((metric, true));
                view.order = Some((metric, ascending));
            }
            let unit = unit_text(description.unit);
            response.on_hover_text(format!(
                "{}\n{}",
                description.help,
                if unit.is_empty() { "" } else { unit }
            ));
        }
    });
}

/// One row; true when it was clicked.
fn row_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    candidate: usize,
    metrics: &Metrics,
    n_axes: usize,
    width: f32,
) -> bool {
    let grid = theme().layout.grid;
    let (rect, response) =
        ui.allocate_exact_size(vec2(width, theme().layout.row_height), Sense::click());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Load design {candidate}"))
    });
    if response.hovered() {
        ui.painter()
            .rect_filled(rect, 0.0, ui.visuals().widgets.hovered.bg_fill);
    }
    let cell = |column: usize| {
        let left = rect.left() + COLUMN * column as f32;
        Rect::from_min_size(egui::pos2(left, rect.top()), vec2(COLUMN, rect.height()))
            .shrink2(vec2(grid, 0.0))
    };
    for (column, (_, value)) in scene
        .results
        .settings(candidate)
        .iter()
        .enumerate()
        .take(n_axes)
    {
        text_in(
            ui,
            cell(column),
            value,
            ui.visuals().text_color(),
            Align2::RIGHT_CENTER,
        );
    }
    for (column, metric) in Metric::ALL.into_iter().enumerate() {
        let value = number_text(metrics.get(metric));
        text_in(
            ui,
            cell(n_axes + column),
            &value,
            ui.visuals().strong_text_color(),
            Align2::RIGHT_CENTER,
        );
    }
    response
        .on_hover_text("Click loads, Shift-click pins")
        .clicked()
}

fn text_in(ui: &Ui, rect: Rect, text: &str, color: egui::Color32, align: Align2) {
    if !ui.is_rect_visible(rect) {
        return;
    }
    let font = TextStyle::Body.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let place = align.anchor_size(align.pos_in_rect(&rect), galley.size());
    ui.painter().galley(place.min, galley, color);
}
