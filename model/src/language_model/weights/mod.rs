//! Decoding a checkpoint's tensors into the weights of a language model, as its description says which there are.

mod attention;
mod feed_forward;
mod names;
mod source;

use std::sync::Arc;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::hyperparameters::Naming;
use super::layer::{FeedForwardWeights, Layer, MixerWeights, NormWeights};
use super::{LanguageModel, Linear, Norm};
use crate::architecture::{self, Architecture, FeedForward, Mixer, PartNorms};
use names::Role;
use source::Source;

impl LanguageModel {
    /// Decodes all weights to f32: four bytes a parameter.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape than the description says, holds a value that is not finite, or is no
    /// part of the model; when the model has a part that is not computed.
    pub fn from_checkpoint(checkpoint: &Checkpoint<'_>) -> Result<Self, CheckpointError> {
        let hyperparameters = &checkpoint.hyperparameters;
        let model = &hyperparameters.architecture;
        let naming = hyperparameters.naming;
        let source = Source::new(
            &checkpoint.tensors,
            naming == Naming::Gguf,
            naming == Naming::InputFirst,
        );
        let hidden = to_len(model.hidden_size);
        let vocabulary = to_len(model.vocab_size);
        let embedded = model.embedding.width.map_or(hidden, to_len);
        let name = |role: Role| source.name("", role);
        // Where both are one, a file may hold it under either name.
        let stored = if model.head.tied && !source.has("", names::EMBEDDING) {
            names::HEAD
        } else {
            names::EMBEDDING
        };
        let embedding = source.matrix(&name(stored), vocabulary, embedded)?;
        let projection = |role, n_rows, row_len| {
            (embedded != hidden)
                .then(|| source.matrix(&name(role), n_rows, row_len))
                .transpose()
        };
        let input_projection = projection(names::INPUT_PROJECTION, hidden, embedded)?;
        let output_projection = projection(names::OUTPUT_PROJECTION, embedded, hidden)?;
        let positions = match model.embedding.learned_positions {
            None => None,
            Some(offset) => Some(source.matrix(
                &name(names::POSITIONS),
                to_len(model.max_context) + to_len(offset),
                hidden,
            )?),
        };
        let embedding_norm = norm(
            &source,
            "",
            names::EMBEDDING_NORM,
            model.embedding.norm,
            embedded,
        )?;
        let head_name = name(names::HEAD);
        let head = if model.head.tied {
            // a copy of the embedding under the head's name is the embedding
            source.tensor(&format!("{head_name}.weight"));
            embedding.clone()
        } else {
            source.matrix(&head_name, vocabulary, embedded)?
        };
        let head_bias = if model.head.bias {
            source.vector(&format!("{head_name}.bias"), vocabulary)?
        } else {
            None
        };
        let layers = model
            .layers()
            .zip(0..)
            .map(|(layer, index)| read_layer(&source, layer, index, hidden))
            .collect::<Result<Vec<_>, _>>()?;
        let final_norm = norm(&source, "", names::FINAL_NORM, model.final_norm, hidden)?;
        if final_norm.is_none() {
            // the description says that what the file holds is not applied
            let name = name(names::FINAL_NORM);
            source.tensor(&format!("{name}.weight"));
            source.tensor(&format!("{name}.bias"));
        }
        source.all_used(&model.family)?;
        Ok(Self {
            hyperparameters: hyperparameters.clone(),
            rotary_divisors: rotary_divisors(&source, model)?,
            embedding,
            embedding_norm,
            input_projection,
            output_projection,
            positions,
            layers,
            final_norm,
            head: Linear::new(head, head_bias),
        })
    }

    /// Some weights of every linear layer, the head's first: enough to tell a model from others of the same shape.
    pub fn some_weights(&self) -> impl Iterator<Item = f32> {
        let layers = self.layers.iter().flat_map(Layer::linears);
        std::iter::once(&self.head)
            .chain(layers.map(|(_, linear)| linear))
            .flat_map(|linear| {
                let values = linear.weight.values();
                let step = (values.len() / WEIGHTS_OF_A_MATRIX).max(1);
                values.iter().step_by(step).copied()
            })
    }
}

/// Weights of a matrix that stand for all, about, at equal distances: to look through a billion would take as long as to run them.
const WEIGHTS_OF_A_MATRIX: usize = 1024;

