//! Budget search against all combinations, and per layer on a model of real size.
#![expect(
    clippy::cast_precision_loss,
    reason = "sizes of a test problem become costs"
)]

use std::sync::Arc;

use blockscape_explorer::judge::evaluate::evaluate_all;
use blockscape_explorer::random::Random;
use blockscape_explorer::search::budget::{Choice, LINEAR_WEIGHTS, LayerBudget, Ledger, Site};
use blockscape_explorer::{Axis, DesignSpace, Evaluate, Judge, Spread, Ticket};
use blockscape_model::design::Design;
use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::format::Format;
use blockscape_model::preset;
use blockscape_model::violation::Violation;
use blockscape_model::workload::{Operand, Slot, SlotGroup, Workload};
use blockscape_tests::made_up;
use blockscape_tests::properties::properties;
use proptest::prelude::*;

/// Sites with options that cost more and lose less, some of them useless, costs in uneven steps.
fn sites(n_sites: usize, n_options: usize, seed: u64) -> Vec<Vec<Choice>> {
    let mut random = Random::new(seed);
    (0..n_sites)
        .map(|_| {
            let (size, importance) = (1.0 + random.unit() * 9.0, random.unit().powi(3) * 10.0);
            (0..n_options)
                .map(|bits| {
                    let bits = bits as f64 + random.unit();
                    Choice {
                        cost: size * bits,
                        loss: importance * (-1.3 * bits).exp(),
                    }
                })
                .collect()
        })
        .collect()
}

/// Least loss of all combinations within the budget.
fn enumerate(sites: &[Vec<Choice>], budget: f64) -> Option<f64> {
    match sites.split_first() {
        None => (budget >= 0.0).then_some(0.0),
        Some((site, rest)) => site
            .iter()
            .filter_map(|choice| Some(choice.loss + enumerate(rest, budget - choice.cost)?))
            .min_by(f64::total_cmp),
    }
}

proptest! {
    #![proptest_config(properties(200))]

    #[test]
    fn allocations_are_within_half_a_percent_of_the_enumerated_optimum(
        n_sites in 1usize..7, n_options in 1usize..6, seed: u64, share in -0.1f64..1.1
    ) {
        let sites = sites(n_sites, n_options, seed);
        let ledger = Ledger::new(&sites).expect("options everywhere");
        let (least, most) = ledger.cost_range();
        let budget = least + share * (most - least);
        let optimum = enumerate(&sites, budget);
        let found = ledger.allocate(budget);
        // A budget at the very edge may round either way.
        if (budget - least).abs() > 1e-9 {
            prop_assert_eq!(found.is_some(), optimum.is_some());
        }
        if let (Some(found), Some(optimum)) = (found, optimum) {
            prop_assert!(found.cost <= budget);
            prop_assert!(found.loss <= optimum * 1.005 + 1e-12, "{} instead of {}", found.loss, optimum);
            prop_assert!(found.bound <= optimum + 1e-9, "the bound {} is below {}", found.bound, optimum);
            let sum: f64 = found.choices.iter().zip(&sites).map(|(&at, site)| site[at].loss).sum();
            prop_assert!((sum - found.loss).abs() < 1e-12, "the choices are what the sums say");
        }
    }
}

#[test]
fn many_sites_come_near_the_bound_and_more_budget_never_loses_more() {
    let sites = sites(288, 8, 3);
    let ledger = Ledger::new(&sites).expect("options everywhere");
    let (least, most) = ledger.cost_range();
    let mut before = f64::INFINITY;
    for step in 1..20 {
        let budget = least + (most - least) * f64::from(step) / 20.0;
        let found = ledger.allocate(budget).expect("an allocation");
        assert!(
            found.loss <= found.bound * 1.005,
            "{} over {}",
            found.loss,
            found.bound
        );
        assert!(found.loss <= before * 1.001, "step {step}");
        before = found.loss;
    }
}

