//! The walk over all products of both phases.

use super::activity::accesses;
use super::datapath::Placement;
use super::energy::{Events, product_energy};
use super::latency::Folding;
use super::prepared::Prepared;
use super::result::{Cost, CostSummary, ElementPart, PhaseCost, PhaseSummary, ProductCost};
use super::storage::{output_format, sides, stationary_bits, stored_bits, to_f64};
use super::tiling::{Operands, least_traffic};
use super::{Band, Component, CostMemory, EnergyBreakdown, band};
use crate::design::{Design, Target};
use crate::format::Format;
use crate::hardware::technology::{SramTable, Technology};
use crate::units::{Energy, Macs, Time};
use crate::violation::Violation;
use crate::workload::{MatrixProduct, Phase, Product, Side, Slot, Workload};

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

/// One layer's share of a walk.
#[derive(Debug, Clone, Copy)]
struct LayerRun<'a> {
    phase: Phase,
    first: u32,
    count: u32,
    formats: &'a [Format; Slot::COUNT],
}

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
        self.summary_beside(design, &mut CostMemory::default())
    }

    /// As [`CostModel::summary`], digit for digit; `memory` keeps what neighboring designs share and belongs to this model.
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
        Ok(self.walk(&prepared, &mut |_| {}))
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
                self.walk(&prepared, &mut see),
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

    /// Pairs of formats of every product, moving and stationary.
    pub(super) fn pairs<'a>(
        &self,
        design: &'a Design,
    ) -> impl Iterator<Item = [Format; 2]> + use<'a> {
        let gated = self.workload.model.gated_mlp;
        design.formats.rows().flat_map(move |row| {
            Product::ALL
                .into_iter()
                .filter(move |product| *product != Product::Gate || gated)
                .map(|product| sides(row, product))
        })
    }

    fn walk(&self, prepared: &Prepared<'_>, see: &mut impl FnMut(ProductCost)) -> CostSummary {
        let formats = &prepared.design.formats;
        let n_layers = self.workload.model.n_layers;
        let phase = |phase: Phase, see: &mut dyn FnMut(ProductCost)| {
            let mut total = PhaseSummary {
                time: Time::ZERO,
                cycles: 0.0,
                energy: EnergyBreakdown::ZERO,
                macs: Macs::ZERO,
                external_bits: 0.0,
            };
            let mut take = |cost: ProductCost| {
                let times = f64::from(cost.n_layers);
                total.time += cost.time * times;
                total.energy.add_all(&cost.energy, times);
                total.macs += cost.macs * u64::from(cost.n_layers);
                total.external_bits += cost.external_bits * times;
                see(cost);
            };
            for group in formats.layer_groups(n_layers) {
                let run = LayerRun {
                    phase,
                    first: group.first,
                    count: group.count,
                    formats: group.formats,
                };
                for product in self.layer[phase as usize].iter().flatten() {
                    take(self.product(prepared, &run, *product));
                }
            }
            let run = LayerRun {
                phase,
                first: n_layers,
                count: 1,
                formats: formats.row(n_layers),
            };
            take(self.product(prepared, &run, self.head));
            total.cycles = total.time.to_seconds() * prepared.clock_hz;
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
        }
    }

    /// One product in one layer of a run.
    #[expect(
        clippy::too_many_lines,
        reason = "the pipeline of one product, read from top to bottom"
    )]
    fn product(
        &self,
        prepared: &Prepared<'_>,
        run: &LayerRun<'_>,
        shape: MatrixProduct,
    ) -> ProductCost {
        let design = prepared.design;
        let at = |product, side| run.formats[Slot::of(product, side).index()];
        let product = shape.product;
        let moving = at(product, Side::Moving);
        let stationary = at(product, Side::Stationary);
        let [m, n, k, count] = [shape.m, shape.n, shape.k, shape.count].map(to_f64);
        let protected = if product.is_linear() {
            0.0
        } else {
            design.key_value.protected_share(self.keys(run.phase))
        };
        let stored_stationary = stationary_bits(design, stationary, protected);
        let output = output_format(run.formats, product);
        let output_bits = match product {
            Product::K | Product::V => {
                let share = design.key_value.protected_share(self.keys(run.phase));
                stationary_bits(design, output, share)
            }
            _ => output.bits_per_value(),
        };
        let half = prepared.capacity.activation / 2.0;
        let fused =
            prepared.capacity.rows * n.max(k) * at(Product::Pv, Side::Moving).bits_per_value()
                <= half;
        let moving_bits = moving.bits_per_value();
        let operands = Operands {
            m,
            n,
            k,
            bits: [moving_bits, stored_stationary, output_bits],
            on_chip: [
                m * k * moving_bits * count <= half || (product == Product::Pv && fused),
                match product {
                    Product::K | Product::V => false,
                    Product::Qk => fused,
                    // The gate's output meets that of the up projection on the chip.
                    Product::Gate => true,
                    _ => m * n * output_bits * count <= half,
                },
            ],
        };
        let traffic = least_traffic(&operands, &prepared.capacity);
        let pairing = prepared.pairing([moving, stationary], &self.technology);
        let lanes = f64::from(design.array.lanes);
        let array = [prepared.capacity.rows, prepared.capacity.columns];
        let (cycles, group, events, groups, array) = match pairing.placement {
            Placement::Array => {
                let (group_cycles, group_energy) = self.mixed(prepared, moving, pairing, protected);
                let groups = (k / lanes).ceil();
                let folding = Folding {
                    dataflow: design.array.dataflow,
                    delivery: prepared.delivery,
                    rows: array[0],
                    columns: array[1],
                    cycles: group_cycles,
                };
                let events = Events {
                    groups: m * n * groups,
                    conversions: 0.0,
                    vector: m * n,
                };
                (
                    folding.cycles(m, n, groups),
                    group_energy,
                    events,
                    groups,
                    array,
                )
            }
            Placement::VectorUnit => {
                let events = Events {
                    groups: 0.0,
                    conversions: 0.0,
                    vector: m * n * k,
                };
                (
                    m * n * k * pairing.cycles,
                    Energy::ZERO,
                    events,
                    k,
                    [1.0, f64::from(design.datapath.vector_lanes)],
                )
            }
        };
        let accumulator = prepared.capacity.accumulator_bits;
        let accesses = accesses(
            &operands,
            &traffic,
            design.array.dataflow,
            array,
            groups,
            accumulator,
        );
        let events = Events {
            conversions: Self::conversions(prepared, moving, output, &accesses, moving_bits, m * n),
            ..events
        };
        let per_instance = product_energy(&prepared.event, group, &events, &accesses, &traffic);
        let mut energy = EnergyBreakdown::ZERO;
        energy.add_all(&per_instance, count);
        let compute = Time::seconds(cycles * count / prepared.clock_hz);
        let ports =
            Time::seconds(accesses.port_cycles(prepared.port_bits) * count / prepared.clock_hz);
        let external_bits = traffic.total() * count;
        let external = Time::seconds(external_bits / prepared.external_bits_per_second);
        ProductCost {
            phase: run.phase,
            first_layer: run.first,
            n_layers: run.count,
            product,
            placement: pairing.placement,
            macs: shape.macs(),
            time: compute.max(ports).max(external),
            compute,
            ports,
            external,
            energy,
            external_bits,
            order: traffic.order,
        }
    }

    /// Cycles and energy of a group, averaged over protected and other tokens.
    fn mixed(
        &self,
        prepared: &Prepared<'_>,
        moving: Format,
        pairing: super::prepared::Pairing,
        protected: f64,
    ) -> (f64, Energy) {
        match prepared.design.key_value.protected {
            Some(format) if protected > 0.0 => {
                let other = prepared.pairing([moving, format], &self.technology);
                if other.placement == Placement::VectorUnit {
                    return (pairing.cycles, pairing.group);
                }
                (
                    pairing.cycles + (other.cycles - pairing.cycles) * protected,
                    pairing.group + (other.group - pairing.group) * protected,
                )
            }
            _ => (pairing.cycles, pairing.group),
        }
    }

    /// Values brought to blocks: outputs whose reader wants blocks, and activations aligned on each read.
    fn conversions(
        prepared: &Prepared<'_>,
        moving: Format,
        output: Format,
        accesses: &super::activity::Accesses,
        moving_bits: f64,
        outputs: f64,
    ) -> f64 {
        let written = if output.operand().shared_exponent_bits > 0 {
            outputs
        } else {
            0.0
        };
        let is_float = moving.operand().shared_exponent_bits == 0;
        let read = if prepared.aligns_on_read && is_float {
            accesses.activation_read / moving_bits
        } else {
            0.0
        };
        written + read
    }

    const fn keys(&self, phase: Phase) -> u32 {
        match phase {
            Phase::Prefill => self.workload.prefill_tokens,
            Phase::Decode => self.workload.context_tokens,
        }
    }

    fn element_parts(&self, prepared: &Prepared<'_>) -> Vec<ElementPart> {
        let Some(demand) = prepared.demand else {
            return Vec::new();
        };
        let node = &self.technology.node;
        let placed = node.area.value * node.layout_area.value;
        let mut parts = Vec::new();
        for instance in demand.element().instances() {
            for part in &instance.unit.parts() {
                parts.push(ElementPart {
                    name: part.name.to_owned(),
                    area: self.technology.cells.area(&part.gates) * (instance.count * placed),
                });
            }
        }
        parts
    }
}
