//! The window: panels, widgets, dialogs, help and the state that is not part of the session.

pub mod app;
pub mod file_dialog;
pub mod frame_clock;
pub mod help;
pub mod notices;
pub mod panels;
pub mod request;
pub mod state;
pub mod theme;
pub mod widgets;
