//! Laws of the cost model over random designs: what holds for one preset must hold for all of them.

use std::sync::LazyLock;

use blockscape_model::design::{Dataflow, Delivery, Design, Target};
use blockscape_model::hardware::cost::{Component, ProductCost};
use blockscape_model::hardware::{CostModel, technology};
use blockscape_model::preset;
use blockscape_model::workload::Workload;
use blockscape_tests::properties::properties;
use proptest::prelude::*;

static MODEL: LazyLock<CostModel> = LazyLock::new(|| {
    let shape = preset::model("TinyLlama-1.1B").expect("built in");
    let technology = technology("16 nm").expect("built in");
    CostModel::new(&Workload::single_sequence(shape), &technology).expect("a table of SRAM")
});

/// Presets of all datapaths with random array, buffers, memory and, where activations are blocks, mantissa.
fn designs() -> impl Strategy<Value = Design> {
    let asic = |design: &Design| design.target == Target::Asic;
    around(preset::designs().into_iter().filter(asic).collect())
}

/// As [`designs`], with the presets on programmable devices, whose arrays stay as they are.
fn all_designs() -> impl Strategy<Value = Design> {
    around(preset::designs())
}

fn around(bases: Vec<Design>) -> impl Strategy<Value = Design> {
    (
        prop::sample::select(bases),
        (1_u32..=64, 1_u32..=64, 0_u32..=7),
        (2_u32..=12, 2_u32..=12, 0_u32..=10),
        (1_u16..=8, 2_u8..=8),
        prop::sample::select(Dataflow::ALL.to_vec()),
        any::<bool>(),
    )
        .prop_map(
            |(mut design, array, buffers, (channels, mantissa), dataflow, systolic)| {
                "16 nm".clone_into(&mut design.technology);
                design.voltage_v = None;
                if design.target == Target::Asic {
                    (design.array.rows, design.array.columns) = (array.0, array.1);
                    design.array.lanes = 1 << array.2;
                }
                design.array.dataflow = dataflow;
                // A device has block RAMs for so many; a test may double them.
                let most = if design.target == Target::Asic { 12 } else { 8 };
                let kib = |power: u32| 1 << power.min(most);
                design.buffers.activation_kib = kib(buffers.0);
                design.buffers.weight_kib = kib(buffers.1);
                design.buffers.output_kib = kib(buffers.2) - 1;
                design.memory.channels = channels;
                if systolic {
                    design.datapath.delivery = Delivery::Systolic;
                }
                let format = match design.name.as_str() {
                    "Anda" => Some(format!("anda:m={mantissa}")),
                    "Harmonia" => Some(format!("bfp:m={mantissa},e=5,b=32")),
                    "MASE" => Some(format!("mxint:w={mantissa},b=16")),
                    _ => None,
                };
                if let Some(format) = format {
                    let group = "linear.activation".parse().expect("a group");
                    let format = format.parse().expect("a format");
                    design.formats.set(group, format);
                }
                design
            },
        )
}

proptest! {
    #![proptest_config(properties(64))]

    #[test]
    fn parts_sum_to_totals(design in designs()) {
        let cost = MODEL.estimate(&design).expect("a known cost");
        prop_assert_eq!(&cost.summary, &MODEL.summary(&design).expect("a known cost"));
        for phase in [&cost.prefill, &cost.decode] {
            let sum = |pick: fn(&ProductCost) -> f64| -> f64 {
                let each = |product: &ProductCost| pick(product) * f64::from(product.n_layers);
                phase.products.iter().map(each).sum()
            };
            let leakage = phase.summary.energy.get(Component::Leakage).to_joules();
            let energy = sum(|each| each.energy.total().to_joules()) + leakage;
            prop_assert!((energy / phase.summary.energy.total().to_joules() - 1.0).abs() < 1e-9);
            let seconds = sum(|each| each.time.to_seconds());
            prop_assert!((seconds / phase.summary.time.to_seconds() - 1.0).abs() < 1e-9);
            let bits = sum(|each| each.external_bits);
            prop_assert!((bits / phase.summary.external_bits - 1.0).abs() < 1e-9);
        }
        let elements = f64::from(design.array.rows * design.array.columns);
        let parts: f64 = cost.element.iter().map(|part| part.area.to_square_millimeters()).sum();
        let array = cost.area.get(Component::Array).to_square_millimeters();
        prop_assert!((parts * elements / array - 1.0).abs() < 1e-9);
    }

    #[test]
    fn more_bandwidth_never_slows_or_costs_traffic(design in all_designs(), more in 1_u16..=8) {
        let base = MODEL.summary(&design).expect("a known cost");
        let mut wide = design;
        match wide.target {
            Target::Asic => wide.memory.channels += more,
            // Each bank is a stream of its own.
            Target::Fpga { .. } => wide.buffers.banks += more,
        }
        let wide = MODEL.summary(&wide).expect("a known cost");
        prop_assert!(wide.prefill.time <= base.prefill.time);
        prop_assert!(wide.decode.time <= base.decode.time);
        prop_assert_eq!(wide.prefill.external_bits.to_bits(), base.prefill.external_bits.to_bits());
        prop_assert_eq!(wide.decode.external_bits.to_bits(), base.decode.external_bits.to_bits());
    }

    #[test]
    fn a_faster_memory_beside_a_device_never_slows(design in all_designs(), more in 1.0_f64..8.0) {
        let base = MODEL.summary(&design).expect("a known cost");
        let mut faster = technology("16 nm").expect("built in");
        for memory in faster.memories.values_mut() {
            memory.gigabytes_per_second.value *= more;
        }
        for device in &mut faster.programmable.devices {
            device.gigabytes_per_second.value *= more;
        }
        let faster = CostModel::new(MODEL.workload(), &faster).expect("a table of SRAM");
        let faster = faster.summary(&design).expect("a known cost");
        prop_assert!(faster.prefill.time <= base.prefill.time);
        prop_assert!(faster.decode.time <= base.decode.time);
    }

    #[test]
    fn bigger_buffers_never_add_traffic(design in all_designs(), which in 1_u8..8) {
        let base = MODEL.summary(&design).expect("a known cost");
        let mut larger = design;
        for (index, buffer) in [
            &mut larger.buffers.activation_kib,
            &mut larger.buffers.weight_kib,
            &mut larger.buffers.output_kib,
        ]
        .into_iter()
        .enumerate()
        {
            if which & (1 << index) != 0 {
                *buffer *= 2;
            }
        }
        let larger = MODEL.summary(&larger).expect("a known cost");
        for (large, small) in [(larger.prefill, base.prefill), (larger.decode, base.decode)] {
            prop_assert!(large.external_bits <= small.external_bits * (1.0 + 1e-12));
        }
    }

    #[test]
    fn leakage_can_be_left_out(design in designs()) {
        let mut cold = technology("16 nm").expect("built in");
        cold.node.include_leakage = false;
        let cold = CostModel::new(MODEL.workload(), &cold).expect("a table of SRAM");
        let without = cold.summary(&design).expect("a known cost").prefill.energy;
        let with = MODEL.summary(&design).expect("a known cost").prefill.energy;
        let leakage = with.get(Component::Leakage).to_joules();
        prop_assert!(leakage > 0.0);
        let rest = with.total().to_joules() - leakage;
        prop_assert!((without.total().to_joules() / rest - 1.0).abs() < 1e-9);
    }
}
