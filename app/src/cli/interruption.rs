//! Ctrl-C and other polite requests to end: the first lets the work stop at a good moment and say so, the second ends at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

use crate::files::output;

/// Exit code of a program that Ctrl-C ended, as shells have it.
pub const EXIT_CODE: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on a request to end does `stop` and waits for the work to end by itself. For one long task a program.
///
/// # Errors
/// The system does not tell of such requests.
pub fn on_request(stop: impl Fn() + Send + 'static) -> anyhow::Result<()> {
    let handler = move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            process::exit(i32::from(EXIT_CODE));
        }
        output::note("stopping when what runs is done; once more ends at once");
        stop();
    };
    ctrlc::set_handler(handler).context("Ctrl-C cannot be watched for")
}

/// Whether somebody asked the program to end.
pub fn was_requested() -> bool {
    ASKED.load(Ordering::Relaxed)
}
