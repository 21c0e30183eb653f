//! Progress on standard error: a bar on a terminal, a line now and then elsewhere.

use blockscape_explorer::Progress;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::cli::pace::Pace;
use crate::files::output;

/// Shows how far a sweep is.
pub(super) struct ProgressLine {
    name: String,
    /// What is said once the sweep has really begun.
    announcement: Option<String>,
    bar: Option<ProgressBar>,
    pace: Pace,
}

impl ProgressLine {
    /// Starts to show.
    pub(super) fn new(name: &str, announcement: String) -> Self {
        let pace = Pace::from_now();
        let bar = pace.is_on_terminal().then(|| {
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
            pace,
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
        }
        self.pace.line(|| {
            let left = progress.remaining().map_or_else(String::new, |left| {
                format!(", {} left", HumanDuration(left))
            });
            format!(
                "{}: {} of {} designs, {}/s{left}",
                self.name,
                progress.n_tried,
                progress.total,
                rate_text(progress.rate()),
            )
        });
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
