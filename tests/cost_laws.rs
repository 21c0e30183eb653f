//! Laws of the cost model that hold for any design.

use blockscape_model::design::Design;
use blockscape_model::hardware::{CostModel, technology};
use blockscape_model::preset;
use blockscape_model::workload::Workload;

fn anda() -> Design {
    preset::design("Anda").expect("built in")
}

fn model() -> CostModel {
    let shape = preset::model("LLaMA-2-7B").expect("built in");
    let technology = technology("16 nm").expect("built in");
    CostModel::new(&Workload::single_sequence(shape), &technology).expect("a table of SRAM")
}

#[test]
fn full_cost_and_summary_have_the_same_digits() {
    let model = model();
    let cost = model.estimate(&anda()).expect("a known cost");
    assert_eq!(cost.summary, model.summary(&anda()).expect("a known cost"));
}

#[test]
fn every_built_in_design_has_a_cost_with_sources() {
    let model = model();
    for design in preset::designs() {
        let cost = model
            .estimate(&design)
            .unwrap_or_else(|error| panic!("{}: {error:?}", design.name));
        assert_eq!(
            cost.summary,
            model.summary(&design).expect("a known cost"),
            "{}",
            design.name
        );
        assert!(cost.sources.iter().all(|note| !note.source.is_empty()));
    }
}
