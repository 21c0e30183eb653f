//! Samples of every site of a real model: its own weights, and what flows through it on real text.

use super::SiteSample;
use crate::language_model::{LanguageModel, Linear, Pass, QuantizedModel, Window, WindowError};
use crate::workload::{Product, Side, Slot};

/// Values kept of a site, about; whole rows.
const KEPT_VALUES: usize = 32_768;

/// Windows that are run for the samples.
const N_WINDOWS: usize = 8;

/// One sample a site: `samples[layer][slot index]`, the head's in the row after the last layer's.
///
/// Runs the longest few windows without quantization. Sites that the model lacks hold empty samples.
///
/// # Errors
/// A window that the model cannot run.
pub fn captured_samples(
    model: &LanguageModel,
    windows: &[Window],
) -> Result<Vec<[SiteSample; Slot::COUNT]>, WindowError> {
    let mut samples: Vec<[SiteSample; Slot::COUNT]> = model
        .layers
        .iter()
        .map(|layer| {
            let mut row = empty_row();
            // the first projection of a product stands for all
            for (product, linear) in layer.linears().into_iter().rev() {
                row[Slot::of(product, Side::Stationary).index()] = weight_sample(linear);
            }
            row
        })
        .collect();
    let mut head = empty_row();
    head[Slot::of(Product::Head, Side::Stationary).index()] = weight_sample(&model.head);
    samples.push(head);

    let unquantized = QuantizedModel::unquantized(model);
    let mut pass = Pass::new(&unquantized);
    for window in longest(windows) {
        pass.run_observed(&window.tokens, &mut |site, values, row_len| {
            let row = samples.get_mut(site.layer as usize);
            if let Some(sample) = row.map(|row| &mut row[site.slot.index()]) {
                take_rows(sample, values, row_len);
            }
        })?;
    }
    Ok(samples)
}

/// The longest windows, which give probabilities and values rows of one length.
fn longest(windows: &[Window]) -> impl Iterator<Item = &Window> {
    let length = windows.iter().map(|window| window.tokens.len()).max();
    windows
        .iter()
        .filter(move |window| Some(window.tokens.len()) == length)
        .take(N_WINDOWS)
}

fn empty_row() -> [SiteSample; Slot::COUNT] {
    std::array::from_fn(|_| SiteSample {
        values: Vec::new(),
        row_len: 1,
    })
}

fn weight_sample(linear: &Linear) -> SiteSample {
    let weight = &linear.weight;
    let mut sample = SiteSample {
        values: Vec::new(),
        row_len: weight.row_len().max(1),
    };
    push_even_rows(&mut sample, weight.values(), 2 * KEPT_VALUES);
    sample
}

/// Adds rows of one observation, spread evenly, so that all observations together fill the sample.
fn take_rows(sample: &mut SiteSample, values: &[f32], row_len: usize) {
    if sample.values.is_empty() {
        sample.row_len = row_len.max(1);
    }
    if sample.row_len == row_len {
        push_even_rows(sample, values, KEPT_VALUES / N_WINDOWS);
    }
}

/// Appends about `n_values` values in whole rows, at equal distances.
fn push_even_rows(sample: &mut SiteSample, values: &[f32], n_values: usize) {
    let row_len = sample.row_len;
    let n_rows = values.len() / row_len;
    let n_kept = (n_values / row_len).clamp(1, n_rows.max(1)).min(n_rows);
    for kept in 0..n_kept {
        let row = kept * n_rows / n_kept;
        sample
            .values
            .extend_from_slice(&values[row * row_len..(row + 1) * row_len]);
    }
}
