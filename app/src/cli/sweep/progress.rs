//! Progress on standard error: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use blockscape_explorer::Progress;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::cli::output;

/// Pause between plain lines: a log of an hour has some hundred.
const LINE_EVERY: Duration = Duration::from_secs(30);
/// Wait before the first plain line, so that short sweeps stay silent.
const FIRST_LINE: Duration = Duration::from_secs(2);

/// Shows how far a sweep is.
pub(super) struct ProgressLine {
    name: String,
    /// What is said once the sweep has really begun.
    announcement: Option<String>,
    bar: Option<ProgressBar>,
    next_line: Instant,
}

impl ProgressLine {
    /// Starts to show.
    pub(super) fn new(name: &str, announcement: String) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let template =
                "{prefix} [{wide_bar}] {human_pos} of {human_len}  {per_sec}  {eta} left";
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("##-");
            ProgressBar::new(0)
                .with_style(style)
                .with_prefix(name.to_owned())
        });
        Self {
            name: name.to_owned(),
            announcement: Some(announcement),
            bar,
            next_line: Instant::now() + FIRST_LINE,
        }
    }

    /// Shows a state.
    pub(super) fn show(&mut self, progress: &Progress) {
        if let Some(announcement) = self.announcement.take() {
            match &self.bar {
                Some(bar) => bar.println(announcement),
                None => output::note(&announcement),
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_length(progress.total);
            bar.set_position(progress.n_tried);
        } else if Instant::now() >= self.next_line {
            self.next_line = Instant::now() + LINE_EVERY;
            let left = progress.remaining().map_or_else(String::new, |left| {
                format!(", {} left", HumanDuration(left))
            });
            // Nobody to read progress is no reason to stop.
            let _ = writeln!(
                std::io::stderr(),
                "{}: {} of {} designs, {}/s{left}",
                self.name,
                progress.n_tried,
                progress.total,
                rate_text(progress.rate()),
            );
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A rate as people read it: measuring takes seconds a design.
pub(super) fn rate_text(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.2}")
    } else {
        format!("{rate:.0}")
    }
}
