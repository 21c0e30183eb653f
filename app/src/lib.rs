//! The window and the command line of Blockscape.
#![expect(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the items of the window are read in place, not as a library; casts are screen coordinates"
)]

pub mod app;
pub mod axis_choice;
pub mod background;
pub mod certainty;
pub mod checkpoint_calibration;
pub mod checkpoint_file;
pub mod checkpoint_report;
pub mod cli;
pub mod command;
pub mod details;
pub mod document;
pub mod exploration;
pub mod explored_axes;
pub mod export;
pub mod exporting;
pub mod figure;
pub mod file_dialog;
pub mod frame_clock;
pub mod help;
pub mod history;
pub mod kept_front;
pub mod mapped_file;
pub mod measured_design;
pub mod measuring;
pub mod model_config;
pub mod notices;
pub mod one_by_one;
pub mod opening;
pub mod panels;
pub mod plots;
pub mod preset_library;
pub mod request;
pub mod results;
pub mod saving;
pub mod selected_designs;
pub mod session;
pub mod settings;
pub mod theme;
pub mod widgets;
pub mod window;
