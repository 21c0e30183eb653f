//! What a panel can ask for: a change of the session, or something of the window around it.

use std::path::PathBuf;

use crate::figure::FigurePlot;
use crate::files::pane::Pane;
use crate::files::purpose::Purpose;
use crate::session::command::Command;

/// One wish of a panel; carried out after drawing.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// A change of the session.
    Edit(Command),
    Undo,
    Redo,
    /// A session as of the first run.
    New,
    /// Ask for a path.
    Ask(Purpose),
    /// Ask where to export a plot to, and on what page.
    ExportFigure(FigurePlot),
    /// Open a file, whatever it is.
    Open(PathBuf),
    /// Save where it was saved or opened before, else ask.
    Save,
    /// Bring a pane to the front.
    Reveal(Pane),
    ResetLayout,
    /// Open or close the design panel.
    ToggleDesign,
    /// Open or close the panel of figures.
    ToggleFigures,
    SetTheme(egui::ThemePreference),
    /// Zoom of the whole window, 0.75 to 2.
    Zoom(f32),
    /// Another tensor was chosen to look into.
    LookInto,
    /// Stop the exploration that runs.
    CancelExploration,
    /// Perplexity of the current design on the opened model.
    Measure,
    /// The same for the designs of the front.
    VerifyFront,
    CancelMeasurement,
    /// Fit the estimator to runs of the opened model.
    Calibrate,
    /// Turn to the model that comes with the program.
    UseStoryModel,
    ShowPalette,
    ShowGuide,
    ShowTour,
    Quit,
}

impl From<Command> for Request {
    fn from(command: Command) -> Self {
        Self::Edit(command)
    }
}
