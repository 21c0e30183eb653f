//! The forward pass over one window, all tokens at once, on one thread.

mod feed_forward;
mod linear;
mod mixing;
mod rotation;

use super::attention::Attention;
use super::elementwise::{add, multiply_by, normalize, soft_cap};
use super::layer::{FeedForwardWeights, Layer, MixerWeights, NormWeights};
use super::operands::{Activation, Observer};
use super::{Norm, QuantizedModel};
use crate::architecture::{self, Arrangement, FeedForward, Mixer};
use crate::design::SlotFormats;
use crate::workload::{Product, Side, Site, Slot};
use feed_forward::{Inner, mixture, perceptron};
use linear::{linear, project};
use mixing::Mixing;
use rotation::Rotation;

/// Sees each operand of a layer before it is quantized.
type Observe<'o> = dyn FnMut(Slot, &[f32], usize) + 'o;

/// Why a window cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// No token.
    #[error("the window holds no token")]
    Empty,
    /// A token without an embedding: the tokenizer belongs to another model.
    #[error(
        "token {token} at position {position} is not in the model's vocabulary of {vocab_size} tokens"
    )]
    UnknownToken {
        /// The token.
        token: u32,
        /// Its position in the window.
        position: usize,
        /// Number of tokens that the model knows.
        vocab_size: u32,
    },
    /// More tokens than the model has learned positions.
    #[error("the window of {n_tokens} tokens is longer than the model's {max_context} positions")]
    TooLong {
        /// Tokens of the window.
        n_tokens: usize,
        /// Positions of the model.
        max_context: u32,
    },
}

/// Runs windows through a model, keeping buffers and rotation tables between them.
#[derive(Debug)]
pub struct Pass<'m> {
    model: &'m QuantizedModel,
    rotation: Rotation,
    attention: Attention,
    buffers: Buffers,
    n_tokens: usize,
}

#[derive(Debug, Default)]
struct Buffers {
    /// Residual stream, a token a row.
    hidden: Vec<f32>,
    normalized: Vec<f32>,
    /// The input of a feed-forward part that stands beside the mixer.
    parallel: Vec<f32>,
    quantized: Vec<f32>,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    attended: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    out: Vec<f32>,
    inner: Inner,
    logits: Vec<f32>,
}

impl<'m> Pass<'m> {
    /// A pass with empty buffers.
    pub fn new(model: &'m QuantizedModel) -> Self {
        Self {
            model,
            rotation: Rotation::default(),
            attention: Attention::default(),
            buffers: Buffers::default(),
            n_tokens: 0,
        }
    }

    /// Runs all layers; [`Self::logits`] then gives what the model expects after each token.
    ///
    /// # Errors
    /// When the window is empty, too long for learned positions, or holds a token that the model does not know.
    pub fn run(&mut self, tokens: &[u32]) -> Result<(), WindowError> {
        self.run_observed(tokens, &mut |_, _, _| {})
    }

