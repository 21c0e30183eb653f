//! Counts and latencies of other people's models where they coincide with ours.

use blockscape_model::design::{Dataflow, Delivery, Design, UnitKind};
use blockscape_model::format::Format;
use blockscape_model::hardware::cost::{Component, systolic_cycles};
use blockscape_model::hardware::{CostModel, technology};
use blockscape_model::preset;
use blockscape_model::workload::{MatrixProduct, Phase, SlotGroup, Workload};

fn llama(tokens: u32) -> Workload {
    let model = preset::model("LLaMA-2-7B").expect("built in");
    Workload {
        model,
        batch: 1,
        prefill_tokens: tokens,
        context_tokens: tokens,
    }
}

fn costs(workload: &Workload) -> CostModel {
    CostModel::new(workload, &technology("16 nm").expect("built in")).expect("a table of SRAM")
}

#[test]
fn cycles_without_stalls_equal_the_closed_form_of_scale_sim_in_all_dataflows() {
    let workload = llama(256);
    let costs = costs(&workload);
    for dataflow in Dataflow::ALL {
        for (rows, columns) in [(16, 16), (32, 8), (7, 24)] {
            let mut design = preset::design("FP-FP").expect("built in");
            design.array.rows = rows;
            design.array.columns = columns;
            design.array.lanes = 1;
            design.array.dataflow = dataflow;
            design.datapath.delivery = Delivery::Systolic;
            // Slow enough for an element of one stage, as that model has.
            design.clock_mhz = 100.0;
            let cost = costs.estimate(&design).expect("a known cost");
            let shapes = workload.layer_products(Phase::Prefill);
            for (shape, product) in shapes.zip(&cost.prefill.products) {
                let array = [u64::from(rows), u64::from(columns)];
                let closed =
                    systolic_cycles(dataflow, array, [shape.m, shape.n, shape.k]) * shape.count;
                let ours = product.compute.to_seconds() * design.clock_mhz * 1e6;
                let closed = u32::try_from(closed).map_or(f64::NAN, f64::from);
                if closed.is_finite() {
                    assert!(
                        (ours / closed - 1.0).abs() < 1e-12,
                        "{dataflow:?} {shape:?}"
                    );
                }
            }
        }
    }
    // SCALE-Sim 3.0.0 on 128 x 128 x 128 and a 32 x 32 array: (32 + 32 + 128 - 2) x 16 - 1.
    assert_eq!(
        systolic_cycles(Dataflow::OutputStationary, [32, 32], [128, 128, 128]),
        3039
    );
    assert_eq!(
        systolic_cycles(Dataflow::WeightStationary, [32, 32], [128, 128, 128]),
        3551
    );
}

/// `BitMoD`'s simulator: elements of `lanes`, an array of rows (outputs) x columns (tokens), cycles of weights and of
/// cached values, bits of weights; 16-bit activations, 8-bit cache of its bit-serial designs, 512 KiB buffers.
struct BitMod {
    lanes: u64,
    array: [u64; 2],
    cycles: [u64; 2],
    weight_bits: f64,
    cache_bits: f64,
}

impl BitMod {
    fn product(&self, shape: &MatrixProduct) -> u64 {
        let linear = shape.product.is_linear();
        let [steps, bits] = if linear {
            [self.cycles[0], 0]
        } else {
            [self.cycles[1], 1]
        };
        let weight_bits = if bits == 0 {
            self.weight_bits
        } else {
            self.cache_bits
        };
        let tiles = shape.k.div_ceil(self.lanes)
            * shape.n.div_ceil(self.array[0])
            * shape.m.div_ceil(self.array[1]);
        let bytes = |values: u64, bits: f64| {
            (u32::try_from(values).map_or(f64::NAN, f64::from) * bits / 8.0).ceil()
        };
        let [m, n, count] = [shape.m, shape.n, shape.count]
            .map(|each| u32::try_from(each).map_or(f64::NAN, f64::from));
        let weights = bytes(shape.k, weight_bits) * n * count;
        let inputs = bytes(shape.k, 16.0) * m * count;
        let outputs = bytes(shape.n, 16.0) * m * count;
        let buffer = 512.0 * 1024.0;
        let (mut weight_fetches, mut input_fetches) = (1.0, 1.0);
        if weights > buffer && inputs > buffer {
            let (by_inputs, by_weights) = ((inputs / buffer).ceil(), (weights / buffer).ceil());
            if by_inputs * weights + inputs < by_weights * inputs + weights {
                weight_fetches = by_inputs;
            } else {
                input_fetches = by_weights;
            }
        }
        let external = (weights * 8.0 / 256.0 * weight_fetches
            + inputs * 8.0 / 256.0 * input_fetches
            + outputs * 8.0 / 256.0)
            .floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number of cycles"
        )]
        let external = external as u64;
        (tiles * steps * shape.count).max(external)
    }

    fn total(&self, phase: Phase) -> u64 {
        let workload = llama(256);
        let layers: u64 = workload
            .layer_products(phase)
            .map(|shape| self.product(&shape))
            .sum();
        let head = MatrixProduct {
            m: workload.tokens(phase),
            ..workload.head_product()
        };
        layers * 32 + self.product(&head)
    }
}

