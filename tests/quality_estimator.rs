//! Estimated against measured perplexity: random designs, a format for each site of each layer.
//!
//! Measurements take minutes, so they are kept in `golden/quality_*.ron` and made again with `BLOCKSCAPE_WRITE_GOLDEN=1` (`=extend` makes missing calibration runs alone), which also
//! draws `assets/estimator-*.svg` and writes the calibration of the embedded model; `BLOCKSCAPE_DRAW=1` draws alone. A few are measured again on every run.

use std::fmt::Write as _;
use std::fs;

use blockscape_explorer::measurement::calibration::{calibrate, profiled};
use blockscape_explorer::measurement::measure;
use blockscape_explorer::random::Random;
use blockscape_model::design::{Design, FormatTable, KeyValuePolicy};
use blockscape_model::format::{BfpFormat, BlockLen, Format};
use blockscape_model::language_model::{
    Checkpoint, Cutting, LanguageModel, Protocol, QuantizedModel, Tokenizer, Window,
};
use blockscape_model::preset;
use blockscape_model::quality::QualityModel;
use blockscape_model::quality::calibration::{CalibrationRecord, CalibrationRun, Probe, fit};
use blockscape_model::story_model::{CALIBRATION_WINDOWS, StoryModel};
use blockscape_model::workload::Workload;
use blockscape_tests::{repository, shared_data};
use serde::{Deserialize, Serialize};

use crate::quality_published::some_design;

/// Measured once, kept.
#[derive(Debug, Serialize, Deserialize)]
struct Golden {
    calibration: CalibrationRecord,
    /// Rise of the mean negative log-likelihood of each design of [`designs`], in nats a token.
    losses: Vec<f64>,
}

/// A model and the text it is measured on.
struct Subject {
    name: &'static str,
    n_designs: usize,
    model: LanguageModel,
    windows: Vec<Window>,
}

impl Subject {
    fn stories260k() -> Option<Self> {
        let bytes = fs::read(shared_data("models/stories260K/stories260K.bin")?).ok()?;
        let tokenizer = fs::read(shared_data("models/stories260K/tok512.bin")?).ok()?;
        Self::on_tiny_stories(
            "stories260K",
            200,
            100,
            &Checkpoint::from_llama2c(&bytes).ok()?,
            &tokenizer,
        )
    }

    fn tinystories_656k() -> Option<Self> {
        let folder = shared_data("models/TinyStories-656K")?;
        let config = fs::read_to_string(folder.join("config.json")).ok()?;
        let bytes = fs::read(folder.join("model.safetensors")).ok()?;
        let shards = [("model.safetensors".to_owned(), bytes.as_slice())];
        Self::on_tiny_stories(
            "tinystories656K",
            200,
            60,
            &Checkpoint::from_safetensors(&config, &shards, None).ok()?,
            &fs::read(folder.join("tokenizer.json")).ok()?,
        )
    }

    fn on_tiny_stories(
        name: &'static str,
        n_designs: usize,
        max_windows: usize,
        checkpoint: &Checkpoint<'_>,
        tokenizer: &[u8],
    ) -> Option<Self> {
        let text = fs::read_to_string(shared_data("text/tinystories_eval.txt")?).ok()?;
        let tokenizer = Tokenizer::from_bytes(tokenizer).ok()?;
        let protocol = Protocol {
            cutting: Cutting::Documents,
            context: 128,
            max_windows: Some(max_windows),
        };
        Some(Self {
            name,
            n_designs,
            model: LanguageModel::from_checkpoint(checkpoint).ok()?,
            windows: protocol.windows(&text, &tokenizer, Some(1)).ok()?,
        })
    }

    fn story_model() -> Self {
        let story = StoryModel::open();
        Self {
            name: "story_model",
            n_designs: 60,
            windows: story.windows(Some(CALIBRATION_WINDOWS)),
            model: story.model,
        }
    }

    /// Random designs: each has a floor of 2 to 5 bits, each site of each layer M from there to 10 and a block of 16 to 128.
    fn designs(&self) -> Vec<FormatTable> {
        let mut random = Random::new(20_251_120);
        (0..self.n_designs)
            .map(|_| {
                let floor = 2 + random.below(4);
                let mut table = FormatTable::uniform(Format::FP32);
                for layer in 0..=self.model.hyperparameters.architecture.n_layers() {
                    let mut row = *table.base();
                    for format in &mut row {
                        let width = floor + random.below(11 - floor);
                        let block = 16 << random.below(4);
                        *format = Format::Bfp(
                            BfpFormat::new(u8::try_from(width).unwrap(), 8, BlockLen::fixed(block))
                                .unwrap(),
                        );
                    }
                    table.set_row(layer, row);
                }
                table
            })
            .collect()
    }

