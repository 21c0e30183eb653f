//! A small design and a made-up judge, for tests of the explorer that do not depend on the cost model.
#![expect(clippy::missing_panics_doc, reason = "the texts in here parse")]

use std::sync::Arc;

use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::preset;
use blockscape_model::violation::Violation;
use blockscape_model::workload::Workload;

/// A design named "test" and one sequence of OPT-125M.
pub fn base() -> (Arc<Design>, Arc<Workload>) {
    let design = preset::from_ron(
        "(
            name: \"test\",
            formats: [(\"all\", \"fp16\"), (\"weights\", \"int:w=4,g=128\"), (\"activations\", \"bfp:m=6,e=8,b=32\")],
            unit: BfpInt,
            array: (rows: 16, columns: 16, lanes: 16, accumulator_bits: 32, dataflow: OutputStationary),
            buffers: (activation_kib: 64, weight_kib: 64, output_kib: 0, banks: 4, port_bits: 128),
            memory: (kind: Hbm2, channels: 1),
            technology: \"28nm\",
            clock_mhz: 500.0,
        )",
    )
    .expect("a design");
    let model = preset::model("OPT-125M").expect("a built-in model");
    (Arc::new(design), Arc::new(Workload::single_sequence(model)))
}

/// Figures of a design: wide formats and large arrays cost area, narrow ones accuracy.
///
/// # Errors
/// Odd batches above 1 cannot be built.
pub fn judge(design: &Design, workload: &Workload) -> Result<Metrics, Vec<Violation>> {
    if workload.batch % 2 == 1 && workload.batch > 1 {
        return Err(vec![Violation::new(
            "batch",
            workload.batch,
            "an even number",
        )]);
    }
    let activation = design
        .formats
        .uniform_in("activations".parse().expect("a group"));
    let bits = activation.map_or(16.0, blockscape_model::format::Format::bits_per_value);
    let rows = f64::from(design.array.rows);
    let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
    metrics.set(Metric::Sqnr, 6.0 * bits - (rows / 7.0).fract());
    metrics.set(Metric::Area, bits * rows * f64::from(design.array.columns));
    metrics.set(
        Metric::EnergyPerToken,
        bits + 100.0 / rows + f64::from(workload.batch % 5),
    );
    Ok(metrics)
}
