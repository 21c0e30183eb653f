//! The window around the session: layout, dialogs, what is open at the moment. Nothing of it is work to be saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::figure::FigureOptions;
use crate::files::pane::Pane;
use crate::files::settings::{Folders, Settings};
use crate::window::file_dialog::FileDialog;
use crate::window::notices::Notices;
use crate::window::panels::design::DesignView;
use crate::window::panels::dialogs::Question;
use crate::window::panels::layout;
use crate::window::panels::palette::Palette;
use crate::window::panels::tiles::TileViews;
use crate::window::request::Request;
use crate::work::document::left_copies;
use crate::work::exporting::Exporting;
use crate::work::opening::Opening;
use crate::work::saving::{SaveJob, Saving};
use blockscape_explorer::worker::Wake;

/// Everything of the window that is not the session or computed from it.
#[derive(Debug)]
pub struct WindowState {
    pub settings: Settings,
    pub folders: Folders,
    pub tree: egui_tiles::Tree<Pane>,
    pub design: DesignView,
    pub tiles: TileViews,
    pub dialog: FileDialog,
    /// The figure that is asked for, or was last.
    pub figure: FigureOptions,
    pub exporting: Exporting,
    pub saving: Saving,
    pub opening: Opening,
    /// What goes on once the session is saved.
    pub after_saving: Option<Request>,
    pub notices: Notices,
    pub question: Option<Question>,
    pub palette: Option<Palette>,
    /// The open page of the guide.
    pub guide: Option<usize>,
    /// The step of the tour.
    pub tour: Option<usize>,
    /// Closing was decided; nothing is asked any more.
    pub closing: bool,
    /// The title as it is shown.
    pub title: String,
}

impl WindowState {
    /// The window as it was left, or as of a first run.
    pub fn new(folders: Folders, wake: Wake) -> Self {
        let mut notices = Notices::default();
        let mut settings = folders.read_settings().unwrap_or_else(|error| {
            notices.warning(format!("{error:#}"));
            Settings::default()
        });
        let tree = settings
            .layout
            .take()
            .map_or_else(layout::default_tree, layout::completed);
        let question = left_copies(&folders).pop().map(Question::Recover);
        let tour = settings.show_tour.then_some(0);
        Self {
            settings,
            folders,
            tree,
            design: DesignView::default(),
            tiles: TileViews::default(),
            dialog: FileDialog::default(),
            figure: FigureOptions::default(),
            exporting: Exporting::new(Arc::clone(&wake)),
            saving: Saving::new(Arc::clone(&wake)),
            opening: Opening::new(wake),
            after_saving: None,
            notices,
            question,
            palette: None,
            guide: None,
            tour,
            closing: false,
            title: String::new(),
        }
    }

    /// Remembers an opened or saved file.
    pub fn remember(&mut self, path: &Path) {
        self.settings.remember(path);
    }

    /// What is remembered between runs.
    fn remembered(&self) -> Settings {
        Settings {
            layout: Some(self.tree.clone()),
            show_tour: self.tour.is_some(),
            ..self.settings.clone()
        }
    }

    /// Has what is remembered between runs written in the background.
    pub fn keep_settings(&mut self) {
        let settings = Box::new(self.remembered());
        let job = SaveJob::Settings(settings, self.folders.clone());
        self.saving.submit(job);
    }

    /// Writes what is remembered between runs, at the end of this one.
    pub fn save_settings(&mut self) {
        if let Err(error) = self.folders.write_settings(&self.remembered()) {
            self.notices
                .warning(format!("settings are not kept: {error:#}"));
        }
    }

    /// The name offered when saving.
    pub fn suggestion(path: Option<&PathBuf>, name: &str, extension: &str) -> String {
        if let Some(path) =
            path.filter(|path| path.extension().is_some_and(|known| known == extension))
        {
            return path.to_string_lossy().into_owned();
        }
        let stem: String = name
            .chars()
            .map(|c| {
                if c.is_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        format!("{}.{extension}", stem.to_lowercase())
    }
}
