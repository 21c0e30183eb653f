//! The window and the command line of Blockscape.
#![expect(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the items of the window are read in place, not as a library; casts are screen coordinates"
)]

pub mod checkpoint;
pub mod cli;
pub mod export;
pub mod figure;
pub mod files;
pub mod plots;
pub mod results;
pub mod session;
pub mod window;
pub mod work;