    fn loss(&self, formats: &FormatTable, reference_perplexity: f64) -> f64 {
        let quantized = QuantizedModel::new(&self.model, formats, &KeyValuePolicy::default());
        let measured = measure(&quantized, None, &self.windows, &|_| {}, &|| false).unwrap();
        (measured.perplexity / reference_perplexity).ln()
    }

    fn golden(&self) -> Golden {
        let path = repository().join(format!("tests/golden/quality_{}.ron", self.name));
        if let Some(mode) = std::env::var_os("BLOCKSCAPE_WRITE_GOLDEN") {
            let kept: Option<Golden> = (mode == "extend")
                .then(|| preset::from_ron(&fs::read_to_string(&path).unwrap()).unwrap());
            let done = kept
                .as_ref()
                .map_or_else(Vec::new, |kept| kept.calibration.runs.clone());
            let calibrated =
                calibrate(&self.model, &self.windows, done, &|_| {}, &|| false).unwrap();
            let reference_perplexity = calibrated.reference.perplexity;
            let measured = || {
                self.designs()
                    .iter()
                    .map(|formats| rounded(self.loss(formats, reference_perplexity)))
                    .collect()
            };
            let losses = kept.map_or_else(measured, |kept| kept.losses);
            let golden = Golden {
                calibration: CalibrationRecord {
                    subject: String::new(),
                    reference_perplexity,
                    runs: calibrated
                        .runs
                        .into_iter()
                        .map(|run| CalibrationRun {
                            loss: rounded(run.loss),
                            ..run
                        })
                        .collect(),
                },
                losses,
            };
            fs::write(&path, text_of(&golden)).unwrap();
        }
        preset::from_ron(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn quality(&self, record: &CalibrationRecord) -> QualityModel {
        let quality = profiled(&self.model, &self.windows).unwrap();
        let sensitivities = fit(&quality, record.reference_perplexity, &record.runs);
        quality.with_sensitivities(sensitivities)
    }

    /// Estimated and measured rise of perplexity of each design, as shares.
    fn deviations(&self, golden: &Golden) -> Vec<Deviation> {
        let quality = self.quality(&golden.calibration);
        let workload = Workload::single_sequence(self.model.hyperparameters.shape().unwrap());
        self.designs()
            .into_iter()
            .zip(&golden.losses)
            .map(|(formats, loss)| {
                let design = Design {
                    formats,
                    ..some_design()
                };
                let estimate = quality.summary(&design, &workload).perplexity.unwrap();
                let reference = golden.calibration.reference_perplexity;
                let measured = reference * loss.exp();
                Deviation {
                    estimated: estimate.value / reference - 1.0,
                    measured: loss.exp_m1(),
                    within: (estimate.low..=estimate.high).contains(&measured),
                }
            })
            .collect()
    }
}

#[derive(Debug, Clone, Copy)]
struct Deviation {
    estimated: f64,
    measured: f64,
    within: bool,
}

/// What is judged: rank correlation over all designs, median relative error where the rise is below 20 %, share inside
/// the interval.
#[derive(Debug)]
struct Score {
    rank_correlation: f64,
    median_error: f64,
    inside: f64,
}

fn score(deviations: &[Deviation]) -> Score {
    let column = |value: fn(&Deviation) -> f64| deviations.iter().map(value).collect::<Vec<_>>();
    let mut errors: Vec<f64> = deviations
        .iter()
        .filter(|each| each.measured < 0.2)
        .map(|each| (each.estimated / each.measured - 1.0).abs())
        .collect();
    errors.sort_by(f64::total_cmp);
    let n_inside = deviations.iter().filter(|each| each.within).count();
    Score {
        rank_correlation: rank_correlation(
            &column(|each| each.estimated),
            &column(|each| each.measured),
        ),
        median_error: errors[errors.len() / 2],
        inside: count(n_inside) / count(deviations.len()),
    }
}

/// Spearman's coefficient; equal values do not occur in measurements.
fn rank_correlation(left: &[f64], right: &[f64]) -> f64 {
    let n = count(left.len());
    let squares: f64 = ranks(left)
        .iter()
        .zip(ranks(right))
        .map(|(a, b)| (a - b).powi(2))
        .sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    for (rank, index) in order.into_iter().enumerate() {
        ranks[index] = count(rank);
    }
    ranks
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap())
}

#[expect(
    clippy::print_stdout,
    reason = "the score is what a reader of the test wants to see"
)]
fn check(subject: &Subject, least_correlation: f64, most_error: f64) {
    let golden = subject.golden();
    let deviations = subject.deviations(&golden);
    let score = score(&deviations);
    println!(
        "{}: {score:?}, {} calibration runs",
        subject.name,
        golden.calibration.runs.len()
    );
    let is_set = |name: &str| std::env::var_os(name).is_some();
    if is_set("BLOCKSCAPE_WRITE_GOLDEN") || is_set("BLOCKSCAPE_DRAW") {
        draw(subject.name, &deviations);
        return;
    }
    assert!(score.rank_correlation >= least_correlation, "{score:?}");
    assert!(score.median_error <= most_error, "{score:?}");
    assert!(score.inside >= 0.80, "{score:?}");
    let reference = golden.calibration.reference_perplexity;
    for (formats, expected) in subject.designs().iter().zip(&golden.losses).take(2) {
        let loss = subject.loss(formats, reference);
        assert!(
            (loss - expected).abs() < 2e-4 + 1e-3 * expected,
            "{loss} {expected}"
        );
    }
}