#[test]
fn sites_without_options_and_options_that_are_no_numbers_are_left_out() {
    assert!(Ledger::new(&[vec![]]).is_none());
    let broken = Choice {
        cost: f64::NAN,
        loss: 0.0,
    };
    assert!(Ledger::new(&[vec![broken]]).is_none());
    let sound = Choice {
        cost: 1.0,
        loss: 1.0,
    };
    let ledger = Ledger::new(&[vec![broken, sound]]).expect("one option");
    assert_eq!(
        ledger.allocate(1.0).map(|found| found.choices),
        Some(vec![1])
    );
    assert_eq!(ledger.allocate(0.5), None);
}

/// Bits and noise as sums over layers and weights; later layers and `down` are more sensitive.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a judge may refuse; this one never does"
)]
fn layer_judge(design: &Design, workload: &Workload) -> Result<Metrics, Vec<Violation>> {
    let n_layers = workload.model.n_layers;
    let (mut bits, mut noise, mut n) = (0.0, 0.0, 0.0);
    for group in design.formats.layer_groups(n_layers) {
        for slot in Slot::ALL
            .into_iter()
            .filter(|slot| slot.operand() == Operand::Weight)
        {
            let width = group.formats[slot.index()].bits_per_value();
            let size = 1.0 + slot.index() as f64 / 4.0;
            for layer in group.first..group.first + group.count {
                let sensitivity = (1.0 + f64::from(layer)) * (1.0 + (slot.index() % 5) as f64);
                bits += size * width;
                n += size;
                noise += sensitivity * 4f64.powf(-width);
            }
        }
    }
    let mut metrics = Metrics::new([f64::NAN; Metric::COUNT]);
    metrics.set(Metric::WeightBits, bits / n);
    metrics.set(Metric::Sqnr, -10.0 * noise.log10());
    Ok(metrics)
}

#[test]
fn single_layers_beat_one_format_for_all_at_the_same_number_of_bits() {
    let (design, _) = made_up::base();
    let model = preset::model("LLaMA-2-7B").expect("a built-in model");
    let n_layers = model.n_layers;
    let workload = Arc::new(Workload::single_sequence(model));
    let evaluator: Arc<dyn Evaluate> = Arc::new(layer_judge);
    let formats: Vec<Format> = (2..=8)
        .map(|m| format!("bfp:m={m},e=8,b=32").parse().expect("a format"))
        .collect();
    let groups: Vec<(SlotGroup, Vec<Format>)> = Slot::ALL
        .into_iter()
        .filter(|slot| slot.operand() == Operand::Weight)
        .map(|slot| (SlotGroup::single(slot), formats.clone()))
        .collect();
    let sites = LayerBudget::all_layers(n_layers, &groups);
    assert_eq!(sites.len(), 32 * 8);
    let budget = LayerBudget::prepare(
        &design,
        &workload,
        sites,
        (Metric::Sqnr, Metric::WeightBits),
        &evaluator,
    )
    .expect("a budget");
    for uniform in &formats[1..6] {
        let mut plain = (*design).clone();
        plain.formats.set(SlotGroup::WEIGHTS, *uniform);
        let plain = layer_judge(&plain, &workload).expect("figures");
        let plan = budget
            .plan(plain.get(Metric::WeightBits), &evaluator)
            .expect("a plan");
        assert!(plan.metrics.get(Metric::WeightBits) <= plain.get(Metric::WeightBits));
        let gain = plan.metrics.get(Metric::Sqnr) - plain.get(Metric::Sqnr);
        assert!(gain > 0.5, "{uniform}: {gain} dB");
        assert!(plan.gap < 0.005, "{uniform}: gap {}", plan.gap);
    }
    assert!(
        budget.plan(1.0, &evaluator).is_none(),
        "one bit is out of reach"
    );
}

const FIVE_FORMATS: [&str; 5] = [
    "int:w=2,g=128",
    "int:w=3,g=128",
    "int:w=4,g=128",
    "int:w=6,g=128",
    "int:w=8,g=128",
];

fn formats(texts: &[&str]) -> Vec<Format> {
    let parse = |text: &&str| text.parse().expect("a format");
    texts.iter().map(parse).collect()
}

