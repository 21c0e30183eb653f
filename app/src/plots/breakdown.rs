//! Stacked bars: where area, energy and time of a design go, beside the same of a pinned one.
//!
//! Components keep their color through all groups, in the order they first appear.

use egui::{
    Color32, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2,
};
use serde::{Deserialize, Serialize};

use super::axis::{prefixed_unit, significant, written_unit};
use super::theme::PlotTheme;

/// One component of a total.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The component.
    pub name: String,
    /// Its share of the total, in the group's unit.
    pub value: f64,
}

/// One design's total and its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The design; may be empty when there is one bar only.
    pub name: String,
    /// Parts in the order they are stacked.
    pub parts: Vec<Part>,
    /// Low and high estimate of the total, where known.
    pub band: Option<(f64, f64)>,
}

impl Bar {
    /// Sum of the parts.
    pub fn total(&self) -> f64 {
        self.parts.iter().map(|part| part.value).sum()
    }
}

/// Bars of one quantity on one scale.
#[derive(Debug, Clone, PartialEq)]
pub struct BarGroup {
    /// The quantity.
    pub title: String,
    /// Its unit.
    pub unit: String,
    /// The current design first, then what it is compared with.
    pub bars: Vec<Bar>,
}

/// What the plot shows.
#[derive(Debug, Clone, Copy)]
pub struct BreakdownData<'a> {
    /// From top to bottom.
    pub groups: &'a [BarGroup],
}

/// How it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakdownView {
    /// Every bar as long as the longest, to compare shares.
    pub as_shares: bool,
}

/// What the user asked for: nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakdownAction {}

/// Draws all groups below each other.
pub fn breakdown_ui(
    ui: &mut Ui,
    data: &BreakdownData<'_>,
    view: &mut BreakdownView,
    theme: &PlotTheme,
) -> Option<BreakdownAction> {
    if data.groups.is_empty() {
        ui.weak("Nothing to break down yet: the current design has not been evaluated.");
        return None;
    }
    if !theme.on_paper {
        ui.checkbox(&mut view.as_shares, "As shares")
            .on_hover_text("Draw every bar at full length to compare shares");
    }
    groups_ui(ui, data, view.as_shares, theme);
    None
}

/// The bars alone, as a panel beside other numbers shows them.
pub fn breakdown_bars_ui(ui: &mut Ui, data: &BreakdownData<'_>, theme: &PlotTheme) {
    groups_ui(ui, data, false, theme);
}

fn groups_ui(ui: &mut Ui, data: &BreakdownData<'_>, as_shares: bool, theme: &PlotTheme) {
    let names = component_names(data.groups);
    for (i, group) in data.groups.iter().enumerate() {
        if i > 0 {
            ui.add_space(theme.text_size * 0.6);
        }
        group_ui(ui, group, &names, as_shares, theme);
        // Neighbors with the same kind of parts share one legend below the last of them.
        let next = data.groups.get(i + 1);
        if next.is_none_or(|next| !shares_parts(group, next)) {
            let first = (0..=i)
                .rev()
                .take_while(|&k| k == i || shares_parts(&data.groups[k], &data.groups[k + 1]));
            let first = first.last().unwrap_or(i);
            keys(ui, &data.groups[first..=i], &names, theme);
        }
    }
}

