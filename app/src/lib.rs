//! The window and the command line of Blockscape.

pub mod cli;
