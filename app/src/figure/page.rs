//! The page of a figure: size, font, title and caption around a plot that is run without a window.

use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Color32, Context, FontData, FontDefinitions, FontFamily, Margin, Pos2, RawInput, Rect,
    TextStyle, Theme, Ui, UiBuilder, Vec2, ViewportId, vec2,
};

use super::drawing::Drawing;
use super::rasterizer::Rasterizer;
use crate::plots::PlotTheme;

/// The typeface of figures: metric-compatible with Helvetica and Arial, so that text keeps its width in any viewer.
pub(super) const TYPEFACE: &[u8] =
    include_bytes!("../../../assets/fonts/LiberationSans-Regular.ttf");
/// Its name.
pub(super) const TYPEFACE_NAME: &str = "Liberation Sans";
/// Points of a page per inch.
const POINTS_PER_INCH: f32 = 72.0;
/// Resolution at which text is laid out for vector formats, in pixels a point; glyphs snap to these.
const VECTOR_RESOLUTION: f32 = 8.0;
/// Passes until axis widths that depend on their own labels are settled.
const N_PASSES: usize = 4;

/// A figure's page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Width in inches: 3.3 for one column of a two-column paper, 7 for both.
    pub width: f32,
    /// Height in inches.
    pub height: f32,
    /// Pixels per inch of bitmaps.
    pub dpi: f32,
    /// Font size of labels in points; ticks and legend are an eighth smaller.
    pub font_size: f32,
    /// Line above the plot; empty for none.
    pub title: String,
    /// Lines below the plot: what was assumed.
    pub caption: String,
    /// Dark background, for slides.
    pub dark: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            width: 3.3,
            height: 2.6,
            dpi: 300.0,
            font_size: 8.0,
            title: String::new(),
            caption: String::new(),
            dark: false,
        }
    }
}

/// How high a plot is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlotHeight {
    /// It fills any height; this one suits it, in inches.
    Inches(f32),
    /// Its rows have a height of their own.
    Natural,
}

/// Where the plot stands on its page, in points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// All that title and caption leave.
    offered: Rect,
    /// What the plot took of it.
    used: Rect,
}

/// Why a page cannot be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct PageError {
    field: &'static str,
    value: f32,
    least: f32,
    most: f32,
}

impl std::fmt::Display for PageError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            field,
            value,
            least,
            most,
        } = self;
        write!(
            formatter,
            "{field} of the figure is {value}, allowed is {least} to {most}"
        )
    }
}

impl std::error::Error for PageError {}

/// What one run of a page left behind.
pub(super) struct Run {
    pub(super) ctx: Context,
    pub(super) shapes: Vec<egui::epaint::ClippedShape>,
    pub(super) rasterizer: Rasterizer,
    pub(super) pixels_per_point: f32,
    place: Place,
}

impl Page {
    /// Whether all sizes are of use; the first that is not is named.
    pub fn check(&self) -> Result<(), PageError> {
        let fields = [
            ("width", self.width, 1.0, 40.0),
            ("height", self.height, 0.8, 40.0),
            ("dpi", self.dpi, 36.0, 1200.0),
            ("font size", self.font_size, 3.0, 48.0),
        ];
        match fields
            .into_iter()
            .find(|(_, value, least, most)| !(*least..=*most).contains(value))
        {
            Some((field, value, least, most)) => Err(PageError {
                field,
                value,
                least,
                most,
            }),
            None => Ok(()),
        }
    }

    /// Size in points.
    pub fn size(&self) -> Vec2 {
        vec2(self.width, self.height) * POINTS_PER_INCH
    }

    pub(super) fn pixels_per_point(&self) -> f32 {
        self.dpi / POINTS_PER_INCH
    }

    pub(super) fn theme(&self) -> PlotTheme {
        let paper = PlotTheme::paper(self.font_size);
        if !self.dark {
            return paper;
        }
        PlotTheme {
            text_size: paper.text_size,
            small_text_size: paper.small_text_size,
            line_width: paper.line_width,
            marker_radius: paper.marker_radius,
            on_paper: true,
            ..PlotTheme::dark()
        }
    }

    /// The page as high as its plot needs and title and caption around it.
    #[must_use]
    pub fn fitted(
        mut self,
        plot_height: PlotHeight,
        plot: &mut dyn FnMut(&mut Ui, &PlotTheme),
    ) -> Self {
        const TALLEST: f32 = 40.0;
        self.height = TALLEST;
        let Run { place, .. } = self.run(VECTOR_RESOLUTION, plot);
        let around = TALLEST - place.offered.height() / POINTS_PER_INCH;
        let own = match plot_height {
            PlotHeight::Inches(inches) => inches,
            PlotHeight::Natural => place.used.height() / POINTS_PER_INCH,
        };
        // a hundredth of an inch, so that sizes are short numbers
        self.height = ((around + own) * 100.0).ceil() / 100.0;
        self
    }

