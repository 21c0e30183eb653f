//! A language model with the formats of a design: weights quantized once, formats of all other operands at hand.

use super::key_smoothing::KeyScales;
use super::operands::quantize_into;
use super::super_block_product::SuperBlockWeights;
use super::{LanguageModel, Linear, Matrix};
use crate::design::{FormatTable, KeyValuePolicy, SlotFormats};
use crate::format::Format;
use crate::workload::{Product, Side, Slot};

/// How the products of linear layers are computed once their operands are quantized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arithmetic {
    /// Products of `Q2_K` or `Q3_K` weights with `Q8_K` activations in integers, as F-BFQ's hardware computes them.
    pub integer_super_blocks: bool,
    /// Significant bits, 1 to 24, of the floating point register in which block sums are added; `None`: f32 as the
    /// processor adds. Blocks are those of the activation's format (32 values where it has none).
    pub accumulator_bits: Option<u8>,
}

/// A model ready to run with quantized operands. Weights that stay in FP32 are shared with the model it comes from.
#[derive(Debug, Clone)]
pub struct QuantizedModel {
    pub(super) model: LanguageModel,
    /// Formats of each layer; the head's come last.
    pub(super) formats: Vec<SlotFormats>,
    pub(super) policy: KeyValuePolicy,
}

impl QuantizedModel {
    /// Quantizes the weights of every layer as the table says; products are those of the quantized values in f32.
    pub fn new(model: &LanguageModel, formats: &FormatTable, policy: &KeyValuePolicy) -> Self {
        Self::with_arithmetic(model, formats, policy, Arithmetic::default())
    }

    /// As [`Self::new`], the products of linear layers computed as the arithmetic says.
    pub fn with_arithmetic(
        model: &LanguageModel,
        formats: &FormatTable,
        policy: &KeyValuePolicy,
        arithmetic: Arithmetic,
    ) -> Self {
        let n_layers = model.hyperparameters.architecture.n_layers();
        let mut quantized = model.clone();
        if policy.smoothing {
            KeyScales::from_weights(model).fold(&mut quantized);
        }
        for (layer, index) in quantized.layers.iter_mut().zip(0..) {
            let row = formats.row(index);
            for (product, linear) in layer.linears_mut() {
                prepare(linear, product, row, arithmetic);
            }
        }
        let of_head = formats.row(n_layers);
        prepare(&mut quantized.head, Product::Head, of_head, arithmetic);
        Self {
            model: quantized,
            formats: (0..=n_layers).map(|layer| *formats.row(layer)).collect(),
            policy: *policy,
        }
    }

    /// The model in f32, nothing quantized.
    pub fn unquantized(model: &LanguageModel) -> Self {
        Self::new(
            model,
            &FormatTable::uniform(Format::FP32),
            &KeyValuePolicy::default(),
        )
    }

    /// The model with its weights as quantized.
    pub fn model(&self) -> &LanguageModel {
        &self.model
    }
}

/// Quantizes a weight and takes the arithmetic along.
fn prepare(linear: &mut Linear, product: Product, formats: &SlotFormats, arithmetic: Arithmetic) {
    let [moving, stationary] =
        [Side::Moving, Side::Stationary].map(|side| formats[Slot::of(product, side).index()]);
    linear.accumulator_bits = arithmetic.accumulator_bits;
    if arithmetic.integer_super_blocks {
        linear.super_blocks = SuperBlockWeights::new(&linear.weight, stationary, moving);
    }
    if stationary != Format::FP32 {
        let row_len = linear.weight.row_len();
        let mut values = Vec::new();
        quantize_into(stationary, linear.weight.values(), row_len, &mut values);
        linear.weight = Matrix::new(values, linear.weight.n_rows(), row_len);
    }
}
