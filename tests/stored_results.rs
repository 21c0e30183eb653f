//! Results of two programs never mix, and damage to a journal, part or table is found out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use blockscape_explorer::random::Random;
use blockscape_explorer::sweep::store::{
    Build, Journal, JournalHeader, Output, check_part, check_table, merge,
};
use blockscape_explorer::{Axis, DesignSpace, Goal, Objective, Search, Sweep, Ticket};
use blockscape_model::evaluation::Metric;
use blockscape_model::preset;
use blockscape_tests::made_up::{base, judge};

/// An empty folder of its own for each test, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("blockscape-{}-stored-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
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
    ];
    let space = DesignSpace::new(design, workload, axes, Vec::new()).expect("a space");
    let objectives = [Metric::Sqnr, Metric::Area].map(Objective::new);
    Sweep {
        space: Arc::new(space),
        goal: Arc::new(Goal::new(objectives.to_vec(), Vec::new()).expect("objectives")),
        search,
        seed: 4,
        evaluator: Arc::new(judge),
        threads: 1,
        shard: None,
        build: Build::new("0123456789ab", 7),
        n_samples: 0,
        ticket: Ticket::unlimited(),
    }
}

fn run(sweep: &Sweep, output: &Path) -> Vec<u8> {
    sweep.run(output, &mut |_| {}).expect("a sweep");
    fs::read(output).expect("the table")
}

fn parts(whole: &Sweep, n_shards: u64, folder: &Folder) -> Vec<PathBuf> {
    let part = |shard| {
        let output = folder.file(&format!("part-{shard}.csv"));
        let part = Sweep {
            shard: Some((shard, n_shards)),
            ..whole.clone()
        };
        run(&part, &output);
        output
    };
    (1..=n_shards).map(part).collect()
}

/// The journal of a whole run, just before it is removed.
fn whole_journal(sweep: &Sweep, folder: &Folder) -> Vec<u8> {
    let output = folder.file("watched.csv");
    let path = folder.file("watched.csv.journal");
    let mut bytes = Vec::new();
    let mut watch = |_: &_| bytes = fs::read(&path).expect("the journal");
    sweep.run(&output, &mut watch).expect("a sweep");
    bytes
}

fn of_other_build(sweep: &Sweep) -> Sweep {
    let mut build = sweep.build.clone();
    "0000000000000000".clone_into(&mut build.presets);
    Sweep {
        build,
        ..sweep.clone()
    }
}

#[test]
fn the_fingerprint_of_presets_takes_in_every_file_of_the_repository() {
    fn texts(folder: &Path, sum: &mut u64, n: &mut usize) {
        for entry in fs::read_dir(folder).expect("the presets").flatten() {
            let path = entry.path();
            if path.is_dir() {
                texts(&path, sum, n);
            } else if path
                .extension()
                .is_some_and(|end| end == "ron" || end == "csv")
            {
                let text = fs::read_to_string(&path).expect("a preset");
                *sum = sum.wrapping_add(preset::text_fingerprint(&text));
                *n += 1;
            }
        }
    }
    let (mut sum, mut n) = (0, 0);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../presets");
    texts(&folder, &mut sum, &mut n);
    assert!(n > 60, "{n} files");
    assert_eq!(blockscape_explorer::preset::fingerprint(), sum);
}

#[test]
fn a_sweep_begun_by_another_program_is_refused_with_both_identities() {
    let folder = Folder::new("builds");
    let one = sweep(Search::Exhaustive);
    let other = of_other_build(&one);
    let output = folder.file("table.csv");
    let left = whole_journal(&one, &folder);
    fs::write(folder.file("table.csv.journal"), &left).expect("a journal");
    let error = other
        .run(&output, &mut |_| {})
        .expect_err("refused")
        .to_string();
    for build in [&one.build, &other.build] {
        assert!(error.contains(&build.to_string()), "{error}");
    }
    assert_eq!(
        fs::read(folder.file("table.csv.journal")).expect("kept"),
        left
    );
    let mut mixed = parts(&one, 2, &folder);
    let second = folder.file("second.csv");
    let part = Sweep {
        shard: Some((2, 2)),
        ..other.clone()
    };
    run(&part, &second);
    mixed[1] = second;
    let error = merge(&mixed, &Output::table(folder.file("mixed.csv")));
    let error = error.expect_err("refused").to_string();
    for build in [&one.build, &other.build] {
        assert!(error.contains(&build.to_string()), "{error}");
    }
    assert!(!folder.file("mixed.csv").exists());
}