#[test]
fn estimates_for_stories260k_rank_and_measure_as_measured() {
    if let Some(subject) = Subject::stories260k() {
        check(&subject, 0.985, 0.12);
    }
}

#[test]
fn estimates_for_tinystories_656k_rank_and_measure_as_measured() {
    if let Some(subject) = Subject::tinystories_656k() {
        check(&subject, 0.985, 0.12);
    }
}

#[test]
fn estimates_for_the_embedded_model_rank_and_measure_as_measured() {
    let subject = Subject::story_model();
    // Most of its designs lose below 1 %, where they differ by chance.
    check(&subject, 0.95, 0.3);
    let built_in = fs::read_to_string(repository().join("assets/story-model/calibration.ron"));
    assert_eq!(
        preset::from_ron::<CalibrationRecord>(&built_in.unwrap()),
        Ok(subject.golden().calibration)
    );
}

/// Six decimals: a millionth of a nat is below what any text can tell.
fn rounded(loss: f64) -> f64 {
    (loss * 1e6).round() / 1e6
}

/// One run a line.
fn text_of(golden: &Golden) -> String {
    let mut text = format!(
        "(\n    calibration: {},\n    losses: [\n",
        record_text(&golden.calibration)
    );
    for losses in golden.losses.chunks(8) {
        let line: Vec<String> = losses.iter().map(f64::to_string).collect();
        writeln!(text, "        {},", line.join(", ")).unwrap();
    }
    text + "    ],\n)\n"
}

fn record_text(record: &CalibrationRecord) -> String {
    let mut text = format!(
        "(\n    reference_perplexity: {},\n    runs: [\n",
        record.reference_perplexity
    );
    for run in &record.runs {
        let probe = match run.probe {
            Probe::Site { layer, slot, width } => {
                format!("Site(layer: {layer}, slot: {slot}, width: {width})")
            }
            Probe::Whole { width } => format!("Whole(width: {width})"),
            Probe::Joint { number } => format!("Joint(number: {number})"),
        };
        writeln!(text, "        (probe: {probe}, loss: {}),", run.loss).unwrap();
    }
    text + "    ],\n)"
}

/// Estimate against measurement on logarithmic axes, and the record of the embedded model.
fn draw(name: &str, deviations: &[Deviation]) {
    let assets = repository().join("assets");
    if name == "story_model" {
        let path = repository().join("tests/golden/quality_story_model.ron");
        let golden: Golden = preset::from_ron(&fs::read_to_string(path).unwrap()).unwrap();
        let text = record_text(&golden.calibration) + "\n";
        fs::write(assets.join("story-model/calibration.ron"), text).unwrap();
    }
    let place = |share: f64| 60.0 + 110.0 * (share.clamp(1e-3, 10.0).log10() + 3.0);
    let mut svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 540 540\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"540\" height=\"540\" fill=\"white\"/>\n".to_owned();
    for (share, label) in [
        (1e-3, "0.1 %"),
        (1e-2, "1 %"),
        (0.1, "10 %"),
        (1.0, "100 %"),
        (10.0, "1000 %"),
    ] {
        let (x, y) = (place(share), 540.0 - place(share));
        writeln!(svg, "<path d=\"M{x:.1} 40V480M60 {y:.1}H500\" stroke=\"#ddd\"/><text x=\"{x:.1}\" y=\"498\" text-anchor=\"middle\">{label}</text><text x=\"54\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", y + 4.0).unwrap();
    }
    svg += "<path d=\"M60 480L500 40\" stroke=\"#888\"/>\n";
    for each in deviations {
        writeln!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"#0072B2\" fill-opacity=\"0.6\"/>",
            place(each.measured),
            540.0 - place(each.estimated)
        )
        .unwrap();
    }
    let score = score(deviations);
    writeln!(svg, "<text x=\"60\" y=\"24\">{name}: {} designs, rank correlation {:.4}, median error below 20 %: {:.1} %</text>", deviations.len(), score.rank_correlation, 100.0 * score.median_error).unwrap();
    svg += "<text x=\"280\" y=\"522\" text-anchor=\"middle\">measured rise of perplexity</text>\n<text transform=\"translate(14 260) rotate(-90)\" text-anchor=\"middle\">estimated rise of perplexity</text>\n</svg>\n";
    fs::write(assets.join(format!("estimator-{name}.svg")), svg).unwrap();
}
