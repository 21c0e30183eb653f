//! Sweeps that are killed, cut into shards or run on other threads end with the same file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use blockscape_explorer::judge::evaluate::{Evaluate, Session};
use blockscape_explorer::random::Random;
use blockscape_explorer::sweep::store::{Build, JournalHeader, Output, merge};
use blockscape_explorer::{
    Axis, Constraint, DesignSpace, Goal, Objective, Progress, Search, Sweep, SweepError, Ticket,
};
use blockscape_model::evaluation::Metric;
use blockscape_tests::made_up::{base, judge};

/// An empty folder of its own for each test, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("blockscape-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sweep(search: Search) -> Sweep {
    let (design, workload) = base();
    let axis =
        |parameter: &str, from, to| Axis::whole(parameter.parse().expect("a parameter"), from, to);
    let axes = vec![
        axis("mantissa_bits activations", 3, 10),
        axis("rows", 1, 40),
        axis("batch", 1, 10),
    ];
    let constraints = vec![Constraint::AtMost(Metric::Area, 4000.0)];
    let space = DesignSpace::new(design, workload, axes, constraints.clone()).expect("a space");
    let objectives = [Metric::Sqnr, Metric::Area, Metric::EnergyPerToken].map(Objective::new);
    Sweep {
        space: Arc::new(space),
        goal: Arc::new(Goal::new(objectives.to_vec(), constraints).expect("objectives")),
        search,
        seed: 4,
        evaluator: Arc::new(judge),
        threads: 1,
        shard: None,
        build: Build::new("test", 7),
        n_samples: 0,
        ticket: Ticket::unlimited(),
    }
}

fn searches() -> [Search; 4] {
    [
        Search::Exhaustive,
        Search::LatinHypercube { evaluations: 900 },
        Search::Nsga2 {
            evaluations: 900,
            population: 60,
        },
        Search::Tpe { evaluations: 200 },
    ]
}

fn run(sweep: &Sweep, output: &Path) -> Vec<u8> {
    sweep.run(output, &mut |_| {}).expect("a sweep");
    fs::read(output).expect("the table")
}

fn journal(output: &Path) -> PathBuf {
    PathBuf::from(format!("{}.journal", output.display()))
}

/// The journal of a whole run: what lies beside the table just before it is removed.
fn whole_journal(sweep: &Sweep, folder: &Folder) -> Vec<u8> {
    let output = folder.file("watched.csv");
    let path = journal(&output);
    let mut bytes = Vec::new();
    let mut watch = |_: &_| bytes = fs::read(&path).expect("the journal");
    sweep.run(&output, &mut watch).expect("a sweep");
    bytes
}

#[test]
fn one_and_two_threads_write_the_same_file() {
    let folder = Folder::new("threads");
    for search in searches() {
        let one = sweep(search);
        let two = Sweep {
            threads: 2,
            ..one.clone()
        };
        let (one, two) = (
            run(&one, &folder.file("1.csv")),
            run(&two, &folder.file("2.csv")),
        );
        assert!(
            one == two && one.len() > 10_000,
            "{} and {} bytes",
            one.len(),
            two.len()
        );
    }
}

#[test]
fn a_journal_cut_at_any_byte_leads_to_the_same_file() {
    let folder = Folder::new("cut");
    let mut random = Random::new(1);
    for search in searches() {
        let sweep = sweep(search);
        let whole = run(&sweep, &folder.file("whole.csv"));
        let full_journal = whole_journal(&sweep, &folder);
        let output = folder.file("cut.csv");
        for attempt in 0..12 {
            // The first cuts fall into the header.
            let cut = match attempt {
                0..3 => attempt * 7,
                _ => random.position(full_journal.len()),
            };
            fs::write(journal(&output), &full_journal[..cut]).expect("a cut journal");
            let summary = sweep.run(&output, &mut |_| {}).expect("a resumed sweep");
            let record = 8 + 1 + 8 * Metric::COUNT + 4;
            assert_eq!(
                summary.n_resumed,
                (cut.saturating_sub(JournalHeader::LEN) / record) as u64
            );
            assert!(
                fs::read(&output).expect("the table") == whole,
                "cut at byte {cut}"
            );
            assert!(!journal(&output).exists(), "the journal is gone");
        }
    }
}

#[test]
fn a_flipped_bit_costs_the_rest_of_the_journal_and_nothing_else() {
    let folder = Folder::new("flip");
    let sweep = sweep(Search::Exhaustive);
    let whole = run(&sweep, &folder.file("whole.csv"));
    let full_journal = whole_journal(&sweep, &folder);
    let output = folder.file("flipped.csv");
    for at in [
        JournalHeader::LEN,
        JournalHeader::LEN + 4 + 117,
        full_journal.len() / 2,
        full_journal.len() - 1,
    ] {
        let mut flipped = full_journal.clone();
        flipped[at] ^= 1;
        fs::write(journal(&output), flipped).expect("a damaged journal");
        assert!(run(&sweep, &output) == whole, "flipped byte {at}");
    }
}

