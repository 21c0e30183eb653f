//! The window driven by its labels, without a display.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod comparing;
mod driver;
mod editing;
mod element;
mod files;
mod flows;
mod front;
mod guided;
#[cfg(feature = "picture-tests")]
mod pictures;
mod refused;
mod remembered;
