//! Rotation tables of all layers, one for each kind of rotation.

use crate::architecture::{Layer, Mixer, Rotary};
use crate::language_model::LanguageModel;
use crate::language_model::rotary::RotaryTable;

/// Tables for windows up to a length.
#[derive(Debug, Default)]
pub(super) struct Rotation {
    tables: Vec<RotaryTable>,
    /// The table of each layer; `None` where nothing is rotated.
    of_layer: Vec<Option<usize>>,
    n_positions: usize,
    is_for_any_length: bool,
}

impl Rotation {
    /// Makes the tables for a window of so many tokens, unless those at hand serve.
    pub(super) fn prepare(&mut self, model: &LanguageModel, n_tokens: usize) {
        let serves =
            self.n_positions == n_tokens || self.is_for_any_length && self.n_positions > n_tokens;
        if serves {
            return;
        }
        let mut kinds: Vec<&Rotary> = Vec::new();
        self.of_layer.clear();
        for layer in model.hyperparameters.architecture.layers() {
            let table = rotary_of(layer).map(|rotary| {
                kinds
                    .iter()
                    .position(|kind| *kind == rotary)
                    .unwrap_or_else(|| {
                        kinds.push(rotary);
                        kinds.len() - 1
                    })
            });
            self.of_layer.push(table);
        }
        let divisors = model.rotary_divisors.as_deref();
        self.tables = kinds
            .iter()
            .map(|rotary| RotaryTable::new(rotary, divisors, n_tokens))
            .collect();
        self.is_for_any_length = kinds
            .iter()
            .all(|rotary| RotaryTable::is_for_any_length(rotary));
        self.n_positions = n_tokens;
    }

    /// Turns the heads of every token as a layer does, from a channel of each head on.
    pub(super) fn apply(
        &self,
        layer: usize,
        x: &mut [f32],
        row_len: usize,
        head_dim: usize,
        offset: usize,
    ) {
        let table = self.of_layer.get(layer).copied().flatten();
        if let Some(table) = table.and_then(|table| self.tables.get(table)) {
            table.apply(x, row_len, head_dim, offset);
        }
    }
}

fn rotary_of(layer: &Layer) -> Option<&Rotary> {
    let rotary = match layer.mixer.as_ref()? {
        Mixer::Grouped(attention) => attention.rotary.as_ref()?,
        Mixer::Latent(attention) => &attention.rotary,
        Mixer::Linear(_) | Mixer::StateSpace(_) => return None,
    };
    (rotary.channels > 0).then_some(rotary)
}
