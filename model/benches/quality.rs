//! Look-ups of the quality model: one design with the same formats in all layers, and one with formats for each layer.

use blockscape_model::design::Design;
use blockscape_model::format::{BfpFormat, BlockLen, Format};
use blockscape_model::preset;
use blockscape_model::quality::QualityModel;
use blockscape_model::workload::{SlotGroup, Workload};

fn main() {
    divan::main();
}

struct Case {
    quality: QualityModel,
    workload: Workload,
    design: Design,
}

impl Case {
    fn new(layers_differ: bool) -> Self {
        let shape = preset::model("LLaMA-2-7B").expect("built in");
        let mut design = preset::design("Anda").expect("built in");
        if layers_differ {
            for (layer, width) in (0..shape.n_layers).zip((3..=10).cycle()) {
                let format = Format::Bfp(
                    BfpFormat::new(width, 8, BlockLen::fixed(32)).expect("1 to 23 bits"),
                );
                design
                    .formats
                    .set_layers(layer..=layer, SlotGroup::ALL, format);
            }
        }
        let quality = QualityModel::built_in(&shape);
        quality.prepare(&design);
        Self {
            quality,
            workload: Workload::single_sequence(shape),
            design,
        }
    }
}

#[divan::bench(args = [false, true])]
fn summary(bencher: divan::Bencher<'_, '_>, layers_differ: bool) {
    let case = Case::new(layers_differ);
    bencher
        .counter(divan::counter::ItemsCount::new(1_u32))
        .bench(|| case.quality.summary(&case.design, &case.workload));
}
