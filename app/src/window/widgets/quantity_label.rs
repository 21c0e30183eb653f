//! Numbers with their unit: three to four significant digits, an SI prefix, fixed width, a delta against a reference.

use egui::{Align2, Color32, FontId, Rect, Sense, TextStyle, Ui, vec2};

use crate::plots::written::{number_text, prefixed_unit};
use crate::window::theme::{colors, theme};

/// A change against a reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delta {
    /// How much.
    pub change: Change,
    /// Whether a smaller value is the better one.
    pub lower_is_better: bool,
}

/// How much a figure changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// 0.1 for ten percent more.
    Relative(f64),
    /// A difference in a unit that is a ratio itself: percentage points, decibels.
    Absolute(f64, &'static str),
}

impl Change {
    /// The change with its sign, whatever its unit.
    fn signed(self) -> f64 {
        match self {
            Self::Relative(change) | Self::Absolute(change, _) => change,
        }
    }
}

/// One line of the inspector: name, number, unit, delta.
#[derive(Debug, Clone)]
pub struct QuantityRow<'a> {
    /// Name.
    pub label: &'a str,
    /// Value in `unit`; `None` where the model gives none.
    pub value: Option<f64>,
    /// Unit; joules and seconds get the prefix that suits the value.
    pub unit: &'a str,
    /// Change against the pinned reference.
    pub delta: Option<Delta>,
    /// The value is not of what is shown beside it: drawn in grey.
    pub stale: bool,
    /// Explanation on hover.
    pub help: &'a str,
}

/// A change with its sign: in percent, or a factor where percent would mislead, or in its own unit.
pub fn delta_text(change: Change) -> String {
    match change {
        Change::Relative(relative) => relative_text(relative),
        Change::Absolute(difference, _) if !difference.is_finite() => String::new(),
        Change::Absolute(difference, unit) if difference.abs() < 0.005 => format!("±0 {unit}"),
        Change::Absolute(difference, unit) => {
            let sign = if difference < 0.0 { '−' } else { '+' };
            let magnitude = difference.abs();
            if magnitude >= 99.95 {
                format!("{sign}{magnitude:.0} {unit}")
            } else if magnitude >= 9.995 {
                format!("{sign}{magnitude:.1} {unit}")
            } else {
                format!("{sign}{magnitude:.2} {unit}")
            }
        }
    }
}

fn relative_text(relative: f64) -> String {
    let percent = 100.0 * relative;
    if !percent.is_finite() {
        return String::new();
    }
    if percent.abs() < 0.05 {
        return "±0 %".to_owned();
    }
    let sign = if percent < 0.0 { '−' } else { '+' };
    let magnitude = percent.abs();
    if magnitude >= 1000.0 {
        format!("×{}", number_text(1.0 + relative))
    } else if magnitude >= 99.95 {
        format!("{sign}{magnitude:.0} %")
    } else {
        format!("{sign}{magnitude:.1} %")
    }
}

/// Widths of the columns right of the name, and the text of all but the number.
struct Columns {
    number: f32,
    unit: f32,
    delta: f32,
    words: TextStyle,
}

impl Columns {
    /// In a narrow panel words are small, so that names need not be cut.
    fn for_width(width: f32) -> Self {
        let is_narrow = width < 264.0;
        let [number, unit, delta] = if is_narrow {
            [44.0, 54.0, 46.0]
        } else {
            [48.0, 64.0, 56.0]
        };
        let words = if is_narrow {
            TextStyle::Small
        } else {
            TextStyle::Body
        };
        Self {
            number,
            unit,
            delta,
            words,
        }
    }
}

/// Draws one line; columns have fixed width, so nothing jumps while numbers change.
pub fn quantity_row_ui(ui: &mut Ui, row: &QuantityRow<'_>) -> egui::Response {
    let layout = &theme().layout;
    let size = vec2(ui.available_width(), layout.row_height - 2.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let columns = Columns::for_width(rect.width());
    let number_right = rect.right() - columns.delta - columns.unit;
    let (factor, unit) = prefixed_unit(row.value.unwrap_or(0.0), row.unit);
    let number = row
        .value
        .map_or_else(|| "–".to_owned(), |value| number_text(value * factor));
    let text = ui.visuals().text_color();
    let dim = ui.visuals().weak_text_color();
    let put = |x: f32, align: Align2, style: TextStyle, text: &str, color: Color32| {
        let (at, font) = (egui::pos2(x, rect.center().y), style.resolve(ui.style()));
        ui.painter().text(at, align, text, font, color);
    };
    let words = &columns.words;
    let name = rect.with_max_x(number_right - columns.number);
    put_elided(ui, name, row.label, words.resolve(ui.style()), text);
    let strong = if row.stale {
        dim
    } else {
        ui.visuals().strong_text_color()
    };
    let right = Align2::RIGHT_CENTER;
    put(number_right, right, TextStyle::Body, &number, strong);
    let unit_left = number_right + layout.grid;
    put(unit_left, Align2::LEFT_CENTER, words.clone(), &unit, dim);
    if let Some(delta) = row.delta {
        let (change, color) = (delta_text(delta.change), delta_color(ui, delta));
        put(rect.right(), right, words.clone(), &change, color);
    }
    let spoken = format!("{} {number} {unit}", row.label);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
    response.on_hover_ui(|ui| {
        ui.strong(row.label);
        ui.label(row.help);
        if let Some(value) = row.value {
            ui.weak(format!("{value} {}", row.unit));
        }
    })
}

/// Good and bad changes apart from none.
pub fn delta_color(ui: &Ui, delta: Delta) -> Color32 {
    let colors = colors(ui.ctx());
    let change = delta.change.signed();
    if change.abs() < 5e-4 {
        colors.text_dim.0
    } else if (change < 0.0) == delta.lower_is_better {
        colors.good.0
    } else {
        colors.warning.0
    }
}

/// A name that ends in an ellipsis where it would meet the number.
fn put_elided(ui: &Ui, rect: Rect, text: &str, font: FontId, color: Color32) {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let y = rect.center().y - 0.5 * galley.size().y;
    ui.painter()
        .galley(egui::pos2(rect.left(), y), galley, color);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_turn_into_factors_above_a_thousand_percent() {
        assert_eq!(delta_text(Change::Relative(0.027)), "+2.7 %");
        assert_eq!(delta_text(Change::Relative(-0.38)), "−38.0 %");
        assert_eq!(delta_text(Change::Relative(14.0)), "×15.00");
        assert_eq!(delta_text(Change::Relative(0.0)), "±0 %");
        assert_eq!(delta_text(Change::Absolute(-5.36, "dB")), "−5.36 dB");
    }
}
