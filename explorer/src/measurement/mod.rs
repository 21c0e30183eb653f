//! Perplexity of a language model with quantized operands, measured on the windows of a text in parallel.
//!
//! Windows are independent; their sums are added in the order of the windows, so the result does not depend on the
//! number of threads. Runs on the rayon pool it is called in.

pub mod calibration;
pub mod tensor_error;

mod judge;

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use blockscape_model::language_model::{
    Divergence, NllSum, Pass, QuantizedModel, Window, WindowError,
};
use rayon::prelude::*;

pub use judge::MeasuringJudge;

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
    /// Time that the model took, the reference's share left out.
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
    /// Perplexity of the reference on the same tokens.
    pub reference_perplexity: f64,
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
    /// The threads cannot be started.
    Threads(String),
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
            Self::Threads(reason) => write!(f, "the threads cannot be started: {reason}"),
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
    let results = windows
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
            if !result.is_finite() {
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
    Ok(total(&results, start.elapsed()))
}

/// As [`measure`] on a number of threads of its own, or on all cores.
///
/// # Errors
/// As [`measure`], and when the threads cannot be started.
pub fn measure_with_threads(
    n_threads: Option<usize>,
    model: &QuantizedModel,
    reference: Option<&QuantizedModel>,
    windows: &[Window],
    on_progress: &(dyn Fn(MeasurementProgress) + Sync),
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Perplexity, MeasurementError> {
    with_threads(n_threads, || {
        measure(model, reference, windows, on_progress, is_cancelled)
    })?
}

/// Does work that measures on a number of threads of its own, or on all cores.
///
/// # Errors
/// When the threads cannot be started.
pub fn with_threads<R: Send>(
    n_threads: Option<usize>,
    work: impl FnOnce() -> R + Send,
) -> Result<R, MeasurementError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads.unwrap_or(0))
        .thread_name(|index| format!("measurement {index}"))
        .build()
        .map_err(|error| MeasurementError::Threads(error.to_string()))?;
    Ok(pool.install(work))
}

/// Adds up windows in their order.
#[expect(clippy::cast_precision_loss, reason = "token counts are below 2^53")]
fn total(results: &[WindowResult], elapsed: Duration) -> Perplexity {
    let mut nll = NllSum::default();
    let mut divergence = Divergence::default();
    let mut model_time = Duration::ZERO;
    let mut reference_time = Duration::ZERO;
    for window in results {
        nll.add(window.nll);
        if let Some(of_window) = window.divergence {
            divergence.add(of_window);
        }
        model_time += window.model_time;
        reference_time += window.reference_time;
    }
    let busy = (model_time + reference_time).as_secs_f64();
    let share = if busy > 0.0 {
        model_time.as_secs_f64() / busy
    } else {
        1.0
    };
    let n_tokens = nll.n_tokens as f64;
    let is_compared = results.iter().all(|window| window.divergence.is_some());
    Perplexity {
        tokens: nll.n_tokens,
        nll_sum: nll.sum,
        perplexity: nll.perplexity(),
        windows: results.len(),
        elapsed: elapsed.mul_f64(share),
        divergence: is_compared.then(|| MeanDivergence {
            kl: divergence.kl_sum / n_tokens,
            top1_agreement: divergence.n_same_top as f64 / n_tokens,
            reference_perplexity: divergence.reference.perplexity(),
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

    fn run(&mut self, window: &Window) -> Result<WindowResult, WindowError> {
        let Window {
            tokens,
            first_scored,
        } = window;
        let mut result = WindowResult::default();
        let start = Instant::now();
        let Some(reference) = &mut self.reference else {
            result.nll = self.model.negative_log_likelihood(tokens, *first_scored)?;
            result.model_time = start.elapsed();
            return Ok(result);
        };
        let mut divergence = Divergence::default();
        self.model.run(tokens)?;
        result.model_time += start.elapsed();
        let start = Instant::now();
        reference.run(tokens)?;
        result.reference_time += start.elapsed();
        for (position, scored) in self.model.scored_parts(tokens, *first_scored) {
            let start = Instant::now();
            let logits = self.model.logits(position, scored.len());
            result.nll.add(NllSum::of(logits, scored));
            result.model_time += start.elapsed();
            let start = Instant::now();
            divergence.add(Divergence::between(
                logits,
                reference.logits(position, scored.len()),
                scored,
            ));
            result.reference_time += start.elapsed();
        }
        result.divergence = Some(divergence);
        Ok(result)
    }
}

/// What one window says, and the time it took on its thread.
#[derive(Debug, Clone, Copy, Default)]
struct WindowResult {
    nll: NllSum,
    divergence: Option<Divergence>,
    model_time: Duration,
    reference_time: Duration,
}

impl WindowResult {
    fn is_finite(&self) -> bool {
        self.nll.sum.is_finite()
            && self.divergence.is_none_or(|divergence| {
                divergence.kl_sum.is_finite() && divergence.reference.sum.is_finite()
            })
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