#[test]
fn the_journal_of_another_sweep_is_refused_and_kept() {
    let folder = Folder::new("other");
    let full_journal = whole_journal(&sweep(Search::Exhaustive), &folder);
    let output = folder.file("other.csv");
    fs::write(journal(&output), &full_journal).expect("a journal");
    let other = Sweep {
        seed: 5,
        ..sweep(Search::Exhaustive)
    };
    let error = other.run(&output, &mut |_| {}).expect_err("another seed");
    assert!(error.to_string().contains("different sweep"), "{error}");
    assert_eq!(
        fs::read(journal(&output)).expect("the journal"),
        full_journal
    );
}

/// The made-up judge with a subject of its own, slow enough to report every third design.
struct Measuring(&'static str);

impl Evaluate for Measuring {
    fn session(&self) -> Box<dyn Session + '_> {
        judge.session()
    }

    fn subject(&self) -> String {
        self.0.to_owned()
    }

    fn report_every(&self) -> usize {
        3
    }
}

fn measuring(text: &'static str) -> Sweep {
    Sweep {
        evaluator: Arc::new(Measuring(text)),
        ..sweep(Search::LatinHypercube { evaluations: 900 })
    }
}

#[test]
fn the_journal_of_a_judge_with_another_subject_is_refused() {
    let folder = Folder::new("subject");
    let full_journal = whole_journal(&measuring("one text"), &folder);
    let output = folder.file("subject.csv");
    fs::write(journal(&output), &full_journal).expect("a journal");
    let other = measuring("another text").run(&output, &mut |_| {});
    let error = other.expect_err("another text").to_string();
    assert!(error.contains("different sweep"), "{error}");
    run(&measuring("one text"), &output);
}

#[test]
fn a_slow_judge_is_reported_within_a_proposal_and_writes_the_same_file() {
    let folder = Folder::new("slow");
    let mut n_reports = 0;
    let output = folder.file("slow.csv");
    let summary = measuring("a text").run(&output, &mut |_| n_reports += 1);
    let n_tried = summary.expect("a sweep").n_tried;
    assert!(n_reports >= n_tried / 3, "{n_reports} of {n_tried}");
    let quick = run(
        &sweep(Search::LatinHypercube { evaluations: 900 }),
        &folder.file("quick.csv"),
    );
    assert!(fs::read(&output).expect("the table") == quick);
}

#[test]
fn a_sweep_that_is_stopped_says_so_and_goes_on_to_the_same_file() {
    let folder = Folder::new("stop");
    for search in searches() {
        let sweep = sweep(search);
        let whole = run(&sweep, &folder.file("whole.csv"));
        let output = folder.file("stopped.csv");
        let stopped = Sweep {
            ticket: Ticket::unlimited(),
            ..sweep.clone()
        };
        let mut stop = |progress: &Progress| {
            if progress.n_tried > 0 {
                stopped.ticket.revoke();
            }
        };
        match stopped.run(&output, &mut stop) {
            Err(SweepError::Stopped {
                n_tried,
                journal: kept,
                ..
            }) => {
                assert!(n_tried > 0);
                assert_eq!(kept, journal(&output));
                assert!(!output.exists());
                assert!(journal(&output).exists());
            }
            other => panic!("{other:?}"),
        }
        assert!(run(&sweep, &output) == whole, "{:?}", sweep.search);
        fs::remove_file(&output).expect("the table");
    }
}

#[test]
fn a_journal_in_use_is_refused() {
    let folder = Folder::new("lock");
    let sweep = sweep(Search::Exhaustive);
    let output = folder.file("locked.csv");
    let mut refusal = None;
    let mut intrude = |_: &_| {
        refusal.get_or_insert_with(|| {
            sweep
                .run(&output, &mut |_| {})
                .expect_err("in use")
                .to_string()
        });
    };
    sweep.run(&output, &mut intrude).expect("the first sweep");
    assert!(
        refusal
            .expect("an attempt")
            .contains("another sweep is writing")
    );
}

