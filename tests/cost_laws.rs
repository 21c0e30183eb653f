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
