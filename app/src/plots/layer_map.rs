//! The layer map: one cell for each layer and site, colored by error or by stored bits; a drag selects cells to edit.

use std::ops::RangeInclusive;

use egui::emath::GuiRounding as _;
use egui::{
    Align2, Color32, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};
use serde::{Deserialize, Serialize};

use super::axis::significant;
use super::theme::PlotTheme;

/// What the map shows.
pub struct LayerMapData<'a> {
    /// Names of the sites, in the order of the rows.
    pub sites: &'a [&'a str],
    /// Layers; the head, where it is shown, counts as one more.
    pub n_layers: usize,
    /// Whether the last column is the head.
    pub has_head: bool,
    /// What the colors mean.
    pub quantity: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// Whether larger values are better; better is paler.
    pub more_is_better: bool,
    /// Value of (layer, site); NaN where there is none.
    pub value: &'a dyn Fn(usize, usize) -> f64,
    /// More about a cell: its format.
    pub describe: &'a dyn Fn(usize, usize) -> String,
}

impl std::fmt::Debug for LayerMapData<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("LayerMapData")
            .field("sites", &self.sites)
            .field("n_layers", &self.n_layers)
            .finish_non_exhaustive()
    }
}

/// Selected cells: a rectangle of layers and sites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellRange {
    /// Layers.
    pub layers: RangeInclusive<usize>,
    /// Rows of sites.
    pub sites: RangeInclusive<usize>,
}

/// How it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LayerMapView {
    /// Selected cells.
    pub selection: Option<CellRange>,
}

/// What the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerMapAction {
    /// The selection changed; it is in the view.
    Select,
}

/// Where the cells lie.
struct Cells {
    area: Rect,
    n_layers: usize,
    n_sites: usize,
}

impl Cells {
    fn rect(&self, layers: &RangeInclusive<usize>, sites: &RangeInclusive<usize>) -> Rect {
        let size = vec2(
            self.area.width() / self.n_layers as f32,
            self.area.height() / self.n_sites as f32,
        );
        let corner = |layer: usize, site: usize| {
            self.area.min + vec2(size.x * layer as f32, size.y * site as f32)
        };
        Rect::from_min_max(
            corner(*layers.start(), *sites.start()),
            corner(layers.end() + 1, sites.end() + 1),
        )
    }

    fn at(&self, position: Pos2) -> (usize, usize) {
        let share = (position - self.area.min) / self.area.size();
        let index = |share: f32, n: usize| ((share.max(0.0) * n as f32) as usize).min(n - 1);
        (index(share.x, self.n_layers), index(share.y, self.n_sites))
    }
}

/// Draws the map with its color scale.
pub fn layer_map_ui(
    ui: &mut Ui,
    data: &LayerMapData<'_>,
    view: &mut LayerMapView,
    theme: &PlotTheme,
) -> Option<LayerMapAction> {
    if data.n_layers == 0 || data.sites.is_empty() {
        ui.weak("No layers yet: choose a model to see its sites.");
        return None;
    }
    let painter = ui.painter().clone();
    let names: Vec<_> = data
        .sites
        .iter()
        .map(|name| painter.layout_no_wrap((*name).to_owned(), theme.small_font(), theme.text))
        .collect();
    let name_width =
        names.iter().map(|name| name.size().x).fold(0.0, f32::max) + theme.text_size * 0.5;
    let below = theme.small_text_size * 1.4 + theme.text_size * 1.5;
    let scale_height = theme.small_text_size * 2.6;
    let least = theme.small_text_size * 1.1 * data.sites.len() as f32;
    let height = (ui.available_height() - below - scale_height).max(least);
    let whole = vec2(ui.available_width(), height + below + scale_height);
    let (rect, response) = ui.allocate_exact_size(whole, Sense::click_and_drag());
    let area = Rect::from_min_size(
        rect.min + vec2(name_width, 0.0),
        vec2(rect.width() - name_width - 1.0, height),
    );
    let cells = Cells {
        area,
        n_layers: data.n_layers,
        n_sites: data.sites.len(),
    };
    let span = span(data);
    paint_cells(&painter, &cells, data, span, theme);
    for (site, name) in names.into_iter().enumerate() {
        let row = cells.rect(&(0..=0), &(site..=site));
        let left = area.left() - theme.text_size * 0.4 - name.size().x;
        painter.galley(
            pos2(left, row.center().y - name.size().y * 0.5),
            name,
            theme.text,
        );
    }
    paint_layers(&painter, &cells, data.has_head, theme);
    paint_scale(
        &painter,
        Rect::from_min_max(pos2(area.left(), area.bottom() + below), rect.max),
        data,
        span,
        theme,
    );
    painter.rect_stroke(
        area,
        0.0,
        Stroke::new(theme.line_width * 0.5, theme.frame),
        StrokeKind::Outside,
    );
    if theme.on_paper {
        return None;
    }
    interact(ui, &response, &cells, data, view, theme)
}

