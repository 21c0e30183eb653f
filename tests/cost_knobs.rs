//! No knob is free: moved the way that used to cost nothing, each one now costs or is refused.

use blockscape_model::design::{Clock, Design, UnitKind};
use blockscape_model::hardware::cost::{Bottleneck, Component, Cost};
use blockscape_model::hardware::{CostModel, technology};
use blockscape_model::parameter::{Parameter, Value};
use blockscape_model::preset;
use blockscape_model::violation::Violation;
use blockscape_model::workload::Workload;

fn model(design: &Design) -> CostModel {
    let shape = preset::model("TinyLlama-1.1B").expect("built in");
    let technology = technology(&design.technology).expect("built in");
    CostModel::new(&Workload::single_sequence(shape), &technology).expect("a table of SRAM")
}

fn cost(design: &Design) -> Cost {
    model(design).estimate(design).expect("a known cost")
}

fn refusal(design: &Design) -> Violation {
    let told = model(design).summary(design).expect_err("a refusal");
    told[0].clone()
}

fn area(cost: &Cost) -> f64 {
    cost.area.total().to_square_millimeters()
}

fn energy(cost: &Cost) -> f64 {
    cost.prefill.summary.energy.total().to_joules()
}

fn seconds(cost: &Cost) -> f64 {
    cost.prefill.summary.time.to_seconds()
}

/// Memory and ports out of the way, so that the array and what it shares set the time.
fn fed(name: &str) -> Design {
    let mut design = preset::design(name).expect("built in");
    design.memory.channels = 64;
    design.buffers.port_bits = 4096;
    design
}

/// BFP8 by INT4 on a small array.
fn bfp_int() -> Design {
    let mut design = fed("Harmonia");
    design.unit = UnitKind::BfpInt;
    let weights = "int:w=4,g=128".parse().expect("a format");
    design
        .formats
        .set("weights".parse().expect("a group"), weights);
    design
}

#[test]
fn clock() {
    let mut design = bfp_int();
    design.clock_mhz = 10_000.0;
    assert_eq!(refusal(&design).field, "clock_mhz");
    design.clock_mhz = 100.0;
    let slow = cost(&design);
    design.clock = Clock::Fastest;
    let fast = cost(&design);
    assert!(area(&fast) > area(&slow));
    let logic = |cost: &Cost| cost.prefill.summary.energy.get(Component::Array);
    assert!(logic(&fast) > logic(&slow));
}

#[test]
fn supply() {
    let mut design = bfp_int();
    design.clock = Clock::Fastest;
    let nominal = cost(&design);
    design.voltage_v = Some(0.7);
    let low = cost(&design);
    assert!(low.summary.timing.fastest_mhz < nominal.summary.timing.fastest_mhz);
    assert!(seconds(&low) > seconds(&nominal));
    assert!(energy(&low) < energy(&nominal));
    design.clock = Clock::Given;
    design.clock_mhz = nominal.summary.timing.fastest_mhz;
    assert_eq!(refusal(&design).field, "clock_mhz");
}

#[test]
fn accumulator() {
    let mut design = bfp_int();
    design.array.accumulator_bits = 8;
    let told = refusal(&design);
    assert_eq!(told.field, "array.accumulator_bits");
    // 8 + 4 + 1 bits of a product and sign, and 5 for 32 lanes.
    assert!(told.allowed.starts_with("17 to 64"), "{told}");
    design.array.accumulator_bits = 17;
    let narrow = cost(&design);
    design.array.accumulator_bits = 40;
    let wide = cost(&design);
    assert!(area(&wide) > area(&narrow));
    // Sums outside the element are FP32, whatever the integer accumulator: its width saves no traffic.
    let bits = |cost: &Cost| cost.prefill.summary.external_bits.to_bits();
    assert_eq!(bits(&narrow), bits(&wide));
}

#[test]
fn shared_stages() {
    let mut design = bfp_int();
    let own = cost(&design);
    design.datapath.float_stage_elements = 1024;
    let shared = cost(&design);
    assert!(area(&shared) < area(&own));
    assert!(seconds(&shared) > 2.0 * seconds(&own));
    let bound = shared.prefill.bound_by();
    let (bottleneck, share) = bound
        .into_iter()
        .max_by(|left, right| left.1.total_cmp(&right.1))
        .expect("a bottleneck");
    assert_eq!(bottleneck, Bottleneck::FloatStages);
    assert!(share > 0.9);
}

#[test]
fn anda_shares_a_stage_between_as_many_elements_as_a_group_has_cycles() {
    // At M = 6 a group takes M + 1 cycles and one use of the stage: M + 1 elements may share it.
    let mut design = fed("Anda");
    for group in ["qkv.activation", "o.activation", "gate_up.activation"] {
        let format = "anda:m=6".parse().expect("a format");
        design.formats.set(group.parse().expect("a group"), format);
    }
    let with = |elements: u16| {
        let mut design = design.clone();
        design.datapath.float_stage_elements = elements;
        cost(&design)
    };
    let linear = |cost: &Cost| -> f64 {
        let products = cost.prefill.products.iter();
        let linear = products.filter(|each| each.product.is_linear());
        linear
            .map(|each| each.compute.max(each.stages).to_seconds())
            .sum()
    };
    assert!((linear(&with(7)) / linear(&with(1)) - 1.0).abs() < 0.01);
    let ratio = linear(&with(16)) / linear(&with(7));
    assert!((2.2..2.4).contains(&ratio), "{ratio}");
}

