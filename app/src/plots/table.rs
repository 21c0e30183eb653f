//! The table of designs: one row a design, one column a metric, sorted by any of them.
//!
//! Rows are gathered a slice a frame, only those in sight are laid out, and their texts are written once, so a million designs
//! cost no more than a hundred.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use egui::{Align, Id, Layout, RichText, ScrollArea, Sense, Ui, vec2};
use serde::{Deserialize, Serialize};

use blockscape_model::evaluation::{Metric, Metrics};

use super::axis::{prefixed_unit, significant, written_unit};
use super::pareto::Selection;
use super::theme::PlotTheme;

/// Designs looked at in one frame.
const SLICE: usize = 1 << 17;
/// Most rows; a sort of them stays far below a frame.
const MOST_ROWS: usize = 10_000;

/// What the table shows.
pub struct TableData<'a> {
    /// Changes when the candidates are replaced rather than appended.
    pub generation: u64,
    /// Every evaluated candidate.
    pub candidates: &'a [Metrics],
    /// Positions of the candidates on the front.
    pub front: &'a [usize],
    /// All designs inside are listed, and no other.
    pub selection: Option<&'a Selection>,
    /// Names of the settings that vary.
    pub settings: &'a [String],
    /// Values of these settings for a candidate; asked for rows in sight only.
    pub describe: &'a dyn Fn(usize) -> Vec<String>,
    /// Metrics whose columns come first.
    pub first: &'a [Metric],
    /// The selected candidate.
    pub picked: Option<usize>,
    /// Why the rows are of the exploration before, and grey; `None` where they are of this one.
    pub former: Option<&'a str>,
}

impl std::fmt::Debug for TableData<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TableData")
            .field("generation", &self.generation)
            .field("candidates", &self.candidates.len())
            .finish_non_exhaustive()
    }
}

/// How it is looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableView {
    /// Metric the rows are sorted by.
    pub sort: Metric,
    /// Best first, or worst first.
    pub reversed: bool,
    /// List every design instead of the front.
    pub all: bool,
}

