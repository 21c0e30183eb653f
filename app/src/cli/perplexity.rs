//! `blockscape perplexity`: a checkpoint run on a text, its operands quantized as asked.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use blockscape_explorer::measurement::{self, MeasurementProgress, Perplexity};
use blockscape_model::design::{Design, FormatTable, KeyValuePolicy};
use blockscape_model::format::Format;
use blockscape_model::language_model::{
    Arithmetic, LanguageModel, Protocol, QuantizedModel, Window,
};
use blockscape_model::preset;
use blockscape_model::quality::Interval;
use blockscape_model::workload::{SlotGroup, Workload};
use clap::Args as Arguments;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::calibration::calibrate;
use super::interruption;
use super::pace::Pace;
use crate::checkpoint::text_cutting::{ProtocolName, Subject, TextCutting, Usual};
use crate::files::input;

/// Measure the perplexity of a checkpoint on a text, its operands quantized as a design or the options say
#[derive(Debug, Clone, Arguments)]
pub struct Args {
    /// GGUF, safetensors or llama2.c file, index of shards, or folder with config.json
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// UTF-8 text
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
    #[command(flatten)]
    cutting: TextCutting,
    /// Format of the weights of all linear layers, the head's included
    #[arg(long, value_name = "FORMAT")]
    weights: Option<Format>,
    /// Format of the inputs of all linear layers, the head's included
    #[arg(long, value_name = "FORMAT")]
    activations: Option<Format>,
    /// Format of the keys of attention
    #[arg(long, value_name = "FORMAT")]
    keys: Option<Format>,
    /// Format of the values of attention
    #[arg(long, value_name = "FORMAT")]
    values: Option<Format>,
    /// Format of any other group of sites, as `down.weight=mxfp4` or `attention=bfp:m=7`; may be repeated
    #[arg(long, value_name = "SITES=FORMAT")]
    set: Vec<String>,
    /// Design whose formats and key-value policy are used; the options above change it
    #[arg(long, value_name = "FILE")]
    design: Option<String>,
    /// Compute products of 2- or 3-bit super-block weights with 8-bit ones in integers, as F-BFQ does; slow
    #[arg(long)]
    integer_products: bool,
    /// Round sums of linear layers to so many significant bits after each block of the activation
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u8).range(1..=24))]
    accumulator_bits: Option<u8>,
    /// Threads; else all cores
    #[arg(long, value_name = "N", value_parser = input::threads)]
    threads: Option<usize>,
    /// Calibrate the estimator on this model and text, and estimate the same formats; the measured runs are kept in FILE, which is
    /// used again when it exists
    #[arg(long, value_name = "FILE")]
    calibrate: Option<PathBuf>,
    /// Leave out the comparison with the unquantized model (divergence, agreement)
    #[arg(long)]
    no_compare: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The whole text, document by document.
const USUAL: Usual = Usual {
    protocol: ProtocolName::Doc,
    longest_context: 2048,
    max_windows: None,
};

/// Runs the measurement and prints it.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let Subject {
        name,
        model,
        protocol,
        windows,
    } = args.cutting.subject(&args.model, &args.text, USUAL)?;
    let (formats, policy) = formats(args)?;
    let reference = QuantizedModel::unquantized(&model);
    let arithmetic = Arithmetic {
        integer_super_blocks: args.integer_products,
        accumulator_bits: args.accumulator_bits,
    };
    let quantized = QuantizedModel::with_arithmetic(&model, &formats, &policy, arithmetic);
    let is_quantized = formats != FormatTable::uniform(Format::FP32)
        || policy.smoothing
        || arithmetic != Arithmetic::default();
    let compared = (is_quantized && !args.no_compare).then_some(&reference);
    interruption::on_request(|| {})?;
    let measured = measure(args, &quantized, compared, &windows)
        .with_context(|| format!("{name} on {}", args.text.display()))?;
    let estimated = match &args.calibrate {
        Some(file) => Some(estimated(
            args, &model, &windows, file, &formats, &policy, &protocol,
        )?),
        None => None,
    };
    print(args, &model, &protocol, &measured, estimated)
}

/// What the estimator, calibrated on the same windows, says of the formats.
fn estimated(
    args: &Args,
    model: &LanguageModel,
    windows: &[Window],
    file: &Path,
    formats: &FormatTable,
    policy: &KeyValuePolicy,
    protocol: &Protocol,
) -> anyhow::Result<Interval> {
    let calibrated = calibrate(model, windows, file, args.threads)?;
    let design = Design {
        formats: formats.clone(),
        key_value: *policy,
        ..preset::designs()
            .into_iter()
            .next()
            .context("there is a built-in design")?
    };
    let workload = Workload {
        context_tokens: u32::try_from(protocol.context)?,
        ..Workload::single_sequence(model.hyperparameters.nearest_shape())
    };
    calibrated
        .quality
        .summary(&design, &workload)
        .perplexity
        .context("a calibrated estimator gives a perplexity")
}

