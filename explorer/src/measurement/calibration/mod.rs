//! Calibrates the quality estimator on a checkpoint: captures samples of every site, measures the runs that the model's plan
//! asks for, fits.
//!
//! Planning and fitting are the model's ([`blockscape_model::quality::calibration`]); only running happens here, on the rayon
//! pool it is called in.

use blockscape_model::design::KeyValuePolicy;
use blockscape_model::language_model::{LanguageModel, QuantizedModel, Window};
use blockscape_model::quality::calibration::{
    CalibrationRecord, CalibrationRun, fit, missing_runs,
};
use blockscape_model::quality::{QualityModel, captured_samples};

use crate::measurement::{MeasurementError, Perplexity, measure};
use crate::sweep::store::fnv1a;

/// How far a calibration has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationProgress {
    /// The run that was made last.
    pub last: CalibrationRun,
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

impl CalibratedModel {
    /// What is worth keeping: with it, [`recalled`] gives the same estimator without a run.
    pub fn record(&self, subject: String) -> CalibrationRecord {
        CalibrationRecord {
            subject,
            reference_perplexity: self.reference.perplexity,
            runs: self.runs.clone(),
        }
    }
}

/// What a record or a measurement belongs to: name and size of the model, its weights, and the windows down to their last token.
pub fn subject(model: &LanguageModel, windows: &[Window]) -> String {
    let shape = model.hyperparameters.nearest_shape();
    let tokens = || windows.iter().flat_map(|window| &window.tokens);
    format!(
        "{}, {} layers of {} ({:016x}), on {} windows of {} tokens in all ({:016x})",
        shape.name,
        shape.n_layers,
        shape.hidden_size,
        fnv1a(model.some_weights().map(f32::to_bits)),
        windows.len(),
        tokens().count(),
        fnv1a(tokens().copied()),
    )
}

/// The estimator that a kept record gives on the model and windows it was made on.
///
/// # Errors
/// A window that the model cannot run.
pub fn recalled(
    model: &LanguageModel,
    windows: &[Window],
    record: &CalibrationRecord,
) -> Result<QualityModel, MeasurementError> {
    let profile = profiled(model, windows)?;
    let sensitivities = fit(&profile, record.reference_perplexity, &record.runs);
    Ok(profile.with_sensitivities(sensitivities))
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
        &model.hyperparameters.nearest_shape(),
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
            let formats = probe.formats(profile.n_layers());
            let quantized = QuantizedModel::new(model, &formats, &KeyValuePolicy::default());
            let measured = measure(&quantized, None, windows, &|_| {}, is_cancelled)?;
            let last = CalibrationRun {
                probe,
                loss: mean_loss(&measured) - mean_loss(&reference),
            };
            runs.push(last);
            on_progress(CalibrationProgress {
                last,
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
