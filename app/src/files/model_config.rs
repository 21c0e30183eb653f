//! The shape of a model from its `config.json`, as model hubs store it beside the weights.

use std::path::Path;

use anyhow::Context as _;
use blockscape_model::architecture::Architecture;
use blockscape_model::workload::ModelShape;

use crate::files::input;

/// Reads and checks a shape.
///
/// # Errors
/// File, line, field and what is allowed.
pub fn read(path: &Path) -> anyhow::Result<ModelShape> {
    let text = input::read_text(path)?;
    let folder = path
        .parent()
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy().into_owned());
    let named = || path.display().to_string();
    let model = Architecture::from_config(&text, folder.as_deref()).with_context(named)?;
    ModelShape::of(&model).with_context(named)
}
