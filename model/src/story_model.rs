//! The language model that comes with the program, so that a first run has something to measure.
//!
//! Two thirds of a million parameters, Llama architecture, trained by `assets/training/train.py` on stories of a grammar whose entropy is
//! known exactly. Its weights, tokenizer and held-out stories are built in; nothing is read at run time.

use crate::language_model::{
    Checkpoint, Cutting, LanguageModel, Protocol, Tokenizer, Window, WindowError,
};
use crate::preset;
use crate::quality::calibration::{CalibrationRecord, fit};
use crate::quality::{QualityModel, captured_samples};

/// Name of the model.
pub const NAME: &str = "Story model";

/// Held-out stories, each ended by `<|endoftext|>`.
pub const STORIES: &str = include_str!("../../assets/story-model/stories.txt");

/// Perplexity that no model can beat on [`STORIES`] in the long run: the information content of the grammar's choices, spread
/// over the tokens that are scored (`assets/story-model/facts.json`).
pub const GRAMMAR_PERPLEXITY: f64 = 2.324_942;

/// Windows of [`STORIES`] that the embedded calibration was measured on.
pub const CALIBRATION_WINDOWS: usize = 40;

const CONFIG: &str = include_str!("../../assets/story-model/config.json");
const TOKENIZER: &[u8] = include_bytes!("../../assets/story-model/tokenizer.json");
const WEIGHTS: &[u8] = include_bytes!("../../assets/story-model/model.safetensors");
const CALIBRATION: &str = include_str!("../../assets/story-model/calibration.ron");

/// The model with its tokenizer.
#[derive(Debug)]
pub struct StoryModel {
    /// Weights and shape.
    pub model: LanguageModel,
    /// Byte pairs of the stories, bytes for anything else.
    pub tokenizer: Tokenizer,
}

impl StoryModel {
    /// Decodes the built-in files.
    pub fn open() -> Self {
        let shards = [("model.safetensors".to_owned(), WEIGHTS)];
        let mut model = Checkpoint::from_safetensors(CONFIG, &shards, None)
            .and_then(|checkpoint| LanguageModel::from_checkpoint(&checkpoint))
            .unwrap_or_else(|error| unreachable!("built-in weights: {error}"));
        NAME.clone_into(&mut model.hyperparameters.architecture.name);
        let tokenizer = Tokenizer::from_json(TOKENIZER)
            .unwrap_or_else(|error| unreachable!("built-in tokenizer: {error}"));
        Self { model, tokenizer }
    }

    /// The first windows of [`STORIES`], one a story, or all of them.
    pub fn windows(&self, max_windows: Option<usize>) -> Vec<Window> {
        let protocol = Protocol {
            cutting: Cutting::Documents,
            context: 256,
            max_windows,
        };
        protocol
            .windows(STORIES, &self.tokenizer, self.tokenizer.start_token())
            .unwrap_or_else(|error| unreachable!("built-in stories: {error}"))
    }

    /// The estimator, calibrated by the built-in runs.
    ///
    /// # Errors
    /// None in practice: the model runs its own stories.
    pub fn quality(&self) -> Result<QualityModel, WindowError> {
        let windows = self.windows(Some(CALIBRATION_WINDOWS));
        let samples = captured_samples(&self.model, &windows)?;
        let quality =
            QualityModel::from_samples(&self.model.hyperparameters.nearest_shape(), samples);
        let record: CalibrationRecord = preset::from_ron(CALIBRATION)
            .unwrap_or_else(|error| unreachable!("built-in calibration: {error}"));
        let sensitivities = fit(&quality, record.reference_perplexity, &record.runs);
        Ok(quality.with_sensitivities(sensitivities))
    }
}
