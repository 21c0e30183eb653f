//! Laws of the cost model that hold for any design.

use blockscape_model::design::{Design, Target, UnitKind};
use blockscape_model::hardware::cost::{Component, ProductCost};
use blockscape_model::hardware::gates::Unit;
use blockscape_model::hardware::{CostModel, CostSummary, technology};
use blockscape_model::preset;
use blockscape_model::workload::Workload;

fn anda() -> Design {
    preset::design("Anda").expect("built in")
}

fn model() -> CostModel {
    let shape = preset::model("LLaMA-2-7B").expect("built in");
    let technology = technology("16 nm").expect("built in");
    CostModel::new(&Workload::single_sequence(shape), &technology).expect("a table of SRAM")
}

#[test]
fn full_cost_and_summary_have_the_same_digits() {
    let model = model();
    let cost = model.estimate(&anda()).expect("a known cost");
    assert_eq!(cost.summary, model.summary(&anda()).expect("a known cost"));
}

#[test]
fn every_built_in_design_has_a_cost_with_sources() {
    let model = model();
    for design in preset::designs() {
        let cost = model
            .estimate(&design)
            .unwrap_or_else(|error| panic!("{}: {error:?}", design.name));
        assert_eq!(
            cost.summary,
            model.summary(&design).expect("a known cost"),
            "{}",
            design.name
        );
        assert!(cost.sources.iter().all(|note| !note.source.is_empty()));
    }
}

#[test]
fn breakdowns_conserve_area_energy_and_time() {
    let model = model();
    for design in [anda(), preset::design("Harmonia").expect("built in")] {
        let mut design = design;
        design.technology = "16 nm".to_owned();
        design.voltage_v = None;
        let cost = model.estimate(&design).expect("a known cost");
        for phase in [&cost.prefill, &cost.decode] {
            let times = |each: &ProductCost| f64::from(each.n_layers);
            let energy: f64 = phase
                .products
                .iter()
                .map(|each| each.energy.total().to_picojoules() * times(each))
                .sum();
            let leakage = phase.summary.energy.get(Component::Leakage).to_picojoules();
            let total = phase.summary.energy.total().to_picojoules();
            assert!(
                ((energy + leakage) / total - 1.0).abs() < 1e-12,
                "{}",
                design.name
            );
            let time: f64 = phase
                .products
                .iter()
                .map(|each| each.time.to_seconds() * times(each))
                .sum();
            assert!((time / phase.summary.time.to_seconds() - 1.0).abs() < 1e-12);
        }
        let elements = f64::from(design.array.rows * design.array.columns);
        let parts: f64 = cost
            .element
            .iter()
            .map(|part| part.area.to_square_millimeters())
            .sum();
        let array = cost.area.get(Component::Array).to_square_millimeters();
        assert!(
            (parts * elements / array - 1.0).abs() < 1e-12,
            "{}",
            design.name
        );
        let [low, high] = cost.band.area;
        assert!(low <= cost.area.total() && cost.area.total() <= high);
    }
}

fn with_mantissa(m: u32) -> Design {
    let mut design = anda();
    for group in [
        "qkv.activation",
        "o.activation",
        "gate_up.activation",
        "down.activation",
    ] {
        let format = format!("anda:m={m}").parse().expect("a format");
        design.formats.set(group.parse().expect("a group"), format);
    }
    design
}

#[test]
fn more_mantissa_bits_never_cost_less() {
    let model = model();
    for unit in [UnitKind::AndaBitSerial, UnitKind::BfpInt] {
        let mut last: Option<CostSummary> = None;
        for m in 2..=16 {
            let mut design = with_mantissa(m);
            design.unit = unit;
            let next = model.summary(&design).expect("a known cost");
            if let Some(last) = last {
                assert!(next.area.total() >= last.area.total(), "{unit:?} M{m}");
                assert!(
                    next.prefill.energy.total() >= last.prefill.energy.total(),
                    "{unit:?} M{m}"
                );
                assert!(next.prefill.time >= last.prefill.time, "{unit:?} M{m}");
            }
            last = Some(next);
        }
    }
}

#[test]
fn more_bandwidth_never_slows_and_bigger_buffers_never_add_traffic() {
    let model = model();
    let base = model.summary(&anda()).expect("a known cost");
    let mut wide = anda();
    wide.memory.channels = 4;
    let wide = model.summary(&wide).expect("a known cost");
    assert!(wide.prefill.time <= base.prefill.time && wide.decode.time <= base.decode.time);
    let mut bits = f64::INFINITY;
    for kib in [16, 64, 200, 256, 900, 1024, 4096, 65536] {
        let mut design = anda();
        design.buffers.activation_kib = kib;
        design.buffers.weight_kib = kib;
        design.buffers.output_kib = kib;
        let cost = model.summary(&design).expect("a known cost");
        assert!(cost.prefill.external_bits <= bits, "{kib} KiB");
        bits = cost.prefill.external_bits;
    }
}

