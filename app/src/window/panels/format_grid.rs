//! The grid of formats: layers as rows, sites as columns; select cells and paint them.
//!
//! Draws runs of rows from the table as it is; the selection is the window's, the formats are the session's.

use std::collections::BTreeSet;

use blockscape_model::format::Format;
use blockscape_model::workload::{Side, Slot};
use egui::{Align2, Color32, Rect, Sense, TextStyle, Ui, pos2, vec2};

use super::Scene;
use crate::plots::PlotTheme;
use crate::session::command::{Command, is_slot_locked, whole_format};
use crate::window::request::Request;
use crate::window::theme::{colors, theme};
use crate::window::widgets::format_picker_ui;
use blockscape_model::workload::SlotGroup;

/// A cell: layer and slot.
pub type Cell = (u32, Slot);

/// What is selected, and what would be painted.
#[derive(Debug, Clone)]
pub struct FormatGridView {
    selected: BTreeSet<Cell>,
    anchor: Option<Cell>,
    brush: Format,
}

impl FormatGridView {
    /// Selects these cells and no others.
    pub fn select(&mut self, cells: impl Iterator<Item = Cell>) {
        self.selected = cells.collect();
        self.anchor = None;
    }
}

impl Default for FormatGridView {
    fn default() -> Self {
        let brush = "bfp:m=6,e=5,b=64".parse().unwrap_or(Format::FP16);
        Self {
            selected: BTreeSet::new(),
            anchor: None,
            brush,
        }
    }
}

/// Groups of columns selected by one button.
const COLUMN_SETS: [(&str, &str); 7] = [
    ("q k v inputs", "qkv.activation"),
    ("All inputs", "activations"),
    ("q k v weights", "qkv.weight"),
    ("All weights", "weights"),
    ("Keys", "key"),
    ("Values", "value"),
    ("Everything", "all"),
];

/// Draws tools and grid.
pub fn format_grid_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut FormatGridView,
    plot_theme: &PlotTheme,
) -> Vec<Request> {
    let n_layers = scene.session.workload.model.n_layers;
    view.selected.retain(|(layer, _)| *layer < n_layers);
    let mut requests = tools_ui(ui, scene, view, n_layers);
    let clicked = egui::ScrollArea::both()
        .auto_shrink(false)
        .show(ui, |ui| grid_ui(ui, scene, view, n_layers, plot_theme));
    requests.extend(clicked.inner);
    requests
}

fn tools_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut FormatGridView,
    n_layers: u32,
) -> Vec<Request> {
    let mut requests = Vec::new();
    ui.horizontal_wrapped(|ui| {
        ui.weak("Select");
        for (name, pattern) in COLUMN_SETS {
            if ui.small_button(name).clicked() {
                let group: SlotGroup = pattern
                    .parse()
                    .expect("a pattern of the table above, tested");
                if !ui.input(|input| input.modifiers.command) {
                    view.selected.clear();
                }
                view.selected.extend(
                    (0..n_layers).flat_map(|layer| group.slots().map(move |slot| (layer, slot))),
                );
            }
        }
        if ui.small_button("None").clicked() {
            view.selected.clear();
        }
    });
    ui.horizontal_wrapped(|ui| {
        if let Some(format) = format_picker_ui(ui, "Brush", view.brush, 180.0) {
            view.brush = format;
        }
        let any = !view.selected.is_empty();
        let cells = || view.selected.iter().copied().collect::<Vec<Cell>>();
        if ui.add_enabled(any, egui::Button::new("Paint")).on_hover_text("Give the selected cells this format").clicked() {
            requests.push(Command::Paint { cells: cells(), format: view.brush }.into());
        }
        if ui.add_enabled(any, egui::Button::new("Reset cells")).on_hover_text("Back to the formats of the preset").clicked() {
            requests.push(Command::ResetCells(cells()).into());
        }
        let lock = ui.add_enabled(any, egui::Button::new("Lock"));
        if lock.on_hover_text("Lock the selected columns against painting, or unlock them").clicked() {
            let slots: BTreeSet<Slot> = view.selected.iter().map(|cell| cell.1).collect();
            let parameters = slots.into_iter().map(|slot| whole_format(SlotGroup::single(slot)));
            requests.extend(parameters.map(|parameter| Request::from(Command::ToggleLock(parameter))));
        }
        let count = view.selected.len();
        ui.weak(if count == 0 {
            "Drag over cells to select, Ctrl adds, Shift extends; click a header for a row or column".to_owned()
        } else {
            format!("{count} cells selected")
        });
    });
    let _ = scene;
    requests
}

