//! Attention of one layer: projections, norms, rotation, and the product with earlier tokens.

use super::linear::{linear, linear_again};
use super::rotation::Rotation;
use super::{Buffers, Observe};
use crate::architecture::{
    GroupedAttention, LatentAttention, NormWidth, QueryKeyNorm, Span, Temperature,
};
use crate::design::SlotFormats;
use crate::language_model::attention::{
    Attention, AttentionFormats, AttentionShape, QueryKeyValue,
};
use crate::language_model::elementwise::{multiply_by, normalize, normalize_parts};
use crate::language_model::layer::{GroupedWeights, LatentWeights};
use crate::language_model::operands::Activation;
use crate::language_model::{Norm, QuantizedModel};
use crate::workload::{Product, Side, Slot};

/// What attention needs beside its weights.
pub(super) struct Mixing<'p, 'm> {
    pub(super) model: &'m QuantizedModel,
    pub(super) formats: &'p SlotFormats,
    pub(super) rotation: &'p Rotation,
    pub(super) layer: usize,
    pub(super) n_tokens: usize,
    pub(super) attention: &'p mut Attention,
    pub(super) buffers: &'p mut Buffers,
}

impl Mixing<'_, '_> {
    /// From the normalized input to the output of the part.
    pub(super) fn grouped(
        &mut self,
        weights: &GroupedWeights,
        described: &GroupedAttention,
        observe: &mut Observe<'_>,
    ) {
        let head_dim = described.head_dim as usize;
        let Buffers {
            normalized,
            quantized,
            q,
            k,
            v,
            ..
        } = &mut *self.buffers;
        let mut input = Activation::new(normalized, weights.q.weight.row_len(), quantized);
        for (product, weights, out) in [
            (Product::Q, &weights.q, &mut *q),
            (Product::K, &weights.k, k),
            (Product::V, &weights.v, v),
        ] {
            observe(
                Slot::of(product, Side::Moving),
                input.values(),
                input.row_len(),
            );
            linear_again(&mut input, weights, product, self.formats, out);
        }
        if let Some(limit) = described.clip {
            for x in [&mut *q, &mut *k, &mut *v] {
                clip(x, limit);
            }
        }
        let norms = described
            .query_key_norm
            .map(|norm| (norm, weights.q_norm.as_ref(), weights.k_norm.as_ref()));
        let norms_before = norms.filter(|(norm, ..)| !norm.after_rotation);
        let norms_after = norms.filter(|(norm, ..)| norm.after_rotation);
        normalize_queries_and_keys(norms_before, head_dim, [q, k]);
        self.rotation
            .apply(self.layer, q, weights.q.weight.n_rows(), head_dim, 0);
        self.rotation
            .apply(self.layer, k, weights.k.weight.n_rows(), head_dim, 0);
        normalize_queries_and_keys(norms_after, head_dim, [q, k]);
        if let Some(temperature) = described.temperature {
            heat(q, weights.q.weight.n_rows(), temperature);
        }
        if let Some(factor) = described.value_scale {
            multiply_by(v, narrow(factor));
        }
        let value_dim = described.value_dim() as usize;
        if value_dim < head_dim {
            widen(v, value_dim, head_dim);
        }
        let shape = AttentionShape {
            n_heads: described.heads as usize,
            n_kv_heads: described.key_heads as usize,
            head_dim,
            span: described.span,
            score_scale: score_scale(described.score_scale, head_dim),
            soft_cap: described.soft_cap.map(narrow),
            slopes: weights.slopes.as_deref(),
            sinks: weights.sinks.as_deref(),
        };
        self.attend(shape, value_dim, observe);
        self.project(&weights.o, observe);
    }

