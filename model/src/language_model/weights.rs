//! Decoding a checkpoint's tensors into the weights of a language model, every shape checked.

use std::sync::Arc;

use super::checkpoint::{Checkpoint, CheckpointError, TensorView};
use super::hyperparameters::{Hyperparameters, Naming, Position};
use super::matrix::Matrix;
use super::tensor_names::{LayerTensor, ModelTensor};
use super::{LanguageModel, Layer, Linear, Norm};

impl LanguageModel {
    /// Decodes all weights to f32: four bytes a parameter.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape than the hyperparameters say, or holds a value that is not finite.
    pub fn from_checkpoint(checkpoint: &Checkpoint<'_>) -> Result<Self, CheckpointError> {
        let source = Source {
            checkpoint,
            hyperparameters: &checkpoint.hyperparameters,
        };
        let shape = &checkpoint.hyperparameters.shape;
        let hidden = to_len(shape.hidden_size);
        // Where both are one, a file may hold it under either name.
        let stored = if shape.tied_embeddings && !source.has(ModelTensor::Embedding) {
            ModelTensor::Head
        } else {
            ModelTensor::Embedding
        };
        let embedded = to_len(checkpoint.hyperparameters.embedding_size);
        let embedding = source.model_matrix(stored, to_len(shape.vocab_size), embedded)?;
        let projection = |tensor, n_rows, row_len| {
            (embedded != hidden)
                .then(|| source.model_matrix(tensor, n_rows, row_len))
                .transpose()
        };
        let positions = match checkpoint.hyperparameters.position {
            Position::Rotary { .. } => None,
            Position::Learned { offset } => Some(source.model_matrix(
                ModelTensor::Positions,
                to_len(shape.max_context) + to_len(offset),
                hidden,
            )?),
        };
        let head = if shape.tied_embeddings {
            embedding.clone()
        } else {
            source.model_matrix(ModelTensor::Head, to_len(shape.vocab_size), embedded)?
        };
        let naming = checkpoint.hyperparameters.naming;
        let layers = (0..shape.n_layers)
            .map(|layer| source.layer(layer))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            hyperparameters: checkpoint.hyperparameters.clone(),
            rotary_divisors: source.rotary_divisors()?,
            embedding,
            input_projection: projection(ModelTensor::InputProjection, hidden, embedded)?,
            output_projection: projection(ModelTensor::OutputProjection, embedded, hidden)?,
            positions,
            layers,
            final_norm: checkpoint
                .hyperparameters
                .has_final_norm
                .then(|| source.norm(ModelTensor::FinalNorm.name(naming)))
                .transpose()?,
            head: Linear::new(head, None),
        })
    }

    /// Some weights of every linear layer, the head's first: enough to tell a model from others of the same shape.
    pub fn some_weights(&self) -> impl Iterator<Item = f32> {
        let layers = self.layers.iter().flat_map(|layer| {
            let always = [
                &layer.q,
                &layer.k,
                &layer.v,
                &layer.o,
                &layer.up,
                &layer.down,
            ];
            always.into_iter().chain(&layer.gate)
        });
        std::iter::once(&self.head)
            .chain(layers)
            .flat_map(|linear| {
                let values = linear.weight.values();
                let step = (values.len() / WEIGHTS_OF_A_MATRIX).max(1);
                values.iter().step_by(step).copied()
            })
    }
}

/// Weights of a matrix that stand for all, about, at equal distances: to look through a billion would take as long as to run them.
const WEIGHTS_OF_A_MATRIX: usize = 1024;

/// The tensors of a checkpoint by their role.
struct Source<'c, 'a> {
    checkpoint: &'c Checkpoint<'a>,
    hyperparameters: &'c Hyperparameters,
}

impl Source<'_, '_> {
    fn layer(&self, layer: u32) -> Result<Layer, CheckpointError> {
        let shape = &self.hyperparameters.shape;
        let name = |tensor: LayerTensor| tensor.name(self.hyperparameters.naming, layer);
        let [hidden, ffn] = [shape.hidden_size, shape.ffn_size].map(to_len);
        let attention = to_len(shape.n_heads) * to_len(shape.head_dim);
        let (q, k, v) = self.query_key_value(layer)?;
        let window = self.hyperparameters.window(layer);
        Ok(Layer {
            window: window.map(to_len),
            attention_norm: self.norm(&name(LayerTensor::AttentionNorm))?,
            q,
            k,
            v,
            o: self.linear(&name(LayerTensor::O), hidden, attention)?,
            mlp_norm: self.norm(&name(LayerTensor::MlpNorm))?,
            gate: if shape.gated_mlp {
                Some(self.linear(&name(LayerTensor::Gate), ffn, hidden)?)
            } else {
                None
            },
            up: self.linear(&name(LayerTensor::Up), ffn, hidden)?,
            down: self.linear(&name(LayerTensor::Down), hidden, ffn)?,
        })
    }

