//! Hardware: gates of a unit, technologies, and the cost of a whole design.
//!
//! Nothing here knows of accuracy, windows or files.

pub mod gates;
mod sourced;

pub use sourced::{Confidence, Sourced};
