//! Built-in spaces judged by the real models: they run as they are, and say how sure their fronts are.

use std::sync::Arc;

use blockscape_explorer::engine::worker_pool;
use blockscape_explorer::judge::evaluate::Tried;
use blockscape_explorer::judge::evaluate::{Evaluate, evaluate_all};
use blockscape_explorer::judge::uncertainty::{Certainty, front_probabilities};
use blockscape_explorer::pareto::ParetoFront;
use blockscape_explorer::search::strategy::Plan;
use blockscape_explorer::{
    Axis, DesignSpace, Goal, Judge, Objective, Search, Spread, Ticket, preset,
};
use blockscape_model::evaluation::Metric;

fn prepared(name: &str) -> (DesignSpace, Goal, Arc<Judge>) {
    let (space, goal) = preset::space(name)
        .expect("a built-in space")
        .prepare()
        .expect("a sound space");
    let judge = Judge::for_model(&space.workload().model);
    (space, goal, Arc::new(judge))
}

/// Numbers of the non-dominated of some designs spread over the space.
fn sampled_front(space: &DesignSpace, goal: &Goal, judge: &Arc<Judge>, n_designs: u64) -> Vec<u64> {
    let evaluations = n_designs;
    let plan = Search::LatinHypercube { evaluations }
        .plan(space, 1)
        .expect("a plan");
    let indexes: Vec<u64> = (0..plan.len()).map(|trial| plan.index(trial)).collect();
    let evaluator: Arc<dyn Evaluate> = Arc::<Judge>::clone(judge);
    let pool = worker_pool(1).expect("a thread");
    let outcomes = pool
        .install(|| evaluate_all(space, &evaluator, &indexes, &Ticket::unlimited()))
        .expect("nobody cancels");
    let n = goal.n_objectives();
    let scores: Vec<_> = outcomes
        .iter()
        .map(|metrics| goal.score(metrics.as_ref()))
        .collect();
    let mut front = ParetoFront::new(n);
    let feasible = indexes.iter().zip(&scores);
    let feasible = feasible.filter(|(_, score)| score.is_feasible(n));
    front.extend(feasible.map(|(&index, score)| (index, &score.objectives[..n])));
    front.ids().to_vec()
}

#[test]
fn every_built_in_space_has_designs_that_can_be_built() {
    for space in preset::spaces() {
        let (space, goal, judge) = prepared(&space.name);
        let front = sampled_front(&space, &goal, &judge, 48);
        assert!(front.len() > 1, "{} has a front", space.base().name);
    }
}

/// Two widths and the sides of the array around Anda: 400 designs with their figures.
fn small_space(objectives: &[Metric]) -> (DesignSpace, Goal, Arc<Judge>, Vec<Tried>) {
    let mut preset = preset::space("Anda").expect("a built-in space");
    preset.axes = vec![
        Axis::whole(preset.axes[0].parameter, 4, 8),
        Axis::whole(preset.axes[3].parameter, 4, 8),
    ];
    for side in ["rows", "columns"] {
        preset.axes.push(Axis {
            parameter: side.parse().expect("a parameter"),
            values: Spread::Log {
                from: 8.0,
                to: 64.0,
                factor: 2.0,
            },
        });
    }
    preset.objectives = objectives.iter().copied().map(Objective::new).collect();
    if objectives[0] == Metric::Perplexity {
        preset.objectives[0].limit = Some(6.2);
    }
    let (space, goal) = preset.prepare().expect("a sound space");
    let judge = Arc::new(Judge::for_model(&space.workload().model));
    let evaluator: Arc<dyn Evaluate> = Arc::<Judge>::clone(&judge);
    let indexes: Vec<u64> = (0..space.size()).collect();
    let outcomes = evaluate_all(&space, &evaluator, &indexes, &Ticket::unlimited());
    let tried = indexes.into_iter().zip(outcomes.expect("nobody cancels"));
    let tried = tried.collect();
    (space, goal, judge, tried)
}