#[test]
fn shards_join_to_the_file_of_one_run() {
    let folder = Folder::new("shards");
    for search in [
        Search::Exhaustive,
        Search::Random { evaluations: 777 },
        Search::LatinHypercube { evaluations: 900 },
    ] {
        let sweep = sweep(search);
        let whole = run(&sweep, &folder.file("whole.csv"));
        for n_shards in [1, 2, 5] {
            let mut parts: Vec<PathBuf> = (1..=n_shards)
                .map(|shard| {
                    let output = folder.file(&format!("part{shard}.csv"));
                    let part = Sweep {
                        shard: Some((shard, n_shards)),
                        ..sweep.clone()
                    };
                    run(&part, &output);
                    output
                })
                .collect();
            parts.reverse();
            let joined = folder.file("joined.csv");
            merge(&parts, &Output::table(&joined)).expect("a whole table");
            let joined = fs::read(joined).expect("the table");
            assert!(joined == whole, "{n_shards} shards of {:?}", sweep.search);
        }
    }
}

#[test]
fn parts_that_do_not_make_a_whole_are_refused() {
    let folder = Folder::new("parts");
    let whole = sweep(Search::Exhaustive);
    let part = |sweep: &Sweep, shard, name: &str| {
        let output = folder.file(name);
        run(
            &Sweep {
                shard: Some((shard, 3)),
                ..sweep.clone()
            },
            &output,
        );
        output
    };
    let [one, two, three] = [1, 2, 3].map(|shard| part(&whole, shard, &format!("{shard}.csv")));
    let other = part(
        &Sweep {
            seed: 5,
            ..whole.clone()
        },
        3,
        "other.csv",
    );
    let table = folder.file("table.csv");
    run(&whole, &table);
    let cut = folder.file("cut.csv");
    let text = fs::read_to_string(&three).expect("a part");
    let end = text.trim_end().rfind('\n').expect("lines");
    fs::write(&cut, &text[..=end]).expect("a cut part");
    let check = |parts: &[&PathBuf], expected: &str| {
        let parts: Vec<PathBuf> = parts.iter().map(|&path| path.clone()).collect();
        let error = merge(&parts, &Output::table(folder.file("joined.csv")))
            .expect_err(expected)
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&[], "none given");
    check(&[&one, &three], "part 2 of 3 is missing");
    check(&[&one, &two], "part 3 of 3 is missing");
    check(&[&one, &two, &two, &three], "part 2 is given twice");
    check(&[&one, &two, &other], "another sweep");
    check(&[&one, &two, &table], "not a part");
    check(&[&one, &two, &cut], "cut or edited");
    check(&[&one, &folder.file("absent.csv")], "absent.csv");
}

#[test]
fn sharing_out_a_strategy_that_learns_is_refused() {
    let folder = Folder::new("learns");
    for (search, shard, expected) in [
        (
            Search::Nsga2 {
                evaluations: 50,
                population: 10,
            },
            (1, 2),
            "exhaustive",
        ),
        (Search::Exhaustive, (3, 2), "from 1 to N"),
        (Search::Exhaustive, (0, 2), "from 1 to N"),
    ] {
        let sweep = Sweep {
            shard: Some(shard),
            ..sweep(search)
        };
        let error = sweep
            .run(&folder.file("x.csv"), &mut |_| {})
            .expect_err("refused");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// Names the output of the child process of the next test.
const CHILD_OUTPUT: &str = "BLOCKSCAPE_TEST_CHILD_OUTPUT";

/// The child of the next test; does nothing in a run of all tests.
#[test]
fn child_sweeps_where_it_is_told() {
    if let Some(output) = std::env::var_os(CHILD_OUTPUT) {
        run(
            &sweep(Search::Nsga2 {
                evaluations: 3000,
                population: 20,
            }),
            Path::new(&output),
        );
    }
}

#[test]
fn a_killed_process_leaves_a_journal_that_leads_to_the_same_file() {
    let folder = Folder::new("kill");
    let whole = run(
        &sweep(Search::Nsga2 {
            evaluations: 3000,
            population: 20,
        }),
        &folder.file("whole.csv"),
    );
    let output = folder.file("killed.csv");
    let program = std::env::current_exe().expect("the test program");
    let mut random = Random::new(8);
    for _ in 0..6 {
        let mut child = Command::new(&program)
            .args(["--exact", "resume::child_sweeps_where_it_is_told"])
            .env(CHILD_OUTPUT, &output)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let size = || fs::metadata(journal(&output)).map_or(0, |file| file.len());
        let enough = size() + random.below(60_000);
        while size() < enough && child.try_wait().expect("a state").is_none() {
            std::thread::yield_now();
        }
        child.kill().expect("a killed child");
        child.wait().expect("an end");
    }
    let last = run(
        &sweep(Search::Nsga2 {
            evaluations: 3000,
            population: 20,
        }),
        &output,
    );
    assert!(last == whole, "{} and {} bytes", last.len(), whole.len());
}