fn measure(
    args: &Args,
    model: &QuantizedModel,
    reference: Option<&QuantizedModel>,
    windows: &[Window],
) -> anyhow::Result<Perplexity> {
    let bar = ProgressBar::new(windows.len() as u64).with_style(
        ProgressStyle::with_template("{bar:30} {pos} of {len} windows, {msg}, {eta} left")
            .expect("the template is well formed"),
    );
    let pace = Pace::from_now();
    let report = |progress: MeasurementProgress| {
        let speed = format!("{:.0} tokens/s", progress.tokens_per_second());
        pace.line(|| {
            let MeasurementProgress {
                windows_done,
                n_windows,
                ..
            } = progress;
            format!("{windows_done} of {n_windows} windows, {speed}")
        });
        bar.set_position(progress.windows_done as u64);
        bar.set_message(speed);
    };
    let result = measurement::measure_with_threads(
        args.threads,
        model,
        reference,
        windows,
        &report,
        &interruption::was_requested,
    );
    bar.finish_and_clear();
    Ok(result?)
}

fn formats(args: &Args) -> anyhow::Result<(FormatTable, KeyValuePolicy)> {
    let (mut table, policy) = match &args.design {
        None => (
            FormatTable::uniform(Format::FP32),
            KeyValuePolicy::default(),
        ),
        Some(text) => {
            let design = input::design(text)?;
            (design.formats, design.key_value)
        }
    };
    let groups = [
        ("weights", args.weights),
        ("activations", args.activations),
        ("key", args.keys),
        ("value", args.values),
    ];
    for (group, format) in groups {
        if let Some(format) = format {
            table.set(group.parse::<SlotGroup>()?, format);
        }
    }
    for rule in &args.set {
        let (group, format) = rule
            .split_once('=')
            .with_context(|| format!("--set {rule}: SITES=FORMAT is expected"))?;
        let group = group
            .trim()
            .parse::<SlotGroup>()
            .with_context(|| format!("--set {rule}"))?;
        table.set(
            group,
            format
                .trim()
                .parse()
                .with_context(|| format!("--set {rule}"))?,
        );
    }
    Ok((table, policy))
}

#[expect(clippy::cast_precision_loss, reason = "token counts are below 2^53")]
fn print(
    args: &Args,
    model: &LanguageModel,
    protocol: &Protocol,
    measured: &Perplexity,
    estimated: Option<Interval>,
) -> anyhow::Result<()> {
    let seconds = measured.elapsed.as_secs_f64();
    let divergence = measured.divergence;
    let name = name_of(&args.model);
    let mut out = std::io::stdout().lock();
    if args.json {
        let document = json!({
            "model": name,
            "family": model.hyperparameters.architecture.family,
            "text": name_of(&args.text),
            "context": protocol.context,
            "windows": measured.windows,
            "tokens": measured.tokens,
            "nll_sum": measured.nll_sum,
            "perplexity": measured.perplexity,
            "quality_basis": "measured",
            "reference_perplexity": divergence.map(|divergence| divergence.reference_perplexity),
            "kl_divergence": divergence.map(|divergence| divergence.kl),
            "top1_agreement": divergence.map(|divergence| divergence.top1_agreement),
            "estimated_perplexity": estimated.map(|interval| interval.value),
            "estimated_low": estimated.map(|interval| interval.low),
            "estimated_high": estimated.map(|interval| interval.high),
            "seconds": seconds,
            "tokens_per_second": measured.tokens as f64 / seconds.max(1e-9),
        });
        writeln!(out, "{document:#}")?;
        return Ok(());
    }
    writeln!(
        out,
        "perplexity  {:.6}  (measured: {name} on {})",
        measured.perplexity,
        name_of(&args.text)
    )?;
    writeln!(
        out,
        "tokens      {} in {} windows of up to {}",
        measured.tokens, measured.windows, protocol.context
    )?;
    writeln!(out, "NLL sum     {:.4}", measured.nll_sum)?;
    if let Some(Interval { value, low, high }) = estimated {
        writeln!(
            out,
            "estimated   {value:.6}  ({low:.4} to {high:.4} at 90 %; calibrated on the same text)"
        )?;
    }
    if let Some(divergence) = divergence {
        writeln!(
            out,
            "unquantized {:.6}  ({:+.2} %)",
            divergence.reference_perplexity,
            100.0 * (measured.perplexity / divergence.reference_perplexity - 1.0)
        )?;
        writeln!(
            out,
            "divergence  {:.3e} nats a token (mean Kullback-Leibler)",
            divergence.kl
        )?;
        writeln!(
            out,
            "agreement   {:.2} % of the most expected tokens",
            100.0 * divergence.top1_agreement
        )?;
    }
    writeln!(
        out,
        "time        {seconds:.2} s, {:.0} tokens/s",
        measured.tokens as f64 / seconds.max(1e-9)
    )?;
    Ok(())
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