#[test]
fn from_4_to_8_mantissa_bits_an_element_grows_as_its_products_do() {
    let cells = technology("nangate45").expect("built in").cells;
    let area = |m: u32| {
        let unit = Unit::BfpIntDot {
            lanes: 64,
            m,
            n: 4,
            acc: 24,
            weights_held: false,
        };
        cells.cost(&unit).area.to_square_micrometers()
    };
    // Synthesis at 32 lanes: 4743 and 7903 um2; the tree takes m (n + 1) bits a lane.
    let growth = area(8) / area(4);
    assert!((1.5..1.9).contains(&growth), "{growth}");
    assert!((growth / (7903.4 / 4743.0) - 1.0).abs() < 0.08, "{growth}");
}

#[test]
fn an_unknown_cost_is_an_error_that_names_what_is_known() {
    let model = model();
    let mut design = anda();
    design.voltage_v = Some(1.4);
    let violations = model.summary(&design).expect_err("outside the polynomials");
    assert!(
        violations[0].to_string().contains("0.65 to 0.95"),
        "{violations:?}"
    );
    let mut design = preset::design("Anda").expect("built in");
    design.unit = UnitKind::MxDot;
    for group in ["linear.weight", "head.weight"] {
        design.formats.set(
            group.parse().expect("a group"),
            "fp16".parse().expect("a format"),
        );
    }
    assert!(model.summary(&design).is_err());
    assert!(technology("2 nm").is_err());
}

#[test]
fn a_design_on_an_fpga_conserves_time_and_stays_within_its_device() {
    let shape = preset::model("TinyLlama-1.1B").expect("built in");
    let technology = technology("16 nm").expect("built in");
    let model =
        CostModel::new(&Workload::single_sequence(shape), &technology).expect("a table of SRAM");
    let design = preset::design("F-BFQ").expect("built in");
    let cost = model.estimate(&design).expect("a known cost");
    for phase in [&cost.prefill, &cost.decode] {
        let sum = |pick: fn(&ProductCost) -> f64| -> f64 {
            let each = |product: &ProductCost| pick(product) * f64::from(product.n_layers);
            phase.products.iter().map(each).sum()
        };
        let seconds = phase.summary.time.to_seconds();
        assert!((sum(|each| each.time.to_seconds()) / seconds - 1.0).abs() < 1e-12);
        let bits = phase.summary.external_bits;
        assert!((sum(|each| each.external_bits) / bits - 1.0).abs() < 1e-12);
        let slowest = |each: &ProductCost| each.time >= each.compute.max(each.external);
        assert!(phase.products.iter().all(slowest));
    }
    assert!(cost.summary.luts.is_some_and(|luts| luts < 117_120.0 * 0.7));
    let mut narrow = design.clone();
    narrow.buffers.weight_kib /= 4;
    let narrow = model.summary(&narrow).expect("a known cost");
    assert!(narrow.decode.time >= cost.summary.decode.time, "more tiles");
    let mut wide = design;
    wide.buffers.banks = 4;
    let wide = model.summary(&wide).expect("a known cost");
    assert!(wide.decode.time <= cost.summary.decode.time, "four streams");
}

#[test]
fn engines_of_a_spatial_pipeline_fit_their_budget_together() {
    let shape = preset::model("OPT-1.3B").expect("built in");
    let technology = technology("16 nm").expect("built in");
    let model =
        CostModel::new(&Workload::single_sequence(shape), &technology).expect("a table of SRAM");
    let design = preset::design("MASE").expect("built in");
    let with = |budget| {
        let mut design = design.clone();
        if let Target::Fpga { luts, .. } = &mut design.target {
            *luts = Some(budget);
        }
        design
    };
    let told = &model.summary(&with(50_000)).expect_err("too few")[0];
    assert_eq!(told.field, "target.luts");
    // Lanes of all engines, from what each achieves, against the lanes that the budget buys.
    let lanes = |budget| -> f64 {
        let cost = model.estimate(&with(budget)).expect("a known cost");
        let engines = cost.prefill.products.iter().map(|each| {
            let a_cycle = each.macs.to_f64() / (each.compute.to_seconds() * design.clock_mhz * 1e6);
            a_cycle * f64::from(each.n_layers)
        });
        engines.sum()
    };
    let wide = lanes(1_200_000);
    for budget in [100_000, 150_000, 300_000, 600_000] {
        // No engine takes a part of an element, so a wide budget may be used less fully than a narrow one, by one element each.
        let bought = (wide + 193.0 * f64::from(design.array.lanes)) * f64::from(budget) / 1.2e6;
        assert!(
            lanes(budget) <= bought,
            "{budget}: {} of {bought}",
            lanes(budget)
        );
    }
}

#[test]
fn an_array_is_as_wide_as_protected_tokens_ask() {
    let model = model();
    let mut design = preset::design("Harmonia").expect("built in");
    design.unit = UnitKind::BfpBfp;
    let wide = "bfp:m=8,e=5,b=32".parse().expect("a format");
    let narrow = "bfp:m=4,e=5,b=32".parse().expect("a format");
    design.formats.set("all".parse().expect("a group"), narrow);
    let array = |design: &Design| {
        let cost = model.summary(design).expect("a known cost");
        cost.area.get(Component::Array)
    };
    let protected = array(&design);
    design.key_value.protected = None;
    assert!(array(&design) < protected);
    design.key_value.protected = Some(narrow);
    assert!(array(&design) < protected);
    design.formats.set("kv".parse().expect("a group"), wide);
    assert_eq!(array(&design), protected);
}