    /// The same for latent attention, keys and values expanded for each head.
    pub(super) fn latent(
        &mut self,
        weights: &LatentWeights,
        described: &LatentAttention,
        observe: &mut Observe<'_>,
    ) {
        let heads = described.heads as usize;
        let [plain, rotary, value, rank] = [
            described.plain_dim,
            described.rotary_dim,
            described.value_dim,
            described.key_value_rank,
        ]
        .map(|width| width as usize);
        let query_dim = plain + rotary;
        let head_dim = query_dim.max(value);
        let Buffers {
            normalized,
            quantized,
            q,
            k,
            v,
            gate,
            up,
            ..
        } = &mut *self.buffers;
        let row_len = weights.kv_a.weight.row_len();
        let mut input = Activation::new(normalized, row_len, quantized);
        for product in [Product::Q, Product::K, Product::V] {
            observe(Slot::of(product, Side::Moving), input.values(), row_len);
        }
        linear_again(&mut input, &weights.kv_a, Product::K, self.formats, k);
        match &weights.q_a {
            None => linear_again(&mut input, &weights.q_b, Product::Q, self.formats, q),
            Some((q_a, norm)) => {
                linear_again(&mut input, q_a, Product::Q, self.formats, gate);
                up.resize(gate.len(), 0.0);
                normalize(norm, gate, up);
                let compressed = Activation::new(up, q_a.weight.n_rows(), quantized);
                linear(compressed, &weights.q_b, Product::Q, self.formats, q);
            }
        }
        // the latent vector and the one rotated key of each token
        gate.clear();
        up.clear();
        for row in k.chunks_exact(rank + rotary) {
            gate.extend_from_slice(&row[..rank]);
            up.extend_from_slice(&row[rank..]);
        }
        self.rotation.apply(self.layer, up, rotary, rotary, 0);
        self.rotation
            .apply(self.layer, q, heads * query_dim, query_dim, plain);
        normalized.resize(gate.len(), 0.0);
        normalize(&weights.kv_norm, gate, normalized);
        let compressed = Activation::new(normalized, rank, quantized);
        linear(compressed, &weights.kv_b, Product::K, self.formats, gate);
        k.clear();
        v.clear();
        for (row, rotated) in gate
            .chunks_exact(heads * (plain + value))
            .zip(up.chunks_exact(rotary))
        {
            for head in row.chunks_exact(plain + value) {
                k.extend_from_slice(&head[..plain]);
                k.extend_from_slice(rotated);
                k.resize(k.len() + head_dim - query_dim, 0.0);
                v.extend_from_slice(&head[plain..]);
                v.resize(v.len() + head_dim - value, 0.0);
            }
        }
        if let Some(temperature) = described.temperature {
            heat(q, heads * query_dim, temperature);
        }
        if query_dim < head_dim {
            widen(q, query_dim, head_dim);
        }
        let shape = AttentionShape {
            n_heads: heads,
            n_kv_heads: heads,
            head_dim,
            span: Span::Full,
            score_scale: score_scale(described.score_scale, query_dim),
            soft_cap: None,
            slopes: None,
            sinks: None,
        };
        self.attend(shape, value, observe);
        self.project(&weights.o, observe);
    }

    /// The product with earlier tokens; what is wider than the values is dropped again.
    fn attend(&mut self, shape: AttentionShape<'_>, value_dim: usize, observe: &mut Observe<'_>) {
        let Buffers {
            q, k, v, attended, ..
        } = &mut *self.buffers;
        let at = |product, side| self.formats[Slot::of(product, side).index()];
        attended.resize(q.len(), 0.0);
        self.attention.run(
            shape,
            &AttentionFormats {
                query: at(Product::Qk, Side::Moving),
                key: at(Product::Qk, Side::Stationary),
                probability: at(Product::Pv, Side::Moving),
                value: at(Product::Pv, Side::Stationary),
                policy: self.model.policy,
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
        if value_dim < shape.head_dim {
            let n_heads = attended.len() / shape.head_dim;
            for head in 0..n_heads {
                let from = head * shape.head_dim;
                attended.copy_within(from..from + value_dim, head * value_dim);
            }
            attended.truncate(n_heads * value_dim);
        }
    }

    fn project(&mut self, weights: &crate::language_model::Linear, observe: &mut Observe<'_>) {
        let Buffers {
            attended,
            quantized,
            out,
            ..
        } = &mut *self.buffers;
        let row_len = weights.weight.row_len();
        observe(Slot::of(Product::O, Side::Moving), attended, row_len);
        linear(
            Activation::new(attended, row_len, quantized),
            weights,
            Product::O,
            self.formats,
            out,
        );
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "f32 is the working precision"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::cast_precision_loss, reason = "head dimensions are below 2^14")]
fn score_scale(given: Option<f64>, head_dim: usize) -> f32 {
    given.map_or_else(|| 1.0 / (head_dim as f32).sqrt(), narrow)
}

fn clip(x: &mut [f32], limit: f64) {
    let limit = narrow(limit.abs());
    for x in x {
        *x = x.clamp(-limit, limit);
    }
}

/// Norms of queries and keys: over each head with one gain, over each with its own, or over all together.
fn normalize_queries_and_keys(
    norms: Option<(QueryKeyNorm, Option<&Norm>, Option<&Norm>)>,
    head_dim: usize,
    rows: [&mut Vec<f32>; 2],
) {
    let Some((described, q_norm, k_norm)) = norms else {
        return;
    };
    for (rows, norm) in rows.into_iter().zip([q_norm, k_norm]) {
        let Some(norm) = norm else { continue };
        let before = rows.clone();
        match described.width {
            NormWidth::Head | NormWidth::AllHeads => normalize(norm, &before, rows),
            NormWidth::EachHead => normalize_parts(norm, head_dim, &before, rows),
        }
    }
}

/// Lets queries grow with their position.
#[expect(clippy::cast_precision_loss, reason = "positions are below 2^24")]
fn heat(q: &mut [f32], row_len: usize, temperature: Temperature) {
    let Temperature {
        scale,
        floor,
        shift,
    } = temperature;
    for (position, row) in q.chunks_exact_mut(row_len).enumerate() {
        let steps = ((position as f64 + shift) / floor).floor();
        multiply_by(row, narrow(1.0 + scale * steps.ln_1p()));
    }
}

/// Zeros behind each head.
fn widen(x: &mut Vec<f32>, from: usize, to: usize) {
    let wide = x
        .chunks_exact(from)
        .flat_map(|head| {
            let zeros = std::iter::repeat_n(0.0, to - from);
            head.iter().copied().chain(zeros)
        })
        .collect();
    *x = wide;
}
