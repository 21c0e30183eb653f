//! Perplexity of designs on an opened model and a text of the user's: one design, or those of the front.
//!
//! Runs on a thread of its own with the explorer's measurement; progress is one atomic number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, bail};
use blockscape_explorer::measurement::calibration::{CalibrationProgress, recalled, subject};
use blockscape_explorer::measurement::{MeasurementProgress, measure_with_threads, with_threads};
use blockscape_model::design::Design;
use blockscape_model::language_model::QuantizedModel;
use blockscape_model::story_model::{CALIBRATION_WINDOWS, StoryModel};

use crate::checkpoint::calibration::{RunFile, calibrated};
use crate::checkpoint::text_cutting::{TextCutting, Usual};
use crate::results::measuring_progress::MeasuringProgress;
use crate::session::kept_calibration::KeptCalibration;
use crate::session::measured_design::{Measured, Subject};
use blockscape_explorer::Ticket;
use blockscape_explorer::worker::{Wake, Worker};

/// What is made of the model and the text.
#[derive(Debug, Clone)]
pub enum Task {
    /// Perplexity of the designs.
    Measure,
    /// That, and the estimator calibrated; the runs are kept in this file too.
    Calibrate(RunFile),
    /// The estimator as it was calibrated before, without a run.
    Recall(Box<KeptCalibration>),
}

/// What is measured.
#[derive(Debug, Clone)]
pub struct Question {
    pub subject: Subject,
    /// Designs to be measured.
    pub designs: Vec<Design>,
    pub task: Task,
}

/// The measurement that runs, if any.
#[derive(Debug)]
pub struct Measuring {
    worker: Worker<Question, Option<anyhow::Result<Measured>>>,
    /// Thousandths that are done.
    done: Arc<AtomicU64>,
    /// Tokens run each second.
    rate: Arc<AtomicU64>,
    /// What is done, as the status bar says it.
    task: &'static str,
}

/// Designs of a front that are verified at most, evenly spread over it.
pub const MOST_VERIFIED: usize = 12;

impl Measuring {
    pub fn new(wake: Wake) -> Self {
        let done = Arc::new(AtomicU64::new(0));
        let inside = Arc::clone(&done);
        let rate = Arc::new(AtomicU64::new(0));
        let rate_inside = Arc::clone(&rate);
        let on_progress = Arc::clone(&wake);
        let work = move |question: Question, ticket: &Ticket| {
            inside.store(0, Ordering::Relaxed);
            rate_inside.store(0, Ordering::Relaxed);
            match run(&question, ticket, (&inside, &rate_inside), &on_progress) {
                Err(_) if ticket.is_stale() => None,
                result => Some(result),
            }
        };
        Self {
            worker: Worker::new("measurement", wake, work),
            done,
            rate,
            task: "",
        }
    }

    pub fn start(&mut self, question: Question) {
        self.done.store(0, Ordering::Relaxed);
        self.task = match &question.task {
            Task::Measure => "measuring",
            Task::Calibrate(_) => "calibrating",
            Task::Recall(_) => "taking up the calibration",
        };
        self.worker.submit(question);
    }

    pub fn cancel(&mut self) {
        self.worker.cancel();
    }

    /// How far it is, while something is measured.
    pub fn progress(&self) -> Option<MeasuringProgress> {
        self.worker.is_busy().then(|| MeasuringProgress {
            task: self.task,
            share: self.done.load(Ordering::Relaxed) as f32 / 1000.0,
            tokens_per_second: self.rate.load(Ordering::Relaxed) as f64,
        })
    }

    /// What was found, once; or why nothing was.
    pub fn try_answer(&mut self) -> Option<anyhow::Result<Measured>> {
        match self.worker.try_answer()? {
            Ok(outcome) => outcome,
            Err(message) => Some(Err(anyhow::anyhow!(
                "the measurement broke down: {message}"
            ))),
        }
    }
}

fn run(
    question: &Question,
    ticket: &Ticket,
    (done, rate): (&AtomicU64, &AtomicU64),
    wake: &Wake,
) -> anyhow::Result<Measured> {
    let (model, windows) = match &question.subject {
        Subject::Files { model, text } => {
            let subject = TextCutting::default().subject(model, text, Usual::SAMPLE)?;
            (subject.model, subject.windows)
        }
        Subject::BuiltIn => {
            let story = StoryModel::open();
            let windows = story.windows(Some(CALIBRATION_WINDOWS));
            (story.model, windows)
        }
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, |cores| cores.get().saturating_sub(1).max(1));
    if let Task::Recall(kept) = &question.task {
        let subject = subject(&model, &windows);
        if subject != kept.record.subject {
            bail!(
                "the calibration of \"{}\" is not one of \"{subject}\": model or text changed",
                kept.record.subject
            );
        }
        let quality = with_threads(Some(threads), || recalled(&model, &windows, &kept.record))??;
        return Ok(Measured {
            subject: question.subject.clone(),
            designs: Vec::new(),
            reference: kept.record.reference_perplexity,
            n_tokens: 0,
            quality: Some(Arc::new(quality)),
            calibration: None,
            note: None,
        });
    }
    let n_measured = question.designs.len() as u64 + 1;
    let calibrates = matches!(question.task, Task::Calibrate(_));
    // A calibration is many runs; the bar gives it most of its length.
    let n_runs = n_measured * if calibrates { 10 } else { 1 };
    let perplexity = |place: u64, model: &QuantizedModel| {
        let report = |progress: MeasurementProgress| {
            let share = progress.windows_done as u64 * 1000 / progress.n_windows.max(1) as u64;
            done.store((place * 1000 + share) / n_runs, Ordering::Relaxed);
            rate.store(
                progress.tokens_per_second().round() as u64,
                Ordering::Relaxed,
            );
            wake();
        };
        measure_with_threads(Some(threads), model, None, &windows, &report, &|| {
            ticket.is_stale()
        })
    };
    let reference = perplexity(0, &QuantizedModel::unquantized(&model))?;
    let mut measured = Measured {
        subject: question.subject.clone(),
        designs: Vec::new(),
        reference: reference.perplexity,
        n_tokens: reference.tokens,
        quality: None,
        calibration: None,
        note: None,
    };
    for (place, design) in (1..).zip(&question.designs) {
        let quantized = QuantizedModel::new(&model, &design.formats, &design.key_value);
        let found = perplexity(place, &quantized).with_context(|| design.name.clone())?;
        measured.designs.push((design.clone(), found.perplexity));
    }
    if let (Task::Calibrate(file), Subject::Files { model: path, text }) =
        (&question.task, &question.subject)
    {
        let report = |progress: CalibrationProgress| {
            let share = (progress.runs_done * 1000 / progress.n_runs.max(1)) as u64;
            let before = n_measured * 1000 / n_runs;
            done.store(before + share * (1000 - before) / 1000, Ordering::Relaxed);
            wake();
        };
        rate.store(0, Ordering::Relaxed); // told for whole measurements only
        let calibration = with_threads(Some(threads), || {
            calibrated(&model, &windows, file, &report, &|| ticket.is_stale())
        })??;
        let record = calibration.model.record(subject(&model, &windows));
        measured.calibration = Some(KeptCalibration {
            model: path.clone(),
            text: text.clone(),
            record,
        });
        measured.quality = Some(Arc::new(calibration.model.quality));
        measured.note = calibration.note;
    }
    Ok(measured)
}
