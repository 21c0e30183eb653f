//! Attention of one layer over one window, with quantized queries, keys, probabilities and values.
//!
//! Blocks of Q and K run along the head dimension, blocks of P and V along tokens from position 0. A value's block
//! fills as tokens arrive: the query at position t sees the block that holds t quantized from the tokens up to t alone
//! (see `open_values`), and earlier blocks quantized whole. So no query's result depends on a later token. Scores are
//! divided by the root of the head dimension after the product, in f32.

use std::ops::Range;

use super::elementwise::{add_slope, soft_cap, softmax, softmax_with_sink};
use super::key_smoothing::{OFFSET_TOKENS, subtract_offsets};
use super::matrix::MatrixView;
use super::matrix_product::matrix_product;
use super::open_values::OpenValues;
use super::operands::{depends_on_largest_alone, quantize_in_place, quantize_into};
use crate::architecture::Span;
use crate::design::KeyValuePolicy;
use crate::format::{BlockLen, Format};
use crate::workload::{Product, Side, Slot};

/// Queries that are computed together, unless the blocks of V ask for another number.
const QUERIES: usize = 64;
/// Most queries computed together; bounds the memory of scores.
const MAX_QUERIES: usize = 256;

/// Sizes and choices of attention.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttentionShape<'a> {
    pub(super) n_heads: usize,
    pub(super) n_kv_heads: usize,
    /// Channels of a head: of queries and keys, and of values, which are padded where they are fewer.
    pub(super) head_dim: usize,
    pub(super) span: Span,
    /// Factor of the scores.
    pub(super) score_scale: f32,
    /// Scores become `cap x tanh(score / cap)`.
    pub(super) soft_cap: Option<f32>,
    /// Bias of each head's scores for a token of distance.
    pub(super) slopes: Option<&'a [f32]>,
    /// A logit a head that takes part in the softmax and has no value.
    pub(super) sinks: Option<&'a [f32]>,
}

impl AttentionShape<'_> {
    /// The first token that the query at a position sees.
    fn first_seen(&self, position: usize) -> usize {
        match self.span {
            Span::Full => 0,
            Span::Window(window) => (position + 1).saturating_sub(window as usize),
            Span::Chunk(length) => position - position % (length.max(1) as usize),
        }
    }
}

/// Formats of the four operands, and what is protected.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttentionFormats {
    pub(super) query: Format,
    pub(super) key: Format,
    pub(super) probability: Format,
    pub(super) value: Format,
    pub(super) policy: KeyValuePolicy,
}

/// Q, K and V of one layer, a token a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueryKeyValue<'a> {
    pub(super) q: &'a [f32],
    pub(super) k: &'a [f32],
    pub(super) v: &'a [f32],
    pub(super) n_tokens: usize,
}

/// A run of queries `first .. end` of a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queries {
    pub(super) first: usize,
    pub(super) end: usize,
    pub(super) n_tokens: usize,
}

/// Keys or values in one format, and the open blocks of the values.
#[derive(Debug, Default)]
struct Cache {
    keys: Vec<f32>,
    /// One channel a row.
    values: Vec<f32>,
    open: OpenValues,
}

/// Buffers, kept between windows.
#[derive(Debug, Default)]
pub(super) struct Attention {
    query: Vec<f32>,
    /// Keys less their offsets.
    shifted_keys: Vec<f32>,
    /// Quantized keys without offsets, for the queries from which offsets are computed.
    early_keys: Vec<f32>,
    value_rows: Vec<f32>,
    plain: Cache,
    protected: Cache,
    scores: Vec<f32>,
    other_scores: Vec<f32>,
}

impl AttentionFormats {
    /// The format of protected keys and values, where the policy protects any.
    fn protected(&self) -> Option<Format> {
        let KeyValuePolicy {
            initial_tokens,
            local_tokens,
            protected,
            ..
        } = self.policy;
        protected.filter(|_| initial_tokens > 0 || local_tokens > 0)
    }

    /// Whether the query at position `t` sees the token at `s` in the protected format.
    fn is_protected(&self, t: usize, s: usize) -> bool {
        s < self.policy.initial_tokens as usize || s + self.policy.local_tokens as usize > t
    }

    /// First queries, which see keys without offsets: offsets are computed from the keys up to there.
    fn n_early(&self) -> usize {
        match (self.policy.smoothing, self.policy.initial_tokens as usize) {
            (false, _) => 0,
            (true, 0..=1) => OFFSET_TOKENS,
            (true, n) => n,
        }
    }

    /// The format in which early queries see keys: the protected one where the policy protects all of them.
    fn early_key(&self) -> Format {
        let n = self.n_early();
        let KeyValuePolicy {
            initial_tokens,
            local_tokens,
            ..
        } = self.policy;
        self.protected()
            .filter(|_| initial_tokens as usize >= n || local_tokens as usize >= n)
            .unwrap_or(self.key)
    }