#[test]
fn a_finished_part_is_not_computed_again_and_a_damaged_one_is() {
    let folder = Folder::new("finished");
    let whole = sweep(Search::Exhaustive);
    let paths = parts(&whole, 2, &folder);
    let part = Sweep {
        shard: Some((1, 2)),
        ..whole.clone()
    };
    let before = fs::read(&paths[0]).expect("a part");
    // As after a kill between the part and its journal.
    fs::write(folder.file("part-1.csv.journal"), b"").expect("a journal");
    let again = part.run(&paths[0], &mut |_| {}).expect("finished");
    assert!(again.was_finished && again.n_tried == 160, "{again:?}");
    assert!(!folder.file("part-1.csv.journal").exists());
    let first = part
        .run(&folder.file("anew.csv"), &mut |_| {})
        .expect("a part");
    assert_eq!(again.front.len(), first.front.len());
    assert_eq!(again.hypervolume.to_bits(), first.hypervolume.to_bits());
    let mut damaged = before.clone();
    let at = damaged.len() / 2;
    damaged[at] ^= 1;
    fs::write(&paths[0], damaged).expect("a damaged part");
    let again = part.run(&paths[0], &mut |_| {}).expect("computed");
    assert!(!again.was_finished);
    assert!(fs::read(&paths[0]).expect("a part") == before);
}

#[test]
fn every_flipped_bit_and_every_cut_of_parts_and_tables_is_found_out() {
    let folder = Folder::new("damage");
    let whole = sweep(Search::Exhaustive);
    let paths = parts(&whole, 2, &folder);
    let table = folder.file("table.csv");
    run(&whole, &table);
    check_table(&table).expect("intact");
    let mut random = Random::new(3);
    let joined = Output::table(folder.file("joined.csv"));
    merge(&paths, &joined).expect("intact parts");
    let intact = fs::read(joined.path()).expect("the joined table");
    assert!(intact == fs::read(&table).expect("the table"));
    for path in [&paths[0], &table] {
        let bytes = fs::read(path).expect("a file");
        for attempt in 0..300 {
            let mut damaged = bytes.clone();
            let at = match attempt {
                0..150 => attempt * bytes.len() / 150,
                _ => random.position(bytes.len()),
            };
            match attempt % 3 {
                0 => damaged[at] ^= 1 << (attempt % 8),
                1 => damaged.truncate(at),
                _ => drop(damaged.remove(at)),
            }
            fs::write(path, &damaged).expect("a damaged file");
            let found = check_table(path).is_err() && check_part(path).is_err();
            assert!(found, "{} at byte {at}, attempt {attempt}", path.display());
            if path == &paths[0] {
                merge(&paths, &joined).expect_err("a damaged part");
            }
        }
        fs::write(path, &bytes).expect("the file as it was");
    }
    assert!(intact == fs::read(joined.path()).expect("the table of before"));
}

#[test]
fn a_damaged_header_of_a_journal_costs_nothing_and_two_are_told() {
    let folder = Folder::new("headers");
    let sweep = sweep(Search::Exhaustive);
    let journal = whole_journal(&sweep, &folder);
    let output = folder.file("table.csv");
    let beside = folder.file("table.csv.journal");
    for at in [0, 9, 200, JournalHeader::LEN / 2, JournalHeader::LEN - 1] {
        let mut damaged = journal.clone();
        damaged[at] ^= 4;
        fs::write(&beside, &damaged).expect("a journal");
        let state = Journal::look(&beside).expect("one copy is left");
        assert_eq!((state.n_records, state.n_dropped), (320, 0));
        let summary = sweep.run(&output, &mut |_| {}).expect("resumed");
        assert_eq!(summary.n_resumed, 320, "byte {at}");
    }
    let mut damaged = journal.clone();
    damaged[20] ^= 4;
    damaged[JournalHeader::LEN / 2 + 20] ^= 4;
    fs::write(&beside, &damaged).expect("a journal");
    let error = sweep
        .run(&output, &mut |_| {})
        .expect_err("refused")
        .to_string();
    assert!(error.contains("both copies"), "{error}");
    assert!(!error.contains("remove"), "{error}");
    assert_eq!(fs::read(&beside).expect("kept"), damaged);
    for foreign in [
        &b"years of work, not a journal of a sweep"[..],
        b"bsjrnl01 and more of the first layout",
    ] {
        fs::write(&beside, foreign).expect("a file");
        sweep.run(&output, &mut |_| {}).expect_err("refused");
        assert_eq!(fs::read(&beside).expect("kept"), foreign);
    }
}

#[test]
fn a_resumed_sweep_tells_how_many_records_it_dropped() {
    let folder = Folder::new("dropped");
    let sweep = sweep(Search::Exhaustive);
    let journal = whole_journal(&sweep, &folder);
    let record = (journal.len() - JournalHeader::LEN) / 320;
    let beside = folder.file("table.csv.journal");
    let mut damaged = journal.clone();
    damaged[JournalHeader::LEN + 300 * record + 5] ^= 1;
    damaged.truncate(journal.len() - 7);
    fs::write(&beside, &damaged).expect("a journal");
    let summary = sweep
        .run(&folder.file("table.csv"), &mut |_| {})
        .expect("resumed");
    assert_eq!((summary.n_resumed, summary.n_dropped), (300, 20));
}

#[test]
fn a_thousand_parts_are_joined_with_few_open_files() {
    let folder = Folder::new("thousand");
    let whole = sweep(Search::Random { evaluations: 320 });
    let paths = parts(&whole, 1000, &folder);
    let joined = folder.file("joined.csv");
    merge(&paths, &Output::table(&joined)).expect("all parts");
    assert!(fs::read(&joined).expect("a table") == run(&whole, &folder.file("whole.csv")));
}
