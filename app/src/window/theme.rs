//! Colors, sizes and durations of the window, read from `assets/theme.ron`, light and dark.
//!
//! Nothing else in the window names a color or a length. Holds no state of the session.

use std::sync::LazyLock;

use egui::{Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Vec2, Visuals};
use serde::{Deserialize, Deserializer};

use crate::plots::PlotTheme;

/// The tokens of both themes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// Text sizes.
    pub text: TextSizes,
    /// Lengths.
    pub layout: Lengths,
    /// Durations.
    pub motion: Durations,
    /// Category colors in order of use, the same in both themes.
    pub palette: Vec<Token>,
    /// Dark colors.
    pub dark: Colors,
    /// Light colors.
    pub light: Colors,
}

/// Two text sizes and a heading, in points.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSizes {
    /// Units, hints, axis labels.
    pub small: f32,
    /// Everything else.
    pub body: f32,
    /// Titles of panels and dialogs.
    pub heading: f32,
}

/// Lengths in points, multiples of the grid where they meet.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// The grid.
    pub grid: f32,
    /// One row of controls.
    pub row_height: f32,
    /// Label column of a parameter row.
    pub label_width: f32,
    /// Rail of a slider.
    pub slider_width: f32,
    /// Numeric field.
    pub number_width: f32,
    /// Unit column.
    pub unit_width: f32,
    /// Design panel as first shown.
    pub left_panel: f32,
    /// Design panel at its narrowest.
    pub left_panel_min: f32,
    /// Inspector as first shown.
    pub right_panel: f32,
    /// Inspector at its narrowest.
    pub right_panel_min: f32,
    /// Status bar.
    pub status_bar: f32,
    /// Corners of buttons and fields.
    pub corner_radius: f32,
}

/// Durations in seconds; motion explains and ends within 150 ms.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Durations {
    /// Fading of an old front.
    pub fade: f32,
    /// Fading of the trail behind the dragged point.
    pub trail: f32,
}

/// Colors of one theme.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colors {
    /// Behind plots.
    pub canvas: Token,
    /// Behind controls.
    pub panel: Token,
    /// Buttons and headers.
    pub raised: Token,
    /// Behind editable text.
    pub field: Token,
    /// Borders and separators.
    pub line: Token,
    /// Grid of a plot.
    pub grid_line: Token,
    /// Hovered control.
    pub hover: Token,
    /// Pressed control.
    pub pressed: Token,
    /// Ordinary text.
    pub text: Token,
    /// Units and hints.
    pub text_dim: Token,
    /// Headings and hovered text.
    pub text_strong: Token,
    /// The one accent.
    pub accent: Token,
    /// Background of a selection.
    pub accent_dim: Token,
    /// Text on the accent.
    pub on_accent: Token,
    /// An improvement.
    pub good: Token,
    /// Needs attention.
    pub warning: Token,
    /// Is wrong.
    pub error: Token,
}

/// A color, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token(pub Color32);

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Color32::from_hex(&text).map(Self).map_err(|error| {
            serde::de::Error::custom(format!("color {text:?} is not #rrggbb: {error:?}"))
        })
    }
}

impl From<Token> for Color32 {
    fn from(token: Token) -> Self {
        token.0
    }
}

static THEME: LazyLock<Theme> = LazyLock::new(|| {
    ron::from_str(include_str!("../../../assets/theme.ron"))
        .expect("a test parses the embedded theme")
});

/// The tokens of the program.
pub fn theme() -> &'static Theme {
    &THEME
}

/// The colors of the theme a context shows at the moment.
pub fn colors(ctx: &egui::Context) -> &'static Colors {
    if ctx.theme() == egui::Theme::Dark {
        &THEME.dark
    } else {
        &THEME.light
    }
}

/// Gives a context both themes.
pub fn install(ctx: &egui::Context) {
    for (kind, colors) in [
        (egui::Theme::Dark, &THEME.dark),
        (egui::Theme::Light, &THEME.light),
    ] {
        ctx.style_mut_of(kind, |style| {
            style.visuals = visuals(kind, colors);
            style_text(style);
            style_spacing(style);
        });
    }
}

/// The colors of the plots of the theme a context shows.
pub fn plot_theme(ctx: &egui::Context) -> PlotTheme {
    let dark = ctx.theme() == egui::Theme::Dark;
    let colors = colors(ctx);
    let base = if dark {
        PlotTheme::dark()
    } else {
        PlotTheme::light()
    };
    PlotTheme {
        text: colors.text.0,
        weak_text: colors.text_dim.0,
        background: colors.canvas.0,
        grid: colors.grid_line.0,
        frame: colors.line.0,
        better: colors.good.0,
        worse: colors.warning.0,
        text_size: THEME.text.body,
        small_text_size: THEME.text.small,
        ..base
    }
}

