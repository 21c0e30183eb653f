//! Perplexity of a language model with quantized operands, measured on the windows of a text in parallel.
//!
//! Windows are independent; their sums are added in the order of the windows, so the result does not depend on the
//! number of threads. Runs on the rayon pool it is called in.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use blockscape_model::language_model::{
    Divergence, NllSum, Pass, QuantizedModel, Window, WindowError,
};
use rayon::prelude::*;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Perplexity {
    /// Scored tokens.
    pub tokens: u64,
    /// Sum of their negative log-likelihoods, natural logarithms.
    pub nll_sum: f64,
    /// e to the mean of the negative log-likelihoods.
    pub perplexity: f64,
    /// Windows that were run.
    pub windows: usize,
    /// Time it took.
    pub elapsed: Duration,
    /// Distance from the reference model, where one was given.
    pub divergence: Option<MeanDivergence>,
}

/// Distance of a model from a reference, averaged over scored tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanDivergence {
    /// Mean Kullback-Leibler divergence from the reference, natural logarithms.
    pub kl: f64,
    /// Share of tokens at which both expect the same token most, 0 to 1.
    pub top1_agreement: f64,
}

/// How far a measurement has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasurementProgress {
    /// Windows that are done.
    pub windows_done: usize,
    /// All windows.
    pub n_windows: usize,
    /// Tokens run so far.
    pub tokens_done: u64,
    /// Time since the start.
    pub elapsed: Duration,
}

impl MeasurementProgress {
    /// Tokens run a second.
    #[expect(clippy::cast_precision_loss, reason = "token counts are below 2^53")]
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens_done as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Time that the rest will take at the speed so far; `None` before the first window is done.
    pub fn remaining(&self) -> Option<Duration> {
        let left = u32::try_from(self.n_windows - self.windows_done).ok()?;
        let done = u32::try_from(self.windows_done)
            .ok()
            .filter(|&done| done > 0)?;
        Some(self.elapsed / done * left)
    }
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeasurementError {
    /// It was cancelled.
    Cancelled,
    /// A window cannot be run.
    Window {
        /// Its number from 0.
        index: usize,
        /// Why.
        error: WindowError,
    },
    /// A window gave a result that is not a number: a format without the range that the model needs.
    NotFinite {
        /// Its number from 0.
        index: usize,
    },
    /// There is no window.
    NoWindows,
}

impl fmt::Display for MeasurementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => write!(f, "the measurement was cancelled"),
            Self::Window { index, error } => write!(f, "window {index}: {error}"),
            Self::NotFinite { index } => write!(
                f,
                "window {index}: the likelihood is not a finite number; the formats cannot represent the model's values"
            ),
            Self::NoWindows => write!(f, "the text has no window to score"),
        }
    }
}

impl std::error::Error for MeasurementError {}

/// Runs all windows and adds up what each says.
///
/// `reference`, if given, is run on the same windows to measure the divergence from it. `on_progress` is called after
/// each window, from any thread; `is_cancelled` is asked before each.
///
/// # Errors
/// When it is cancelled, a window cannot be run, or a result is not finite.
pub fn measure(
    model: &QuantizedModel,
    reference: Option<&QuantizedModel>,
    windows: &[Window],
    on_progress: &(dyn Fn(MeasurementProgress) + Sync),
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Perplexity, MeasurementError> {
    if windows.is_empty() {
        return Err(MeasurementError::NoWindows);
    }
    let start = Instant::now();
    let windows_done = AtomicUsize::new(0);
    let tokens_done = AtomicU64::new(0);
    let passes: Mutex<Vec<Passes<'_>>> = Mutex::new(Vec::new());
    let sums = windows
        .par_iter()
        .enumerate()
        .map(|(index, window)| {
            if is_cancelled() {
                return Err(MeasurementError::Cancelled);
            }
            let mut pass = take(&passes).unwrap_or_else(|| Passes::new(model, reference));
            let result = pass
                .run(window)
                .map_err(|error| MeasurementError::Window { index, error })?;
            give_back(&passes, pass);
            if !(result.0.sum.is_finite()
                && result
                    .1
                    .is_none_or(|divergence| divergence.kl_sum.is_finite()))
            {
                return Err(MeasurementError::NotFinite { index });
            }
            let n_tokens = window.tokens.len() as u64;
            on_progress(MeasurementProgress {
                windows_done: windows_done.fetch_add(1, Ordering::Relaxed) + 1,
                n_windows: windows.len(),
                tokens_done: tokens_done.fetch_add(n_tokens, Ordering::Relaxed) + n_tokens,
                elapsed: start.elapsed(),
            });
            Ok(result)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(total(&sums, start.elapsed()))
}

/// Adds up windows in their order.
#[expect(clippy::cast_precision_loss, reason = "token counts are below 2^53")]
fn total(sums: &[(NllSum, Option<Divergence>)], elapsed: Duration) -> Perplexity {
    let mut nll = NllSum::default();
    let mut divergence = Divergence::default();
    for (of_window, divergence_of_window) in sums {
        nll.add(*of_window);
        if let Some(of_window) = divergence_of_window {
            divergence.kl_sum += of_window.kl_sum;
            divergence.n_same_top += of_window.n_same_top;
        }
    }
    let n_tokens = nll.n_tokens as f64;
    Perplexity {
        tokens: nll.n_tokens,
        nll_sum: nll.sum,
        perplexity: nll.perplexity(),
        windows: sums.len(),
        elapsed,
        divergence: sums
            .iter()
            .all(|(_, divergence)| divergence.is_some())
            .then(|| MeanDivergence {
                kl: divergence.kl_sum / n_tokens,
                top1_agreement: divergence.n_same_top as f64 / n_tokens,
            }),
    }
}

/// A pass through the model and, where there is one, through the reference.
#[derive(Debug)]
struct Passes<'m> {
    model: Pass<'m>,
    reference: Option<Pass<'m>>,
}

impl<'m> Passes<'m> {
    fn new(model: &'m QuantizedModel, reference: Option<&'m QuantizedModel>) -> Self {
        Self {
            model: Pass::new(model),
            reference: reference.map(Pass::new),
        }
    }

    fn run(&mut self, window: &Window) -> Result<(NllSum, Option<Divergence>), WindowError> {
        let Window {
            tokens,
            first_scored,
        } = window;
        match &mut self.reference {
            None => self
                .model
                .negative_log_likelihood(tokens, *first_scored)
                .map(|nll| (nll, None)),
            Some(reference) => self
                .model
                .compare(reference, tokens, *first_scored)
                .map(|(nll, divergence)| (nll, Some(divergence))),
        }
    }
}

/// Buffers of a thread that is not using them; a lock that a panic has poisoned still guards sound buffers.
fn take<'m>(passes: &Mutex<Vec<Passes<'m>>>) -> Option<Passes<'m>> {
    passes
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .pop()
}

fn give_back<'m>(passes: &Mutex<Vec<Passes<'m>>>, pass: Passes<'m>) {
    passes
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .push(pass);
}