    /// How many queries are computed together: whole blocks of V where they are not too long.
    fn n_queries(&self) -> usize {
        match self.value.block_len() {
            BlockLen::One => QUERIES,
            BlockLen::Fixed(len) => {
                let len = usize::from(len.get());
                (len * (QUERIES / len).max(1)).min(MAX_QUERIES)
            }
            BlockLen::Row if depends_on_largest_alone(self.value) => MAX_QUERIES,
            BlockLen::Row => QUERIES / 4,
        }
    }
}

impl Attention {
    /// Writes the heads' outputs, a token a row.
    pub(super) fn run(
        &mut self,
        shape: AttentionShape<'_>,
        formats: &AttentionFormats,
        input: QueryKeyValue<'_>,
        out: &mut [f32],
        observe: &mut dyn FnMut(Slot, &[f32], usize),
    ) {
        self.quantize(shape, formats, input, observe);
        out.fill(0.0);
        let n_queries = formats.n_queries();
        for kv_head in 0..shape.n_kv_heads {
            for first in (0..input.n_tokens).step_by(n_queries) {
                let end = (first + n_queries).min(input.n_tokens);
                let queries = Queries {
                    first,
                    end,
                    n_tokens: input.n_tokens,
                };
                self.attend(shape, formats, queries, kv_head, out, observe);
            }
        }
    }

    fn quantize(
        &mut self,
        shape: AttentionShape<'_>,
        formats: &AttentionFormats,
        input: QueryKeyValue<'_>,
        observe: &mut dyn FnMut(Slot, &[f32], usize),
    ) {
        let AttentionShape {
            n_kv_heads,
            head_dim,
            ..
        } = shape;
        transpose(input.v, n_kv_heads * head_dim, &mut self.value_rows);
        let row_len = n_kv_heads * head_dim;
        let keys = match formats.n_early() {
            0 => input.k,
            n => {
                let early = &input.k[..(n * row_len).min(input.k.len())];
                quantize_into(formats.early_key(), early, head_dim, &mut self.early_keys);
                subtract_offsets(input.k, row_len, n, &mut self.shifted_keys);
                &self.shifted_keys
            }
        };
        observe(Slot::of(Product::Qk, Side::Moving), input.q, head_dim);
        observe(Slot::of(Product::Qk, Side::Stationary), keys, head_dim);
        observe(
            Slot::of(Product::Pv, Side::Stationary),
            &self.value_rows,
            input.n_tokens,
        );
        quantize_into(formats.query, input.q, head_dim, &mut self.query);
        quantize_into(formats.key, keys, head_dim, &mut self.plain.keys);
        quantize_into(
            formats.value,
            &self.value_rows,
            input.n_tokens,
            &mut self.plain.values,
        );
        if let Some(format) = formats.protected() {
            quantize_into(format, keys, head_dim, &mut self.protected.keys);
            quantize_into(
                format,
                &self.value_rows,
                input.n_tokens,
                &mut self.protected.values,
            );
        }
    }

    /// All query heads of one key head, for a run of queries.
    fn attend(
        &mut self,
        shape: AttentionShape<'_>,
        formats: &AttentionFormats,
        queries: Queries,
        kv_head: usize,
        out: &mut [f32],
        observe: &mut dyn FnMut(Slot, &[f32], usize),
    ) {
        let AttentionShape {
            n_heads,
            n_kv_heads,
            head_dim,
            ..
        } = shape;
        let channels =
            kv_head * head_dim * queries.n_tokens..(kv_head + 1) * head_dim * queries.n_tokens;
        let protected = formats.protected();
        if formats.value.block_len() != BlockLen::One {
            self.plain
                .open
                .prepare(formats.value, &self.value_rows[channels.clone()], queries);
        }
        if let Some(format) = protected.filter(|format| format.block_len() != BlockLen::One) {
            self.protected
                .open
                .prepare(format, &self.value_rows[channels.clone()], queries);
        }
        let group = n_heads / n_kv_heads;
        for head in kv_head * group..(kv_head + 1) * group {
            self.scores(shape, formats, queries, (head, kv_head));
            self.probabilities(shape, formats, queries, head, observe);
            let out = &mut out[queries.first * n_heads * head_dim + head * head_dim..];
            let stride = n_heads * head_dim;
            if let Some(format) = protected {
                split(formats, queries, &mut self.scores, &mut self.other_scores);
                let channels = channels.clone();
                self.protected.add_values(
                    format,
                    channels,
                    queries,
                    &mut self.other_scores,
                    out,
                    stride,
                );
            }
            let channels = channels.clone();
            self.plain.add_values(
                formats.value,
                channels,
                queries,
                &mut self.scores,
                out,
                stride,
            );
        }
    }

