//! The tornado: how far one metric moves when each parameter alone goes one step down and one step up.

use egui::{Align2, Pos2, Rect, Sense, Stroke, Ui, pos2, vec2};
use serde::{Deserialize, Serialize};

use blockscape_model::evaluation::Metric;

use super::axis::{Scale, significant, ticks, written_unit};
use super::pareto::more_is_better;
use super::theme::PlotTheme;

/// Changes below this share of the metric are not drawn.
const SMALLEST_SHOWN: f64 = 1e-3;

/// One parameter changed alone.
#[derive(Debug, Clone, PartialEq)]
pub struct TornadoRow {
    /// The parameter.
    pub name: String,
    /// Its lower setting as text, and the metric there; NaN when that design is not feasible.
    pub low: (String, f64),
    /// Its higher setting as text, and the metric there.
    pub high: (String, f64),
}

/// What the plot shows.
#[derive(Debug, Clone, Copy)]
pub struct SensitivityData<'a> {
    /// The metric.
    pub metric: Metric,
    /// Its value for the current design.
    pub base: f64,
    /// All parameters; drawn from the largest swing down.
    pub rows: &'a [TornadoRow],
}

/// How it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SensitivityView {
    /// Metric that is followed.
    pub metric: Metric,
    /// Most rows shown.
    pub n_rows: usize,
}

impl Default for SensitivityView {
    fn default() -> Self {
        Self {
            metric: Metric::EnergyPerToken,
            n_rows: 16,
        }
    }
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SensitivityAction {
    /// Another metric was picked; it is in the view.
    Metric,
    /// A parameter was clicked: its position in the rows.
    Parameter(usize),
}

/// Draws the picker and the bars.
pub fn sensitivity_ui(
    ui: &mut Ui,
    data: &SensitivityData<'_>,
    view: &mut SensitivityView,
    theme: &PlotTheme,
) -> Option<SensitivityAction> {
    let mut action = None;
    if !theme.on_paper {
        let before = view.metric;
        super::metric_picker(ui, "Sensitivity metric", &mut view.metric);
        action = (before != view.metric).then_some(SensitivityAction::Metric);
    }
    let rows = sorted(data, view.n_rows);
    if rows.is_empty() {
        ui.weak("No sensitivities yet: they are found around the current design once it has been evaluated.");
        return action;
    }
    action.or(tornado(ui, data, &rows, theme).map(SensitivityAction::Parameter))
}

/// Positions of the rows by falling swing; rows that move nothing are left out.
fn sorted(data: &SensitivityData<'_>, n_rows: usize) -> Vec<usize> {
    let mut order: Vec<(f64, usize)> = data
        .rows
        .iter()
        .enumerate()
        .map(|(i, row)| {
            (
                reach(row.low.1, data.base).max(reach(row.high.1, data.base)),
                i,
            )
        })
        .filter(|(swing, _)| *swing > SMALLEST_SHOWN * data.base.abs())
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().take(n_rows).map(|(_, i)| i).collect()
}

fn reach(value: f64, base: f64) -> f64 {
    let distance = (value - base).abs();
    if distance.is_finite() { distance } else { 0.0 }
}

fn tornado(
    ui: &mut Ui,
    data: &SensitivityData<'_>,
    rows: &[usize],
    theme: &PlotTheme,
) -> Option<usize> {
    let painter = ui.painter().clone();
    let names: Vec<_> = rows
        .iter()
        .map(|&i| painter.layout_no_wrap(data.rows[i].name.clone(), theme.small_font(), theme.text))
        .collect();
    let name_width =
        names.iter().map(|name| name.size().x).fold(0.0, f32::max) + theme.text_size * 0.6;
    let row_height = theme.small_text_size * 1.7;
    let axis_height = theme.small_text_size * 1.5 + theme.text_size * 1.5;
    let room = if theme.on_paper {
        ui.available_height() - axis_height
    } else {
        f32::INFINITY
    };
    let n_rows = rows.len().min((room / row_height) as usize).max(1);
    let height = row_height * n_rows as f32;
    let (area, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), height + axis_height),
        Sense::click(),
    );
    let bars = Rect::from_min_max(
        pos2(area.left() + name_width, area.top()),
        pos2(area.right(), area.top() + height),
    );
    let values = rows
        .iter()
        .flat_map(|&i| [data.rows[i].low.1, data.rows[i].high.1])
        .filter(|v| v.is_finite());
    let (low, high) = values.fold((data.base, data.base), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let [left, right] = setting_widths(&painter, data, &rows[..n_rows], theme);
    let inner = Rect::from_x_y_ranges(
        bars.left() + left..=(bars.right() - right).max(bars.left() + left + 1.0),
        bars.y_range(),
    );
    let place = |value: f64| inner.left() + ((value - low) / (high - low)) as f32 * inner.width();
    let per_point = (high - low) / f64::from(inner.width());
    let (low, high) = (
        low - per_point * f64::from(left),
        high + per_point * f64::from(right),
    );
    paint_axis(ui, bars, data, (low, high), &place, theme);
    let mut hovered = None;
    for (r, (&i, name)) in rows.iter().take(n_rows).zip(names).enumerate() {
        let y = bars.top() + row_height * (r as f32 + 0.5);
        let band =
            Rect::from_x_y_ranges(area.x_range(), y - row_height * 0.5..=y + row_height * 0.5);
        if response.hover_pos().is_some_and(|at| band.contains(at)) {
            painter.rect_filled(band, 0.0, theme.text.gamma_multiply(0.06));
            hovered = Some(i);
        }
        painter.galley(
            pos2(
                bars.left() - theme.text_size * 0.4 - name.size().x,
                y - name.size().y * 0.5,
            ),
            name,
            theme.text,
        );
        paint_row(ui, &data.rows[i], data, y, row_height, &place, theme);
    }
    painter.vline(
        place(data.base),
        bars.y_range(),
        Stroke::new(theme.line_width, theme.text),
    );
    let i = hovered?;
    let row = &data.rows[i];
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(&row.name);
        for (setting, value) in [&row.low, &row.high] {
            let change = 100.0 * (value / data.base - 1.0);
            ui.label(format!(
                "{setting}: {} {} ({change:+.1} %)",
                significant(*value, 4),
                written_unit(data.metric.description().unit)
            ));
        }
        ui.weak("Click to go to the control");
    });
    response.clicked().then_some(i)
}

