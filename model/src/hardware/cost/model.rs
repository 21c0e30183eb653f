//! The walk over all products of both phases.

use super::composition::ProductMemory;
use super::prepared::Prepared;
use super::product::Operation;
use super::result::{Cost, CostSummary, ElementPart, PhaseCost, PhaseSummary, ProductCost};
use super::storage::{sides, stored_bits};
use super::{Band, Component, CostMemory, EnergyBreakdown, band};
use crate::design::{Design, KeyValuePolicy, Target};
use crate::format::Format;
use crate::hardware::technology::{SramTable, Technology};
use crate::units::{Macs, Time, Voltage};
use crate::violation::Violation;
use crate::workload::{MatrixProduct, Phase, Product, Workload};

/// The cost model made ready for one workload and technology; immutable, so threads can share it.
#[derive(Debug, Clone)]
pub struct CostModel {
    pub(super) workload: Workload,
    pub(super) technology: Technology,
    sram: SramTable,
    /// Products of one layer in prefill and decode.
    pub(super) layer: [[Option<MatrixProduct>; MOST_PRODUCTS]; 2],
    pub(super) head: MatrixProduct,
}

/// Products of one layer at most.
const MOST_PRODUCTS: usize = 9;

impl CostModel {
    /// Prepares a workload and a technology.
    ///
    /// # Errors
    /// A technology whose SRAM table does not exist.
    pub fn new(workload: &Workload, technology: &Technology) -> Result<Self, Violation> {
        let layer = Phase::ALL.map(|phase| {
            let mut products = [None; MOST_PRODUCTS];
            for (place, product) in products.iter_mut().zip(workload.layer_products(phase)) {
                *place = Some(product);
            }
            products
        });
        Ok(Self {
            workload: workload.clone(),
            technology: technology.clone(),
            sram: SramTable::of(technology.node.sram.table_nm, technology.node.sram.ports)?,
            layer,
            head: workload.head_product(),
        })
    }

    /// The workload.
    pub const fn workload(&self) -> &Workload {
        &self.workload
    }

    /// The technology.
    pub const fn technology(&self) -> &Technology {
        &self.technology
    }

    /// Totals of a design: no breakdown by product.
    ///
    /// # Errors
    /// Every value out of range, and every part of the design whose cost is not known.
    pub fn summary(&self, design: &Design) -> Result<CostSummary, Vec<Violation>> {
        if let Target::Fpga { device, .. } = &design.target {
            return self.fpga_summary(design, device, &mut |_| {});
        }
        let prepared = self.prepare(design, &mut CostMemory::default())?;
        Ok(self.walk(&prepared, None, &mut |_| {}))
    }

    /// As [`CostModel::summary`], digit for digit; `memory` keeps what neighboring designs share and belongs to this model.
    ///
    /// An edit of one format composes and walks again only what it touches.
    ///
    /// # Errors
    /// As [`CostModel::summary`].
    pub fn summary_beside(
        &self,
        design: &Design,
        memory: &mut CostMemory,
    ) -> Result<CostSummary, Vec<Violation>> {
        if let Target::Fpga { device, .. } = &design.target {
            return self.fpga_summary(design, device, &mut |_| {});
        }
        let prepared = self.prepare(design, memory)?;
        Ok(self.walk(&prepared, Some(&mut memory.products), &mut |_| {}))
    }

    /// Full cost of a design; its totals have the digits of [`CostModel::summary`].
    ///
    /// # Errors
    /// As [`CostModel::summary`].
    pub fn estimate(&self, design: &Design) -> Result<Cost, Vec<Violation>> {
        let mut products = Vec::new();
        let mut see = |product| products.push(product);
        let (summary, element) = if let Target::Fpga { device, .. } = &design.target {
            (self.fpga_summary(design, device, &mut see)?, Vec::new())
        } else {
            let prepared = self.prepare(design, &mut CostMemory::default())?;
            (
                self.walk(&prepared, None, &mut see),
                self.element_parts(&prepared),
            )
        };
        let (band, sources) = match &design.target {
            Target::Fpga { device, .. } => {
                let family = &self.technology.programmable;
                let device = family.device(device).map_err(|each| vec![each])?;
                (
                    Band::on_device(&summary, device),
                    band::device_sources(family, device),
                )
            }
            Target::Asic => (
                Band::of(&summary, &self.technology, design),
                band::sources(&self.technology, design),
            ),
        };
        let (prefill, decode) = products
            .into_iter()
            .partition(|product| product.phase == Phase::Prefill);
        Ok(Cost {
            area: summary.area,
            prefill: PhaseCost {
                summary: summary.prefill,
                products: prefill,
            },
            decode: PhaseCost {
                summary: summary.decode,
                products: decode,
            },
            weight_bits: summary.weight_bits,
            kv_bits: summary.kv_bits,
            element,
            band,
            sources,
            summary,
        })
    }