    /// Query times key for all keys up to the last query.
    fn scores(
        &mut self,
        shape: AttentionShape<'_>,
        formats: &AttentionFormats,
        queries: Queries,
        (head, kv_head): (usize, usize),
    ) {
        let AttentionShape {
            n_heads,
            n_kv_heads,
            head_dim,
            ..
        } = shape;
        let Queries { first, end, .. } = queries;
        let row_len = n_heads * head_dim;
        let query = MatrixView::strided(
            &self.query[first * row_len + head * head_dim..],
            end - first,
            head_dim,
            row_len,
        );
        let product = |keys: &[f32], scores: &mut Vec<f32>| {
            scores.resize((end - first) * end, 0.0);
            let keys = MatrixView::strided(
                &keys[kv_head * head_dim..],
                end,
                head_dim,
                n_kv_heads * head_dim,
            );
            matrix_product(scores, end, query, keys.transposed(), false);
        };
        product(&self.plain.keys, &mut self.scores);
        if formats.protected().is_some() {
            product(&self.protected.keys, &mut self.other_scores);
            let rows = self
                .scores
                .chunks_exact_mut(end)
                .zip(self.other_scores.chunks_exact(end));
            for (t, (scores, protected)) in (first..).zip(rows) {
                for (s, (score, protected)) in
                    scores.iter_mut().zip(protected).enumerate().take(t + 1)
                {
                    if formats.is_protected(t, s) {
                        *score = *protected;
                    }
                }
            }
        }
        let n_early = formats.n_early().min(end);
        if n_early > first {
            let query = query.first_rows(n_early - first);
            let keys = MatrixView::strided(
                &self.early_keys[kv_head * head_dim..],
                n_early,
                head_dim,
                n_kv_heads * head_dim,
            );
            matrix_product(&mut self.scores, end, query, keys.transposed(), false);
        }
    }

    /// Softmax over the visible tokens and quantization of the result; zero where a query sees nothing.
    fn probabilities(
        &mut self,
        shape: AttentionShape<'_>,
        formats: &AttentionFormats,
        queries: Queries,
        head: usize,
        observe: &mut dyn FnMut(Slot, &[f32], usize),
    ) {
        let Queries { first, end, .. } = queries;
        for (t, row) in (first..).zip(self.scores.chunks_exact_mut(end)) {
            let hidden = shape.first_seen(t);
            row[..hidden].fill(0.0);
            let seen = &mut row[hidden..=t];
            let mut scale = shape.score_scale;
            if let Some(cap) = shape.soft_cap {
                soft_cap(seen, scale, cap);
                scale = 1.0;
            }
            if let Some(slopes) = shape.slopes {
                add_slope(seen, scale, slopes[head]);
                scale = 1.0;
            }
            match shape.sinks {
                None => softmax(seen, scale),
                Some(sinks) => softmax_with_sink(seen, scale, sinks[head]),
            }
            row[t + 1..].fill(0.0);
        }
        observe(Slot::of(Product::Pv, Side::Moving), &self.scores, end);
        if depends_on_largest_alone(formats.probability) {
            quantize_in_place(formats.probability, &mut self.scores, end);
        } else {
            for (t, row) in (first..).zip(self.scores.chunks_exact_mut(end)) {
                quantize_in_place(formats.probability, &mut row[..=t], t + 1);
            }
        }
    }
}

impl Cache {
    /// Adds probabilities times values; clears the probabilities of open blocks.
    fn add_values(
        &self,
        format: Format,
        channels: Range<usize>,
        queries: Queries,
        probabilities: &mut [f32],
        out: &mut [f32],
        out_stride: usize,
    ) {
        if format.block_len() != BlockLen::One {
            self.open.apply(probabilities, queries, out, out_stride);
        }
        let head_dim = channels.len() / queries.n_tokens;
        let values = MatrixView::strided(
            &self.values[channels],
            head_dim,
            queries.end,
            queries.n_tokens,
        );
        let probabilities =
            MatrixView::rows(probabilities, queries.end - queries.first, queries.end);
        matrix_product(out, out_stride, probabilities, values.transposed(), true);
    }
}

/// Moves the probabilities of protected tokens to a matrix of their own.
fn split(
    formats: &AttentionFormats,
    queries: Queries,
    plain: &mut [f32],
    protected: &mut Vec<f32>,
) {
    protected.clear();
    protected.resize(plain.len(), 0.0);
    let rows = plain
        .chunks_exact_mut(queries.end)
        .zip(protected.chunks_exact_mut(queries.end));
    for (t, (plain, protected)) in (queries.first..).zip(rows) {
        for (s, (plain, protected)) in plain.iter_mut().zip(protected).enumerate().take(t + 1) {
            if formats.is_protected(t, s) {
                *protected = std::mem::take(plain);
            }
        }
    }
}

/// One row a channel from one row a token.
fn transpose(tokens: &[f32], row_len: usize, channels: &mut Vec<f32>) {
    let n_tokens = tokens.len() / row_len;
    channels.resize(tokens.len(), 0.0);
    for (token, row) in tokens.chunks_exact(row_len).enumerate() {
        for (channel, value) in row.iter().enumerate() {
            channels[channel * n_tokens + token] = *value;
        }
    }
}