/// Whether two groups are made of the same parts, or nearly.
fn shares_parts(a: &BarGroup, b: &BarGroup) -> bool {
    let names = |group: &BarGroup| {
        component_names(std::slice::from_ref(group))
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (a, b) = (names(a), names(b));
    a.iter().any(|name| b.contains(name))
}

/// All components in the order they first appear.
fn component_names(groups: &[BarGroup]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for part in groups
        .iter()
        .flat_map(|group| &group.bars)
        .flat_map(|bar| &bar.parts)
    {
        if !names.contains(&part.name.as_str()) {
            names.push(&part.name);
        }
    }
    names
}

fn group_ui(ui: &mut Ui, group: &BarGroup, names: &[&str], as_shares: bool, theme: &PlotTheme) {
    let width = ui.available_width();
    heading(ui, group, theme);
    let longest = group
        .bars
        .iter()
        .map(|bar| bar.band.map_or(bar.total(), |band| band.1.max(bar.total())))
        .fold(0.0, f64::max);
    let bar_height = theme.text_size * 1.2;
    for bar in &group.bars {
        if group.bars.len() > 1 && !bar.name.is_empty() {
            caption(ui, bar, group, theme);
        }
        let (rect, response) = ui.allocate_exact_size(vec2(width, bar_height), Sense::hover());
        let whole = if as_shares { bar.total() } else { longest };
        paint_bar(ui, rect, &response, bar, group, whole, names, theme);
    }
}

/// A total with its unit, prefixed as the same figure is elsewhere.
fn readable(value: f64, unit: &str) -> (f64, String) {
    let (factor, unit) = prefixed_unit(value, unit);
    (value * factor, written_unit(&unit))
}

fn heading(ui: &mut Ui, group: &BarGroup, theme: &PlotTheme) {
    let (rect, _) = ui.allocate_exact_size(
        vec2(ui.available_width(), theme.text_size * 1.4),
        Sense::hover(),
    );
    let painter = ui.painter();
    let title = painter.layout_no_wrap(group.title.clone(), theme.font(), theme.text);
    painter.galley(
        pos2(rect.left(), rect.center().y - title.size().y * 0.5),
        title,
        theme.text,
    );
    let [first] = group.bars.as_slice() else {
        return; // each of several bars carries its own total
    };
    let (value, unit) = readable(first.total(), &group.unit);
    let unit = painter.layout_no_wrap(unit, theme.small_font(), theme.weak_text);
    let value = painter.layout_no_wrap(significant(value, 3), theme.font(), theme.text);
    let unit_left = rect.right() - unit.size().x;
    let value_left = unit_left - theme.text_size * 0.3 - value.size().x;
    painter.galley(
        pos2(unit_left, rect.center().y - unit.size().y * 0.5),
        unit,
        theme.weak_text,
    );
    painter.galley(
        pos2(value_left, rect.center().y - value.size().y * 0.5),
        value,
        theme.text,
    );
}

/// Name of a bar and its total against the first bar.
fn caption(ui: &mut Ui, bar: &Bar, group: &BarGroup, theme: &PlotTheme) {
    let (rect, _) = ui.allocate_exact_size(
        vec2(ui.available_width(), theme.small_text_size * 1.3),
        Sense::hover(),
    );
    let name = ui
        .painter()
        .layout_no_wrap(bar.name.clone(), theme.small_font(), theme.weak_text);
    ui.painter().galley(rect.left_top(), name, theme.weak_text);
    let (value, unit) = readable(bar.total(), &group.unit);
    let total = ui.painter().layout_no_wrap(
        format!("{} {unit}", significant(value, 3)),
        theme.small_font(),
        theme.weak_text,
    );
    ui.painter().galley(
        pos2(rect.right() - total.size().x, rect.top()),
        total,
        theme.weak_text,
    );
}

#[expect(
    clippy::too_many_arguments,
    reason = "one bar in its place, drawn from one call"
)]
fn paint_bar(
    ui: &Ui,
    rect: Rect,
    response: &Response,
    bar: &Bar,
    group: &BarGroup,
    whole: f64,
    names: &[&str],
    theme: &PlotTheme,
) {
    if whole <= 0.0 {
        return;
    }
    let painter = ui.painter();
    let place = |value: f64| rect.left() + (value / whole) as f32 * rect.width();
    let mut from = 0.0;
    for part in &bar.parts {
        let to = from + part.value.max(0.0);
        let segment = Rect::from_x_y_ranges(place(from)..=place(to), rect.y_range());
        let (color, _) = color_of(&part.name, names, theme);
        painter.rect_filled(segment, 0.0, color);
        let gap = Stroke::new(theme.line_width * 0.5, theme.background);
        painter.vline(segment.right(), rect.y_range(), gap);
        share_text(painter, segment, part.value / bar.total(), color, theme);
        if response.hover_pos().is_some_and(|at| segment.contains(at)) {
            painter.rect_stroke(
                segment,
                0.0,
                Stroke::new(theme.line_width, theme.text),
                StrokeKind::Inside,
            );
            let share = 100.0 * part.value / bar.total();
            let (value, unit) = readable(part.value, &group.unit);
            let value = significant(value, 3);
            let text = format!("{}: {value} {unit}, {share:.1} %", part.name);
            response.clone().on_hover_text(text);
        }
        from = to;
    }
    if let Some((low, high)) = bar.band {
        let y = rect.bottom() + rect.height() * 0.08; // below the percentages
        let stroke = Stroke::new(theme.line_width * 0.7, theme.text);
        let (left, right) = (
            pos2(place(low), y),
            pos2(place(high).min(rect.right() - 1.0), y),
        );
        let cap = vec2(0.0, rect.height() * 0.12);
        for (from, to) in [
            (left, right),
            (left - cap, left + cap),
            (right - cap, right + cap),
        ] {
            painter.add(super::theme::line(from, to, stroke));
        }
    }
}