    /// The page as vectors.
    pub(super) fn draw(&self, plot: &mut dyn FnMut(&mut Ui, &PlotTheme)) -> Drawing {
        let run = self.run(VECTOR_RESOLUTION, plot);
        Drawing::new(self.size(), &run.shapes, run.rasterizer.into_textures())
    }

    /// Runs the plot until its layout has settled.
    pub(super) fn run(
        &self,
        pixels_per_point: f32,
        plot: &mut dyn FnMut(&mut Ui, &PlotTheme),
    ) -> Run {
        let ctx = context(self);
        let theme = self.theme();
        let mut rasterizer = Rasterizer::default();
        let mut shapes = Vec::new();
        let mut place = Place {
            offered: Rect::ZERO,
            used: Rect::ZERO,
        };
        for _ in 0..N_PASSES {
            let output = ctx.run_ui(self.input(pixels_per_point), |ui| {
                place = self.page_ui(ui, &theme, plot);
            });
            let mut changes = output.textures_delta;
            rasterizer.take(&mut changes);
            shapes = output.shapes;
        }
        Run {
            ctx,
            shapes,
            rasterizer,
            pixels_per_point,
            place,
        }
    }

    fn input(&self, pixels_per_point: f32) -> RawInput {
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size())),
            max_texture_side: Some(8192),
            time: Some(0.0),
            focused: false,
            ..RawInput::default()
        };
        if let Some(viewport) = input.viewports.get_mut(&ViewportId::ROOT) {
            viewport.native_pixels_per_point = Some(pixels_per_point);
        }
        input
    }

    fn page_ui(
        &self,
        ui: &mut Ui,
        theme: &PlotTheme,
        plot: &mut dyn FnMut(&mut Ui, &PlotTheme),
    ) -> Place {
        let page = Rect::from_min_size(Pos2::ZERO, self.size());
        ui.painter().rect_filled(page, 0.0, theme.background);
        let margin = theme.text_size * 0.4;
        let mut inner = page.shrink(margin);
        inner.min.x += theme.text_size * 0.3; // a rotated axis title reaches a quarter of its height beyond its place
        inner.max.x -= theme.small_text_size * 0.6; // half of the last tick label
        let width = inner.width();
        let text = |text: &str, size: f32, color: Color32| {
            let font = egui::FontId::new(size, FontFamily::Proportional);
            let job = LayoutJob::simple(text.to_owned(), font, color, width);
            ui.fonts_mut(|fonts| fonts.layout_job(job))
        };
        if self.title.is_empty() {
            inner.min.y += theme.small_text_size * 0.3;
        } else {
            let galley = text(&self.title, theme.text_size * 1.125, theme.text);
            let height = galley.size().y + theme.text_size * 0.4;
            ui.painter().galley(inner.min, galley, theme.text);
            inner.min.y += height;
        }
        if !self.caption.is_empty() {
            let galley = text(&self.caption, theme.small_text_size, theme.weak_text);
            let top = inner.max.y - galley.size().y;
            ui.painter()
                .galley(Pos2::new(inner.min.x, top), galley, theme.weak_text);
            inner.max.y = top - theme.text_size * 0.5;
        }
        let shown = ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| plot(ui, theme));
        Place {
            offered: inner,
            used: shown.response.rect,
        }
    }
}

/// A headless context that looks like paper.
fn context(page: &Page) -> Context {
    let ctx = Context::default();
    let mut fonts = FontDefinitions::empty();
    fonts.font_data.insert(
        TYPEFACE_NAME.to_owned(),
        Arc::new(FontData::from_static(TYPEFACE)),
    );
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts
            .families
            .insert(family, vec![TYPEFACE_NAME.to_owned()]);
    }
    ctx.set_fonts(fonts);
    ctx.set_theme(if page.dark { Theme::Dark } else { Theme::Light });
    let theme = page.theme();
    ctx.all_styles_mut(|style| {
        for (text_style, font) in &mut style.text_styles {
            font.size = if *text_style == TextStyle::Small {
                theme.small_text_size
            } else {
                theme.text_size
            };
        }
        style.animation_time = 0.0;
        style.visuals.window_fill = theme.background;
        style.visuals.panel_fill = theme.background;
        style.visuals.extreme_bg_color = theme.background;
        style.visuals.override_text_color = Some(theme.text);
        style.visuals.widgets.noninteractive.bg_stroke.color = theme.frame;
        style.spacing.item_spacing = vec2(theme.text_size * 0.5, theme.text_size * 0.3);
        style.spacing.window_margin = Margin::ZERO;
    });
    ctx
}
