//! Built-in spaces judged by the real models: they run as they are, and say how sure their fronts are.

use std::sync::Arc;

use blockscape_explorer::engine::worker_pool;
use blockscape_explorer::evaluate::{Evaluate, evaluate_all};
use blockscape_explorer::pareto::ParetoFront;
use blockscape_explorer::uncertainty::front_probabilities;
use blockscape_explorer::{DesignSpace, Goal, Judge, Search, Ticket, preset};

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

#[test]
fn front_members_have_probabilities_that_depend_on_the_seed_alone() {
    let (space, goal, judge) = prepared("General");
    let members = sampled_front(&space, &goal, &judge, 200);
    let pool = worker_pool(2).expect("threads");
    let probabilities = |seed| {
        let judges = judge.sampled(20, seed);
        let ticket = Ticket::unlimited();
        pool.install(|| front_probabilities(&space, &goal, &members, &judges, &ticket))
            .expect("nobody cancels")
    };
    let first = probabilities(3);
    assert_eq!(first, probabilities(3));
    assert_eq!(first.len(), members.len());
    for member in &first {
        assert!((0.0..=1.0).contains(&member.probability));
        assert_eq!(member.always, member.probability >= 1.0);
    }
    let sure = first.iter().filter(|member| member.always).count();
    assert!(sure > 0, "some members stay whatever the constants");
}
