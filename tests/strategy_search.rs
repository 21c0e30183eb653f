//! Search strategies over a lattice of a million combinations whose true front is enumerated.
#![expect(
    clippy::cast_precision_loss,
    reason = "counts and positions of a test problem"
)]

use std::collections::HashSet;
use std::sync::Arc;

use blockscape_explorer::pareto::{ParetoFront, Points, Score, hypervolume};
use blockscape_explorer::search::strategy::{
    AndaSearch, Evolution, EvolutionSettings, ParzenSearch, ParzenSettings, Plan, PlanSearch,
    Refinement, Strategy, Trial,
};
use blockscape_explorer::space::lattice::{AxisShape, Lattice};

/// Five widths, a number of rows, a kind and a buffer size: 1,048,576 combinations of ordered and unordered axes.
fn lattice() -> Lattice {
    let shape = |(len, ordered)| AxisShape { len, ordered };
    let widths = [(8, true); 5];
    let axes = widths.into_iter().chain([(4, true), (4, false), (2, true)]);
    Lattice::new(axes.map(shape).collect()).expect("2^20 combinations")
}

/// Noise, energy and area in the manner of an accelerator: widths trade noise for energy, the widest sets the area.
fn score(genome: &[u16]) -> [f64; 3] {
    const WEIGHTS: [f64; 5] = [3.0, 1.0, 4.0, 4.0, 0.5];
    const NOISE: [f64; 5] = [1.0, 0.2, 2.0, 6.0, 0.4];
    const KINDS: [(f64, f64); 4] = [(1.0, 1.0), (0.8, 1.3), (1.1, 0.75), (1.3, 1.2)];
    let width = |at: usize| f64::from(genome[at]) + 2.0;
    let rows = f64::from(8u16 << genome[5]);
    let (energy_factor, area_factor) = KINDS[usize::from(genome[6])];
    let buffer = f64::from(genome[7] + 1);
    let noise: f64 = (0..5).map(|at| NOISE[at] * (-1.4 * width(at)).exp()).sum();
    let work: f64 = (0..5).map(|at| WEIGHTS[at] * width(at)).sum();
    let widest = (0..5).map(width).fold(0.0, f64::max);
    let energy = energy_factor * work + 120.0 / (rows * buffer).sqrt();
    let area = area_factor * rows * (widest + 3.0) + 60.0 * buffer;
    [noise.ln(), energy, area]
}

const REFERENCE: [f64; 3] = [0.0, 160.0, 1400.0];

fn evaluate(lattice: &Lattice, index: u64) -> Trial {
    Trial {
        index,
        score: Score::feasible(&score(&lattice.genome(index))),
    }
}

/// Runs a strategy to its end; all trials in order.
fn run(lattice: &Lattice, strategy: &mut dyn Strategy) -> Vec<Trial> {
    let mut all = Vec::new();
    loop {
        let batch = strategy.propose();
        if batch.is_empty() {
            return all;
        }
        let trials: Vec<Trial> = batch
            .iter()
            .map(|&index| evaluate(lattice, index))
            .collect();
        strategy.learn(&trials);
        all.extend(trials);
    }
}

fn volume(trials: &[Trial]) -> f64 {
    let points = Points::from_rows(3, trials.iter().map(|trial| &trial.score.objectives[..3]));
    hypervolume(&points, &REFERENCE)
}

