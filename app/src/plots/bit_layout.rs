//! The bits of a format to scale: the elements of one block and what they share.

use egui::{Align2, Color32, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use blockscape_model::format::{BlockLen, Format, OperandKind};

use super::axis::significant;
use super::theme::PlotTheme;

/// What the plot shows.
#[derive(Debug, Clone, Copy)]
pub struct BitLayoutData<'a> {
    /// What each format is used for, and the format.
    pub formats: &'a [(&'a str, Format)],
}

/// What one field of bits holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Sign,
    Exponent,
    Magnitude,
    Shared,
    Offset,
}

impl Field {
    const ALL: [Self; 5] = [
        Self::Sign,
        Self::Exponent,
        Self::Magnitude,
        Self::Shared,
        Self::Offset,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Exponent => "exponent",
            Self::Magnitude => "mantissa",
            Self::Shared => "shared scale",
            Self::Offset => "zero point",
        }
    }

    fn color(self, theme: &PlotTheme) -> Color32 {
        match self {
            Self::Sign => theme.categories[1],
            Self::Exponent => theme.categories[2],
            Self::Magnitude => theme.categories[0],
            Self::Shared => theme.categories[4],
            Self::Offset => theme.categories[3],
        }
    }
}

/// Draws one row for each format, all on one scale of bits, and the meaning of the colors.
pub fn bit_layout_ui(ui: &mut Ui, data: &BitLayoutData<'_>, theme: &PlotTheme) {
    let rows: Vec<_> = data
        .formats
        .iter()
        .map(|&(name, format)| (name, format, element(format), shared(format)))
        .collect();
    let widest = rows
        .iter()
        .map(|(.., element, shared)| bits(element) + bits(shared))
        .max()
        .unwrap_or(1)
        .max(8);
    let gap = theme.text_size * 1.2;
    let mut seen = Vec::new();
    for (name, format, element, shared) in &rows {
        heading(ui, name, *format, theme);
        let height = theme.text_size * 1.5;
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let bit = ((rect.width() - gap) / widest as f32).min(theme.text_size * 1.6);
        let mut left = fields(ui, rect, rect.left(), bit, element, theme);
        if !shared.is_empty() {
            let plus = pos2(left + gap * 0.5, rect.center().y);
            ui.painter().text(
                plus,
                Align2::CENTER_CENTER,
                "+",
                theme.font(),
                theme.weak_text,
            );
            left = fields(ui, rect, left + gap, bit, shared, theme);
        }
        let _ = left;
        seen.extend(element.iter().chain(shared).map(|(field, _)| *field));
    }
    keys(ui, &seen, theme);
}

fn heading(ui: &mut Ui, name: &str, format: Format, theme: &PlotTheme) {
    let width = ui.available_width();
    let block = match format.operand().block_len {
        BlockLen::One => String::new(),
        BlockLen::Fixed(values) => format!(", {values} share"),
        BlockLen::Row => ", a row shares".to_owned(),
    };
    let bits = significant(format.bits_per_value(), 4);
    let small = |text: String| {
        ui.painter()
            .layout_no_wrap(text, theme.small_font(), theme.weak_text)
    };
    let (text, size) = (
        small(format.to_string()),
        small(format!("{bits} bits/value{block}")),
    );
    let gap = theme.text_size * 0.6;
    let name = ui
        .painter()
        .layout(name.to_owned(), theme.font(), theme.text, width);
    // names too long for one line have lines of their own
    let fits = name.size().x + text.size().x + size.size().x + 2.0 * gap <= width;
    let row = theme.text_size * 1.5;
    let own = if fits { 0.0 } else { name.size().y };
    let (rect, _) = ui.allocate_exact_size(vec2(width, row + own), Sense::hover());
    let y = rect.bottom() - row * 0.5;
    let left = if fits {
        rect.left() + name.size().x + gap
    } else {
        rect.left()
    };
    let top = if fits {
        y - name.size().y * 0.5
    } else {
        rect.top() + theme.text_size * 0.3
    };
    let painter = ui.painter();
    painter.galley(pos2(rect.left(), top), name, theme.text);
    let at = pos2(left, y - text.size().y * 0.5);
    painter.galley(at, text, theme.weak_text);
    let at = pos2(rect.right() - size.size().x, y - size.size().y * 0.5);
    painter.galley(at, size, theme.weak_text);
}

