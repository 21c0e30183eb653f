//! The window and the command line of Blockscape.
#![expect(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "the items of the window are read in place, not as a library"
)]

pub mod cli;
pub mod figure;
pub mod file_dialog;
pub mod notices;
pub mod panels;
pub mod plots;
pub mod settings;
pub mod theme;
pub mod widgets;
