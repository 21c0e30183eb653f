//! Parts that see one token at a time: a perceptron, or the experts that a router chooses.

use super::linear::{linear, linear_again};
use super::{Buffers, Observe};
use crate::architecture::{Activation as Nonlinearity, Dense, Experts, Router, Scoring};
use crate::design::SlotFormats;
use crate::language_model::Linear;
use crate::language_model::elementwise::{activate, multiply, multiply_by, multiply_shifted};
use crate::language_model::layer::{ExpertWeights, Perceptron};
use crate::language_model::operands::Activation;
use crate::workload::{Product, Side, Slot};

/// Buffers of one perceptron.
#[derive(Debug, Default)]
pub(super) struct Inner {
    gate: Vec<f32>,
    up: Vec<f32>,
    quantized: Vec<f32>,
}

/// Runs a perceptron on rows of its input.
pub(super) fn perceptron(
    weights: &Perceptron,
    described: &Dense,
    formats: &SlotFormats,
    input: &[f32],
    inner: &mut Inner,
    out: &mut Vec<f32>,
    observe: &mut Observe<'_>,
) {
    let Inner {
        gate,
        up,
        quantized,
    } = inner;
    let mut x = Activation::new(input, weights.up.weight.row_len(), quantized);
    if let Some(weights) = &weights.gate {
        observe(
            Slot::of(Product::Gate, Side::Moving),
            x.values(),
            x.row_len(),
        );
        linear_again(&mut x, weights, Product::Gate, formats, gate);
    }
    observe(Slot::of(Product::Up, Side::Moving), x.values(), x.row_len());
    linear_again(&mut x, &weights.up, Product::Up, formats, up);
    let activated: &[f32] = if weights.gate.is_some() {
        activate(described.activation, weights.xielu, gate);
        match described.activation {
            Nonlinearity::ClampedSwiglu { limit, .. } => {
                multiply_shifted(gate, up, narrow(limit));
            }
            _ => multiply(gate, up),
        }
        gate
    } else {
        activate(described.activation, weights.xielu, up);
        up
    };
    let row_len = weights.down.weight.row_len();
    observe(Slot::of(Product::Down, Side::Moving), activated, row_len);
    linear(
        Activation::new(activated, row_len, quantized),
        &weights.down,
        Product::Down,
        formats,
        out,
    );
}

/// Runs the experts that the router chooses for each token, and the shared ones.
pub(super) fn mixture(
    weights: &ExpertWeights,
    described: &Experts,
    formats: &SlotFormats,
    buffers: &mut Buffers,
    observe: &mut Observe<'_>,
) {
    let Buffers {
        normalized,
        quantized,
        out,
        inner,
        ..
    } = buffers;
    let hidden = weights.router.weight.row_len();
    let mut logits = Vec::new();
    linear(
        Activation::new(normalized, hidden, quantized),
        &weights.router,
        Product::Up,
        formats,
        &mut logits,
    );
    let n_experts = weights.experts.len();
    let bias = weights.choice_bias.as_deref();
    let mut tokens_of: Vec<Vec<(usize, f32)>> = vec![Vec::new(); n_experts];
    for (token, logits) in logits.chunks_exact(n_experts).enumerate() {
        for (expert, weight) in chosen(logits, bias, described) {
            tokens_of[expert].push((token, weight));
        }
    }
    let mut sum = vec![0.0; normalized.len()];
    let mut rows = Vec::new();
    for (expert, tokens) in weights.experts.iter().zip(&tokens_of) {
        if tokens.is_empty() {
            continue;
        }
        rows.clear();
        for (token, weight) in tokens {
            let first = rows.len();
            rows.extend_from_slice(&normalized[token * hidden..(token + 1) * hidden]);
            if described.router.on_input {
                multiply_by(&mut rows[first..], *weight);
            }
        }
        perceptron(
            expert,
            &described.expert,
            formats,
            &rows,
            inner,
            out,
            observe,
        );
        for ((token, weight), row) in tokens.iter().zip(out.chunks_exact(hidden)) {
            let weight = if described.router.on_input {
                1.0
            } else {
                *weight
            };
            let sum = &mut sum[token * hidden..(token + 1) * hidden];
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
    }
    if let (Some(shared), Some(dense)) = (&weights.shared, &described.shared) {
        perceptron(shared, dense, formats, normalized, inner, out, observe);
        if let Some(gate) = &weights.shared_gate {
            scale_by_gate(gate, formats, normalized, quantized, out);
        }
        multiply_add(&mut sum, out);
    }
    out.clear();
    out.extend_from_slice(&sum);
}

fn multiply_add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// Multiplies each row by the sigmoid of one logit of its token.
fn scale_by_gate(
    gate: &Linear,
    formats: &SlotFormats,
    input: &[f32],
    quantized: &mut Vec<f32>,
    out: &mut [f32],
) {
    let row_len = gate.weight.row_len();
    let mut logits = Vec::new();
    linear(
        Activation::new(input, row_len, quantized),
        gate,
        Product::Up,
        formats,
        &mut logits,
    );
    for (row, logit) in out.chunks_exact_mut(row_len).zip(&logits) {
        multiply_by(row, narrow(sigmoid(f64::from(*logit))));
    }
}

/// The experts of a token with their weights.
fn chosen(logits: &[f32], bias: Option<&[f32]>, described: &Experts) -> Vec<(usize, f32)> {
    let Router {
        scoring,
        groups,
        normalized,
        scale,
        ..
    } = described.router;
    let logits: Vec<f64> = logits.iter().copied().map(f64::from).collect();
    let scores = match scoring {
        Scoring::Softmax => softmax(&logits),
        Scoring::SoftmaxOfChosen => logits.clone(),
        Scoring::Sigmoid => logits.iter().copied().map(sigmoid).collect(),
    };
    let mut choice = scores.clone();
    if let Some(bias) = bias {
        for (choice, bias) in choice.iter_mut().zip(bias) {
            *choice += f64::from(*bias);
        }
    }
    if let Some([n_groups, n_kept]) = groups {
        drop_groups(&mut choice, n_groups as usize, n_kept as usize, scoring);
    }
    let top = largest(&choice, described.top_k as usize);
    let mut weights: Vec<f64> = top.iter().map(|expert| scores[*expert]).collect();
    if scoring == Scoring::SoftmaxOfChosen {
        weights = softmax(&weights);
    }
    if normalized {
        let sum: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum.max(f64::MIN_POSITIVE);
        }
    }
    top.into_iter()
        .zip(weights)
        .map(|(expert, weight)| (expert, narrow(scale * weight)))
        .collect()
}