const HEADER: f32 = 32.0;
const LAYER_COLUMN: f32 = 44.0;
const CELL_HEIGHT: f32 = 16.0;

struct Geometry {
    rect: Rect,
    cell_width: f32,
    n_layers: u32,
}

impl Geometry {
    fn cell(&self, layer: u32, slot: Slot) -> Rect {
        let x = self.rect.left() + LAYER_COLUMN + self.cell_width * slot.index() as f32;
        let y = self.rect.top() + HEADER + CELL_HEIGHT * layer as f32;
        Rect::from_min_size(pos2(x, y), vec2(self.cell_width - 1.0, CELL_HEIGHT - 1.0))
    }

    /// Row and column under a point; `None` in the header of that direction.
    fn place(&self, point: egui::Pos2) -> (Option<u32>, Option<Slot>) {
        let row = (point.y - self.rect.top() - HEADER) / CELL_HEIGHT;
        let column = (point.x - self.rect.left() - LAYER_COLUMN) / self.cell_width;
        let layer = (row >= 0.0).then_some((row as u32).min(self.n_layers.saturating_sub(1)));
        let slot = (column >= 0.0).then(|| Slot::ALL[(column as usize).min(Slot::COUNT - 1)]);
        (layer, slot)
    }
}

fn grid_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut FormatGridView,
    n_layers: u32,
    plot_theme: &PlotTheme,
) -> Vec<Request> {
    let cell_width = ((ui.available_width() - LAYER_COLUMN) / Slot::COUNT as f32).max(40.0);
    let size = vec2(
        LAYER_COLUMN + cell_width * Slot::COUNT as f32,
        HEADER + CELL_HEIGHT * n_layers as f32,
    );
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Grid, true, "Format grid"));
    let geometry = Geometry {
        rect,
        cell_width,
        n_layers,
    };
    select(ui, &response, &geometry, view);
    paint(ui, scene, view, &geometry, plot_theme);
    if let (Some(layer), Some(slot)) = response
        .hover_pos()
        .map_or((None, None), |point| geometry.place(point))
    {
        let format = scene.session.design.formats.at(layer, slot);
        let text = format!(
            "Layer {layer}, {slot}\n{format}\n{:.3} bits per value",
            format.bits_per_value()
        );
        response.on_hover_text_at_pointer(text);
    }
    Vec::new()
}

/// Clicks and drags become a selection of cells, rows or columns.
fn select(ui: &Ui, response: &egui::Response, geometry: &Geometry, view: &mut FormatGridView) {
    let Some(point) = response.interact_pointer_pos() else {
        return;
    };
    let modifiers = ui.input(|input| input.modifiers);
    let pressed = response.drag_started() || response.clicked();
    let (layer, slot) = geometry.place(point);
    let all_layers = 0..=geometry.n_layers.saturating_sub(1);
    if pressed && !modifiers.command && !modifiers.shift {
        view.selected.clear();
    }
    match (layer, slot) {
        (None, Some(slot)) if pressed => {
            view.selected.extend(all_layers.map(|layer| (layer, slot)));
        }
        (Some(layer), None) if pressed => view.selected.extend(Slot::ALL.map(|slot| (layer, slot))),
        (None, None) if pressed => {
            view.selected
                .extend(all_layers.flat_map(|layer| Slot::ALL.map(|slot| (layer, slot))));
        }
        (Some(layer), Some(slot)) => {
            let here = (layer, slot);
            if pressed && (!modifiers.shift || view.anchor.is_none()) {
                view.anchor = Some(here);
            }
            if response.dragged() && !modifiers.command && !modifiers.shift {
                view.selected.clear();
            }
            view.selected
                .extend(rectangle(view.anchor.unwrap_or(here), here));
        }
        _ => {}
    }
}

