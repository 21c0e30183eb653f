//! A language model with the formats of a design: weights quantized once, formats of all other operands at hand.

use super::key_smoothing::KeyScales;
use super::operands::quantize_into;
use super::{LanguageModel, Linear};
use crate::design::{FormatTable, KeyValuePolicy, SlotFormats};
use crate::format::Format;
use crate::workload::{Product, Side, Slot};

/// A model ready to run with quantized operands. Weights that stay in FP32 are shared with the model it comes from.
#[derive(Debug, Clone)]
pub struct QuantizedModel {
    pub(super) model: LanguageModel,
    /// Formats of each layer; the head's come last.
    pub(super) formats: Vec<SlotFormats>,
    pub(super) policy: KeyValuePolicy,
}

impl QuantizedModel {
    /// Quantizes the weights of every layer as the table says.
    pub fn new(model: &LanguageModel, formats: &FormatTable, policy: &KeyValuePolicy) -> Self {
        let n_layers = model.hyperparameters.shape.n_layers;
        let mut quantized = model.clone();
        if policy.smoothing {
            KeyScales::from_weights(model).fold(&mut quantized);
        }
        for (layer, index) in quantized.layers.iter_mut().zip(0..) {
            let row = formats.row(index);
            for (product, linear) in [
                (Product::Q, Some(&mut layer.q)),
                (Product::K, Some(&mut layer.k)),
                (Product::V, Some(&mut layer.v)),
                (Product::O, Some(&mut layer.o)),
                (Product::Gate, layer.gate.as_mut()),
                (Product::Up, Some(&mut layer.up)),
                (Product::Down, Some(&mut layer.down)),
            ] {
                if let Some(linear) = linear {
                    quantize_weight(linear, row[Slot::of(product, Side::Stationary).index()]);
                }
            }
        }
        let head = Slot::of(Product::Head, Side::Stationary);
        quantize_weight(&mut quantized.head, formats.at(n_layers, head));
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

fn quantize_weight(linear: &mut Linear, format: Format) {
    if format != Format::FP32 {
        let row_len = linear.weight.row_len();
        let mut values = Vec::new();
        quantize_into(format, linear.weight.values(), row_len, &mut values);
        linear.weight = super::Matrix::new(values, linear.weight.n_rows(), row_len);
    }
}
