//! The window driven by its labels, without a display.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod driver;
mod files;
mod flows;
