//! What the window asks before it exports a figure.

use std::path::Path;

use super::{Companion, FigureFormat, FigurePlaces, FigurePlot, Page, SessionFigure};

/// Widths of one and of both columns of a two-column paper, in inches.
pub const COLUMN_WIDTHS: [f32; 2] = [3.3, 7.0];

/// Which plot, on what page.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureOptions {
    pub plot: FigurePlot,
    /// Inches.
    pub width: f32,
    /// Pixels per inch of a bitmap.
    pub dpi: f32,
    /// Points.
    pub font_size: f32,
    /// Line above the plot; empty for none.
    pub title: String,
    /// Whether what was assumed stands below the plot.
    pub caption: bool,
    /// Dark background, for slides.
    pub dark: bool,
    /// The session inside, so that the figure can be opened again.
    pub carries_session: bool,
    /// What goes beside it.
    pub beside: Vec<Companion>,
}

impl Default for FigureOptions {
    fn default() -> Self {
        let page = Page::default();
        Self {
            plot: FigurePlot::Pareto,
            width: page.width,
            dpi: page.dpi,
            font_size: page.font_size,
            title: page.title,
            caption: true,
            dark: page.dark,
            carries_session: true,
            beside: Vec::new(),
        }
    }
}

impl FigureOptions {
    /// The page for a figure of these options.
    ///
    /// # Errors
    /// There is nothing to draw yet, or a size out of range.
    pub fn page(&self, figure: &SessionFigure<'_>) -> anyhow::Result<Page> {
        let page = Page {
            width: self.width,
            dpi: self.dpi,
            font_size: self.font_size,
            title: self.title.clone(),
            caption: if self.caption {
                figure.caption()
            } else {
                String::new()
            },
            dark: self.dark,
            ..Page::default()
        };
        page.check()?;
        figure.fitted(page)
    }

    /// The files of the figure at this path.
    ///
    /// # Errors
    /// A name that ends in no file format of figures.
    pub fn places(&self, path: &Path) -> anyhow::Result<FigurePlaces> {
        FigurePlaces::new(path, &self.beside)
    }

    /// The file name offered.
    pub fn file_name(&self) -> String {
        let stem = self.plot.title().to_lowercase().replace(' ', "_");
        format!("{stem}.{}", FigureFormat::Svg.extension())
    }
}
