//! Readings of Anda's speed with the products of attention, which its table leaves out.

use super::anda::{MODULES, SYSTEM, set_activation};
use super::anda_tables::ANDA_TUPLES;
use super::{Basis, Row, geometric_mean};
use crate::design::Design;
use crate::hardware::{CostModel, technology};
use crate::preset;
use crate::workload::Workload;

/// What attention does to the speed: its FP16 products are no work for Anda's array.
pub(super) fn readings(rows: &mut Vec<Row>) {
    let base = preset::design("FP-FP").expect("built in");
    let mut on_vector_unit = Vec::new();
    let mut on_own_array = Vec::new();
    for (model, _, tuple) in ANDA_TUPLES {
        let mut design = preset::design("Anda").expect("built in");
        for (module, bits) in MODULES.into_iter().zip(tuple) {
            set_activation(&mut design, module, bits);
        }
        let [slow_linear, slow_attention] = prefill_seconds(&base, model);
        let [linear, attention] = prefill_seconds(&design, model);
        let slow = slow_linear + slow_attention;
        on_vector_unit.push(slow / (linear + attention));
        on_own_array.push(slow / (linear + slow_attention));
    }
    for (ratios, reading) in [
        (on_vector_unit, "on its vector unit of 64 lanes"),
        (on_own_array, "on an FP16 array like FP-FP's beside it"),
    ] {
        rows.push(Row::new(
            SYSTEM,
            format!("prefill speedup with attention, Anda 1%, {reading}"),
            2.49,
            geometric_mean(&ratios),
            Basis::Derived,
            "KV cache, attention and softmax stay FP16 in the paper, and 16 / (average M + 1) gives its speeds without them: its table is read as the products of the four modules. A vector unit reuses no operand but one, so 64 lanes take the whole port; datapath.vector_lanes and buffers.port_bits say what attention has",
        ));
    }
}

/// Times of the linear products and of attention for a prompt of 2048 tokens.
fn prefill_seconds(design: &Design, model: &str) -> [f64; 2] {
    let workload = Workload::single_sequence(preset::model(model).expect("built in"));
    let technology = technology(&design.technology).expect("built in");
    let cost = CostModel::new(&workload, &technology)
        .expect("a table of SRAM")
        .estimate(design)
        .expect("the presets have a cost");
    [true, false].map(|linear| {
        cost.prefill
            .products
            .iter()
            .filter(|each| each.product.is_linear() == linear)
            .map(|each| each.time.to_seconds() * f64::from(each.n_layers))
            .sum()
    })
}
