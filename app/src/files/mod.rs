//! Files that the window and the command line share: inputs, presets, settings, texts.

pub mod embedded_preset;
pub mod fingerprint;
pub mod identity;
pub mod input;
pub mod mapped_file;
pub mod model_config;
pub mod output;
pub mod pane;
pub mod panic_report;
pub mod preset_library;
pub mod purpose;
pub mod settings;
