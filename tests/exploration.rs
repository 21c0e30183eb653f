//! The background engine: newest job wins, the same results for any number of threads, no panic gets out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use blockscape_explorer::{
    Axis, Candidate, Constraint, DesignSpace, Evaluate, Explorer, Generation, Goal, Job, Objective,
    Search, Spread, Update,
};
use blockscape_model::design::Design;
use blockscape_model::evaluation::Metric;
use blockscape_model::preset;
use blockscape_model::workload::Workload;
use blockscape_tests::made_up::{base, judge};

/// Long enough for any machine; reached only if an update never comes.
const PATIENCE: Duration = Duration::from_mins(1);

fn axis(parameter: &str, from: u32, to: u32) -> Axis {
    Axis::whole(parameter.parse().expect("a parameter"), from, to)
}

fn space(axes: Vec<Axis>, constraints: Vec<Constraint>) -> Arc<DesignSpace> {
    let (design, workload) = base();
    Arc::new(DesignSpace::new(design, workload, axes, constraints).expect("a space"))
}

fn job(space: &Arc<DesignSpace>, search: Search, evaluator: Arc<dyn Evaluate>) -> Job {
    let objectives = [Metric::Sqnr, Metric::Area, Metric::EnergyPerToken].map(Objective::new);
    let goal = Goal::new(objectives.to_vec(), space.constraints().to_vec()).expect("objectives");
    Job {
        edited: Arc::clone(space.base()),
        workload: Arc::clone(space.workload()),
        space: Arc::clone(space),
        goal: Arc::new(goal),
        search,
        seed: 11,
        evaluator,
        n_samples: 0,
    }
}

fn medium_space() -> Arc<DesignSpace> {
    let axes = vec![
        axis("mantissa_bits activations", 3, 10),
        axis("rows", 1, 40),
        axis("batch", 1, 10),
    ];
    space(axes, Vec::new())
}

fn explorer(threads: usize) -> Explorer {
    Explorer::new(Arc::new(|| {}), threads).expect("threads")
}

/// All candidates in order and the front of the newest job.
fn follow(explorer: &Explorer, generation: Generation) -> (Vec<Candidate>, Vec<u64>) {
    let mut candidates = Vec::new();
    loop {
        let update = explorer.recv_timeout(PATIENCE).expect("an update");
        assert_eq!(
            update.generation(),
            generation,
            "only the newest job speaks"
        );
        match update {
            Update::Evaluated { batch, .. } => candidates.extend(batch),
            Update::Finished {
                front, progress, ..
            } => {
                assert_eq!(
                    progress.n_tried - progress.n_impossible,
                    candidates.len() as u64
                );
                return (candidates, front);
            }
            Update::Failed { message, .. } => panic!("{message}"),
            Update::Started { .. } | Update::Edited { .. } | Update::Sampled { .. } => {}
        }
    }
}

#[test]
fn one_and_two_threads_find_the_same_in_the_same_order() {
    let space = medium_space();
    let searches = [
        Search::Exhaustive,
        Search::Random { evaluations: 700 },
        Search::LatinHypercube { evaluations: 500 },
        Search::Nsga2 {
            evaluations: 600,
            population: 40,
        },
        Search::Tpe { evaluations: 300 },
        Search::Refine {
            start: 77,
            evaluations: 400,
        },
    ];
    let (one, two) = (explorer(1), explorer(2));
    for search in searches {
        let run = |explorer: &Explorer| {
            let generation = explorer.submit(job(&space, search.clone(), Arc::new(judge)));
            follow(explorer, generation)
        };
        let (first, first_front) = run(&one);
        let (second, second_front) = run(&two);
        assert_eq!(first.len(), second.len(), "{search:?}");
        for (a, b) in first.iter().zip(&second) {
            assert!(
                a.index == b.index && a.metrics.same_bits(&b.metrics),
                "{search:?} at {}",
                a.index
            );
        }
        assert_eq!(first_front, second_front, "{search:?}");
        assert!(!first_front.is_empty(), "{search:?}");
    }
}