/// Smallest and largest finite value.
fn span(data: &LayerMapData<'_>) -> (f64, f64) {
    let mut span = (f64::INFINITY, f64::NEG_INFINITY);
    for layer in 0..data.n_layers {
        for site in 0..data.sites.len() {
            let value = (data.value)(layer, site);
            if value.is_finite() {
                span = (span.0.min(value), span.1.max(value));
            }
        }
    }
    span
}

/// Place of a value on the ramp: 1 is worst.
fn heat(value: f64, span: (f64, f64), more_is_better: bool) -> f32 {
    let share = if span.1 > span.0 {
        ((value - span.0) / (span.1 - span.0)) as f32
    } else {
        0.5
    };
    if more_is_better { 1.0 - share } else { share }
}

fn paint_cells(
    painter: &egui::Painter,
    cells: &Cells,
    data: &LayerMapData<'_>,
    span: (f64, f64),
    theme: &PlotTheme,
) {
    for site in 0..cells.n_sites {
        for layer in 0..cells.n_layers {
            let value = (data.value)(layer, site);
            let rect = cells.rect(&(layer..=layer), &(site..=site));
            if value.is_finite() {
                let color = theme.ramp_color(heat(value, span, data.more_is_better));
                painter.rect_filled(inner(painter, rect, theme), 0.0, color);
                cell_text(painter, rect, value, color, theme);
            }
        }
    }
}

/// What a cell fills: on a screen all but one pixel, so that the gaps are alike at every zoom.
fn inner(painter: &egui::Painter, cell: Rect, theme: &PlotTheme) -> Rect {
    if theme.on_paper {
        return cell.shrink(0.25);
    }
    let pixels_per_point = painter.pixels_per_point();
    let mut whole = cell.round_to_pixels(pixels_per_point);
    whole.max -= Vec2::splat(1.0 / pixels_per_point);
    whole
}

fn cell_text(painter: &egui::Painter, rect: Rect, value: f64, color: Color32, theme: &PlotTheme) {
    if rect.width() < theme.small_text_size * 2.6 || rect.height() < theme.small_text_size * 1.2 {
        return;
    }
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        significant(value, 3),
        theme.small_font(),
        theme.text_on(color),
    );
}

/// Numbers of the layers, as many as fit.
fn paint_layers(painter: &egui::Painter, cells: &Cells, has_head: bool, theme: &PlotTheme) {
    let room = (cells.area.width() / (theme.small_text_size * 2.4)).max(1.0);
    let least = (cells.n_layers as f32 / room).ceil() as usize;
    let every = [1, 2, 4, 5, 8, 10, 16, 20, 50]
        .into_iter()
        .find(|&step| step >= least)
        .unwrap_or(100);
    let top = cells.area.bottom() + theme.small_text_size * 0.25;
    let name = |layer: usize, text: String| {
        let column = cells.rect(&(layer..=layer), &(0..=0));
        let (at, font) = (pos2(column.center().x, top), theme.small_font());
        painter.text(at, Align2::CENTER_TOP, text, font, theme.weak_text)
    };
    let head = has_head.then(|| cells.n_layers - 1);
    let limit = head.map(|head| name(head, "head".to_owned()).left() - theme.small_text_size);
    for layer in (0..head.unwrap_or(cells.n_layers)).step_by(every) {
        let center = cells.rect(&(layer..=layer), &(0..=0)).center().x;
        if limit.is_none_or(|limit| center < limit) {
            name(layer, layer.to_string());
        }
    }
    let below = pos2(
        cells.area.center().x,
        cells.area.bottom() + theme.small_text_size * 1.4,
    );
    painter.text(below, Align2::CENTER_TOP, "Layer", theme.font(), theme.text);
}

