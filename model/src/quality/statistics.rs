//! Channel statistics of real language models, layer by layer, and which of them stands in for which model.
//!
//! The figures live in `presets/statistics/`. This module fits nothing itself and makes no tensors.

use serde::{Deserialize, Serialize};

use super::ChannelProfile;
use crate::preset;
use crate::workload::{Family, ModelShape};

/// Channel profiles of the inputs of a model's linear layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelStatistics {
    /// Model the activations were captured from.
    pub model: String,
    /// Who captured them and what is known about the data.
    pub source: String,
    /// Which magnitude of a channel was recorded.
    pub measure: ChannelMeasure,
    /// Layers from the first to the last.
    pub layers: Vec<LayerStatistics>,
    /// Input of the head, where it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<ChannelProfile>,
}

/// What one number a channel stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelMeasure {
    /// Largest magnitude over the calibration tokens: a channel may reach it once only.
    Largest,
    /// Root of the mean square over the calibration tokens.
    RootMeanSquare,
}

/// Inputs of the four groups of linear layers: Anda's `A_qkv`, `A_o`, `A_u`, `A_d`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerStatistics {
    /// Input of the query, key and value projections.
    pub qkv: ChannelProfile,
    /// Input of the output projection.
    pub o: ChannelProfile,
    /// Input of the gate and up projections.
    pub up: ChannelProfile,
    /// Input of the down projection.
    pub down: ChannelProfile,
}

impl ModelStatistics {
    /// The built-in statistics that stand in for this model: its own if there are any, else those of the nearest relative.
    pub fn for_model(shape: &ModelShape) -> Self {
        let name = BUILT_IN
            .iter()
            .map(|(name, _)| *name)
            .find(|name| preset::same_name(name, &shape.name))
            .unwrap_or_else(|| relative(shape));
        Self::built_in(name).unwrap_or_else(|| unreachable!("{name} is in the table"))
    }

    /// Built-in statistics of the model of this name, letter case and dashes aside.
    pub fn built_in(name: &str) -> Option<Self> {
        let (name, text) = BUILT_IN
            .iter()
            .find(|(each, _)| preset::same_name(each, name))?;
        Some(
            preset::from_ron(text)
                .unwrap_or_else(|error| unreachable!("built-in statistics of {name}: {error}")),
        )
    }

    /// Names of all models with built-in statistics.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Statistics at the same relative depth for a model of `n_layers` layers.
    pub fn layer(&self, layer: u32, n_layers: u32) -> &LayerStatistics {
        let last = self.layers.len() - 1;
        let depth = f64::from(layer) / f64::from(n_layers.saturating_sub(1).max(1));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a depth of 0 to 1 over at most a few hundred layers"
        )]
        let index = (depth * last as f64).round() as usize;
        &self.layers[index.min(last)]
    }
}

/// Whose statistics resemble this model's most: same family first, then similar width.
fn relative(shape: &ModelShape) -> &'static str {
    match shape.family {
        Family::Opt | Family::Gpt2 if shape.hidden_size <= 1024 => "OPT-125M",
        Family::Opt if shape.hidden_size <= 2048 => "OPT-1.3B",
        Family::Opt | Family::Gpt2 => "OPT-2.7B",
        Family::Gemma | Family::Gemma2 => "Gemma-3-4B",
        Family::Llama
        | Family::Mistral
        | Family::Qwen2
        | Family::Phi
        | Family::Phi3
        | Family::Falcon
        | Family::Other => "Llama-3.2-1B",
    }
}

/// Texts of all built-in statistics.
pub(crate) fn statistics_texts() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(_, text)| *text)
}

/// Model name and RON text.
const BUILT_IN: &[(&str, &str)] = &[
    (
        "OPT-125M",
        include_str!("../../../presets/statistics/opt-125m.ron"),
    ),
    (
        "OPT-1.3B",
        include_str!("../../../presets/statistics/opt-1-3b.ron"),
    ),
    (
        "OPT-2.7B",
        include_str!("../../../presets/statistics/opt-2-7b.ron"),
    ),
    (
        "Llama-3.2-1B",
        include_str!("../../../presets/statistics/llama-3-2-1b.ron"),
    ),
    (
        "TinyLlama-1.1B",
        include_str!("../../../presets/statistics/tinyllama-1-1b.ron"),
    ),
    (
        "Gemma-3-4B",
        include_str!("../../../presets/statistics/gemma-3-4b.ron"),
    ),
];
