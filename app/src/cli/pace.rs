//! When to tell of progress where no terminal shows a bar: logs of an hour have some hundred lines, short work stays silent.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::files::output;

/// Pause between plain lines.
const LINE_EVERY: Duration = Duration::from_secs(30);
/// Wait before the first plain line.
const FIRST_LINE: Duration = Duration::from_secs(2);

/// The pace of plain lines on standard error; silent where that is a terminal.
#[derive(Debug)]
pub struct Pace {
    /// `None` on a terminal.
    next: Option<Mutex<Instant>>,
}

impl Pace {
    /// The pace of work that begins now.
    pub fn from_now() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self {
            next: (!is_terminal).then(|| Mutex::new(Instant::now() + FIRST_LINE)),
        }
    }

    /// Whether a bar is of use instead.
    pub fn is_on_terminal(&self) -> bool {
        self.next.is_none()
    }

    /// Writes a line if it is time for one; may be asked from any thread.
    pub fn line(&self, words: impl FnOnce() -> String) {
        // Whoever else is about to write writes the line of this moment.
        let Some(Ok(mut next)) = self.next.as_ref().map(Mutex::try_lock) else {
            return;
        };
        if Instant::now() >= *next {
            *next = Instant::now() + LINE_EVERY;
            output::note(&words());
        }
    }
}
