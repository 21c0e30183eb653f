//! One tensor before and after quantization: the sample its error is measured on.

use blockscape_explorer::Judge;
use blockscape_model::design::Design;
use blockscape_model::quality::{ModelStatistics, SampleKind, SiteSample};
use blockscape_model::quantization::quantize_dequantize;
use blockscape_model::workload::{Site, Slot};

use crate::plots::tensor_view::TensorSummary;

/// Summary of a site's sample in the design's format.
pub(super) fn summary(
    judge: &Judge,
    design: &Design,
    (layer, slot): (u32, Slot),
) -> Option<TensorSummary> {
    let shape = judge.shape();
    let layer = layer.min(shape.n_layers.checked_sub(1)?);
    let statistics = ModelStatistics::for_model(shape);
    let kind = SampleKind::of(slot);
    let drawn_for = if kind.varies_with_layer() { layer } else { 0 };
    let sample = SiteSample::drawn(kind, shape, &statistics, drawn_for);
    let format = design.formats.at(layer, slot);
    let mut after = vec![0.0; sample.values.len()];
    quantize_dequantize(format, &sample.values, sample.row_len, &mut after);
    let name = Site { layer, slot }.to_string();
    Some(TensorSummary::new(
        &name,
        &format.to_string(),
        &sample.values,
        &after,
        sample.row_len,
    ))
}