    /// As [`Self::run`], showing each operand before it is quantized.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_observed(
        &mut self,
        tokens: &[u32],
        observe: &mut Observer<'_>,
    ) -> Result<(), WindowError> {
        self.embed(tokens)?;
        let model = self.model;
        self.rotation.prepare(&model.model, tokens.len());
        let described = model.model.hyperparameters.architecture.layers();
        let layers = model.model.layers.iter().zip(&model.formats).zip(described);
        for (((layer, formats), described), index) in layers.zip(0..) {
            let mut observe = |slot, values: &[f32], row_len| {
                observe(Site { layer: index, slot }, values, row_len);
            };
            self.run_layer(index as usize, (layer, described), formats, &mut observe);
        }
        self.prepare_head();
        let site = Site {
            layer: model.model.hyperparameters.architecture.n_layers(),
            slot: Slot::of(Product::Head, Side::Moving),
        };
        let row_len = model.model.head.weight.row_len();
        observe(site, &self.buffers.normalized, row_len);
        Ok(())
    }

    /// The input of the head.
    fn prepare_head(&mut self) {
        let model = self.model;
        let Buffers {
            hidden,
            normalized,
            out,
            ..
        } = &mut self.buffers;
        normalize_into(model.model.final_norm.as_ref(), hidden, normalized);
        if let Some(projection) = &model.model.output_projection {
            project(projection, normalized, out);
            std::mem::swap(normalized, out);
        }
    }

    /// Logits after the tokens at positions `first .. first + n`, a row of the vocabulary's length each.
    ///
    /// # Panics
    /// When the positions lie outside the window that was run last.
    pub fn logits(&mut self, first: usize, n: usize) -> &[f32] {
        assert!(
            first + n <= self.n_tokens,
            "logits are asked for tokens of the window"
        );
        let model = self.model;
        let head = &model.model.head;
        let row_len = head.weight.row_len();
        let Buffers {
            normalized,
            quantized,
            logits,
            ..
        } = &mut self.buffers;
        let rows = &normalized[first * row_len..(first + n) * row_len];
        let formats = model.formats.last().expect("the head's formats come last");
        linear(
            Activation::new(rows, row_len, quantized),
            head,
            Product::Head,
            formats,
            logits,
        );
        let described = model.model.hyperparameters.architecture.head;
        if let Some(scale) = described.scale {
            multiply_by(logits, narrow(scale));
        }
        if let Some(cap) = described.soft_cap {
            soft_cap(logits, 1.0, narrow(cap));
        }
        logits
    }

    /// Length of a row of logits.
    pub(super) fn vocab_size(&self) -> usize {
        self.model.model.head.weight.n_rows()
    }

    fn embed(&mut self, tokens: &[u32]) -> Result<(), WindowError> {
        let model = &self.model.model;
        let shape = &model.hyperparameters.architecture;
        if tokens.is_empty() {
            return Err(WindowError::Empty);
        }
        if model.positions.is_some() && tokens.len() > shape.max_context as usize {
            return Err(WindowError::TooLong {
                n_tokens: tokens.len(),
                max_context: shape.max_context,
            });
        }
        let Buffers { hidden, out, .. } = &mut self.buffers;
        hidden.clear();
        for (position, &token) in tokens.iter().enumerate() {
            if token >= shape.vocab_size {
                return Err(WindowError::UnknownToken {
                    token,
                    position,
                    vocab_size: shape.vocab_size,
                });
            }
            hidden.extend_from_slice(model.embedding.row(token as usize));
        }
        if let Some(scale) = shape.embedding.scale {
            multiply_by(hidden, narrow(scale));
        }
        if let Some(norm) = &model.embedding_norm {
            normalize_into(Some(norm), hidden, out);
            std::mem::swap(hidden, out);
        }
        if let Some(projection) = &model.input_projection {
            project(projection, hidden, out);
            std::mem::swap(hidden, out);
        }
        if let Some(positions) = &model.positions {
            let offset = positions.n_rows() - shape.max_context as usize;
            let row_len = positions.row_len();
            add(hidden, &positions.values()[offset * row_len..]);
        }
        self.n_tokens = tokens.len();
        Ok(())
    }

    fn run_layer(
        &mut self,
        index: usize,
        (layer, described): (&Layer, &architecture::Layer),
        formats: &SlotFormats,
        observe: &mut Observe<'_>,
    ) {
        let is_parallel = described.arrangement == Arrangement::Parallel;
        let Buffers {
            hidden,
            normalized,
            parallel,
            ..
        } = &mut self.buffers;
        normalize_into(layer.mixer_norms.before.as_ref(), hidden, normalized);
        if is_parallel {
            match &layer.feed_forward_norms.before {
                Some(norm) => normalize_into(Some(norm), hidden, parallel),
                None => parallel.clone_from(normalized),
            }
        }
        self.mix(index, (layer, described), formats, observe);
        self.add_part(&layer.mixer_norms, described.residual_scale);
        let Buffers {
            hidden,
            normalized,
            parallel,
            ..
        } = &mut self.buffers;
        if is_parallel {
            std::mem::swap(normalized, parallel);
        } else {
            normalize_into(layer.feed_forward_norms.before.as_ref(), hidden, normalized);
        }
        self.feed_forward((layer, described), formats, observe);
        self.add_part(&layer.feed_forward_norms, described.residual_scale);
    }

    /// From the normalized input of the mixer to its output.
    fn mix(
        &mut self,
        index: usize,
        (layer, described): (&Layer, &architecture::Layer),
        formats: &SlotFormats,
        observe: &mut Observe<'_>,
    ) {
        let mut mixing = Mixing {
            model: self.model,
            formats,
            rotation: &self.rotation,
            layer: index,
            n_tokens: self.n_tokens,
            attention: &mut self.attention,
            buffers: &mut self.buffers,
        };
        match (&layer.mixer, &described.mixer) {
            (MixerWeights::Grouped(weights), Some(Mixer::Grouped(described))) => {
                mixing.grouped(weights, described, observe);
            }
            (MixerWeights::Latent(weights), Some(Mixer::Latent(described))) => {
                mixing.latent(weights, described, observe);
            }
            _ => unreachable!("weights are read as the description says"),
        }
    }

    /// From the normalized input of the feed-forward part to its output.
    fn feed_forward(
        &mut self,
        (layer, described): (&Layer, &architecture::Layer),
        formats: &SlotFormats,
        observe: &mut Observe<'_>,
    ) {
        match (&layer.feed_forward, &described.feed_forward) {
            (FeedForwardWeights::Dense(weights), Some(FeedForward::Dense(dense))) => {
                let Buffers {
                    normalized,
                    inner,
                    out,
                    ..
                } = &mut self.buffers;
                perceptron(weights, dense, formats, normalized, inner, out, observe);
            }
            (FeedForwardWeights::Experts(weights), Some(FeedForward::Experts(experts))) => {
                mixture(weights, experts, formats, &mut self.buffers, observe);
            }
            _ => unreachable!("weights are read as the description says"),
        }
    }

    /// Adds the output of a part to the residual stream, normalized before or after that where the model has it so.
    fn add_part(&mut self, norms: &NormWeights, residual_scale: Option<f64>) {
        let Buffers {
            hidden,
            normalized,
            out,
            ..
        } = &mut self.buffers;
        if let Some(norm) = &norms.after {
            normalize_into(Some(norm), out, normalized);
            std::mem::swap(out, normalized);
        }
        if let Some(scale) = residual_scale {
            multiply_by(out, narrow(scale));
        }
        add(hidden, out);
        if let Some(norm) = &norms.on_sum {
            normalize_into(Some(norm), hidden, out);
            std::mem::swap(hidden, out);
        }
    }
}

/// The normalized values, or the values themselves where there is nothing to normalize by.
fn normalize_into(norm: Option<&Norm>, x: &[f32], out: &mut Vec<f32>) {
    out.resize(x.len(), 0.0);
    match norm {
        Some(norm) => normalize(norm, x, out),
        None => out.copy_from_slice(x),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "f32 is the working precision"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}
