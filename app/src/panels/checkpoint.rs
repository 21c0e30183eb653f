//! The opened model: the error its weights suffer under the current formats, tensor by tensor.

use egui::Ui;

use super::Scene;
use super::tiles::empty_ui;
use crate::request::Request;

/// Draws the table.
pub fn checkpoint_ui(ui: &mut Ui, scene: &Scene<'_>) -> Vec<Request> {
    let _ = scene;
    empty_ui(
        ui,
        "Open a model (File, Open model, or drop it here) to see the error of each of its tensors",
    );
    Vec::new()
}
