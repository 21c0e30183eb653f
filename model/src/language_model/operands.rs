//! Bringing operands to the format of their site, and showing them to whoever wants to measure them.

use crate::format::{Arithmetic, ElementScale, Format, Rounding};
use crate::quantization;
use crate::workload::Site;

/// Sees each operand before it is quantized: its site, its values, the length of a row along the reduction.
///
/// Probabilities come in runs of queries, rows padded with zeros where a query sees no token; values come transposed,
/// one channel a row.
pub type Observer<'o> = dyn FnMut(Site, &[f32], usize) + 'o;

/// Writes the values as the format represents them.
pub(super) fn quantize_into(format: Format, values: &[f32], row_len: usize, out: &mut Vec<f32>) {
    out.resize(values.len(), 0.0);
    if format == Format::FP32 {
        out.copy_from_slice(values);
    } else {
        quantization::quantize_dequantize(format, values, row_len, out);
    }
}

/// Replaces the values by what the format represents.
pub(super) fn quantize_in_place(format: Format, values: &mut [f32], row_len: usize) {
    if format != Format::FP32 {
        quantization::quantize_dequantize_in_place(format, values, row_len);
    }
}

/// Whether a value's code depends on its block through the largest magnitude alone, so that zeros appended to a block
/// and further values below its largest change no code.
pub(super) fn depends_on_largest_alone(format: Format) -> bool {
    if format.rounding() == Rounding::Stochastic {
        return false;
    }
    match format.arithmetic() {
        Arithmetic::Exact | Arithmetic::Bf16 | Arithmetic::Grid(_) => true,
        Arithmetic::Elements(elements) => elements.scale != ElementScale::TwoLevel,
        Arithmetic::Groups { is_asymmetric, .. } => !is_asymmetric,
        Arithmetic::MicroExponent { .. } | Arithmetic::Ggml(_) | Arithmetic::General(_) => false,
    }
}

/// An activation with its quantized form, which is kept while the next product asks for the same format.
pub(super) struct Activation<'a> {
    values: &'a [f32],
    row_len: usize,
    quantized: &'a mut Vec<f32>,
    held: Option<Format>,
}

impl<'a> Activation<'a> {
    pub(super) fn new(values: &'a [f32], row_len: usize, quantized: &'a mut Vec<f32>) -> Self {
        Self {
            values,
            row_len,
            quantized,
            held: None,
        }
    }

    /// Its values before quantization.
    pub(super) fn values(&self) -> &[f32] {
        self.values
    }

    pub(super) fn row_len(&self) -> usize {
        self.row_len
    }

    /// Its values in a format.
    pub(super) fn at(&mut self, format: Format) -> &[f32] {
        if format == Format::FP32 {
            return self.values;
        }
        if self.held != Some(format) {
            quantize_into(format, self.values, self.row_len, self.quantized);
            self.held = Some(format);
        }
        self.quantized
    }
}
