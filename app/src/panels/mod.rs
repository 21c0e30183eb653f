//! The parts of the window: each draws from the session and the results and returns commands.
//!
//! A panel never writes the session and never computes what costs time.

pub mod layout;
