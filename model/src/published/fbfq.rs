//! F-BFQ (arXiv 2510.13401): tokens per second on the Kria KV260.

use super::{Basis, Row};
use crate::hardware::{CostModel, technology};
use crate::preset;
use crate::workload::Workload;

const SYSTEM: &str = "fbfq";

/// All rows. Only the best (GPT-2) and the mean are published; per-model values follow from neither.
pub(super) fn rows() -> Vec<Row> {
    let rates = ["GPT-2", "TinyLlama-1.1B", "MobileLLaMA-1.4B"].map(decode_rate);
    let mean = rates.iter().sum::<f64>() / 3.0;
    let note = "one 32-bit stream at 200 MHz; load, compute and store follow each other; assumed: 0.2 ms of driver a product (0.05 to 1), 20 us a tile (5 to 50), attention on the processor at 8 GMAC/s, norms in the driver's time, head as Q3_K on the fabric";
    vec![
        Row::new(
            SYSTEM,
            "tokens per second, GPT-2 on KV260",
            12.2,
            rates[0],
            Basis::Derived,
            note,
        ),
        Row::new(
            SYSTEM,
            "tokens per second, mean of GPT-2, TinyLlama, MobileLLaMA",
            5.2,
            mean,
            Basis::Derived,
            note,
        ),
    ]
}

fn decode_rate(model: &str) -> f64 {
    let mut design = preset::design("F-BFQ").expect("built in");
    // Head and attention: the head's weights are streamed too, as Q3_K.
    let head = "head.weight".parse().expect("a site");
    design.formats.set(head, "q3_k".parse().expect("a format"));
    let shape = preset::model(model).expect("built in");
    let workload = Workload {
        batch: 1,
        prefill_tokens: 32,
        context_tokens: 64,
        model: shape,
    };
    let technology = technology(&design.technology).expect("built in");
    CostModel::new(&workload, &technology)
        .expect("a table of SRAM")
        .summary(&design)
        .expect("the preset has a cost")
        .decode_tokens_per_second()
}
