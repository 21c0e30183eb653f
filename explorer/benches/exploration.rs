//! Speed of exploration: designs judged a second, from an edit to a full front, fronts of many points.

use std::sync::Arc;

use blockscape_explorer::judge::evaluate::{Evaluate, evaluate_all};
use blockscape_explorer::pareto::{Points, front, hypervolume, layers};
use blockscape_explorer::random::Random;
use blockscape_explorer::{
    DesignSpace, Explorer, Goal, Job, Judge, Search, Ticket, Update, preset,
};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

fn anda() -> (Arc<DesignSpace>, Arc<Goal>, Arc<dyn Evaluate>) {
    let (space, goal) = preset::space("Anda")
        .and_then(|space| space.prepare().ok())
        .expect("a built-in space");
    let judge = Judge::for_model(&space.workload().model);
    (Arc::new(space), Arc::new(goal), Arc::new(judge))
}

/// 10,000 designs on one thread: cost and quality, nothing else.
#[divan::bench(sample_count = 10)]
fn judge_ten_thousand_designs_on_one_thread(bencher: Bencher<'_, '_>) {
    let (space, _, judge) = anda();
    let pool = blockscape_explorer::engine::worker_pool(1).expect("a thread");
    let indexes: Vec<u64> = (0..space.size()).collect();
    let ticket = Ticket::unlimited();
    pool.install(|| evaluate_all(&space, &judge, &indexes, &ticket));
    bencher
        .counter(ItemsCount::new(indexes.len()))
        .bench(|| pool.install(|| evaluate_all(&space, &judge, &indexes, &ticket)));
}

/// From an edit to the first updated point, and to the full front of 10,000 designs.
#[divan::bench(sample_count = 10, args = [false, true])]
fn edit_to_answer(bencher: Bencher<'_, '_>, to_full_front: bool) {
    let (space, goal, judge) = anda();
    let explorer = Explorer::new(Arc::new(|| {}), 2).expect("threads");
    let answer = || {
        explorer.submit(Job {
            edited: Arc::clone(space.base()),
            workload: Arc::clone(space.workload()),
            space: Arc::clone(&space),
            goal: Arc::clone(&goal),
            search: Search::Exhaustive,
            seed: 0,
            evaluator: Arc::clone(&judge),
            n_samples: 0,
        });
        while let Some(update) = explorer.recv_timeout(std::time::Duration::from_mins(1)) {
            match update {
                Update::Edited { .. } if !to_full_front => return,
                Update::Finished { .. } => return,
                _ => {}
            }
        }
    };
    answer();
    bencher.bench_local(answer);
}

fn cloud(n: usize, n_objectives: usize) -> Points {
    let mut random = Random::new(1);
    let mut points = Points::new(n_objectives);
    for _ in 0..n {
        let row: Vec<f64> = (0..n_objectives).map(|_| random.unit()).collect();
        points.push(&row);
    }
    points
}

#[divan::bench(sample_count = 5, args = [2, 3, 4, 5])]
fn front_of_a_million_points(bencher: Bencher<'_, '_>, n_objectives: usize) {
    let points = cloud(1_000_000, n_objectives);
    bencher.bench(|| front(&points));
}

#[divan::bench(sample_count = 5, args = [2, 3, 4, 5])]
fn layers_of_ten_thousand_points(bencher: Bencher<'_, '_>, n_objectives: usize) {
    let points = cloud(10_000, n_objectives);
    bencher.bench(|| layers(&points));
}

#[divan::bench(sample_count = 5, args = [2, 3, 4])]
fn hypervolume_of_a_thousand_members(bencher: Bencher<'_, '_>, n_objectives: usize) {
    let all = cloud(200_000, n_objectives);
    let mut members = front(&all);
    members.truncate(1000);
    let members = all.select(&members);
    let reference = vec![1.0; n_objectives];
    bencher.bench(|| hypervolume(&members, &reference));
}
