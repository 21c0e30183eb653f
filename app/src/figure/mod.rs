//! Figures: any plot on paper, from the drawing code of the screen, without a window.
//!
//! A page runs the plot in a headless `egui` context and takes its shapes: as vectors for SVG, PDF and `TikZ`, as pixels for PNG.
//! Same input, same bytes: no clock, no random names. Which plot to draw is the caller's choice.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "page coordinates, pixels and glyph ids"
)]

mod caption;
mod drawing;
mod font;
mod numbers;
mod options;
mod page;
mod pdf;
mod places;
mod png;
mod rasterizer;
mod session_figure;
mod svg;
mod tikz;
mod vector_writer;

pub use drawing::{Drawing, Element, Item, TextRun};
pub use options::{COLUMN_WIDTHS, FigureOptions};
pub use page::{Page, PageError, PlotHeight};
pub use places::{Companion, FigurePlaces};
pub use rasterizer::Rasterizer;
pub use session_figure::{FigurePlot, SessionFigure};

use egui::Ui;

use crate::plots::PlotTheme;

/// File formats of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FigureFormat {
    /// Scalable Vector Graphics.
    Svg,
    /// Portable Document Format, one page the size of the figure.
    Pdf,
    /// Bitmap at the page's resolution.
    Png,
    /// A `tikzpicture` for LaTeX.
    Tikz,
}

impl FigureFormat {
    /// All, in the order menus show them.
    pub const ALL: [Self; 4] = [Self::Svg, Self::Pdf, Self::Png, Self::Tikz];

    /// Its name in menus.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Svg => "SVG",
            Self::Pdf => "PDF",
            Self::Png => "PNG",
            Self::Tikz => "TikZ",
        }
    }

    /// File name extension without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Tikz => "tex",
        }
    }

    /// The format a file name asks for.
    pub fn of_path(path: &std::path::Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == extension)
    }
}

/// A figure as the bytes of a file; `preset` is the RON text to carry inside.
///
/// `plot` is called several times, to let sizes settle, and must draw the same each time.
pub fn render(
    page: &Page,
    format: FigureFormat,
    preset: Option<&str>,
    mut plot: impl FnMut(&mut Ui, &PlotTheme),
) -> Result<Vec<u8>, PageError> {
    page.check()?;
    Ok(match format {
        FigureFormat::Png => {
            png::encode(page, &page.run(page.pixels_per_point(), &mut plot), preset)
        }
        FigureFormat::Svg => svg::encode(&page.draw(&mut plot), preset).into_bytes(),
        FigureFormat::Pdf => pdf::encode(&page.draw(&mut plot), preset),
        FigureFormat::Tikz => tikz::encode(&page.draw(&mut plot), preset).into_bytes(),
    })
}