fn read_layer(
    source: &Source<'_, '_>,
    layer: &architecture::Layer,
    index: u32,
    hidden: usize,
) -> Result<Layer, CheckpointError> {
    let prefix = source.layer_prefix(index);
    let not_run = |part: &str| {
        Err(CheckpointError::new(
            format!("layer {index}"),
            format!("has {part}, which is not run yet: costs are told, perplexity is not"),
        ))
    };
    let mixer = match &layer.mixer {
        Some(Mixer::Grouped(attention)) => {
            MixerWeights::Grouped(attention::grouped(source, &prefix, attention, hidden)?)
        }
        Some(Mixer::Latent(attention)) => {
            MixerWeights::Latent(attention::latent(source, &prefix, attention, hidden)?)
        }
        Some(Mixer::Linear(_)) => return not_run("linear attention"),
        Some(Mixer::StateSpace(_)) => return not_run("a state space"),
        None => return not_run("no mixer"),
    };
    let feed_forward = match &layer.feed_forward {
        Some(FeedForward::Dense(dense)) => {
            let weights = feed_forward::dense(source, &prefix, dense, hidden)?;
            FeedForwardWeights::Dense(Box::new(weights))
        }
        Some(FeedForward::Experts(experts)) => FeedForwardWeights::Experts(Box::new(
            feed_forward::experts(source, &prefix, experts, hidden)?,
        )),
        None => return not_run("no feed-forward part"),
    };
    Ok(Layer {
        mixer_norms: norms(
            source,
            &prefix,
            &layer.mixer_norms,
            [names::MIXER_BEFORE, names::MIXER_AFTER],
            hidden,
        )?,
        mixer,
        feed_forward_norms: norms(
            source,
            &prefix,
            &layer.feed_forward_norms,
            [names::FEED_FORWARD_BEFORE, names::FEED_FORWARD_AFTER],
            hidden,
        )?,
        feed_forward,
    })
}

fn norms(
    source: &Source<'_, '_>,
    prefix: &str,
    described: &PartNorms,
    [before, after]: [Role; 2],
    hidden: usize,
) -> Result<NormWeights, CheckpointError> {
    Ok(NormWeights {
        before: norm(source, prefix, before, described.before, hidden)?,
        after: norm(source, prefix, after, described.after, hidden)?,
        on_sum: norm(source, prefix, before, described.on_sum, hidden)?,
    })
}

fn norm(
    source: &Source<'_, '_>,
    prefix: &str,
    role: Role,
    described: Option<architecture::Norm>,
    len: usize,
) -> Result<Option<Norm>, CheckpointError> {
    described
        .map(|norm| source.norm(&source.name(prefix, role), norm, len))
        .transpose()
}

/// Divisors of the rotation frequencies that some GGUF files carry (Llama 3.1 and later).
fn rotary_divisors(
    source: &Source<'_, '_>,
    model: &Architecture,
) -> Result<Option<Arc<[f32]>>, CheckpointError> {
    let rotary = model
        .layers()
        .find_map(|layer| layer.grouped()?.rotary.as_ref());
    let Some(rotary) = rotary else {
        return Ok(None);
    };
    let divisors = source.vector("rope_freqs.weight", to_len(rotary.channels) / 2)?;
    if divisors
        .as_ref()
        .is_some_and(|values| values.iter().any(|value| *value <= 0.0))
    {
        return Err(CheckpointError::new(
            "tensor rope_freqs.weight",
            "holds a divisor that is not positive",
        ));
    }
    Ok(divisors)
}

fn to_len(count: u32) -> usize {
    count as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language_model::Matrix;
    use crate::story_model::StoryModel;

    #[test]
    fn some_weights_of_every_matrix_tell_models_apart() {
        let some = |model: &LanguageModel| model.some_weights().collect::<Vec<f32>>();
        let mut model = StoryModel::open().model;
        let before = some(&model);
        assert!(before.len() >= 1024 * (1 + 7 * model.layers.len()));
        let last = model.layers.last_mut().unwrap();
        let (_, down) = last.linears_mut().pop().unwrap();
        let scaled = down.weight.values().iter().map(|value| 1.5 * value);
        let scaled = Matrix::new(
            scaled.collect(),
            down.weight.n_rows(),
            down.weight.row_len(),
        );
        *down = Linear::new(scaled, None);
        assert_ne!(before, some(&model));
    }
}