fn rectangle(a: Cell, b: Cell) -> impl Iterator<Item = Cell> {
    let (first, last) = (a.0.min(b.0), a.0.max(b.0));
    let (left, right) = (a.1.index().min(b.1.index()), a.1.index().max(b.1.index()));
    (first..=last)
        .flat_map(move |layer| (left..=right).map(move |column| (layer, Slot::ALL[column])))
}

fn paint(
    ui: &Ui,
    scene: &Scene<'_>,
    view: &FormatGridView,
    geometry: &Geometry,
    plot_theme: &PlotTheme,
) {
    let painter = ui.painter();
    let small = TextStyle::Small.resolve(ui.style());
    let dim = ui.visuals().weak_text_color();
    let clip = ui.clip_rect();
    for slot in Slot::ALL {
        let cell = geometry.cell(0, slot);
        let locked = is_slot_locked(scene.session, slot);
        let color = if locked {
            colors(ui.ctx()).warning.0
        } else {
            ui.visuals().text_color()
        };
        let side = if slot.side() == Side::Moving {
            "in"
        } else {
            ""
        };
        let operand = match slot.product().is_linear() {
            true if side.is_empty() => "weight",
            true => side,
            false => slot.operand().name(),
        };
        let x = cell.center().x;
        painter.text(
            pos2(x, geometry.rect.top() + 8.0),
            Align2::CENTER_CENTER,
            slot.product().name(),
            small.clone(),
            color,
        );
        let below = if locked { "locked" } else { operand };
        let below = if geometry.cell_width < 52.0 && below.len() > 6 {
            &below[..5]
        } else {
            below
        };
        painter.text(
            pos2(x, geometry.rect.top() + 21.0),
            Align2::CENTER_CENTER,
            below,
            small.clone(),
            dim,
        );
    }
    for layer in 0..geometry.n_layers {
        let row = geometry.cell(layer, Slot::ALL[0]);
        if row.bottom() < clip.top() || row.top() > clip.bottom() {
            continue;
        }
        let place = pos2(
            geometry.rect.left() + LAYER_COLUMN - theme().layout.grid,
            row.center().y,
        );
        painter.text(place, Align2::RIGHT_CENTER, layer, small.clone(), dim);
        let formats = scene.session.design.formats.row(layer);
        for slot in Slot::ALL {
            cell_ui(
                ui,
                view,
                geometry.cell(layer, slot),
                (layer, slot),
                formats[slot.index()],
                plot_theme,
            );
        }
    }
}

fn cell_ui(
    ui: &Ui,
    view: &FormatGridView,
    rect: Rect,
    cell: Cell,
    format: Format,
    plot_theme: &PlotTheme,
) {
    let bits = format.bits_per_value();
    let fill = plot_theme.ramp_color((bits as f32 - 2.0) / 15.0);
    let painter = ui.painter();
    painter.rect_filled(rect, 1.0, fill);
    let small = TextStyle::Small.resolve(ui.style());
    let text = format.short_name();
    painter.with_clip_rect(rect.intersect(ui.clip_rect())).text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        small,
        plot_theme.text_on(fill),
    );
    if view.selected.contains(&cell) {
        let accent: Color32 = ui.visuals().selection.stroke.color;
        painter.rect_stroke(
            rect,
            1.0,
            egui::Stroke::new(2.0, accent),
            egui::StrokeKind::Inside,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_sets_are_site_groups_and_rectangles_are_whole() {
        for (_, pattern) in COLUMN_SETS {
            assert!(pattern.parse::<SlotGroup>().is_ok(), "{pattern}");
        }
        assert_eq!(
            rectangle((3, Slot::ALL[5]), (1, Slot::ALL[2])).count(),
            3 * 4
        );
    }
}