    fn prepare<'a>(
        &self,
        design: &'a Design,
        memory: &mut CostMemory,
    ) -> Result<Prepared<'a>, Vec<Violation>> {
        let pairs = self.pairs(design);
        Prepared::new(design, &self.technology, &self.sram, pairs, memory)
    }

    /// Pairs of formats of every product, moving and stationary, protected tokens of the cache among them.
    pub(super) fn pairs<'a>(
        &self,
        design: &'a Design,
    ) -> impl Iterator<Item = [Format; 2]> + use<'a> {
        let gated = self.workload.model.gated_mlp;
        let KeyValuePolicy {
            initial_tokens,
            local_tokens,
            protected,
            ..
        } = design.key_value;
        let protected = protected.filter(|_| initial_tokens > 0 || local_tokens > 0);
        design.formats.rows().flat_map(move |row| {
            let plain = Product::ALL
                .into_iter()
                .filter(move |product| *product != Product::Gate || gated)
                .map(|product| sides(row, product));
            let cached = protected.into_iter().flat_map(|format| {
                [Product::Qk, Product::Pv].map(|product| [sides(row, product)[0], format])
            });
            plain.chain(cached)
        })
    }

    fn walk(
        &self,
        prepared: &Prepared<'_>,
        memory: Option<&mut ProductMemory>,
        see: &mut impl FnMut(ProductCost),
    ) -> CostSummary {
        let formats = &prepared.design.formats;
        let n_layers = self.workload.model.n_layers;
        let mut walked = memory.map(|memory| memory.walk(&prepared.shared));
        let mut phase = |phase: Phase, see: &mut dyn FnMut(ProductCost)| {
            let mut total = PhaseSummary {
                time: Time::ZERO,
                cycles: 0.0,
                energy: EnergyBreakdown::ZERO,
                macs: Macs::ZERO,
                external_bits: 0.0,
            };
            let mut take = |shape, row, first_layer: u32, n_layers: u32| {
                let operation = Operation::new(phase, shape, row);
                let anew = || self.product(prepared, &operation);
                let cost = match &mut walked {
                    Some(walked) => walked.cost(&operation, anew),
                    None => anew(),
                };
                let times = f64::from(n_layers);
                total.time += cost.time * times;
                total.energy.add_all(&cost.energy, times);
                total.macs += cost.macs * u64::from(n_layers);
                total.external_bits += cost.external_bits * times;
                see(ProductCost {
                    first_layer,
                    n_layers,
                    ..cost
                });
            };
            for group in formats.layer_groups(n_layers) {
                for shape in self.layer[phase as usize].iter().flatten() {
                    take(*shape, group.formats, group.first, group.count);
                }
            }
            take(self.head, formats.row(n_layers), n_layers, 1);
            total.cycles = total.time.to_seconds() * prepared.shared.clock_hz;
            total
                .energy
                .add(Component::Leakage, prepared.leakage * total.time);
            total
        };
        let prefill = phase(Phase::Prefill, see);
        let decode = phase(Phase::Decode, see);
        let [weight_bits, kv_bits] = stored_bits(prepared.design, &self.workload, || {
            self.layer[1].iter().flatten()
        });
        CostSummary {
            area: prepared.area,
            luts: None,
            prefill,
            decode,
            weight_bits,
            kv_bits,
            batch: self.workload.batch,
            timing: prepared.shared.clocked.timing,
        }
    }

    fn element_parts(&self, prepared: &Prepared<'_>) -> Vec<ElementPart> {
        let Some(demand) = prepared.demand else {
            return Vec::new();
        };
        let node = &self.technology.node;
        let placed = node.area.value * node.layout_area.value;
        let voltage = prepared.design.voltage_v.map(Voltage::volts);
        let scale = self.technology.energy_factor(voltage).unwrap_or(1.0);
        let mut parts = Vec::new();
        let cells = &self.technology.cells;
        for instance in demand.element().instances() {
            let depth = prepared.shared.clocked.element[usize::from(instance.is_stage)].depth();
            for part in &instance.unit.parts() {
                let switched = cells.switched(std::slice::from_ref(part), node.switching);
                parts.push(ElementPart {
                    name: part.name.to_owned(),
                    area: cells.part_area(part) * (instance.count * placed),
                    energy: switched.at_depth(depth)
                        * (instance.uses_of_all() * scale * node.layout_energy.value),
                });
            }
        }
        parts.extend(prepared.cut_parts(&self.technology));
        parts
    }
}