fn true_volume(lattice: &Lattice) -> f64 {
    let mut front = ParetoFront::new(3);
    let indexes: Vec<u64> = (0..lattice.size()).collect();
    for chunk in indexes.chunks(1 << 16) {
        let trials: Vec<Trial> = chunk
            .iter()
            .map(|&index| evaluate(lattice, index))
            .collect();
        front.extend(
            trials
                .iter()
                .map(|trial| (trial.index, &trial.score.objectives[..3])),
        );
    }
    hypervolume(front.points(), &REFERENCE)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn evolution_finds_the_front_of_a_million_designs_with_two_percent_of_the_evaluations() {
    let lattice = lattice();
    let whole = true_volume(&lattice);
    let evaluations = usize::try_from(lattice.size() / 50).expect("a small number");
    let shares = |strategy: &dyn Fn(u64) -> Box<dyn Strategy>| {
        let seeds = 0..10;
        let share = |seed| {
            let trials = run(&lattice, &mut *strategy(seed));
            assert_eq!(trials.len(), evaluations, "the budget is spent and kept");
            volume(&trials) / whole
        };
        median(seeds.map(share).collect())
    };
    let evolution = shares(&|seed| {
        let settings = EvolutionSettings::new(evaluations, seed);
        Box::new(Evolution::new(lattice.clone(), 3, settings))
    });
    let random = shares(&|seed| {
        let plan = Plan::random(lattice.clone(), evaluations as u64, seed);
        Box::new(PlanSearch::whole(plan))
    });
    assert!(
        evolution >= 0.99,
        "NSGA-II reaches {evolution}, random {random}"
    );
    assert!(evolution > random, "NSGA-II {evolution}, random {random}");
}

#[test]
fn parzen_search_beats_random_search_with_few_evaluations() {
    let lattice = lattice();
    let volumes = |strategy: &dyn Fn(u64) -> Box<dyn Strategy>| {
        let seeds = 0..5;
        median(
            seeds
                .map(|seed| volume(&run(&lattice, &mut *strategy(seed))))
                .collect(),
        )
    };
    let parzen = volumes(&|seed| {
        let settings = ParzenSettings::new(600, seed);
        Box::new(ParzenSearch::new(lattice.clone(), 3, settings))
    });
    let random =
        volumes(&|seed| Box::new(PlanSearch::whole(Plan::random(lattice.clone(), 600, seed))));
    assert!(parzen > random, "Parzen {parzen}, random {random}");
}

#[test]
fn strategies_try_no_design_twice_and_repeat_with_their_seed() {
    let shape = |(len, ordered)| AxisShape { len, ordered };
    // Smaller than the budgets: each strategy must stop at the last design.
    let lattice = [(4, true), (3, false), (5, true)].map(shape).to_vec();
    let lattice = Lattice::new(lattice).expect("60 combinations");
    let score = |index: u64| Trial {
        index,
        score: Score::feasible(&[(index % 7) as f64, (index % 11) as f64]),
    };
    let build: [&dyn Fn() -> Box<dyn Strategy>; 4] = [
        &|| Box::new(PlanSearch::whole(Plan::exhaustive(lattice.clone()))),
        &|| Box::new(PlanSearch::whole(Plan::random(lattice.clone(), 100, 5))),
        &|| {
            Box::new(Evolution::new(
                lattice.clone(),
                2,
                EvolutionSettings::new(100, 5),
            ))
        },
        &|| {
            Box::new(ParzenSearch::new(
                lattice.clone(),
                2,
                ParzenSettings::new(100, 5),
            ))
        },
    ];
    for build in build {
        let visit = |mut strategy: Box<dyn Strategy>| {
            let mut order = Vec::new();
            loop {
                let batch = strategy.propose();
                if batch.is_empty() {
                    return order;
                }
                strategy.learn(&batch.iter().map(|&index| score(index)).collect::<Vec<_>>());
                order.extend(batch);
            }
        };
        let order = visit(build());
        let distinct: HashSet<u64> = order.iter().copied().collect();
        assert_eq!((order.len(), distinct.len()), (60, 60), "{:?}", build());
        assert_eq!(
            order,
            visit(build()),
            "the same seed tries the same designs"
        );
    }
}

#[test]
fn shards_of_a_plan_are_the_plan() {
    let lattice = lattice();
    for plan in [
        Plan::exhaustive(lattice.clone()),
        Plan::random(lattice.clone(), 1000, 9),
        Plan::latin_hypercube(lattice.clone(), 1000, 9),
    ] {
        for n_shards in [1, 3, 7] {
            let places: Vec<u64> = (0..n_shards)
                .flat_map(|shard| plan.shard(shard, n_shards))
                .collect();
            assert_eq!(places, (0..plan.len()).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_latin_hypercube_visits_each_position_of_each_axis_equally_often() {
    let lattice = lattice();
    let plan = Plan::latin_hypercube(lattice.clone(), 64, 2);
    for (at, axis) in lattice.axes().iter().enumerate() {
        let mut visits = vec![0u16; axis.len.into()];
        for trial in 0..plan.len() {
            visits[usize::from(lattice.genome(plan.index(trial))[at])] += 1;
        }
        assert!(
            visits.iter().all(|&n| n == 64 / axis.len),
            "axis {at}: {visits:?}"
        );
    }
}

#[test]
fn refinement_stays_within_its_budget_and_climbs_from_a_poor_start() {
    let lattice = lattice();
    let start = lattice.index(&[7, 0, 0, 0, 7, 3, 3, 1]);
    let trials = run(
        &lattice,
        &mut Refinement::new(lattice.clone(), 3, start, 3000),
    );
    assert_eq!(trials[0].index, start, "the chosen design comes first");
    assert_eq!(trials.len(), 3000);
    let seen: HashSet<u64> = trials.iter().map(|trial| trial.index).collect();
    assert_eq!(seen.len(), 3000, "no design twice");
    let neighbors = lattice.neighbors(start).len();
    assert!(volume(&trials) > 2.0 * volume(&trials[..=neighbors]).max(1.0));
}

/// The worked example of the paper (Fig. 9, OPT-125M, 1 %): which combinations are accurate enough.
fn paper_says_accurate(widths: [u16; 4]) -> bool {
    [[7, 7, 7, 7], [7, 7, 6, 7], [7, 7, 6, 6], [7, 7, 6, 5]].contains(&widths)
}

#[test]
fn anda_search_repeats_the_ten_steps_of_the_paper() {
    let shape = AxisShape {
        len: 10,
        ordered: true,
    };
    let lattice = Lattice::new(vec![shape; 4]).expect("10^4 combinations");
    let widths = |index: u64| {
        let genome = lattice.genome(index);
        std::array::from_fn::<u16, 4, _>(|at| genome[at] + 4)
    };
    // Multiply-accumulates of q, k, v : o : up : down in OPT-125M are 3 : 1 : 4 : 4.
    let cost_lattice = lattice.clone();
    let bit_operations = move |index: u64| {
        let genome = cost_lattice.genome(index);
        let shares = genome.iter().zip([3.0, 1.0, 4.0, 4.0]);
        shares.map(|(&gene, macs)| macs * f64::from(gene + 4)).sum()
    };
    let mut search = AndaSearch::new(lattice.clone(), Arc::new(bit_operations), 10);
    let mut visited = Vec::new();
    while let [index] = search.propose()[..] {
        let accurate = paper_says_accurate(widths(index));
        let violation = if accurate { 0.0 } else { 1.0 };
        let score = Score {
            violation,
            ..Score::feasible(&[0.0])
        };
        search.learn(&[Trial { index, score }]);
        visited.push(widths(index));
    }
    let paper = [
        [4, 4, 4, 4],
        [5, 5, 5, 5],
        [6, 6, 6, 6],
        [7, 7, 7, 7],
        [7, 7, 6, 7],
        [7, 7, 5, 7],
        [7, 7, 6, 6],
        [7, 7, 5, 6],
        [7, 7, 6, 5],
        [7, 7, 5, 5],
    ];
    assert_eq!(visited, paper);
    let best = search.best().map(|(index, _)| widths(index));
    assert_eq!(best, Some([7, 7, 6, 5]));
}
