//! Calibrates the quality estimator on a checkpoint: captures samples of every site, measures the runs that the model's plan
//! asks for, fits.
//!
//! Planning and fitting are the model's ([`blockscape_model::quality::calibration`]); only running happens here, on the rayon
//! pool it is called in.

use blockscape_model::design::KeyValuePolicy;
use blockscape_model::language_model::{LanguageModel, QuantizedModel, Window};
use blockscape_model::quality::calibration::{CalibrationRun, fit, missing_runs};
use blockscape_model::quality::{QualityModel, captured_samples};

use crate::measurement::{MeasurementError, Perplexity, measure};

/// How far a calibration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalibrationProgress {
    /// Runs that are done.
    pub runs_done: usize,
    /// Runs known to be needed; sensitive sites may ask for more.
    pub n_runs: usize,
}

/// An estimator fitted to one checkpoint and text.
#[derive(Debug)]
pub struct CalibratedModel {
    /// The estimator; its basis is `Calibrated`.
    pub quality: QualityModel,
    /// The unquantized model on the same windows.
    pub reference: Perplexity,
    /// The measured runs it rests on.
    pub runs: Vec<CalibrationRun>,
}

/// The estimator of a checkpoint before any run: noise of its own weights and activations, no perplexity.
///
/// # Errors
/// A window that the model cannot run.
pub fn profiled(
    model: &LanguageModel,
    windows: &[Window],
) -> Result<QualityModel, MeasurementError> {
    let samples = captured_samples(model, windows)
        .map_err(|error| MeasurementError::Window { index: 0, error })?;
    Ok(QualityModel::from_samples(
        &model.hyperparameters.shape,
        samples,
    ))
}

/// Measures what noise costs at every site, and fits.
///
/// `done` may hold runs of an earlier, interrupted calibration on the same model and windows.
///
/// # Errors
/// When it is cancelled, or a window cannot be run.
pub fn calibrate(
    model: &LanguageModel,
    windows: &[Window],
    done: Vec<CalibrationRun>,
    on_progress: &(dyn Fn(CalibrationProgress) + Sync),
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<CalibratedModel, MeasurementError> {
    let profile = profiled(model, windows)?;
    let unquantized = QuantizedModel::unquantized(model);
    let reference = measure(&unquantized, None, windows, &|_| {}, is_cancelled)?;
    let mut runs = done;
    loop {
        let missing = missing_runs(&profile, &runs);
        if missing.is_empty() {
            break;
        }
        let n_runs = runs.len() + missing.len();
        for probe in missing {
            let formats = probe.formats();
            let quantized = QuantizedModel::new(model, &formats, &KeyValuePolicy::default());
            let measured = measure(&quantized, None, windows, &|_| {}, is_cancelled)?;
            runs.push(CalibrationRun {
                probe,
                loss: mean_loss(&measured) - mean_loss(&reference),
            });
            on_progress(CalibrationProgress {
                runs_done: runs.len(),
                n_runs,
            });
        }
    }
    let sensitivities = fit(&profile, reference.perplexity, &runs);
    Ok(CalibratedModel {
        quality: profile.with_sensitivities(sensitivities),
        reference,
        runs,
    })
}

/// Mean negative log-likelihood in nats a token.
fn mean_loss(measured: &Perplexity) -> f64 {
    measured.perplexity.ln()
}