    fn query_key_value(&self, layer: u32) -> Result<(Linear, Linear, Linear), CheckpointError> {
        let shape = &self.hyperparameters.shape;
        let name = |tensor: LayerTensor| tensor.name(self.hyperparameters.naming, layer);
        let hidden = to_len(shape.hidden_size);
        let q_len = to_len(shape.n_heads) * to_len(shape.head_dim);
        let kv_len = to_len(shape.n_kv_heads) * to_len(shape.head_dim);
        let fused = name(LayerTensor::FusedQkv);
        if self.tensor(&format!("{fused}.weight")).is_none() {
            return Ok((
                self.linear(&name(LayerTensor::Q), q_len, hidden)?,
                self.linear(&name(LayerTensor::K), kv_len, hidden)?,
                self.linear(&name(LayerTensor::V), kv_len, hidden)?,
            ));
        }
        let all = self.linear(&fused, q_len + 2 * kv_len, hidden)?;
        let part = |first: usize, n: usize| {
            let bias = all.bias.as_ref();
            let bias = bias.map(|bias| bias[first..first + n].into());
            Linear::new(all.weight.rows(first, n), bias)
        };
        Ok((
            part(0, q_len),
            part(q_len, kv_len),
            part(q_len + kv_len, kv_len),
        ))
    }

    fn linear(&self, name: &str, n_out: usize, n_in: usize) -> Result<Linear, CheckpointError> {
        // GPT-2's layers are stored with the input axis first.
        let input_first = self.hyperparameters.naming == Naming::HuggingFaceGpt2;
        let (n_rows, row_len) = if input_first {
            (n_in, n_out)
        } else {
            (n_out, n_in)
        };
        let weight = self.matrix(&format!("{name}.weight"), n_rows, row_len)?;
        let weight = if input_first {
            weight.transposed()
        } else {
            weight
        };
        Ok(Linear::new(
            weight,
            self.vector(&format!("{name}.bias"), n_out)?,
        ))
    }

    fn norm(&self, name: &str) -> Result<Norm, CheckpointError> {
        let hidden = to_len(self.hyperparameters.shape.hidden_size);
        let gain_name = format!("{name}.weight");
        Ok(Norm {
            gain: self
                .vector(&gain_name, hidden)?
                .ok_or_else(|| missing(&gain_name))?,
            bias: self.vector(&format!("{name}.bias"), hidden)?,
        })
    }

    /// Divisors of the rotation frequencies that some GGUF files carry (Llama 3.1 and later).
    fn rotary_divisors(&self) -> Result<Option<Arc<[f32]>>, CheckpointError> {
        let Position::Rotary { n_rotated, .. } = self.hyperparameters.position else {
            return Ok(None);
        };
        let divisors = self.vector("rope_freqs.weight", to_len(n_rotated) / 2)?;
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

    fn has(&self, tensor: ModelTensor) -> bool {
        self.tensor(&format!(
            "{}.weight",
            tensor.name(self.hyperparameters.naming)
        ))
        .is_some()
    }

    fn model_matrix(
        &self,
        tensor: ModelTensor,
        n_rows: usize,
        row_len: usize,
    ) -> Result<Matrix, CheckpointError> {
        self.matrix(
            &format!("{}.weight", tensor.name(self.hyperparameters.naming)),
            n_rows,
            row_len,
        )
    }

    fn matrix(&self, name: &str, n_rows: usize, row_len: usize) -> Result<Matrix, CheckpointError> {
        let tensor = self.tensor(name).ok_or_else(|| missing(name))?;
        expect_shape(tensor, &[n_rows as u64, row_len as u64])?;
        Ok(Matrix::new(tensor.decode()?, n_rows, row_len))
    }

    fn vector(&self, name: &str, len: usize) -> Result<Option<Arc<[f32]>>, CheckpointError> {
        let Some(tensor) = self.tensor(name) else {
            return Ok(None);
        };
        expect_shape(tensor, &[len as u64])?;
        Ok(Some(tensor.decode()?.into()))
    }

    /// By name; checkpoints of the bare model lack the first part of the name (`model.`, `transformer.`).
    fn tensor(&self, name: &str) -> Option<&TensorView<'_>> {
        let tensors = &self.checkpoint.tensors;
        tensors.get(name).or_else(|| {
            if self.hyperparameters.naming == Naming::Gguf {
                return None;
            }
            let bare = ["model.", "transformer."]
                .into_iter()
                .find_map(|first| name.strip_prefix(first))?;
            tensors.get(bare)
        })
    }
}

fn expect_shape(tensor: &TensorView<'_>, dims: &[u64]) -> Result<(), CheckpointError> {
    if tensor.dims != dims {
        return Err(CheckpointError::new(
            format!("tensor {}", tensor.name),
            format!(
                "has shape {:?}; the hyperparameters ask for {dims:?}",
                tensor.dims
            ),
        ));
    }
    Ok(())
}

fn missing(name: &str) -> CheckpointError {
    CheckpointError::new(format!("tensor {name}"), "is missing")
}

fn to_len(count: u32) -> usize {
    count as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story_model::StoryModel;

    #[test]
    fn some_weights_of_every_matrix_tell_models_apart() {
        let some = |model: &LanguageModel| model.some_weights().collect::<Vec<f32>>();
        let mut model = StoryModel::open().model;
        let before = some(&model);
        assert!(before.len() >= 1024 * (1 + 7 * model.layers.len()));
        let last = model.layers.len() - 1;
        let down = &model.layers[last].down.weight;
        let scaled = down.values().iter().map(|value| 1.5 * value).collect();
        let scaled = Matrix::new(scaled, down.n_rows(), down.row_len());
        model.layers[last].down = Linear::new(scaled, None);
        assert_ne!(before, some(&model));
    }
}
