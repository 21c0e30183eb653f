//! Where a figure goes, and what goes beside it: its numbers and its drawing for LaTeX, where they are asked for.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use blockscape_explorer::sweep::store::Output;
use clap::ValueEnum;

use super::{FigureFormat, tikz};
use crate::files::embedded_preset::embedded_preset;

/// What can go beside a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Companion {
    /// Its numbers as CSV
    Csv,
    /// Its drawing as `TikZ` for LaTeX
    Tex,
}

impl Companion {
    /// Where it goes: the figure's name with another ending.
    pub fn path(self, figure: &Path) -> PathBuf {
        figure.with_extension(match self {
            Self::Csv => "csv",
            Self::Tex => "tex",
        })
    }
}

/// The files of one figure.
#[derive(Debug, Clone)]
pub struct FigurePlaces {
    path: PathBuf,
    format: FigureFormat,
    companions: Vec<Companion>,
    agreed: bool,
}

impl FigurePlaces {
    /// A figure of the format that its name ends in, with what goes beside it.
    ///
    /// # Errors
    /// A name with another ending.
    pub fn new(path: &Path, companions: &[Companion]) -> anyhow::Result<Self> {
        let known: Vec<&str> = FigureFormat::ALL
            .iter()
            .map(|format| format.extension())
            .collect();
        let format = FigureFormat::of_path(path).with_context(|| {
            format!(
                "{}: the name must end in {}",
                path.display(),
                known.join(", ")
            )
        })?;
        let mut companions = companions.to_vec();
        // It would take the figure's own place.
        companions.retain(|companion| companion.path(path) != path);
        companions.dedup();
        Ok(Self {
            path: path.to_owned(),
            format,
            companions,
            agreed: false,
        })
    }

    /// The same where somebody agreed to lose whatever files are there.
    #[must_use]
    pub fn replacing_all(self, agreed: bool) -> Self {
        Self { agreed, ..self }
    }

    /// The format of the figure itself.
    pub fn format(&self) -> FigureFormat {
        self.format
    }

    /// What goes beside it.
    pub fn companions(&self) -> &[Companion] {
        &self.companions
    }

    /// The figure's own place.
    pub fn figure(&self) -> Output {
        let place = Output::new(&self.path, "a figure of Blockscape", is_figure);
        place.replacing_all(self.agreed)
    }

    /// The place of a companion with these bytes; numbers replace numbers with the same columns alone.
    pub fn beside(&self, companion: Companion, bytes: &[u8]) -> Output {
        let path = companion.path(&self.path);
        let place = match companion {
            Companion::Tex => Output::new(path, "a figure of Blockscape", is_figure),
            Companion::Csv => {
                let columns = first_line(bytes);
                Output::new(
                    path,
                    "a table with the columns of this figure",
                    move |path| {
                        let there = std::fs::File::open(path).map(first_line);
                        there.is_ok_and(|there| there.is_some() && there == columns)
                    },
                )
            }
        };
        place.replacing_all(self.agreed)
    }
}

/// Longest line of column names that is compared.
const LONGEST_LINE: u64 = 1 << 16;
/// Largest figure that is looked into, in bytes.
const LARGEST_FIGURE: u64 = 256 << 20;

fn first_line(content: impl std::io::Read) -> Option<String> {
    let mut line = String::new();
    let mut content = BufReader::new(content.take(LONGEST_LINE));
    content.read_line(&mut line).ok()?;
    (!line.is_empty()).then_some(line)
}

/// Whether a file is a figure that this program wrote.
fn is_figure(path: &Path) -> bool {
    let small = std::fs::metadata(path).is_ok_and(|found| found.len() <= LARGEST_FIGURE);
    let is_own = |bytes: Vec<u8>| {
        bytes.starts_with(tikz::FIRST_LINE.as_bytes()) || embedded_preset(&bytes).is_some()
    };
    small && std::fs::read(path).is_ok_and(is_own)
}
