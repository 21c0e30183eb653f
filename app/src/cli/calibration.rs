//! Calibration of the estimator from the command line: a progress bar, and words on what is kept when it is stopped.

use std::path::Path;

use anyhow::anyhow;
use blockscape_explorer::measurement::calibration::{CalibratedModel, CalibrationProgress};
use blockscape_explorer::measurement::with_threads;
use blockscape_model::language_model::{LanguageModel, Window};
use indicatif::{ProgressBar, ProgressStyle};

use super::interruption;
use super::pace::Pace;
use crate::checkpoint::calibration::{RunFile, calibrated};

/// The estimator calibrated on these windows; its runs are kept in `file`, and those that are there already are not made again.
///
/// # Errors
/// As [`calibrated`].
pub fn calibrate(
    model: &LanguageModel,
    windows: &[Window],
    file: &Path,
    threads: Option<usize>,
) -> anyhow::Result<CalibratedModel> {
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
        "{bar:30} {pos} of {len} calibration runs, {eta} left",
    )?);
    let pace = Pace::from_now();
    let report = |progress: CalibrationProgress| {
        let CalibrationProgress {
            runs_done, n_runs, ..
        } = progress;
        bar.set_length(n_runs as u64);
        bar.set_position(runs_done as u64);
        pace.line(|| format!("{runs_done} of {n_runs} calibration runs"));
    };
    let runs = RunFile {
        path: file.to_path_buf(),
        instead: None,
    };
    let result = with_threads(threads, || {
        calibrated(model, windows, &runs, &report, &interruption::was_requested)
    })?;
    bar.finish_and_clear();
    let model = result.map(|calibration| calibration.model);
    model.map_err(|error| {
        if interruption::was_requested() {
            anyhow!(
                "stopped; {} keeps the calibration runs made so far, and the same command goes on from there",
                file.display()
            )
        } else {
            error
        }
    })
}