/// The color scale with its ends named.
fn paint_scale(
    painter: &egui::Painter,
    rect: Rect,
    data: &LayerMapData<'_>,
    span: (f64, f64),
    theme: &PlotTheme,
) {
    if span.0 > span.1 {
        return;
    }
    let y = rect.center().y;
    let title = if data.unit.is_empty() {
        data.quantity.to_owned()
    } else {
        format!("{} ({})", data.quantity, data.unit)
    };
    let title = painter.text(
        pos2(rect.left(), y),
        Align2::LEFT_CENTER,
        title,
        theme.small_font(),
        theme.text,
    );
    let gap = theme.small_text_size * 0.6;
    let from = painter.text(
        pos2(title.right() + gap * 2.0, y),
        Align2::LEFT_CENTER,
        significant(span.0, 3),
        theme.small_font(),
        theme.weak_text,
    );
    let width = (rect.right() - from.right() - gap * 8.0).clamp(20.0, theme.small_text_size * 14.0);
    let bar = Rect::from_min_size(
        pos2(from.right() + gap, y - theme.small_text_size * 0.4),
        vec2(width, theme.small_text_size * 0.8),
    );
    let n_steps = 32_u8;
    for i in 0..n_steps {
        let share = f32::from(i) / f32::from(n_steps - 1);
        let value = span.0 + (span.1 - span.0) * f64::from(share);
        let x = bar.left() + bar.width() * f32::from(i) / f32::from(n_steps);
        let step = Rect::from_min_size(
            pos2(x, bar.top()),
            vec2(bar.width() / f32::from(n_steps) + 0.3, bar.height()),
        );
        painter.rect_filled(
            step,
            0.0,
            theme.ramp_color(heat(value, span, data.more_is_better)),
        );
    }
    painter.text(
        pos2(bar.right() + gap, y),
        Align2::LEFT_CENTER,
        significant(span.1, 3),
        theme.small_font(),
        theme.weak_text,
    );
}

fn interact(
    ui: &Ui,
    response: &Response,
    cells: &Cells,
    data: &LayerMapData<'_>,
    view: &mut LayerMapView,
    theme: &PlotTheme,
) -> Option<LayerMapAction> {
    if let Some(selection) = &view.selection {
        let inside =
            *selection.layers.end() < cells.n_layers && *selection.sites.end() < cells.n_sites;
        if inside {
            let rect = cells.rect(&selection.layers, &selection.sites);
            ui.painter().rect_stroke(
                rect,
                0.0,
                Stroke::new(2.0, theme.accent),
                StrokeKind::Middle,
            );
        }
    }
    let origin = ui.input(|input| input.pointer.press_origin());
    let pointer = response.interact_pointer_pos();
    let used = response.dragged() || response.clicked();
    if let (true, Some(from), Some(to)) = (used, origin, pointer) {
        let ((a_layer, a_site), (b_layer, b_site)) = (cells.at(from), cells.at(to));
        let selection = CellRange {
            layers: a_layer.min(b_layer)..=a_layer.max(b_layer),
            sites: a_site.min(b_site)..=a_site.max(b_site),
        };
        if view.selection.as_ref() != Some(&selection) {
            view.selection = Some(selection);
            return Some(LayerMapAction::Select);
        }
    }
    let hovered = response.hover_pos().filter(|at| cells.area.contains(*at))?;
    let (layer, site) = cells.at(hovered);
    let value = (data.value)(layer, site);
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("Layer {layer}, {}", data.sites[site]));
        ui.label((data.describe)(layer, site));
        if value.is_finite() {
            ui.label(format!(
                "{}: {} {}",
                data.quantity,
                significant(value, 4),
                data.unit
            ));
        }
        ui.weak("Drag to select cells");
    });
    None
}
