//! Designs per second of the cost model over random designs, where nothing is remembered between them, and edits of one
//! format beside the last design, whose share of a whole evaluation is what an edit costs.
//!
//! One design is a whole model, prefill and decode, with formats of their own for each module.

use blockscape_model::design::Design;
use blockscape_model::format::Format;
use blockscape_model::hardware::cost::CostMemory;
use blockscape_model::hardware::{CostModel, technology};
use blockscape_model::preset;
use blockscape_model::workload::{SlotGroup, Workload};

fn main() {
    divan::main();
}

fn model() -> CostModel {
    let shape = preset::model("LLaMA-2-7B").expect("built in");
    let technology = technology("16 nm").expect("built in");
    CostModel::new(&Workload::single_sequence(shape), &technology).expect("a table of SRAM")
}

const MODULES: [&str; 4] = [
    "qkv.activation",
    "o.activation",
    "gate_up.activation",
    "down.activation",
];

/// Random designs around a preset: formats per module, array, buffers, memory channels.
fn designs(count: usize) -> Vec<Design> {
    let base = preset::design("Anda").expect("built in");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |limit: u32| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(state >> 40).expect("24 bits") % limit
    };
    (0..count)
        .map(|_| {
            let mut design = base.clone();
            for module in MODULES {
                let format: Format = format!("anda:m={}", 4 + below(9))
                    .parse()
                    .expect("a format");
                let group: SlotGroup = module.parse().expect("a group");
                design.formats.set(group, format);
            }
            design.array.rows = 4 << below(4);
            design.array.columns = 4 << below(4);
            design.array.lanes = 16 << below(4);
            design.buffers.activation_kib = 128 + 8 * below(240);
            design.buffers.weight_kib = 128 + 8 * below(240);
            design.buffers.output_kib = 16 * below(16);
            design.memory.channels = 1 + u16::try_from(below(4)).expect("small");
            design
        })
        .collect()
}

#[divan::bench]
fn thousand_summaries(bencher: divan::Bencher<'_, '_>) {
    let (model, designs) = (model(), designs(1000));
    bencher
        .counter(divan::counter::ItemsCount::new(designs.len()))
        .bench(|| {
            designs
                .iter()
                .map(|design| model.summary(design).expect("a known cost").area.total())
                .fold(0.0, |sum, area| sum + area.to_square_millimeters())
        });
}

#[divan::bench]
fn hundred_full_costs(bencher: divan::Bencher<'_, '_>) {
    let (model, designs) = (model(), designs(100));
    bencher
        .counter(divan::counter::ItemsCount::new(designs.len()))
        .bench(|| {
            designs
                .iter()
                .map(|design| model.estimate(design).expect("a known cost"))
                .map(|cost| cost.prefill.products.len())
                .sum::<usize>()
        });
}

/// A design and the same with another width at one module.
fn edited() -> [Design; 2] {
    let base = preset::design("Anda").expect("built in");
    [5, 6].map(|mantissa| {
        let mut design = base.clone();
        let format = format!("anda:m={mantissa}").parse().expect("a format");
        design
            .formats
            .set("o.activation".parse().expect("a group"), format);
        design
    })
}

#[divan::bench]
fn thousand_edits_evaluated_whole(bencher: divan::Bencher<'_, '_>) {
    let (model, designs) = (model(), edited());
    bencher
        .counter(divan::counter::ItemsCount::new(1000_usize))
        .bench(|| {
            (0..1000)
                .map(|edit| model.summary(&designs[edit % 2]).expect("a known cost"))
                .fold(0.0, |sum, cost| sum + cost.prefill.time.to_seconds())
        });
}

#[divan::bench]
fn thousand_edits_beside_the_last(bencher: divan::Bencher<'_, '_>) {
    let (model, designs) = (model(), edited());
    bencher
        .counter(divan::counter::ItemsCount::new(1000_usize))
        .bench(|| {
            let mut memory = CostMemory::default();
            (0..1000)
                .map(|edit| {
                    model
                        .summary_beside(&designs[edit % 2], &mut memory)
                        .expect("a known cost")
                })
                .fold(0.0, |sum, cost| sum + cost.prefill.time.to_seconds())
        });
}
