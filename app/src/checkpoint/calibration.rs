//! Calibration of the quality estimator on a model file and a text, kept in a file so that it is made once.
//!
//! What to run and what follows from it is the model's and the explorer's matter; here runs meet a file. A calibration that was
//! interrupted goes on where it stopped.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use blockscape_explorer::measurement::calibration::{
    CalibratedModel, CalibrationProgress, calibrate, subject,
};
use blockscape_explorer::sweep::store::write_whole;
use blockscape_model::language_model::{LanguageModel, Window};
use blockscape_model::preset;
use blockscape_model::quality::calibration::{CalibrationRecord, CalibrationRun};

use crate::files::input;

/// Runs are written down at least this often, so that little is lost when the program ends.
const SAVE_AFTER: Duration = Duration::from_secs(10);

/// A calibration and where its runs went.
#[derive(Debug)]
pub struct Calibration {
    pub model: CalibratedModel,
    /// What to tell where the runs are not in the file they belong into.
    pub note: Option<String>,
}

/// Where runs are kept.
#[derive(Debug, Clone)]
pub struct RunFile {
    /// The file they belong into.
    pub path: PathBuf,
    /// A file of the program's own, for a folder without write permission or a full disk.
    pub instead: Option<PathBuf>,
}

impl RunFile {
    /// Runs of an earlier calibration on the same model and text; none where there is no file.
    fn read(&self, subject: &str) -> anyhow::Result<Vec<CalibrationRun>> {
        let own = kept_runs(&self.path, subject)?;
        // The program's own file may be of any model of this name.
        let instead = self.instead.as_ref();
        let instead = instead.and_then(|file| kept_runs(file, subject).ok());
        let longer = instead.filter(|instead| instead.len() > own.len());
        Ok(longer.unwrap_or(own))
    }

    /// Writes the runs; gives what to tell where they did not go into the file they belong into.
    fn write(&self, record: &CalibrationRecord) -> anyhow::Result<Option<String>> {
        let Err(error) = save(&self.path, record) else {
            return Ok(None);
        };
        let Some(instead) = &self.instead else {
            return Err(error);
        };
        let place = match save(instead, record) {
            Ok(()) => format!("in {}", instead.display()),
            Err(_) => "in the session alone: save it".to_owned(),
        };
        Ok(Some(format!("{error:#}; the runs are kept {place}")))
    }
}

/// Calibrates on the windows, beginning with the runs that `file` holds, if it exists, and leaving all runs there.
///
/// # Errors
/// When the file belongs to another model or text or nothing can be written, a window cannot be run, or it is cancelled; runs made until then are kept.
pub fn calibrated(
    model: &LanguageModel,
    windows: &[Window],
    file: &RunFile,
    on_progress: &(dyn Fn(CalibrationProgress) + Sync),
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> anyhow::Result<Calibration> {
    let subject = subject(model, windows);
    let done = file.read(&subject)?;
    let unfinished = |runs: &[CalibrationRun]| CalibrationRecord {
        subject: subject.clone(),
        // Measured anew each time; no estimate rests on an unfinished record.
        reference_perplexity: f64::NAN,
        runs: runs.to_vec(),
    };
    if file.instead.is_none() && !file.path.exists() {
        // Whether the file can be written is found out before minutes of work, not after.
        file.write(&unfinished(&done))?;
    }
    let kept = Mutex::new((done.clone(), Instant::now()));
    let report = |progress: CalibrationProgress| {
        if let Ok(mut kept) = kept.lock() {
            let (runs, saved) = &mut *kept;
            runs.push(progress.last);
            if saved.elapsed() > SAVE_AFTER {
                // A full disk is told at the end; until then the runs are in memory.
                let _ = file.write(&unfinished(runs));
                *saved = Instant::now();
            }
        }
        on_progress(progress);
    };
    let result = calibrate(model, windows, done, &report, is_cancelled);
    match result {
        Ok(model) => {
            let note = file.write(&model.record(subject))?;
            Ok(Calibration { model, note })
        }
        Err(error) => {
            if let Ok(kept) = kept.lock()
                && !kept.0.is_empty()
            {
                file.write(&unfinished(&kept.0))?;
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
    Ok(write_whole(file, text.as_bytes())?)
}
