//! A calibration of the estimator, kept in the session.

use std::path::PathBuf;

use blockscape_model::quality::calibration::CalibrationRecord;
use serde::{Deserialize, Serialize};

/// The runs of a calibration and what they were made on; with them it is taken up again without a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptCalibration {
    /// The model.
    pub model: PathBuf,
    /// The text.
    pub text: PathBuf,
    /// The runs.
    pub record: CalibrationRecord,
}