#[test]
fn the_edited_design_comes_before_the_space() {
    let explorer = explorer(2);
    let space = medium_space();
    explorer.submit(job(&space, Search::Exhaustive, Arc::new(judge)));
    let next = || explorer.recv_timeout(PATIENCE).expect("an update");
    assert!(matches!(next(), Update::Started { total: 3200, .. }));
    let Update::Edited {
        outcome: Ok(metrics),
        ..
    } = next()
    else {
        panic!("the edited design is batch 0");
    };
    let expected = judge(space.base(), space.workload()).expect("a sound design");
    assert!(metrics.same_bits(&expected));
}

#[test]
fn the_newest_job_wins_and_older_ones_fall_silent() {
    let explorer = explorer(2);
    let large = space(
        vec![
            axis("rows", 1, 1024),
            axis("columns", 1, 1024),
            axis("lanes", 1, 64),
        ],
        Vec::new(),
    );
    for _ in 0..20 {
        explorer.submit(job(&large, Search::Exhaustive, Arc::new(judge)));
    }
    let newest = explorer.submit(job(&medium_space(), Search::Exhaustive, Arc::new(judge)));
    let (candidates, _) = follow(&explorer, newest);
    assert_eq!(candidates.len(), 1920, "six of ten batches can be built");
}

#[test]
fn a_panic_in_a_judge_fails_its_job_and_the_next_one_runs() {
    let explorer = explorer(2);
    let broken = |design: &Design, workload: &Workload| {
        assert!(design.array.rows < 20, "no rows left");
        judge(design, workload)
    };
    let failed = explorer.submit(job(&medium_space(), Search::Exhaustive, Arc::new(broken)));
    let message = loop {
        match explorer.recv_timeout(PATIENCE).expect("an update") {
            Update::Failed {
                generation,
                message,
            } => {
                assert_eq!(generation, failed);
                break message;
            }
            Update::Finished { .. } => panic!("finished in spite of a panic"),
            _ => {}
        }
    };
    assert!(message.contains("no rows left"), "{message}");
    let generation = explorer.submit(job(&medium_space(), Search::Exhaustive, Arc::new(judge)));
    assert_eq!(follow(&explorer, generation).0.len(), 1920);
}

#[test]
fn an_edit_is_answered_while_an_older_sweep_does_not_listen() {
    let explorer = explorer(1);
    let gate = Arc::new(Mutex::new(()));
    let shut = gate.lock().expect("nobody panicked with it");
    let calls = Arc::new(AtomicUsize::new(0));
    let stuck = {
        let (gate, calls) = (Arc::clone(&gate), Arc::clone(&calls));
        move |design: &Design, workload: &Workload| {
            // The first is the edited design, the others are the sweep.
            if calls.fetch_add(1, Ordering::Relaxed) > 0 {
                drop(gate.lock());
            }
            judge(design, workload)
        }
    };
    explorer.submit(job(&medium_space(), Search::Exhaustive, Arc::new(stuck)));
    while calls.load(Ordering::Relaxed) < 2 {
        std::thread::yield_now();
    }
    let newest = explorer.submit(job(&medium_space(), Search::Exhaustive, Arc::new(judge)));
    loop {
        let update = explorer.recv_timeout(PATIENCE).expect("an update");
        assert_eq!(update.generation(), newest);
        if matches!(update, Update::Edited { .. }) {
            break;
        }
    }
    drop(shut);
    assert_eq!(follow(&explorer, newest).0.len(), 1920);
}

#[test]
fn a_canceled_job_sends_no_more_and_dropping_the_engine_ends_its_thread() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counting = {
        let calls = Arc::clone(&calls);
        move |design: &Design, workload: &Workload| {
            calls.fetch_add(1, Ordering::Relaxed);
            judge(design, workload)
        }
    };
    let explorer = explorer(2);
    let large = space(
        vec![
            axis("rows", 1, 1024),
            axis("columns", 1, 1024),
            axis("lanes", 1, 1024),
        ],
        Vec::new(),
    );
    explorer.submit(job(&large, Search::Exhaustive, Arc::new(counting)));
    while calls.load(Ordering::Relaxed) < 2000 {
        let _ = explorer.recv_timeout(PATIENCE);
    }
    explorer.cancel();
    assert!(explorer.try_recv().is_none(), "silence after cancel");
    drop(explorer);
    let after = calls.load(Ordering::Relaxed);
    assert!(
        after < 100_000_000,
        "the billion designs were not all tried"
    );
    assert_eq!(
        Arc::strong_count(&calls),
        1,
        "no thread holds the judge any more"
    );
}

