//! The best estimator that the program can give for a model without being shown a checkpoint.

use super::{ModelStatistics, QualityModel, published_sensitivities};
use crate::story_model::{self, StoryModel};
use crate::workload::ModelShape;

impl QualityModel {
    /// The estimator of a model known by its shape, best basis first.
    ///
    /// The model that comes with the program is calibrated on measurements, models with published perplexities on those, any
    /// other has the noise of channel statistics alone. Takes some milliseconds: not for the window's thread.
    pub fn built_in(shape: &ModelShape) -> Self {
        if shape.name == story_model::NAME {
            // A preset of that name with another shape is another model.
            let story = StoryModel::open();
            if story.model.hyperparameters.architecture.n_layers() == shape.n_layers
                && let Ok(quality) = story.quality()
            {
                return quality;
            }
        }
        let model = Self::from_statistics(shape, &ModelStatistics::for_model(shape));
        match published_sensitivities(&model) {
            Some(sensitivities) => model.with_sensitivities(sensitivities),
            None => model,
        }
    }
}