/// The built-in Anda design on LLaMA-2-7B and its judge: published sensitivities and channel statistics.
fn real() -> (Arc<Design>, Arc<Workload>, Arc<dyn Evaluate>) {
    let design = preset::design("Anda").expect("a built-in design");
    let model = preset::model("LLaMA-2-7B").expect("a built-in model");
    let evaluator = Arc::new(Judge::for_model(&model));
    let workload = Workload::single_sequence(model);
    (Arc::new(design), Arc::new(workload), evaluator)
}

#[test]
fn real_tables_for_every_site_of_every_layer_come_near_the_bound() {
    let (design, workload, evaluator) = real();
    // Nine sites a layer.
    let groups: Vec<(SlotGroup, Vec<Format>)> = LINEAR_WEIGHTS
        .iter()
        .chain(&["key", "value"])
        .map(|text| (text.parse().expect("sites"), formats(&FIVE_FORMATS)))
        .collect();
    let sites = LayerBudget::all_layers(workload.model.n_layers, &groups);
    assert_eq!(sites.len(), 32 * 9);
    let metrics = (Metric::Sqnr, Metric::EnergyPerToken);
    let budget = LayerBudget::prepare(&design, &workload, sites, metrics, &evaluator);
    let budget = budget.expect("a budget");
    for limit in [90.0, 110.0, 130.0] {
        let plan = budget.plan(limit, &evaluator).expect("a plan");
        assert!(plan.metrics.get(Metric::EnergyPerToken) <= limit);
        assert!(plan.gap < 0.005, "limit {limit}: gap {}", plan.gap);
    }
}

#[test]
fn plans_on_real_tables_lose_half_a_percent_at_most_against_all_combinations() {
    let (design, workload, evaluator) = real();
    let groups = ["v.weight", "down.weight", "gate.weight", "key"];
    let layers = [0, 13];
    let axes: Vec<Axis> = groups
        .iter()
        .map(|group| Axis {
            parameter: format!("format layers {}..={} {group}", layers[0], layers[0])
                .parse()
                .expect("a parameter"),
            values: Spread::List(FIVE_FORMATS.map(str::to_owned).to_vec()),
        })
        .chain([Axis {
            parameter: format!("format layers {}..={} q.weight", layers[1], layers[1])
                .parse()
                .expect("a parameter"),
            values: Spread::List(FIVE_FORMATS.map(str::to_owned).to_vec()),
        }])
        .collect();
    let space = DesignSpace::new(Arc::clone(&design), Arc::clone(&workload), axes, Vec::new());
    let space = space.expect("a space");
    let indexes: Vec<u64> = (0..space.size()).collect();
    let all = evaluate_all(&space, &evaluator, &indexes, &Ticket::unlimited());
    let all: Vec<Metrics> = all.expect("nobody cancels").into_iter().flatten().collect();
    assert_eq!(all.len(), 3125);
    let site = |layer: u32, group: &str| Site {
        layer,
        group: group.parse().expect("sites"),
        formats: formats(&FIVE_FORMATS),
    };
    let sites = groups
        .iter()
        .map(|group| site(layers[0], group))
        .chain([site(layers[1], "q.weight")])
        .collect();
    let metrics = (Metric::Sqnr, Metric::EnergyPerToken);
    let budget = LayerBudget::prepare(&design, &workload, sites, metrics, &evaluator);
    let budget = budget.expect("a budget");
    let energy = |metrics: &Metrics| metrics.get(Metric::EnergyPerToken);
    let noise = |metrics: &Metrics| 10f64.powf(-metrics.get(Metric::Sqnr) / 10.0);
    let least = all.iter().map(energy).fold(f64::INFINITY, f64::min);
    let most = all.iter().map(energy).fold(0.0, f64::max);
    for step in 1..10 {
        let limit = least + (most - least) * f64::from(step) / 10.0;
        let plan = budget.plan(limit, &evaluator).expect("a plan");
        let allowed = all.iter().filter(|metrics| energy(metrics) <= limit);
        let optimum = allowed.map(noise).fold(f64::INFINITY, f64::min);
        let found = noise(&plan.metrics);
        assert!(energy(&plan.metrics) <= limit);
        assert!(
            found <= 1.005 * optimum,
            "{found} instead of {optimum} under {limit} mJ"
        );
    }
}