fn visuals(kind: egui::Theme, colors: &Colors) -> Visuals {
    let mut visuals = kind.default_visuals();
    visuals.panel_fill = colors.panel.0;
    visuals.window_fill = colors.panel.0;
    visuals.window_stroke = Stroke::new(1.0, colors.line.0);
    visuals.extreme_bg_color = colors.field.0;
    visuals.faint_bg_color = colors.raised.0.gamma_multiply(0.6);
    visuals.code_bg_color = colors.raised.0;
    visuals.weak_text_color = Some(colors.text_dim.0);
    visuals.hyperlink_color = colors.accent.0;
    visuals.warn_fg_color = colors.warning.0;
    visuals.error_fg_color = colors.error.0;
    visuals.selection.bg_fill = colors.accent_dim.0;
    visuals.selection.stroke = Stroke::new(1.0, colors.accent.0);
    visuals.slider_trailing_fill = true;
    visuals.collapsing_header_frame = false;
    visuals.indent_has_left_vline = false;
    visuals.window_shadow = egui::Shadow {
        offset: [0, 4],
        blur: 16,
        spread: 0,
        color: Color32::from_black_alpha(90),
    };
    visuals.popup_shadow = egui::Shadow {
        offset: [0, 2],
        blur: 8,
        spread: 0,
        color: Color32::from_black_alpha(70),
    };
    let corner = CornerRadius::from(THEME.layout.corner_radius);
    visuals.window_corner_radius = corner;
    visuals.menu_corner_radius = corner;
    let widgets = &mut visuals.widgets;
    for (widget, fill, text) in [
        (&mut widgets.noninteractive, colors.panel, colors.text),
        (&mut widgets.inactive, colors.raised, colors.text),
        (&mut widgets.hovered, colors.hover, colors.text_strong),
        (&mut widgets.active, colors.pressed, colors.text_strong),
        (&mut widgets.open, colors.raised, colors.text_strong),
    ] {
        widget.bg_fill = fill.0;
        widget.weak_bg_fill = fill.0;
        widget.fg_stroke = Stroke::new(1.0, text.0);
        widget.bg_stroke = Stroke::NONE;
        widget.corner_radius = corner;
        widget.expansion = 0.0;
    }
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, colors.line.0);
    widgets.inactive.bg_fill = colors.pressed.0;
    widgets.hovered.bg_stroke = Stroke::new(1.0, colors.line.0);
    widgets.active.bg_stroke = Stroke::new(1.0, colors.accent.0);
    visuals
}

fn style_text(style: &mut egui::Style) {
    let TextSizes {
        small,
        body,
        heading,
    } = THEME.text;
    let proportional = |size| FontId::new(size, FontFamily::Proportional);
    style.text_styles = [
        (TextStyle::Small, proportional(small)),
        (TextStyle::Body, proportional(body)),
        (TextStyle::Button, proportional(body)),
        (TextStyle::Heading, proportional(heading)),
        (
            TextStyle::Monospace,
            FontId::new(body - 1.0, FontFamily::Monospace),
        ),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Body;
}

fn style_spacing(style: &mut egui::Style) {
    let Lengths {
        grid,
        row_height,
        slider_width,
        ..
    } = THEME.layout;
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(2.0 * grid, grid);
    spacing.button_padding = Vec2::new(2.0 * grid, 0.5 * grid);
    spacing.interact_size = Vec2::new(8.0 * grid, row_height);
    spacing.slider_width = slider_width;
    spacing.slider_rail_height = grid;
    spacing.indent = 3.0 * grid;
    spacing.tooltip_width = 320.0;
    spacing.combo_height = 400.0;
    spacing.icon_width = 3.0 * grid;
    spacing.icon_spacing = grid;
    style.animation_time = THEME.motion.fade;
    style.interaction.tooltip_delay = 0.35;
    style.interaction.selectable_labels = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of sRGB as WCAG 2.1 defines it.
    fn luminance(color: Color32) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Token, b: Token) -> f64 {
        let (a, b) = (luminance(a.0), luminance(b.0));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_color_is_legible_on_every_background_it_meets() {
        for (name, c) in [("dark", &theme().dark), ("light", &theme().light)] {
            for (text, color) in [
                ("text", c.text),
                ("text_dim", c.text_dim),
                ("text_strong", c.text_strong),
                ("good", c.good),
                ("warning", c.warning),
                ("error", c.error),
                ("accent", c.accent),
            ] {
                for (back, background) in
                    [("canvas", c.canvas), ("panel", c.panel), ("field", c.field)]
                {
                    let ratio = contrast(color, background);
                    assert!(ratio >= 4.5, "{name}: {text} on {back} has {ratio:.2}");
                }
            }
            for (what, text, back) in [
                ("button", c.text, c.raised),
                ("hovered button", c.text_strong, c.hover),
                ("pressed button", c.text_strong, c.pressed),
                ("dim text on a header", c.text_dim, c.raised),
                ("accent button", c.on_accent, c.accent),
                ("selection", c.text_strong, c.accent_dim),
            ] {
                let ratio = contrast(text, back);
                assert!(ratio >= 4.5, "{name}: {what} has {ratio:.2}");
            }
        }
    }

    #[test]
    fn digits_of_the_text_font_are_equally_wide() {
        let ctx = egui::Context::default();
        install(&ctx);
        let mut widths = Vec::new();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let font = TextStyle::Body.resolve(ui.style());
            widths = ui.fonts_mut(|fonts| {
                ('0'..='9')
                    .map(|digit| fonts.glyph_width(&font, digit))
                    .collect()
            });
        });
        output.textures_delta.clear();
        assert!(
            widths
                .windows(2)
                .all(|pair| (pair[0] - pair[1]).abs() < 1e-3),
            "{widths:?}"
        );
    }
}
