//! What the window remembers between runs beside the session: layout, theme, zoom, recent files.
//!
//! One RON file in the user's configuration folder, written to a temporary file first, so that a full disk or a
//! kill leaves the old one. A file that does not parse is set aside, never overwritten.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use blockscape_explorer::sweep::store::{set_aside, write_whole};
use egui::ThemePreference;
use serde::{Deserialize, Serialize};

use crate::files::pane::Pane;

/// Most recent files kept.
const MOST_RECENT: usize = 12;

/// The remembered choices.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub theme: ThemePreference,
    /// 0.75 to 2.
    pub zoom: f32,
    pub recent: Vec<PathBuf>,
    pub layout: Option<egui_tiles::Tree<Pane>>,
    pub show_tour: bool,
    /// The design panel on the left is closed.
    pub hide_design: bool,
    /// The panel of figures on the right is closed.
    pub hide_figures: bool,
    /// Width and height of the window in points at a zoom of 1.
    pub window_size: Option<[f32; 2]>,
    /// The session that was open at the end.
    pub last: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemePreference::Dark,
            zoom: 1.0,
            recent: Vec::new(),
            layout: None,
            show_tour: true,
            hide_design: false,
            hide_figures: false,
            window_size: None,
            last: None,
        }
    }
}

impl Settings {
    /// Puts a file in front of the recent ones.
    pub fn remember(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        self.recent.retain(|known| *known != path);
        self.recent.insert(0, path);
        self.recent.truncate(MOST_RECENT);
    }
}

/// Where settings and the recovery file live; `None` runs without either, as tests do.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    pub config: Option<PathBuf>,
    pub state: Option<PathBuf>,
}

impl Folders {
    /// The folders of the XDG base directory specification.
    pub fn of_user() -> Self {
        let folder = |variable: &str, under_home: &str| {
            let set = std::env::var_os(variable)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute());
            let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(under_home));
            set.or_else(home).map(|folder| folder.join("blockscape"))
        };
        Self {
            config: folder("XDG_CONFIG_HOME", ".config"),
            state: folder("XDG_STATE_HOME", ".local/state"),
        }
    }

    /// Reads the settings; an unreadable file is an error that names it, and is set aside.
    pub fn read_settings(&self) -> anyhow::Result<Settings> {
        let Some(path) = self.settings_path().filter(|path| path.exists()) else {
            return Ok(Settings::default());
        };
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        ron::from_str(&text).map_err(|error| {
            let name = path.display();
            match set_aside(&path) {
                Ok(aside) => anyhow::anyhow!("{name}: {error}; set aside as {}", aside.display()),
                Err(reason) => anyhow::anyhow!("{name}: {error}; not set aside: {reason}"),
            }
        })
    }

    /// The size that the window had, where the settings can be read; what is wrong with them is told later.
    pub fn window_size(&self) -> Option<[f32; 2]> {
        let text = std::fs::read_to_string(self.settings_path()?).ok()?;
        let settings: Settings = ron::from_str(&text).ok()?;
        let size = settings.window_size?;
        size.iter()
            .all(|side| (100.0..=20_000.0).contains(side))
            .then_some(size)
    }

    /// Writes the settings.
    pub fn write_settings(&self, settings: &Settings) -> anyhow::Result<()> {
        let Some(path) = self.settings_path() else {
            return Ok(());
        };
        let text = ron::ser::to_string_pretty(settings, ron::ser::PrettyConfig::default())?;
        Ok(write_whole(&path, text.as_bytes())?)
    }

    /// The file that a crash of this process leaves behind; its number tells whether the process still runs.
    pub fn recovery_path(&self) -> Option<PathBuf> {
        let name = format!("recovery-{}.ron", std::process::id());
        self.state.as_ref().map(|folder| folder.join(name))
    }

    /// Presets of the user.
    pub fn presets(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|folder| folder.join("presets"))
    }

    fn settings_path(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|folder| folder.join("window.ron"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_read_are_set_aside_and_named() {
        let folder = std::env::temp_dir().join(format!("blockscape-aside-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let folders = Folders {
            config: Some(folder.clone()),
            state: None,
        };
        std::fs::write(folder.join("window.ron"), "(theme: Purple)").unwrap();
        let message = folders.read_settings().unwrap_err().to_string();
        assert!(message.contains("window.ron: 1:"), "{message}");
        let kept = std::fs::read_to_string(folder.join("window.ron.unread")).unwrap();
        assert_eq!(kept, "(theme: Purple)");
        let settings = folders.read_settings().unwrap();
        folders.write_settings(&settings).unwrap();
        let again = folders.read_settings().unwrap();
        assert_eq!(again.recent, settings.recent);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