/// Leaves the experts of the best groups: by the sum of their two best scores (sigmoid) or by the best (softmax).
fn drop_groups(choice: &mut [f64], n_groups: usize, n_kept: usize, scoring: Scoring) {
    let length = choice.len() / n_groups.max(1);
    if length == 0 || n_kept >= n_groups {
        return;
    }
    let n_best = if scoring == Scoring::Sigmoid { 2 } else { 1 };
    let of_group: Vec<f64> = choice
        .chunks_exact(length)
        .map(|group| {
            let best = largest(group, n_best);
            best.into_iter().map(|expert| group[expert]).sum()
        })
        .collect();
    let kept = largest(&of_group, n_kept);
    for (group, choice) in choice.chunks_exact_mut(length).enumerate() {
        if !kept.contains(&group) {
            choice.fill(f64::NEG_INFINITY);
        }
    }
}

/// Places of the largest values, the first of equals.
fn largest(values: &[f64], n: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
    places.truncate(n);
    places
}

fn softmax(values: &[f64]) -> Vec<f64> {
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = values.iter().map(|value| (value - max).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|value| value / sum).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "f32 is the working precision"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experts(router: Router, top_k: u32) -> Experts {
        Experts {
            count: 4,
            top_k,
            router,
            ..Experts::default()
        }
    }

    #[test]
    fn a_bias_moves_the_choice_and_not_the_weight() {
        let router = Router {
            scoring: Scoring::Sigmoid,
            normalized: false,
            scale: 2.0,
            ..Router::default()
        };
        let found = chosen(
            &[0.0, 1.0, 2.0, 3.0],
            Some(&[9.0, 0.0, 0.0, 0.0]),
            &experts(router, 2),
        );
        assert_eq!(found[0], (0, 1.0));
        assert_eq!(found[1].0, 3);
    }

    #[test]
    fn groups_are_kept_by_their_two_best() {
        let mut choice = [0.9, 0.0, 0.6, 0.5];
        drop_groups(&mut choice, 2, 1, Scoring::Sigmoid);
        assert_eq!(largest(&choice, 2), [2, 3]);
        let mut choice = [0.9, 0.0, 0.6, 0.5];
        drop_groups(&mut choice, 2, 1, Scoring::Softmax);
        assert_eq!(largest(&choice, 1), [0]);
    }
}
