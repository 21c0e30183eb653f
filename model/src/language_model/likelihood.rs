//! Negative log-likelihood of the tokens of a window, and how far two models' expectations lie apart.

use super::elementwise::log_sum_exp;
use super::pass::{Pass, WindowError};

/// Logits that are computed at once, in values; bounds their memory for large vocabularies.
const LOGITS_AT_ONCE: usize = 1 << 20;

/// Negative log-likelihood of scored tokens, in natural logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NllSum {
    /// Scored tokens.
    pub n_tokens: u64,
    /// Sum over them.
    pub sum: f64,
}

/// How far a model's expectations lie from a reference's, summed over scored tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Divergence {
    /// Sum of Kullback-Leibler divergences of the model from the reference, in natural logarithms.
    pub kl_sum: f64,
    /// Tokens at which both expect the same token most.
    pub n_same_top: u64,
    /// The reference's own negative log-likelihood.
    pub reference: NllSum,
}

impl Divergence {
    /// Adds another sum.
    pub fn add(&mut self, other: Self) {
        self.kl_sum += other.kl_sum;
        self.n_same_top += other.n_same_top;
        self.reference.add(other.reference);
    }

    /// Of a model's logits from a reference's, both one row for each of the scored tokens.
    pub fn between(logits: &[f32], reference: &[f32], scored: &[u32]) -> Self {
        let vocab_size = logits.len() / scored.len();
        let mut divergence = Self {
            reference: NllSum::of(reference, scored),
            ..Self::default()
        };
        let rows = logits
            .chunks_exact(vocab_size)
            .zip(reference.chunks_exact(vocab_size));
        for (row, expected) in rows {
            divergence.kl_sum += kl_divergence(expected, row);
            divergence.n_same_top += u64::from(top(expected) == top(row));
        }
        divergence
    }
}

impl NllSum {
    /// Adds another sum.
    pub fn add(&mut self, other: Self) {
        self.n_tokens += other.n_tokens;
        self.sum += other.sum;
    }

    /// Of scored tokens whose logits are given, one row of the vocabulary's length for each.
    pub fn of(logits: &[f32], scored: &[u32]) -> Self {
        let vocab_size = logits.len() / scored.len();
        let mut nll = Self {
            n_tokens: scored.len() as u64,
            sum: 0.0,
        };
        for (row, &token) in logits.chunks_exact(vocab_size).zip(scored) {
            nll.sum += log_sum_exp(row) - f64::from(row[token as usize]);
        }
        nll
    }

    /// e to the mean over the tokens; not a number without tokens.
    #[expect(clippy::cast_precision_loss, reason = "token counts are below 2^53")]
    pub fn perplexity(self) -> f64 {
        (self.sum / self.n_tokens as f64).exp()
    }
}

impl Pass<'_> {
    /// Runs a window and scores the tokens from position `first_scored` on, each given all before it.
    ///
    /// The token at position 0 is never scored, as nothing is before it.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn negative_log_likelihood(
        &mut self,
        tokens: &[u32],
        first_scored: usize,
    ) -> Result<NllSum, WindowError> {
        self.run(tokens)?;
        let mut nll = NllSum::default();
        for (start, scored) in self.scored_parts(tokens, first_scored) {
            let logits = self.logits(start, scored.len());
            nll.add(NllSum::of(logits, scored));
        }
        Ok(nll)
    }

    /// Runs of scored tokens of a window, each with the position of the token before its first, short enough for their
    /// logits to be held at once. For callers that compare two models run by run.
    pub fn scored_parts<'t>(
        &self,
        tokens: &'t [u32],
        first_scored: usize,
    ) -> impl Iterator<Item = (usize, &'t [u32])> + use<'t> {
        parts(tokens, first_scored, self.vocab_size())
    }
}

/// Runs of scored tokens, each with the position of the token before its first.
fn parts(
    tokens: &[u32],
    first_scored: usize,
    vocab_size: usize,
) -> impl Iterator<Item = (usize, &[u32])> + use<'_> {
    let n = (LOGITS_AT_ONCE / vocab_size).max(1);
    let first = first_scored.max(1).min(tokens.len());
    tokens[first..]
        .chunks(n)
        .enumerate()
        .map(move |(index, scored)| (first - 1 + index * n, scored))
}

fn kl_divergence(expected: &[f32], row: &[f32]) -> f64 {
    let (of_expected, of_row) = (log_sum_exp(expected), log_sum_exp(row));
    let sum = expected
        .iter()
        .zip(row)
        .map(|(a, b)| {
            let a = f64::from(*a) - of_expected;
            a.exp() * (a - (f64::from(*b) - of_row))
        })
        .sum::<f64>();
    sum.max(0.0)
}

/// Position of the largest value, the first of several.
fn top(row: &[f32]) -> usize {
    row.iter().enumerate().fold(
        0,
        |top, (index, value)| if *value > row[top] { index } else { top },
    )
}