/// The percentage inside a segment that is wide enough.
fn share_text(painter: &Painter, segment: Rect, share: f64, color: Color32, theme: &PlotTheme) {
    if !share.is_finite() {
        return;
    }
    let text = painter.layout_no_wrap(
        format!("{:.0} %", share * 100.0),
        theme.small_font(),
        theme.text_on(color),
    );
    if text.size().x + theme.small_text_size * 0.6 < segment.width() {
        let corner = segment.center() - text.size() * 0.5;
        painter.galley(corner, text, theme.text_on(color));
    }
}

/// Names of the parts with their swatches, in as many columns as fit.
fn keys(ui: &mut Ui, groups: &[BarGroup], names: &[&str], theme: &PlotTheme) {
    let shown: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| {
            groups
                .iter()
                .flat_map(|group| &group.bars)
                .flat_map(|bar| &bar.parts)
                .any(|part| part.name == *name && part.value > 0.0)
        })
        .collect();
    let painter = ui.painter();
    let galleys: Vec<_> = shown
        .iter()
        .map(|name| painter.layout_no_wrap((*name).to_owned(), theme.small_font(), theme.text))
        .collect();
    let swatch = theme.small_text_size * 0.8;
    let gap = theme.small_text_size * 0.5;
    let cell = galleys
        .iter()
        .map(|galley| galley.size().x)
        .fold(0.0, f32::max)
        + swatch
        + 3.0 * gap;
    let width = ui.available_width();
    let n_columns = ((width / cell) as usize).clamp(1, shown.len().max(1));
    let row_height = theme.small_text_size * 1.35;
    let n_rows = shown.len().div_ceil(n_columns);
    let (rect, _) = ui.allocate_exact_size(
        vec2(width, row_height * n_rows as f32 + gap * 0.5),
        Sense::hover(),
    );
    for (i, (name, galley)) in shown.iter().zip(galleys).enumerate() {
        let left = rect.left() + cell * (i % n_columns) as f32;
        let y = rect.top() + gap * 0.5 + row_height * ((i / n_columns) as f32 + 0.5);
        let (color, second) = color_of(name, names, theme);
        let square = Rect::from_center_size(pos2(left + swatch * 0.5, y), vec2(swatch, swatch));
        ui.painter().add(Shape::rect_filled(square, 0.0, color));
        if second {
            ui.painter().rect_stroke(
                square,
                0.0,
                Stroke::new(theme.line_width * 0.6, theme.text),
                StrokeKind::Inside,
            );
        }
        ui.painter().galley(
            Pos2::new(left + swatch + gap, y - galley.size().y * 0.5),
            galley,
            theme.text,
        );
    }
}

/// Color of a component; the second round of the palette is paler.
fn color_of(name: &str, names: &[&str], theme: &PlotTheme) -> (Color32, bool) {
    let index = names.iter().position(|known| *known == name).unwrap_or(0);
    let (color, _) = theme.category(index);
    let second = index >= theme.categories.len();
    (
        if second {
            color.lerp_to_gamma(theme.background, 0.45)
        } else {
            color
        },
        second,
    )
}
