//! Results on standard output; a reader that goes away early is not an error.

use std::io::{ErrorKind, Write as _};

use serde_json::Value;

/// One JSON document.
///
/// # Errors
/// Standard output cannot be written.
pub fn json(document: &Value) -> anyhow::Result<()> {
    text(&serde_json::to_string_pretty(document)?)
}

/// Text and a line break.
///
/// # Errors
/// Standard output cannot be written.
pub fn text(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// One line on standard error; nobody to read it is no reason to stop.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
