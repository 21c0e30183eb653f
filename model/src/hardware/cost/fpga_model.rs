//! Walking all products of a design on an FPGA.

use super::CostModel;
use super::component::AreaBreakdown;
use super::fpga::{Fabric, Task};
use super::result::{CostSummary, ProductCost};
use super::storage::{sides, stored_bits, to_f64};
use crate::design::Design;
use crate::violation::Violation;
use crate::workload::{Phase, Product};

impl CostModel {
    /// Totals of a design on a device; `see` is shown each product.
    pub(super) fn fpga_summary(
        &self,
        design: &Design,
        device: &str,
        see: &mut dyn FnMut(ProductCost),
    ) -> Result<CostSummary, Vec<Violation>> {
        let family = &self.technology.programmable;
        let device = family.device(device).map_err(|violation| vec![violation])?;
        let fabric = Fabric::new(design, device, family, self.pairs(design))?;
        let n_layers = self.workload.model.n_layers;
        let mut phase = |phase: Phase| {
            let layers = design.formats.layer_groups(n_layers).flat_map(|group| {
                self.layer[phase as usize]
                    .iter()
                    .flatten()
                    .map(move |shape| Task {
                        phase,
                        first_layer: group.first,
                        n_layers: group.count,
                        shape: *shape,
                        formats: sides(group.formats, shape.product),
                    })
            });
            let head = Task {
                phase,
                first_layer: n_layers,
                n_layers: 1,
                shape: self.head,
                formats: sides(design.formats.row(n_layers), Product::Head),
            };
            let tasks: Vec<Task> = layers.chain([head]).collect();
            let rows = f64::from(self.workload.batch) * to_f64(self.workload.tokens(phase));
            fabric.phase(&tasks, rows, see)
        };
        let (prefill, decode) = (phase(Phase::Prefill)?, phase(Phase::Decode)?);
        let [weight_bits, kv_bits] =
            stored_bits(design, &self.workload, || self.layer[1].iter().flatten());
        Ok(CostSummary {
            area: AreaBreakdown::ZERO,
            luts: Some(fabric.luts()),
            prefill,
            decode,
            weight_bits,
            kv_bits,
            batch: self.workload.batch,
            timing: fabric.timing,
        })
    }
}
