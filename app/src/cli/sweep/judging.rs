//! What the designs of a sweep are judged by: what is built in, a checkpoint that runs, or an estimator calibrated on it.

use std::sync::Arc;

use anyhow::Context as _;
use blockscape_explorer::judge::evaluate::Evaluate;
use blockscape_explorer::measurement::MeasuringJudge;
use blockscape_explorer::preset::Load;
use blockscape_explorer::{Constraint, Judge, Objective, SpacePreset};
use blockscape_model::design::Design;
use blockscape_model::evaluation::Metric;
use blockscape_model::format::Format;
use blockscape_model::workload::{SlotGroup, Workload};

use super::Arguments;
use crate::checkpoint::text_cutting::{Subject, Usual};
use crate::cli::calibration::calibrate;
use crate::files::{input, output};

/// Makes the judge that the arguments ask for, and fits the space to it: a checkpoint brings its own shape and makes perplexity an
/// objective, a tolerance becomes a limit.
pub(super) fn evaluator(
    arguments: &Arguments,
    preset: &mut SpacePreset,
) -> anyhow::Result<Arc<dyn Evaluate>> {
    let refused = |violation| input::refused(&arguments.space, &[violation]);
    let evaluator: Arc<dyn Evaluate> = match (&arguments.model, &arguments.text) {
        (Some(model), Some(text)) => {
            let subject = arguments.cutting.subject(model, text, Usual::SAMPLE)?;
            let shape = subject.model.hyperparameters.shape()?;
            preset.workload = Load::Own(Box::new(Workload::single_sequence(shape)));
            strive_for_perplexity(preset);
            preset.prepare().map_err(refused)?;
            of_checkpoint(arguments, subject)?
        }
        _ => {
            let (space, _) = preset.prepare().map_err(refused)?;
            Arc::new(Judge::for_model(&space.workload().model))
        }
    };
    if let Some(percent) = arguments.tolerance {
        tolerate(percent, preset, &*evaluator)?;
    } else if arguments.model.is_some() {
        warn_of_foreign_limit(preset);
    }
    Ok(evaluator)
}

fn of_checkpoint(arguments: &Arguments, subject: Subject) -> anyhow::Result<Arc<dyn Evaluate>> {
    let Subject {
        name,
        model,
        windows,
        ..
    } = subject;
    let shape = model.hyperparameters.shape()?;
    let Some(file) = &arguments.calibrate else {
        let judge = MeasuringJudge::new(Judge::for_model(&shape), model, windows);
        return Ok(Arc::new(judge.with_context(|| name)?));
    };
    let calibrated = calibrate(&model, &windows, file, Some(arguments.threads))?;
    let subject = blockscape_explorer::measurement::calibration::subject(&model, &windows);
    let quality = Arc::new(calibrated.quality);
    let judge = Judge::with_quality(&shape, quality).about(format!("calibrated: {subject}"));
    Ok(Arc::new(judge))
}

/// Where perplexity is measured or calibrated, it takes the place of the signal-to-noise ratio, its stand-in.
fn strive_for_perplexity(preset: &mut SpacePreset) {
    let is_perplexity = |metric| matches!(metric, Metric::Perplexity | Metric::DeltaPerplexity);
    let objectives = &mut preset.objectives;
    if objectives.iter().any(|each| is_perplexity(each.metric)) {
        return;
    }
    let stand_in = objectives
        .iter_mut()
        .find(|each| each.metric == Metric::Sqnr);
    if let Some(objective) = stand_in {
        *objective = Objective::new(Metric::Perplexity);
        output::note("perplexity takes the place of sqnr_db among the objectives");
    }
}

/// A limit of perplexity that a space names was meant for another model.
fn warn_of_foreign_limit(preset: &SpacePreset) {
    let of_perplexity = |objective: &Objective| {
        let is_perplexity = objective.metric == Metric::Perplexity;
        objective.limit.filter(|_| is_perplexity)
    };
    if let Some(limit) = preset.objectives.iter().find_map(of_perplexity) {
        output::note(&format!(
            "perplexity is limited to {limit} by the space, whatever the model; --tolerance sets a limit for this one"
        ));
    }
}

/// Limits perplexity by a tolerance as Anda's algorithm 1 does: accuracy, its inverse, may fall by this share below that of the base
/// design with FP16 activations in all linear layers.
fn tolerate(percent: f64, preset: &mut SpacePreset, judge: &dyn Evaluate) -> anyhow::Result<()> {
    let workload = preset.workload.workload()?;
    let mut base: Design = preset.base.design()?;
    base.formats.set(SlotGroup::ACTIVATIONS, Format::FP16);
    let reference = judge.perplexity(&base, &workload).with_context(|| {
        format!(
            "--tolerance: the perplexity of {} is not known; one of its checkpoints is needed (--model, --text)",
            workload.model.name
        )
    })?;
    let limit = reference / (1.0 - percent / 100.0);
    let objectives = &mut preset.objectives;
    for objective in objectives.iter_mut() {
        if objective.metric == Metric::DeltaPerplexity {
            objective.limit = None;
        }
    }
    match objectives
        .iter_mut()
        .find(|each| each.metric == Metric::Perplexity)
    {
        Some(objective) => objective.limit = Some(limit),
        None => preset
            .constraints
            .push(Constraint::AtMost(Metric::Perplexity, limit)),
    }
    output::note(&format!(
        "perplexity {reference:.4} with FP16 activations; up to {limit:.4} is allowed"
    ));
    Ok(())
}