/// Widest text beside a bar that falls and beside one that rises, with its gap.
fn setting_widths(
    painter: &egui::Painter,
    data: &SensitivityData<'_>,
    rows: &[usize],
    theme: &PlotTheme,
) -> [f32; 2] {
    let mut widths = [theme.small_text_size; 2];
    for &i in rows {
        for setting in settings(&data.rows[i], data) {
            let galley =
                painter.layout_no_wrap(setting.text.to_owned(), setting_font(theme), theme.text);
            let side = &mut widths[usize::from(setting.named_right)];
            *side = side.max(galley.size().x + theme.small_text_size * 0.6);
        }
    }
    widths
}

fn setting_font(theme: &PlotTheme) -> egui::FontId {
    egui::FontId::new(theme.small_text_size * 0.9, egui::FontFamily::Proportional)
}

/// One end of a row.
struct Setting<'a> {
    text: &'a str,
    value: f64,
    /// The shorter of two bars on one side.
    inner: bool,
    /// On which side its name stands.
    named_right: bool,
}

/// The ends of a row that move the metric, the longer bar first.
fn settings<'a>(row: &'a TornadoRow, data: &SensitivityData<'_>) -> Vec<Setting<'a>> {
    let mut ends: Vec<&(String, f64)> = [&row.low, &row.high]
        .into_iter()
        .filter(|(_, value)| reach(*value, data.base) > SMALLEST_SHOWN * data.base.abs())
        .collect();
    ends.sort_by(|a, b| reach(b.1, data.base).total_cmp(&reach(a.1, data.base)));
    let same_side = ends.len() == 2 && (ends[0].1 > data.base) == (ends[1].1 > data.base);
    let setting = |(i, (text, value)): (usize, &'a (String, f64))| {
        let inner = same_side && i == 1;
        Setting {
            text,
            value: *value,
            inner,
            // of two bars on one side the shorter is named on the other, where there is room
            named_right: (*value > data.base) != inner,
        }
    };
    ends.into_iter().enumerate().map(setting).collect()
}

fn paint_row(
    ui: &Ui,
    row: &TornadoRow,
    data: &SensitivityData<'_>,
    y: f32,
    row_height: f32,
    place: &dyn Fn(f64) -> f32,
    theme: &PlotTheme,
) {
    for setting in settings(row, data) {
        let better = (setting.value > data.base) == more_is_better(data.metric);
        let color = theme.categories[usize::from(!better)];
        let color = if setting.inner {
            color.lerp_to_gamma(theme.background, 0.5)
        } else {
            color
        };
        let ends = [place(data.base), place(setting.value)];
        let x_range = egui::Rangef::new(ends[0].min(ends[1]), ends[0].max(ends[1]));
        let half = row_height * if setting.inner { 0.2 } else { 0.34 };
        let bar = Rect::from_x_y_ranges(x_range, y - half..=y + half);
        ui.painter().rect_filled(bar, 0.0, color);
        let end = if setting.inner { ends[0] } else { ends[1] };
        let (anchor, gap) = if setting.named_right {
            (Align2::LEFT_CENTER, 0.3)
        } else {
            (Align2::RIGHT_CENTER, -0.3)
        };
        let at = Pos2::new(end + theme.small_text_size * gap, y);
        let (text, font) = (setting.text, setting_font(theme));
        ui.painter().text(at, anchor, text, font, theme.weak_text);
    }
}

fn paint_axis(
    ui: &Ui,
    bars: Rect,
    data: &SensitivityData<'_>,
    span: (f64, f64),
    place: &dyn Fn(f64) -> f32,
    theme: &PlotTheme,
) {
    let painter = ui.painter();
    let room = f64::from(bars.width() / (theme.small_text_size * 4.5));
    for tick in ticks(Scale::Linear, span, room)
        .into_iter()
        .filter(|tick| !tick.label.is_empty())
    {
        let x = place(tick.coordinate);
        painter.vline(
            x,
            bars.y_range(),
            Stroke::new(theme.line_width * 0.45, theme.grid),
        );
        let below = pos2(x, bars.bottom() + theme.small_text_size * 0.2);
        painter.text(
            below,
            Align2::CENTER_TOP,
            tick.label,
            theme.small_font(),
            theme.weak_text,
        );
    }
    let title = super::pareto::axis(data.metric, Scale::Linear).title();
    let below = pos2(bars.center().x, bars.bottom() + theme.small_text_size * 1.5);
    painter.text(below, Align2::CENTER_TOP, title, theme.font(), theme.text);
}
