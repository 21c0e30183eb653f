//! The parts of the window: each draws from the session and the results and returns requests.
//!
//! A panel never writes the session and never computes what costs time.

pub mod checkpoint;
pub mod compare;
pub mod design;
pub mod dialogs;
pub mod explore;
pub mod format_grid;
pub mod inspector;
pub mod layout;
pub mod menu;
pub mod palette;
pub mod pareto_tile;
pub mod status;
pub mod tiles;
pub mod unit_card;

use crate::files::preset_library::PresetLibrary;
use crate::files::settings::Settings;
use crate::results::Results;
use crate::session::Session;

/// What every panel may look at.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub session: &'a Session,
    pub results: &'a Results,
    pub library: &'a PresetLibrary,
    pub settings: &'a Settings,
    pub can_undo: bool,
    pub can_redo: bool,
    /// Whether there is work that no file has.
    pub unsaved: bool,
}