/// How often each design is on the front of all designs, every one judged in every sample.
fn counted(space: &DesignSpace, goal: &Goal, judges: &[Arc<dyn Evaluate>]) -> Vec<usize> {
    let indexes: Vec<u64> = (0..space.size()).collect();
    let mut hits = vec![0; indexes.len()];
    for judge in judges {
        let outcomes = evaluate_all(space, judge, &indexes, &Ticket::unlimited());
        let n = goal.n_objectives();
        let scores: Vec<_> = outcomes
            .expect("nobody cancels")
            .iter()
            .map(|metrics| goal.score(metrics.as_ref()))
            .collect();
        let mut front = ParetoFront::new(n);
        let feasible = (0..).zip(&scores).filter(|(_, score)| score.is_feasible(n));
        front.extend(feasible.map(|(index, score)| (index, &score.objectives[..n])));
        for &index in front.ids() {
            hits[usize::try_from(index).expect("a small space")] += 1;
        }
    }
    hits
}

/// Holds the probabilities of a front against counts over all designs; returns how many designs had to be judged.
fn check_probabilities(objectives: &[Metric], seed: u64) -> (Certainty, usize) {
    let (space, goal, judge, tried) = small_space(objectives);
    let pool = worker_pool(2).expect("threads");
    let n_samples = 12;
    let judges = judge.samples(n_samples, seed);
    let find = || {
        let ticket = Ticket::unlimited();
        pool.install(|| front_probabilities(&space, &goal, &tried, &judges, &ticket))
            .expect("nobody cancels")
    };
    let certainty = find();
    assert_eq!(certainty, find(), "the seed alone decides");
    assert_eq!(certainty.n_left_out, 0);
    let hits = counted(&space, &goal, &judges);
    for (index, &hits) in (0..).zip(&hits) {
        let design = certainty.of(index);
        let probability = design.map_or(0.0, |design| design.probability);
        let share = |n: usize| f64::from(u32::try_from(n).expect("few"));
        let expected = share(hits) / share(n_samples);
        assert!((probability - expected).abs() < 1e-12, "design {index}");
        if let Some(design) = design {
            assert_eq!(design.always, hits == n_samples);
        }
    }
    assert!(certainty.designs.iter().any(|design| design.always));
    (certainty, tried.len())
}

#[test]
fn probabilities_of_a_front_are_those_among_all_designs() {
    for seed in [3, 4] {
        let objectives = [Metric::Perplexity, Metric::PrefillEnergy, Metric::Area];
        let (certainty, _) = check_probabilities(&objectives, seed);
        let entrants = certainty.designs.iter().filter(|design| !design.is_member);
        assert!(
            entrants.count() > 0,
            "a dominated design enters in some sample"
        );
    }
}

#[test]
fn designs_that_no_constants_bring_to_the_front_are_not_judged_again() {
    let (certainty, n_tried) = check_probabilities(&[Metric::Sqnr, Metric::Area], 5);
    let n_judged = certainty.n_judged;
    assert!(n_judged < n_tried / 2, "{n_judged} of {n_tried} judged");
}

#[test]
fn what_neighbors_share_changes_no_digit() {
    for name in ["General", "Harmonia", "MASE"] {
        let (space, _, judge) = prepared(name);
        let plan = Plan::random(space.lattice().clone(), 150, 8);
        let mut remembering = judge.session();
        for trial in 0..plan.len() {
            let (design, workload) = space.design(plan.index(trial)).expect("a design");
            let together = remembering.metrics(&design, &workload);
            let alone = judge.session().metrics(&design, &workload);
            let whole = judge
                .evaluation(&design, &workload)
                .map(|whole| whole.metrics());
            match (together, alone, whole) {
                (Ok(together), Ok(alone), Ok(whole)) => {
                    assert!(together.same_bits(&alone), "{name} {trial}");
                    assert!(together.same_bits(&whole), "{name} {trial}");
                }
                (Err(together), Err(alone), Err(_)) => assert_eq!(together, alone),
                _ => panic!("{name} {trial}: built once, refused once"),
            }
        }
    }
}