#[test]
fn converters() {
    let mut design = fed("Harmonia");
    let many = cost(&design);
    design.datapath.converter_lanes = 1;
    // Wide and fast: 1,024 columns hand over more values than one converter takes.
    (design.array.rows, design.array.columns) = (128, 256);
    let few = cost(&design);
    design.datapath.converter_lanes = 4096;
    let plenty = cost(&design);
    assert!(seconds(&few) > seconds(&plenty));
    assert!(area(&plenty) > area(&few) && area(&many) < area(&plenty));
    let bound = few.prefill.bound_by();
    assert!(
        bound
            .iter()
            .any(|(each, _)| *each == Bottleneck::Converters)
    );
}

#[test]
fn vector_lanes() {
    let mut design = fed("Harmonia");
    (design.array.rows, design.array.columns) = (64, 64);
    design.datapath.vector_lanes = 1;
    let few = cost(&design);
    design.datapath.vector_lanes = 1024;
    let many = cost(&design);
    assert!(seconds(&few) > seconds(&many));
    assert!(area(&many) > area(&few));
    let bound = few.prefill.bound_by();
    assert!(
        bound
            .iter()
            .any(|(each, _)| *each == Bottleneck::VectorLanes)
    );
}

#[test]
fn buffers() {
    let mut design = preset::design("Harmonia").expect("built in");
    let small = cost(&design);
    design.buffers.activation_kib *= 16;
    let large = cost(&design);
    assert!(area(&large) > area(&small));
    let leakage = |cost: &Cost| cost.prefill.summary.energy.get(Component::Leakage);
    assert!(leakage(&large) > leakage(&small));
    design.clock = Clock::Fastest;
    design.buffers.banks = 1;
    design.buffers.activation_kib = 65536;
    assert!(cost(&design).summary.timing.fastest_mhz < large.summary.timing.fastest_mhz);
    let mut device = preset::design("F-BFQ").expect("built in");
    device.buffers.weight_kib = 65536;
    let told = refusal(&device);
    assert!(told.to_string().contains("KV260"), "{told}");
}

#[test]
fn ports() {
    let mut design = preset::design("Harmonia").expect("built in");
    design.buffers.port_bits = 16;
    let narrow = cost(&design);
    design.buffers.port_bits = 4096;
    let wide = cost(&design);
    assert!(area(&wide) > area(&narrow));
    assert!(seconds(&wide) < seconds(&narrow));
    let bound = narrow.prefill.bound_by();
    assert!(bound.iter().any(|(each, _)| *each == Bottleneck::Ports));
}

/// Area in mm2, prefill energy in J and time in s of a design, if it can be built.
fn objectives(model: &CostModel, design: &Design) -> Option<[f64; 3]> {
    let cost = model.summary(design).ok()?;
    Some([
        cost.area.total().to_square_millimeters(),
        cost.prefill.energy.total().to_joules(),
        cost.prefill.time.to_seconds(),
    ])
}

#[test]
fn a_joint_sweep_ends_in_a_front_of_more_than_its_corners() {
    // Every knob that was free, from cheap to absurd. The review's sweep of clock and supply had one point: 8 GHz at 0.7 V.
    let knobs: [(Parameter, &[f64]); 6] = [
        (Parameter::Clock, &[125.0, 250.0, 500.0, 1000.0, 8000.0]),
        (Parameter::Voltage, &[0.7, 0.9, 1.05]),
        (Parameter::AccumulatorBits, &[8.0, 24.0, 40.0]),
        (Parameter::FloatStageElements, &[1.0, 8.0, 1024.0]),
        (Parameter::ConverterLanes, &[1.0, 16.0]),
        (Parameter::VectorLanes, &[4.0, 64.0]),
    ];
    for base in [fed("Harmonia"), fed("Anda"), bfp_int()] {
        let mut base = base;
        "28 nm".clone_into(&mut base.technology);
        let model = model(&base);
        let mut workload = model.workload().clone();
        let mut designs = vec![base.clone()];
        for (parameter, values) in knobs {
            let mut next = Vec::new();
            for design in &designs {
                for value in values {
                    let mut design = design.clone();
                    parameter
                        .set(&mut design, &mut workload, Value::Number(*value))
                        .expect("in its domain");
                    next.push(design);
                }
            }
            designs = next;
        }
        let points: Vec<(&Design, [f64; 3])> = designs
            .iter()
            .filter_map(|design| Some((design, objectives(&model, design)?)))
            .collect();
        assert!(points.len() < designs.len(), "8 GHz is refused");
        let beaten = |point: &[f64; 3], other: &[f64; 3]| {
            let pairs = || point.iter().zip(other);
            pairs().all(|(mine, theirs)| theirs <= mine)
                && pairs().any(|(mine, theirs)| theirs < mine)
        };
        let front: Vec<&Design> = points
            .iter()
            .filter(|(_, point)| !points.iter().any(|(_, other)| beaten(point, other)))
            .map(|(design, _)| *design)
            .collect();
        let clocks = |mhz: f64| {
            let at = move |each: &&&Design| (each.clock_mhz - mhz).abs() < 1.0;
            front.iter().filter(at)
        };
        let name = &base.name;
        assert!(front.len() >= 8, "{name}: {}", front.len());
        assert_eq!(clocks(8000.0).count(), 0, "{name}");
        let spread = [125.0, 250.0, 500.0, 1000.0].map(|mhz| clocks(mhz).count() > 0);
        assert!(
            spread.into_iter().filter(|each| *each).count() >= 2,
            "{name}"
        );
        let supplies = |volts: f64| {
            let at = |each: &&&Design| {
                each.voltage_v
                    .is_some_and(|each| (each - volts).abs() < 1e-9)
            };
            front.iter().filter(at).count()
        };
        assert!(supplies(0.7) > 0 && supplies(0.7) < front.len(), "{name}");
    }
}