impl Default for TableView {
    fn default() -> Self {
        Self {
            sort: Metric::Perplexity,
            reversed: false,
            all: false,
        }
    }
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableAction {
    /// Select this candidate.
    Pick(usize),
    /// Make it the edited design.
    Load(usize),
    /// Keep it for comparison.
    Pin(usize),
}

/// What rows were made of: generation, length of the front, order, what is listed, box.
type Key = (u64, usize, Metric, bool, [bool; 2], Option<Selection>);

/// Rows gathered so far.
#[derive(Debug, Default)]
struct Rows {
    key: Option<Key>,
    looked_at: usize,
    listed: Vec<usize>,
    n_left_out: usize,
    texts: Texts,
}

/// What the cells of rows say: settings, then metrics.
#[derive(Debug, Default)]
struct Texts {
    /// Metrics of the columns with their factors, as bits.
    columns: Vec<(Metric, u64)>,
    rows: HashMap<usize, Arc<[String]>>,
}

/// Rows whose texts are kept; more than any screen shows.
const MOST_TEXTS: usize = 512;

impl Texts {
    /// The texts of a candidate's cells under these columns.
    fn of(&mut self, data: &TableData<'_>, index: usize, metrics: &[Column]) -> Arc<[String]> {
        let columns = metrics
            .iter()
            .map(|column| (column.metric, column.factor.to_bits()));
        if !columns.clone().eq(self.columns.iter().copied()) {
            self.columns = columns.collect();
            self.rows.clear();
        }
        if self.rows.len() >= MOST_TEXTS {
            self.rows.clear();
        }
        let write = || {
            let values = data.candidates.get(index);
            let figure = |column: &Column| {
                let value = values.map_or(f64::NAN, |values| values.get(column.metric));
                significant(value * column.factor, 4)
            };
            let settings = (data.describe)(index).into_iter();
            settings.chain(metrics.iter().map(figure)).collect()
        };
        Arc::clone(self.rows.entry(index).or_insert_with(write))
    }
}

/// Draws the table.
pub fn table_ui(
    ui: &mut Ui,
    data: &TableData<'_>,
    view: &mut TableView,
    theme: &PlotTheme,
) -> Option<TableAction> {
    if data.candidates.is_empty() {
        ui.weak("No designs yet: run an exploration to list what it finds.");
        return None;
    }
    let cache = ui.data_mut(|memory| {
        Arc::clone(
            memory.get_temp_mut_or_default::<Arc<Mutex<Rows>>>(Id::unique("design table rows")),
        )
    });
    let mut cache = cache
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if !gather(&mut cache, data, view) {
        ui.ctx().request_repaint();
    }
    ui.horizontal(|ui| {
        if data.selection.is_none() {
            ui.checkbox(&mut view.all, "All designs")
                .on_hover_text("List every design, not the front alone");
        } else if cache.listed.is_empty() {
            ui.weak("No design lies in the selected box: clear the selection in the Pareto plot");
            return;
        }
        let n = cache.listed.len();
        let what = if data.selection.is_some() {
            "in the selected box"
        } else {
            ""
        };
        ui.weak(format!("{n} designs {what}"));
        if let Some(why) = data.former {
            ui.weak(format!("of the exploration before: {why}"));
        }
        if cache.n_left_out > 0 {
            ui.weak(format!(
                "and {} more: select a box in the Pareto plot to narrow them down",
                cache.n_left_out
            ));
        }
    });
    let metrics: Vec<Column> = columns(data, &cache.listed)
        .into_iter()
        .map(|metric| column(data, &cache.listed, metric))
        .collect();
    let height = row_height(theme);
    let cache = &mut *cache;
    ScrollArea::horizontal()
        .show(ui, |ui| {
            header(ui, data.settings, &metrics, view, theme);
            let mut action = None;
            ScrollArea::vertical().auto_shrink(false).show_rows(
                ui,
                height,
                cache.listed.len(),
                |ui, range| {
                    for row in range {
                        if let Some(&index) = cache.listed.get(row) {
                            let texts = cache.texts.of(data, index, &metrics);
                            action = action.or(row_ui(ui, data, index, &texts, theme));
                        }
                    }
                },
            );
            action
        })
        .inner
}

fn row_height(theme: &PlotTheme) -> f32 {
    theme.text_size * 1.6
}

fn setting_width(theme: &PlotTheme) -> f32 {
    theme.text_size * 5.0
}

fn column_width(theme: &PlotTheme) -> f32 {
    theme.text_size * 7.5
}

/// Metrics that are known for the rows.
fn columns(data: &TableData<'_>, rows: &[usize]) -> Vec<Metric> {
    let known = |metric: &Metric| {
        rows.iter().take(50).any(|&i| {
            data.candidates
                .get(i)
                .is_some_and(|metrics| metrics.get(*metric).is_finite())
        })
    };
    let first = data.first.iter().copied();
    let others = Metric::ALL
        .into_iter()
        .filter(|metric| !data.first.contains(metric));
    first.chain(others).filter(known).collect()
}

/// A metric with the unit that suits its numbers.
struct Column {
    metric: Metric,
    unit: String,
    factor: f64,
}

fn column(data: &TableData<'_>, rows: &[usize], metric: Metric) -> Column {
    let values = rows.iter().take(50).filter_map(|&i| data.candidates.get(i));
    let largest = values
        .map(|metrics| metrics.get(metric))
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    let (factor, unit) = prefixed_unit(largest, &written_unit(metric.description().unit));
    Column {
        metric,
        unit,
        factor,
    }
}

/// Whether every design is listed, not the front alone: a selected box is over all that was explored.
fn lists_all(data: &TableData<'_>, view: &TableView) -> bool {
    view.all || data.selection.is_some()
}

/// Looks at the next slice of candidates; returns whether all were.
fn gather(cache: &mut Rows, data: &TableData<'_>, view: &TableView) -> bool {
    let all = lists_all(data, view);
    let key = (
        data.generation,
        data.front.len(),
        view.sort,
        view.reversed,
        [all, data.former.is_some()],
        data.selection.copied(),
    );
    if cache.key != Some(key) {
        *cache = Rows {
            key: Some(key),
            ..Rows::default()
        };
    }
    let total = if all {
        data.candidates.len()
    } else {
        data.front.len()
    };
    if cache.looked_at >= total {
        return true;
    }
    let end = total.min(cache.looked_at + SLICE);
    for place in cache.looked_at..end {
        let index = if all { place } else { data.front[place] };
        let Some(metrics) = data.candidates.get(index) else {
            continue;
        };
        if data
            .selection
            .is_none_or(|selection| selection.contains(metrics))
        {
            if cache.listed.len() < 2 * MOST_ROWS {
                cache.listed.push(index);
            } else {
                shorten(cache, data, view);
                cache.listed.push(index);
            }
        }
    }
    cache.looked_at = end;
    shorten(cache, data, view);
    end == total
}

/// Sorts the rows and keeps the first.
fn shorten(cache: &mut Rows, data: &TableData<'_>, view: &TableView) {
    let cost = |index: usize| {
        data.candidates
            .get(index)
            .map_or(f64::NAN, |metrics| view.sort.cost(metrics.get(view.sort)))
    };
    cache.listed.sort_by(|&a, &b| {
        let order = cost(a).total_cmp(&cost(b));
        (if view.reversed {
            order.reverse()
        } else {
            order
        })
        .then(a.cmp(&b))
    });
    cache.n_left_out += cache.listed.len().saturating_sub(MOST_ROWS);
    cache.listed.truncate(MOST_ROWS);
}

/// One cell of the header: what `content` draws, right-aligned on a fixed width.
fn header_cell(ui: &mut Ui, width: f32, height: f32, content: impl FnOnce(&mut Ui)) {
    let layout = Layout::top_down(Align::Max);
    ui.allocate_ui_with_layout(vec2(width, height), layout, |ui| {
        ui.set_min_width(width);
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().button_padding = egui::Vec2::ZERO;
        content(ui);
    });
}

fn header(
    ui: &mut Ui,
    settings: &[String],
    metrics: &[Column],
    view: &mut TableView,
    theme: &PlotTheme,
) {
    let height = row_height(theme) * 1.8;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for setting in settings {
            header_cell(ui, setting_width(theme), height, |ui| {
                let label = RichText::new(setting).small().weak();
                ui.add(egui::Label::new(label).wrap());
            });
        }
        for &Column {
            metric, ref unit, ..
        } in metrics
        {
            header_cell(ui, column_width(theme), height, |ui| {
                let description = metric.description();
                let sorted = view.sort == metric;
                let arrow = match (sorted, view.reversed) {
                    (false, _) => "",
                    (true, false) => " (best)",
                    (true, true) => " (worst)",
                };
                let label = RichText::new(format!("{}{arrow}", description.label)).small();
                let button = ui
                    .add(egui::Button::new(label).frame(false))
                    .on_hover_text(description.help);
                ui.label(RichText::new(unit).small().weak());
                if button.clicked() {
                    view.reversed = sorted && !view.reversed;
                    view.sort = metric;
                }
            });
        }
    });
}