#[test]
fn our_products_give_the_six_cycle_totals_of_the_bitmod_simulator() {
    let float = |array| BitMod {
        lanes: 1,
        array,
        cycles: [1, 1],
        weight_bits: 16.0,
        cache_bits: 16.0,
    };
    let serial = |array, cycles, weight_bits| BitMod {
        lanes: 4,
        array,
        cycles: [cycles, 4],
        weight_bits,
        cache_bits: 8.0,
    };
    assert_eq!(float([64, 12]).total(Phase::Decode), 417_344_208);
    assert_eq!(
        serial([64, 16], 3, 6.0625).total(Phase::Decode),
        158_771_152
    );
    assert_eq!(serial([64, 16], 2, 3.0625).total(Phase::Decode), 81_344_464);
    assert_eq!(float([32, 24]).total(Phase::Prefill), 2_810_544_128);
    assert_eq!(
        serial([32, 32], 3, 6.0625).total(Phase::Prefill),
        1_372_856_320
    );
    assert_eq!(
        serial([32, 32], 2, 3.0625).total(Phase::Prefill),
        864_100_352
    );
}

fn with_weights(bits: u8) -> Design {
    let mut design = preset::design("FIGNA").expect("built in");
    let format: Format = format!("int:w={bits},g=row").parse().expect("a format");
    design.formats.set(SlotGroup::WEIGHTS, format);
    design
}

#[test]
fn traffic_energy_is_linear_in_weight_bits_as_in_zigzag() {
    // ZigZag, gemm_l1, W = 16, 8, 4, 2: 605 148, 511 350, 464 451, 441 001 pJ, one slope of 11 724.75 pJ a bit.
    let zigzag = [605_148.0, 511_350.0, 464_451.0, 441_001.0];
    let slopes = |energy: [f64; 4]| {
        [
            (energy[0] - energy[1]) / 8.0,
            (energy[1] - energy[2]) / 4.0,
            (energy[2] - energy[3]) / 2.0,
        ]
    };
    let costs = costs(&llama(256));
    let ours = [16, 8, 4, 2].map(|bits| {
        let energy = costs
            .summary(&with_weights(bits))
            .expect("a known cost")
            .decode
            .energy;
        [Component::WeightBuffer, Component::ExternalMemory]
            .map(|component| energy.get(component).to_picojoules())
            .iter()
            .sum::<f64>()
    });
    for energy in [zigzag, ours] {
        let slopes = slopes(energy);
        assert!((slopes[0] / slopes[1] - 1.0).abs() < 1e-3, "{slopes:?}");
        assert!((slopes[1] / slopes[2] - 1.0).abs() < 1e-3, "{slopes:?}");
    }
}

#[test]
fn decode_traffic_gives_the_latency_of_llm_viewer() {
    // LLM-Viewer: LLaMA-2-7B, W4 A8 KV4, 2048 tokens, 2039 GB/s: 1.758 ms, bound by memory. Groups are whole rows: no scales there.
    let workload = llama(2048);
    let mut design = with_weights(4);
    for cached in ["key", "value"] {
        design.formats.set(
            cached.parse().expect("a group"),
            "int:w=4,g=row".parse().expect("a format"),
        );
    }
    assert_eq!(design.unit, UnitKind::Figna);
    let bits = costs(&workload)
        .summary(&design)
        .expect("a known cost")
        .decode
        .external_bits;
    let milliseconds = bits / 8.0 / 2039e9 * 1e3;
    assert!(
        (milliseconds / 1.758 - 1.0).abs() < 0.01,
        "{milliseconds} ms"
    );
}

#[test]
fn prefill_operations_give_the_latency_of_genz() {
    // GenZ: LLaMA-2-7B, bf16, 2048 tokens, 312 TFLOPS: 95.508 ms, bound by compute. It counts head and embedding for
    // every token, we the head for the last one.
    let workload = llama(2048);
    let macs: u64 = workload
        .layer_products(Phase::Prefill)
        .map(|shape| shape.macs().0)
        .sum::<u64>()
        * 32
        + 2 * 2048 * workload.model.head_weights();
    let seconds = 2.0 * blockscape_model::units::Macs(macs).to_f64() / 312e12;
    assert!((seconds / 95.508e-3 - 1.0).abs() < 0.002, "{seconds} s");
}

#[test]
fn decode_traffic_gives_the_latency_of_genz() {
    // GenZ 0.0.16: LLaMA-2-7B, one token after 2048 + 128, 2039 "GB/s" (of 2^30 bytes), bound by memory: bf16 6.5575 ms,
    // int8 3.2787 ms, int4 1.6394 ms.
    let workload = llama(2048 + 128);
    for (format, milliseconds) in [
        ("bf16", 6.5575),
        ("int:w=8,g=row", 3.2787),
        ("int:w=4,g=row", 1.6394),
    ] {
        let mut design = preset::design("FP-FP").expect("built in");
        let all = "all".parse().expect("a group");
        design.formats.set(all, format.parse().expect("a format"));
        let bits = costs(&workload)
            .summary(&design)
            .expect("a known cost")
            .decode
            .external_bits;
        let ours = bits / 8.0 / (2039.0 * f64::from(1 << 30)) * 1e3;
        assert!(
            (ours / milliseconds - 1.0).abs() < 0.002,
            "{format}: {ours} ms"
        );
    }
}
