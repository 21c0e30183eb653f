//! The forward pass over one window, all tokens at once, on one thread.

use super::accumulation::blockwise_product;
use super::attention::{Attention, AttentionFormats, AttentionShape, QueryKeyValue};
use super::elementwise::{activate, add, add_bias, multiply, normalize};
use super::hyperparameters::NormPlacement;
use super::matrix::MatrixView;
use super::matrix_product::matrix_product;
use super::operands::{Activation, Observer};
use super::rotary::RotaryTable;
use super::{Layer, Linear, Matrix, Norm, QuantizedModel};
use crate::design::SlotFormats;
use crate::format::BlockLen;
use crate::workload::{Product, Side, Site, Slot};

/// Values that are summed before the accumulator rounds, for activations without blocks.
const UNBLOCKED: usize = 32;

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
    rotary: RotaryTable,
    n_positions: usize,
    attention: Attention,
    buffers: Buffers,
    n_tokens: usize,
}

#[derive(Debug, Default)]
struct Buffers {
    /// Residual stream, a token a row.
    hidden: Vec<f32>,
    normalized: Vec<f32>,
    quantized: Vec<f32>,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
    attended: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    out: Vec<f32>,
    logits: Vec<f32>,
}

impl<'m> Pass<'m> {
    /// A pass with empty buffers.
    pub fn new(model: &'m QuantizedModel) -> Self {
        Self {
            model,
            rotary: RotaryTable::default(),
            n_positions: 0,
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
        if self.n_positions < tokens.len() {
            self.rotary = RotaryTable::new(&self.model.model, tokens.len());
            self.n_positions = tokens.len();
        }
        let model = self.model;
        for ((layer, formats), index) in model.model.layers.iter().zip(&model.formats).zip(0..) {
            let mut observe = |slot, values: &[f32], row_len| {
                observe(Site { layer: index, slot }, values, row_len);
            };
            self.attend(layer, formats, &mut observe);
            self.feed_forward(layer, formats, &mut observe);
        }
        self.prepare_head();
        let site = Site {
            layer: model.model.hyperparameters.shape.n_layers,
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
        normalize_into(model, model.model.final_norm.as_ref(), hidden, normalized);
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
        logits
    }

    /// Length of a row of logits.
    pub(super) fn vocab_size(&self) -> usize {
        self.model.model.head.weight.n_rows()
    }

    fn embed(&mut self, tokens: &[u32]) -> Result<(), WindowError> {
        let model = &self.model.model;
        let shape = &model.hyperparameters.shape;
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

    fn attend(
        &mut self,
        layer: &Layer,
        formats: &SlotFormats,
        observe: &mut dyn FnMut(Slot, &[f32], usize),
    ) {
        let model = self.model;
        let shape = &model.model.hyperparameters.shape;
        let head_dim = shape.head_dim as usize;
        let Buffers {
            hidden,
            normalized,
            quantized,
            q,
            k,
            v,
            attended,
            out,
            ..
        } = &mut self.buffers;
        let placement = model.model.hyperparameters.norm_placement;
        let norm = &layer.attention_norm;
        let before = (placement == NormPlacement::Before).then_some(norm);
        normalize_into(model, before, hidden, normalized);
        let mut input = Activation::new(normalized, layer.q.weight.row_len(), quantized);
        for (product, weights, out) in [
            (Product::Q, &layer.q, &mut *q),
            (Product::K, &layer.k, k),
            (Product::V, &layer.v, v),
        ] {
            observe(
                Slot::of(product, Side::Moving),
                input.values(),
                input.row_len(),
            );
            linear_again(&mut input, weights, product, formats, out);
        }
        self.rotary.apply(q, layer.q.weight.n_rows(), head_dim);
        self.rotary.apply(k, layer.k.weight.n_rows(), head_dim);
        attended.resize(q.len(), 0.0);
        let at = |product, side| formats[Slot::of(product, side).index()];
        self.attention.run(
            AttentionShape {
                n_heads: shape.n_heads as usize,
                n_kv_heads: shape.n_kv_heads as usize,
                head_dim,
                sliding_window: layer.window,
            },
            &AttentionFormats {
                query: at(Product::Qk, Side::Moving),
                key: at(Product::Qk, Side::Stationary),
                probability: at(Product::Pv, Side::Moving),
                value: at(Product::Pv, Side::Stationary),
                policy: model.policy,
            },
            QueryKeyValue {
                q,
                k,
                v,
                n_tokens: self.n_tokens,
            },
            attended,
            observe,
        );
        let row_len = layer.o.weight.row_len();
        observe(Slot::of(Product::O, Side::Moving), attended, row_len);
        linear(
            Activation::new(attended, row_len, quantized),
            &layer.o,
            Product::O,
            formats,
            out,
        );
        add_part(model, norm, hidden, out);
    }

    fn feed_forward(
        &mut self,
        layer: &Layer,
        formats: &SlotFormats,
        observe: &mut dyn FnMut(Slot, &[f32], usize),
    ) {
        let model = self.model;
        let Buffers {
            hidden,
            normalized,
            quantized,
            gate,
            up,
            out,
            ..
        } = &mut self.buffers;
        let placement = model.model.hyperparameters.norm_placement;
        let norm = &layer.mlp_norm;
        let before = (placement == NormPlacement::Before).then_some(norm);
        normalize_into(model, before, hidden, normalized);
        let mut input = Activation::new(normalized, layer.up.weight.row_len(), quantized);
        let activation = model.model.hyperparameters.activation;
        if let Some(weights) = &layer.gate {
            observe(
                Slot::of(Product::Gate, Side::Moving),
                input.values(),
                input.row_len(),
            );
            linear_again(&mut input, weights, Product::Gate, formats, gate);
        }
        observe(
            Slot::of(Product::Up, Side::Moving),
            input.values(),
            input.row_len(),
        );
        linear_again(&mut input, &layer.up, Product::Up, formats, up);
        let inner: &[f32] = if layer.gate.is_some() {
            activate(activation, gate);
            multiply(gate, up);
            gate
        } else {
            activate(activation, up);
            up
        };
        let row_len = layer.down.weight.row_len();
        observe(Slot::of(Product::Down, Side::Moving), inner, row_len);
        linear(
            Activation::new(inner, row_len, quantized),
            &layer.down,
            Product::Down,
            formats,
            out,
        );
        add_part(model, norm, hidden, out);
    }
}

/// Adds the output of a part to the residual stream, which is normalized after it where the model has it so.
fn add_part(model: &QuantizedModel, norm: &Norm, hidden: &mut Vec<f32>, out: &mut Vec<f32>) {
    add(hidden, out);
    if model.model.hyperparameters.norm_placement == NormPlacement::After {
        normalize_into(model, Some(norm), hidden, out);
        std::mem::swap(hidden, out);
    }
}

/// `out = x weight^T` in f32: projections of embeddings are no site of a design.
fn project(weight: &Matrix, x: &[f32], out: &mut Vec<f32>) {
    let n_rows = x.len() / weight.row_len();
    out.resize(n_rows * weight.n_rows(), 0.0);
    let values = MatrixView::rows(x, n_rows, weight.row_len());
    matrix_product(
        out,
        weight.n_rows(),
        values,
        weight.view().transposed(),
        false,
    );
}

/// The normalized values, or the values themselves where there is nothing to normalize by.
fn normalize_into(model: &QuantizedModel, norm: Option<&Norm>, x: &[f32], out: &mut Vec<f32>) {
    let hyperparameters = &model.model.hyperparameters;
    out.resize(x.len(), 0.0);
    let Some(norm) = norm else {
        out.copy_from_slice(x);
        return;
    };
    normalize(
        hyperparameters.normalization,
        hyperparameters.normalization_epsilon,
        norm,
        x,
        out,
    );
}

fn linear(
    mut input: Activation<'_>,
    weights: &Linear,
    product: Product,
    formats: &SlotFormats,
    out: &mut Vec<f32>,
) {
    linear_again(&mut input, weights, product, formats, out);
}

/// `out = quantized input x weight^T + bias`, keeping the quantized input for the next product.
fn linear_again(
    input: &mut Activation<'_>,
    weights: &Linear,
    product: Product,
    formats: &SlotFormats,
    out: &mut Vec<f32>,
) {
    let row_len = input.row_len();
    let n_rows = input.values().len() / row_len;
    let n_out = weights.weight.n_rows();
    out.resize(n_rows * n_out, 0.0);
    let format = formats[Slot::of(product, Side::Moving).index()];
    if let Some(super_blocks) = &weights.super_blocks {
        super_blocks.product(input.values(), row_len, out);
    } else if let Some(bits) = weights.accumulator_bits {
        let block_len = match format.block_len() {
            BlockLen::One => UNBLOCKED,
            blocks => blocks.values(row_len),
        };
        let operands = (input.at(format), weights.weight.values());
        blockwise_product(out, operands, row_len, block_len, bits);
    } else {
        let values = MatrixView::rows(input.at(format), n_rows, row_len);
        let weight = weights.weight.view().transposed();
        matrix_product(out, n_out, values, weight, false);
    }
    if let Some(bias) = &weights.bias {
        add_bias(out, bias);
    }
}
