//! F-BFQ (arXiv 2510.13401): tokens per second on the Kria KV260.

use super::{Basis, Row};
use crate::hardware::{CostModel, technology};
use crate::preset;
use crate::workload::Workload;

const SYSTEM: &str = "fbfq";

/// Which of the two formats the weights have: the paper's mixes by model are not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mix {
    /// llama.cpp's `Q2_K` mix: `Q3_K` for value and down projections.
    MostlyQ2,
    /// `Q3_K` alone.
    OnlyQ3,
}

const NOTE: &str = "one 32-bit stream at 200 MHz; load, compute and store follow each other; assumed: 0.2 ms of driver a product (0.05 to 1), 20 us a tile (5 to 50), attention on the processor at 8 GMAC/s, norms in the driver's time, head as Q3_K on the fabric; which layers are Q2_K and which Q3_K is not public: the two mixes bracket it";

/// All rows. Only the best (GPT-2) and the mean are published; per-model values follow from neither.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (mix, name) in [
        (Mix::MostlyQ2, "Q2_K with Q3_K for v and down"),
        (Mix::OnlyQ3, "Q3_K alone"),
    ] {
        let rates =
            ["GPT-2", "TinyLlama-1.1B", "MobileLLaMA-1.4B"].map(|model| decode_rate(model, mix));
        let mean = rates.iter().sum::<f64>() / 3.0;
        for (what, published, ours) in [
            ("GPT-2 on KV260", 12.2, rates[0]),
            ("mean of GPT-2, TinyLlama, MobileLLaMA", 5.2, mean),
        ] {
            let quantity = format!("tokens per second, {what}, {name}");
            rows.push(Row::new(
                SYSTEM,
                quantity,
                published,
                ours,
                Basis::Derived,
                NOTE,
            ));
        }
    }
    rows
}

fn decode_rate(model: &str, mix: Mix) -> f64 {
    let mut design = preset::design("F-BFQ").expect("built in");
    let q3 = "q3_k".parse().expect("a format");
    // The head's weights are streamed too, as Q3_K.
    let group = match mix {
        Mix::MostlyQ2 => "head.weight",
        Mix::OnlyQ3 => "weights",
    };
    design.formats.set(group.parse().expect("a group"), q3);
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