#[test]
fn the_nth_design_has_the_nth_values_and_walking_there_leaves_no_trace() {
    let list = Spread::List(
        ["fp16", "bfp:m=4,e=8,b=32", "mxfp4", "anda:m=7"]
            .map(str::to_owned)
            .to_vec(),
    );
    let axes = vec![
        Axis {
            parameter: "format activations".parse().expect("a parameter"),
            values: list,
        },
        axis("mantissa_bits qkv.activation", 3, 6),
        Axis {
            parameter: "rows".parse().expect("a parameter"),
            values: Spread::Log {
                from: 4.0,
                to: 64.0,
                factor: 2.0,
            },
        },
    ];
    let space = space(axes, Vec::new());
    assert_eq!(space.size(), 4 * 4 * 5);
    let mut seen = HashMap::new();
    let mut cursor = blockscape_explorer::space::Cursor::new(&space);
    // A walk with jumps, through designs that cannot be built: fp16 and mxfp4 have no mantissa to set.
    for step in 0..240u64 {
        let index = step * 37 % space.size();
        let walked = cursor.turn_to(index).map(|(design, _)| design.clone()).ok();
        let fresh = space
            .design(index)
            .map(|(design, _)| Design {
                name: "test".to_owned(),
                ..design
            })
            .ok();
        assert_eq!(walked, fresh, "design {index}");
        let texts = space.value_texts(index);
        if let Some(design) = fresh {
            assert_eq!(design.array.rows.to_string(), texts[2]);
            seen.insert(texts, index);
        }
    }
    assert_eq!(seen.len(), 40, "two of four formats have mantissa bits");
}

#[test]
fn constraints_leave_designs_out() {
    let text = "[NotAbove(\"rows\", \"columns\"), AtMost(\"area_mm2\", 2000.0), AtLeast(\"sqnr_db\", 30.0)]";
    let constraints: Vec<Constraint> = preset::from_ron(text).expect("constraints");
    let space = space(
        vec![axis("rows", 1, 20), axis("columns", 1, 20)],
        constraints,
    );
    let explorer = explorer(1);
    let generation = explorer.submit(job(&space, Search::Exhaustive, Arc::new(judge)));
    let (candidates, front) = follow(&explorer, generation);
    assert_eq!(candidates.len(), 210, "rows <= columns");
    for index in front {
        let (design, workload) = space.design(index).expect("a design of the front");
        let metrics = judge(&design, &workload).expect("a sound design");
        assert!(design.array.rows <= design.array.columns);
        assert!(metrics.get(Metric::Area) <= 2000.0 && metrics.get(Metric::Sqnr) >= 30.0);
    }
}

#[test]
fn bad_axes_say_what_is_allowed() {
    let check = |axis: Axis, part: &str| {
        let (design, workload) = base();
        let violation =
            DesignSpace::new(design, workload, vec![axis], Vec::new()).expect_err("a bad axis");
        assert!(violation.to_string().contains(part), "{violation}");
    };
    check(axis("rows", 5, 2), "from <= to");
    check(axis("rows", 0, 2), "from 1 to 1024");
    let spread = |values| Axis {
        parameter: "rows".parse().expect("a parameter"),
        values,
    };
    check(
        spread(Spread::Range {
            from: 1.0,
            to: 2.0,
            step: 0.0,
        }),
        "step > 0",
    );
    check(
        spread(Spread::Range {
            from: 1.0,
            to: f64::INFINITY,
            step: 1.0,
        }),
        "at most 65535 values",
    );
    check(
        spread(Spread::Log {
            from: 0.0,
            to: 2.0,
            factor: 2.0,
        }),
        "0 < from",
    );
    check(spread(Spread::List(Vec::new())), "1 to 65535 values");
    check(
        spread(Spread::List(vec!["many".to_owned()])),
        "a whole number",
    );
}

#[test]
fn a_kept_result_takes_at_most_200_bytes() {
    let candidate = size_of::<Candidate>();
    let tried = size_of::<blockscape_explorer::judge::evaluate::Tried>();
    assert!(
        candidate <= 200 && tried <= 200,
        "{candidate} and {tried} bytes"
    );
}