fn row_ui(
    ui: &mut Ui,
    data: &TableData<'_>,
    index: usize,
    texts: &[String],
    theme: &PlotTheme,
) -> Option<TableAction> {
    let painter = ui.painter().clone();
    let n_settings = data.settings.len().min(texts.len());
    let settings_width = setting_width(theme) * n_settings as f32;
    let figures_width = column_width(theme) * (texts.len() - n_settings) as f32;
    let whole = vec2(settings_width + figures_width, row_height(theme));
    let (rect, response) = ui.allocate_exact_size(whole, Sense::click());
    let name = format!("Design {index}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    if data.picked == Some(index) {
        painter.rect_filled(rect, 2.0, theme.accent.gamma_multiply(0.2));
    } else if response.hovered() {
        painter.rect_filled(rect, 2.0, theme.text.gamma_multiply(0.06));
    }
    let mono = egui::FontId::monospace(theme.small_text_size);
    let (settings, figures) = texts.split_at(n_settings);
    let cells = |texts: &[String], left: f32, width: f32, color: egui::Color32| {
        for (place, text) in texts.iter().enumerate() {
            let right = left + width * (place as f32 + 1.0) - 4.0;
            let at = egui::pos2(right, rect.center().y);
            painter.text(at, egui::Align2::RIGHT_CENTER, text, mono.clone(), color);
        }
    };
    cells(settings, rect.left(), setting_width(theme), theme.weak_text);
    let left = rect.left() + settings_width;
    let figure_color = if data.former.is_some() {
        theme.weak_text
    } else {
        theme.text
    };
    cells(figures, left, column_width(theme), figure_color);
    let help = "Click to select, double click to load, Shift-click to pin";
    let response = response.on_hover_text(help);
    if response.double_clicked() {
        return Some(TableAction::Load(index));
    }
    let shift = ui.input(|input| input.modifiers.shift);
    response.clicked().then_some(if shift {
        TableAction::Pin(index)
    } else {
        TableAction::Pick(index)
    })
}
