//! `blockscape figure`: a session's plot as a file, without a display.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use super::computed;
use super::replacing::Replacing;
use crate::figure::{Companion, FigurePlaces, FigurePlot, Page, SessionFigure};
use crate::files::input;
use crate::files::output;
use crate::files::preset_library;
use crate::plots::PlotViews;
use crate::session::Session;
use crate::session::first::first_session;

/// Arguments of `figure`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A session, design or figure to draw; or the name of a built-in design
    file: String,
    /// Where to write: the name ends in .svg, .pdf, .png or .tex
    #[arg(short, long)]
    output: PathBuf,
    /// Also write beside it, under the same name: its numbers (csv), its drawing for LaTeX (tex)
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KINDS")]
    beside: Vec<Companion>,
    /// Leave the session out of the figure: it cannot be opened again
    #[arg(long)]
    no_session: bool,
    #[command(flatten)]
    replacing: Replacing,
    /// What to draw
    #[arg(long, value_enum, default_value = "pareto")]
    plot: FigurePlot,
    /// Width, as 3.3in, 84mm, 8.4cm or 238pt
    #[arg(long, default_value = "3.3in", value_parser = inches)]
    width: f32,
    /// Height; what suits the plot where absent
    #[arg(long, value_parser = inches)]
    height: Option<f32>,
    /// Pixels per inch of a PNG
    #[arg(long, default_value_t = 300.0)]
    dpi: f32,
    /// Font size in points
    #[arg(long, default_value_t = 8.0)]
    font_size: f32,
    /// Background
    #[arg(long, value_enum, default_value = "light")]
    theme: PageTheme,
    /// Line above the plot; none where absent
    #[arg(long, default_value = "")]
    title: String,
    /// Lines below the plot; workload, formats and accuracy basis where absent, nothing where empty
    #[arg(long)]
    caption: Option<String>,
    /// Worker threads; 0 takes all cores but one
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Print one JSON document that names the files
    #[arg(long)]
    json: bool,
}

/// Backgrounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PageTheme {
    /// For paper
    Light,
    /// For slides
    Dark,
}

/// Draws and writes.
///
/// # Errors
/// An input that cannot be read, a design that cannot be built, a page out of range, a file that cannot be written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let places = FigurePlaces::new(&arguments.output, &arguments.beside)?;
    let input = [Path::new(&arguments.file)];
    arguments.replacing.check(places.figure(), &input)?;
    let places = places.replacing_all(arguments.replacing.is_forced());
    let mut session = session(&arguments.file)?;
    let page = Page {
        width: arguments.width,
        height: arguments.height.unwrap_or(Page::default().height),
        dpi: arguments.dpi,
        font_size: arguments.font_size,
        title: arguments.title.clone(),
        caption: String::new(),
        dark: arguments.theme == PageTheme::Dark,
    };
    page.check()?;
    let shows_designs = matches!(arguments.plot, FigurePlot::Pareto | FigurePlot::Coordinates);
    if shows_designs {
        computed::look_at_noise(&mut session, arguments.threads)?;
    }
    let results = computed::compute(&session, shows_designs, arguments.threads, |_| ())?;
    let figure = SessionFigure {
        session: &session,
        results: &results,
        views: &PlotViews::default(),
        plot: arguments.plot,
        carries_session: !arguments.no_session,
    };
    let caption = arguments.caption.clone();
    let page = Page {
        caption: caption.unwrap_or_else(|| figure.caption()),
        ..page
    };
    let page = match arguments.height {
        Some(_) => page,
        None => figure.fitted(page)?,
    };
    let files = figure.write(&page, &places)?;
    let names: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    if arguments.json {
        output::json(&json!({ "files": names, "width_in": page.width, "height_in": page.height }))
    } else {
        output::text(&format!("wrote {}", names.join(", ")))
    }
}

/// A session from a file, or the first one around a built-in design.
fn session(text: &str) -> anyhow::Result<Session> {
    let path = PathBuf::from(text);
    if path.exists() {
        return computed::session_of(preset_library::open(&path)?);
    }
    Ok(Session {
        design: input::design(text)?,
        ..first_session()
    })
}

/// A length with its unit as inches.
fn inches(text: &str) -> Result<f32, String> {
    let wrong = || format!("{text:?} is not a length such as 3.3in, 84mm, 8.4cm or 238pt");
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: f32 = number.trim().parse().map_err(|_not_a_number| wrong())?;
    let per_inch = match unit {
        "in" => 1.0,
        "mm" => 25.4,
        "cm" => 2.54,
        "pt" => 72.0,
        _ => return Err(wrong()),
    };
    Ok(number / per_inch)
}

#[cfg(test)]
mod tests {
    use super::inches;

    #[test]
    fn lengths_carry_their_unit() {
        assert_eq!(inches("3.3in"), Ok(3.3));
        assert_eq!(inches("254mm"), Ok(10.0));
        assert_eq!(inches("72pt"), Ok(1.0));
        assert!(inches("3.3").is_err() && inches("wide").is_err() && inches("3 parsec").is_err());
    }
}
