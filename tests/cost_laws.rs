//! Laws of the cost model that hold for any design.

use blockscape_model::design::Design;
use blockscape_model::hardware::{CostModel, CostSummary, technology};
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

fn summary(design: &Design) -> CostSummary {
    model().summary(design).expect("a known cost")
}

#[test]
fn full_cost_and_summary_have_the_same_digits() {
    let model = model();
    let design = anda();
    let cost = model.estimate(&design).expect("a known cost");
    assert_eq!(cost.summary, model.summary(&design).expect("a known cost"));
    for (name, each) in cost.area.parts() {}
}