/// Bits of one value.
fn element(format: Format) -> Vec<(Field, u32)> {
    let fields = match format.operand().kind {
        OperandKind::Float { exponent, fraction }
        | OperandKind::MinifloatBlock { exponent, fraction } => {
            vec![
                (Field::Sign, 1),
                (Field::Exponent, u32::from(exponent)),
                (Field::Magnitude, u32::from(fraction)),
            ]
        }
        OperandKind::SignMagnitude { bits } => {
            vec![(Field::Sign, 1), (Field::Magnitude, u32::from(bits))]
        }
        OperandKind::TwosComplement { bits } => {
            vec![(Field::Sign, 1), (Field::Magnitude, u32::from(bits) - 1)]
        }
        OperandKind::Unsigned { bits } => vec![(Field::Magnitude, u32::from(bits))],
    };
    fields.into_iter().filter(|(_, bits)| *bits > 0).collect()
}

/// Bits that a block shares.
fn shared(format: Format) -> Vec<(Field, u32)> {
    let widths = format.operand();
    let mut scale = u32::from(widths.shared_exponent_bits) + u32::from(widths.shared_fraction_bits);
    if let (BlockLen::Fixed(values), None) = (widths.block_len, widths.second_level) {
        // What is stored tells of the sign that a multiplication does not need.
        let values = f64::from(values.get());
        let own = f64::from(bits(&element(format)));
        let stored = (values * (format.bits_per_value() - own)).round() as u32;
        scale = scale.max(stored.saturating_sub(u32::from(widths.zero_point_bits)));
    }
    let mut fields = vec![(Field::Shared, scale)];
    fields.push((Field::Offset, u32::from(widths.zero_point_bits)));
    if let Some(second) = widths.second_level {
        fields.push((Field::Shared, u32::from(second.scale_bits)));
        fields.push((Field::Offset, u32::from(second.minimum_bits)));
    }
    fields.into_iter().filter(|(_, bits)| *bits > 0).collect()
}

fn bits(fields: &[(Field, u32)]) -> u32 {
    fields.iter().map(|(_, bits)| bits).sum()
}

/// Draws fields side by side with one cell a bit; gives the right end.
fn fields(
    ui: &Ui,
    rect: Rect,
    mut left: f32,
    bit: f32,
    fields: &[(Field, u32)],
    theme: &PlotTheme,
) -> f32 {
    let painter = ui.painter();
    for &(field, n_bits) in fields {
        let color = field.color(theme);
        let area = Rect::from_min_size(
            pos2(left, rect.top()),
            vec2(bit * n_bits as f32, rect.height()),
        );
        painter.rect_filled(area, 0.0, color);
        let inner = Stroke::new(theme.line_width * 0.4, theme.background.gamma_multiply(0.6));
        for i in 1..n_bits {
            painter.vline(left + bit * i as f32, area.y_range(), inner);
        }
        painter.rect_stroke(
            area,
            0.0,
            Stroke::new(theme.line_width * 0.8, theme.background),
            StrokeKind::Middle,
        );
        let text = n_bits.to_string();
        painter.text(
            area.center(),
            Align2::CENTER_CENTER,
            text,
            theme.small_font(),
            theme.text_on(color),
        );
        left = area.right();
    }
    left
}

fn keys(ui: &mut Ui, seen: &[Field], theme: &PlotTheme) {
    let (rect, _) = ui.allocate_exact_size(
        vec2(ui.available_width(), theme.text_size * 1.6),
        Sense::hover(),
    );
    let side = theme.small_text_size * 0.8;
    let mut left = rect.left();
    for field in Field::ALL.into_iter().filter(|field| seen.contains(field)) {
        let swatch =
            Rect::from_center_size(pos2(left + side * 0.5, rect.center().y), vec2(side, side));
        ui.painter().rect_filled(swatch, 0.0, field.color(theme));
        let at = pos2(swatch.right() + side * 0.5, rect.center().y);
        let text = ui.painter().text(
            at,
            Align2::LEFT_CENTER,
            field.name(),
            theme.small_font(),
            theme.text,
        );
        left = text.right() + side * 1.5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_bits_are_those_that_are_stored() {
        for (text, expected) in [("int:w=4,g=128", 16), ("bfp:m=3,e=5,b=32", 5), ("mxfp4", 8)] {
            let format: Format = text.parse().unwrap();
            assert_eq!(bits(&shared(format)), expected, "{text}");
        }
    }
}
