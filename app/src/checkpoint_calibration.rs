//! Calibration of the quality estimator on a model file and a text, kept in a file so that it is made once.
//!
//! What to run and what follows from it is the model's and the explorer's matter; here runs meet a file. A calibration that was
//! interrupted goes on where it stopped.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use blockscape_explorer::calibration::{CalibratedModel, CalibrationProgress, calibrate, subject};
use blockscape_model::language_model::{LanguageModel, Window};
use blockscape_model::preset;
use blockscape_model::quality::calibration::{CalibrationRecord, CalibrationRun};

use crate::cli::input;
use crate::settings::write_whole;

/// Runs are written down at least this often, so that little is lost when the program ends.
const SAVE_AFTER: Duration = Duration::from_secs(10);

/// Calibrates on the windows, beginning with the runs that `file` holds, if it exists, and leaving all runs there.
///
/// # Errors
/// When the file belongs to another model or text or cannot be written, a window cannot be run, or it is cancelled; runs made until
/// then are kept.
pub fn calibrated(
    model: &LanguageModel,
    windows: &[Window],
    file: &Path,
    on_progress: &(dyn Fn(CalibrationProgress) + Sync),
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> anyhow::Result<CalibratedModel> {
    let subject = subject(model, windows);
    let done = kept_runs(file, &subject)?;
    let unfinished = |runs: &[CalibrationRun]| CalibrationRecord {
        subject: subject.clone(),
        // Measured anew each time; no estimate rests on an unfinished record.
        reference_perplexity: f64::NAN,
        runs: runs.to_vec(),
    };
    let kept = Mutex::new((done.clone(), Instant::now()));
    let report = |progress: CalibrationProgress| {
        if let Ok(mut kept) = kept.lock() {
            let (runs, saved) = &mut *kept;
            runs.push(progress.last);
            if saved.elapsed() > SAVE_AFTER {
                // A full disk is told at the end; until then the runs are in memory.
                let _ = save(file, &unfinished(runs));
                *saved = Instant::now();
            }
        }
        on_progress(progress);
    };
    let result = calibrate(model, windows, done, &report, is_cancelled);
    match result {
        Ok(calibrated) => {
            save(file, &calibrated.record(subject))?;
            Ok(calibrated)
        }
        Err(error) => {
            if let Ok(kept) = kept.lock()
                && !kept.0.is_empty()
            {
                save(file, &unfinished(&kept.0))?;
            }
            Err(error.into())
        }
    }
}

/// Runs of an earlier calibration on the same model and text; none where there is no file.
fn kept_runs(file: &Path, subject: &str) -> anyhow::Result<Vec<CalibrationRun>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let record: CalibrationRecord = input::read_ron(file)?;
    if record.subject != subject {
        bail!(
            "{}: field subject: the calibration of \"{}\"; the one of \"{subject}\" is needed",
            file.display(),
            record.subject
        );
    }
    Ok(record.runs)
}

fn save(file: &Path, record: &CalibrationRecord) -> anyhow::Result<()> {
    let text = preset::to_ron(record).with_context(|| file.display().to_string())?;
    write_whole(file, text.as_bytes())
}
