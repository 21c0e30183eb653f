//! Searches that measure: the judge that runs the model, and Anda's search over real perplexities.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use blockscape_explorer::Judge;
use blockscape_explorer::judge::evaluate::Evaluate as _;
use blockscape_explorer::measurement::{MeasuringJudge, measure};
use blockscape_model::design::{Design, FormatTable, KeyValuePolicy};
use blockscape_model::evaluation::Metric;
use blockscape_model::format::Format;
use blockscape_model::language_model::QuantizedModel;
use blockscape_model::quality::{AndaSearch, ModuleWidths};
use blockscape_model::story_model::StoryModel;
use blockscape_model::workload::{SlotGroup, Workload};

use crate::quality_published::some_design;

/// Anda's four modules in BFP as the paper has it, everything else as it is.
fn formats(widths: ModuleWidths) -> FormatTable {
    let mut table = FormatTable::uniform(Format::FP32);
    let modules = ["qkv", "o", "gate_up", "down"].map(|module| format!("{module}.activation"));
    for (module, width) in modules.iter().zip(widths) {
        let group: SlotGroup = module.parse().unwrap();
        table.set(group, format!("anda:m={width}").parse().unwrap());
    }
    table
}

#[test]
fn a_measuring_judge_gives_the_perplexity_of_a_run() {
    let story = StoryModel::open();
    let shape = story.model.hyperparameters.shape().unwrap();
    let windows = story.windows(Some(2));
    let design = Design {
        formats: formats([3, 3, 3, 3]),
        ..some_design()
    };
    let quantized = QuantizedModel::new(&story.model, &design.formats, &design.key_value);
    let run = measure(&quantized, None, &windows, &|_| {}, &|| false).unwrap();
    let judge = MeasuringJudge::new(Judge::for_model(&shape), story.model, windows).unwrap();
    let workload = Workload::single_sequence(shape);
    let metrics = judge.session().metrics(&design, &workload).unwrap();
    let measured = metrics.get(Metric::Perplexity);
    assert!((measured / run.perplexity - 1.0).abs() < 1e-12);
    // Asked again, it remembers.
    let again = judge.session().metrics(&design, &workload).unwrap();
    assert!((again.get(Metric::Perplexity) - measured).abs() < f64::EPSILON);
}

#[test]
fn andas_search_finds_accurate_widths_by_measuring() {
    let story = StoryModel::open();
    let windows = story.windows(Some(1));
    let policy = KeyValuePolicy::default();
    let perplexity = |formats: &FormatTable| {
        let quantized = QuantizedModel::new(&story.model, formats, &policy);
        let measured = measure(&quantized, None, &windows, &|_| {}, &|| false);
        measured.unwrap().perplexity
    };
    let reference = perplexity(&FormatTable::uniform(Format::FP32));
    let search = AndaSearch {
        max_iterations: 12,
        ..AndaSearch::published(&story.model.hyperparameters.shape().unwrap(), 0.02)
    };
    let outcome = search.run(1.0 / reference, |widths| 1.0 / perplexity(&formats(widths)));
    let best = outcome.best.unwrap();
    assert!(perplexity(&formats(best)) <= reference / 0.98);
    assert!(outcome.steps.len() <= 12);
}
