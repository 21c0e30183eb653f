//! `sweep`, `merge` and `budget` as a user runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// An empty folder of its own for each test, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("blockscape-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn blockscape(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_blockscape"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn document(output: &Output) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

#[test]
fn a_sweep_prints_the_promised_keys_and_writes_one_line_a_design() {
    let folder = Folder::new("sweep");
    let arguments = [
        "sweep",
        "Anda",
        "-o",
        "out.csv",
        "--strategy",
        "random",
        "--evaluations",
        "300",
        "--uncertainty",
        "4",
        "--sensitivity",
        "16",
        "--json",
    ];
    let document = document(&blockscape(&folder.0, &arguments));
    for key in [
        "evaluated",
        "seconds",
        "points_per_second",
        "front_size",
        "hypervolume",
    ] {
        assert!(document[key].is_number(), "{key}: {}", document[key]);
    }
    assert_eq!(document["evaluated"], 300);
    let front = document["front"].as_array().expect("the front");
    assert_eq!(front.len() as u64, document["front_size"]);
    assert!(front.iter().all(|member| member["probability"].is_number()));
    assert_eq!(document["uncertainty"]["samples"], 4);
    assert!(document["sensitivity"]["perplexity"].is_object());
    let qkv = &document["one_at_a_time"]["metrics"]["perplexity"]["mantissa_bits qkv.activation"];
    assert_eq!(qkv["high"]["at"], "4", "{qkv}");
    assert_eq!(qkv["low"]["at"], "13", "{qkv}");
    let table = std::fs::read_to_string(folder.0.join("out.csv")).expect("the table");
    assert_eq!(table.lines().count(), 301);
    let on_front = table
        .lines()
        .filter(|line| line.ends_with(",front"))
        .count();
    assert_eq!(on_front as u64, document["front_size"]);
    let header = table.lines().next().expect("a header");
    assert!(header.ends_with(",front_probability,status"), "{header}");
    assert!(!folder.0.join("out.csv.journal").exists());
}

#[test]
fn fpga_spaces_run_as_they_are_and_count_in_luts() {
    let folder = Folder::new("fpga");
    let arguments = [
        "sweep",
        "MASE",
        "-o",
        "m.csv",
        "--evaluations",
        "60",
        "--json",
    ];
    let output = blockscape(&folder.0, &arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("1562500 designs"), "{told}");
    let document = document(&output);
    let front = document["front"].as_array().expect("the front");
    assert!(front.len() > 3);
    for member in front {
        let luts = member["metrics"]["kilo_luts"].as_f64().expect("LUTs");
        let budget: f64 = member["values"]["lut_budget"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("a budget");
        assert!(luts <= budget / 1000.0, "{luts} of {budget}");
        assert!(member["metrics"]["area_mm2"].is_null());
    }
}

#[test]
fn shards_of_a_sweep_merge_to_the_same_bytes() {
    let folder = Folder::new("merge");
    let sweep = |output: &str, shard: &[&str]| {
        let common = [
            "sweep",
            "Anda",
            "--strategy",
            "random",
            "--evaluations",
            "400",
            "-o",
            output,
        ];
        let output = blockscape(&folder.0, &[&common, shard].concat());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    sweep("whole.csv", &["--threads", "1"]);
    for shard in ["1/3", "2/3", "3/3"] {
        sweep(
            &format!("part{}.csv", &shard[..1]),
            &["--shard", shard, "--threads", "2"],
        );
    }
    let merged = blockscape(
        &folder.0,
        &[
            "merge",
            "part3.csv",
            "part1.csv",
            "part2.csv",
            "-o",
            "merged.csv",
            "--json",
        ],
    );
    assert_eq!(document(&merged)["evaluated"], 400);
    let read = |name: &str| std::fs::read(folder.0.join(name)).expect("a table");
    assert!(read("whole.csv") == read("merged.csv"));
}

#[test]
fn a_budget_keeps_its_limit_and_writes_a_design_that_evaluates() {
    let folder = Folder::new("budget");
    let arguments = [
        "budget",
        "Anda",
        "--limit",
        "weight_bits=3.5",
        "-o",
        "best.ron",
        "--json",
    ];
    let document = document(&blockscape(&folder.0, &arguments));
    assert_eq!(document["sites"], 32 * 7);
    let bits = document["metrics"]["weight_bits"]
        .as_f64()
        .expect("a number");
    assert!((3.3..=3.5).contains(&bits), "{bits}");
    let evaluated = blockscape(&folder.0, &["evaluate", "best.ron", "--json"]);
    assert!(
        evaluated.status.success(),
        "{}",
        String::from_utf8_lossy(&evaluated.stderr)
    );
}

#[test]
fn bad_requests_end_with_one_line_and_exit_code_2() {
    let folder = Folder::new("refused");
    std::fs::write(
        folder.0.join("bad.ron"),
        "(\n  name: \"x\",\n  colour: 3,\n)",
    )
    .expect("a file");
    for (arguments, expected) in [
        (&["sweep", "Andaman", "-o", "x.csv"][..], "built in: Anda"),
        (&["sweep", "bad.ron", "-o", "x.csv"], "line 3"),
        (&["sweep", "Anda", "-o", "absent/x.csv"], "no such folder"),
        (&["sweep", "Anda", "-o", "."], "directory"),
        (
            &["sweep", "Anda", "-o", "x.csv", "--strategy", "best"],
            "exhaustive, random",
        ),
        (
            &["sweep", "Anda", "-o", "x.csv", "--evaluations", "0"],
            "1 and more",
        ),
        (
            &["sweep", "Anda", "-o", "x.csv", "--uncertainty", "2000000"],
            "0 to 1048576",
        ),
        (
            &["sweep", "Anda", "-o", "x.csv", "--shard", "3/2"],
            "I from 1 to N",
        ),
        (
            &["sweep", "General", "-o", "x.csv", "--shard", "1/2"],
            "learns",
        ),
        (
            &["sweep", "Anda", "-o", "x.csv", "--threads", "100000"],
            "from 0 to 1024",
        ),
        (
            &[
                "sweep",
                "Anda",
                "-o",
                "x.csv",
                "--shard",
                "1/2",
                "--uncertainty",
                "3",
            ],
            "one of the two",
        ),
        (&["merge", "bad.ron", "-o", "x.csv"], "not a part"),
        (&["budget", "Anda", "--limit", "weight_bits=1"], "no choice"),
        (&["budget", "Anda", "--limit", "weights=1"], "weight_bits"),
    ] {
        let output = blockscape(&folder.0, arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_sweep_of_which_nothing_keeps_the_limits_says_so() {
    let folder = Folder::new("out-of-reach");
    let anda = Path::new(env!("CARGO_MANIFEST_DIR")).join("../presets/spaces/anda.ron");
    let space = std::fs::read_to_string(anda).expect("a space of the repository");
    let strict = space.replace("limit: 5.65", "limit: 1.0");
    assert_ne!(space, strict);
    std::fs::write(folder.0.join("strict.ron"), strict).expect("a writable folder");
    let arguments = ["sweep", "strict.ron", "-o", "out.csv"];
    let output = blockscape(&folder.0, &arguments);
    assert!(output.status.success());
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(words.contains("none of these designs"), "{words}");
    assert!(!words.contains("inf"), "{words}");
}

#[test]
fn a_sweep_for_a_quality_that_nobody_knows_says_so() {
    let folder = Folder::new("unknown-quality");
    let general = Path::new(env!("CARGO_MANIFEST_DIR")).join("../presets/spaces/general.ron");
    let space = std::fs::read_to_string(general).expect("a space of the repository");
    let space = space.replace("LLaMA-2-7B", "Gemma-2-9B");
    std::fs::write(folder.0.join("gemma.ron"), space).expect("a writable folder");
    let arguments = ["sweep", "gemma.ron", "-o", "out.csv", "--strategy"];
    let arguments = [&arguments[..], &["random", "--evaluations", "20"]].concat();
    let output = blockscape(&folder.0, &arguments);
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(
        words.contains("perplexity is not known for Gemma-2-9B"),
        "{words}"
    );
    let tolerant = blockscape(&folder.0, &[&arguments[..], &["--tolerance", "1"]].concat());
    let error = String::from_utf8_lossy(&tolerant.stderr);
    assert_eq!(tolerant.status.code(), Some(2), "{error}");
    assert!(error.contains("of Gemma-2-9B is not known"), "{error}");
}

#[test]
fn andas_search_from_published_perplexities_finds_its_tuple_and_needs_a_limit() {
    let folder = Folder::new("anda-search");
    let arguments = ["sweep", "Anda", "-o", "a.csv", "--strategy", "anda"];
    let tolerant = [&arguments[..], &["--tolerance", "1", "--json"]].concat();
    let document = document(&blockscape(&folder.0, &tolerant));
    let chosen = &document["chosen"];
    let front = document["front"].as_array().expect("the front");
    let member = front.iter().find(|member| member["design"] == *chosen);
    let values = &member.expect("on the front")["values"];
    // Figure 14 of the paper: LLaMA-2-7B at 1 %.
    for (module, published) in [("qkv", 7), ("o", 6), ("gate_up", 6), ("down", 6)] {
        let width = values[format!("mantissa_bits {module}.activation")].as_str();
        let width: i32 = width.and_then(|text| text.parse().ok()).expect("a width");
        assert!((width - published).abs() <= 1, "{module}: {width}");
    }
    let limitless = ["sweep", "General", "-o", "g.csv", "--strategy", "anda"];
    let refused = blockscape(&folder.0, &limitless);
    let error = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert_eq!(error.matches("without any limit").count(), 1, "{error}");
}

#[test]
fn a_sweep_whose_progress_nobody_reads_goes_on() {
    let folder = Folder::new("unread");
    let mut child = Command::new(env!("CARGO_BIN_EXE_blockscape"))
        .current_dir(&folder.0)
        .args(["sweep", "Anda", "-o", "out.csv", "--tolerance", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stderr.take());
    assert!(child.wait().expect("an end").success());
    assert!(folder.0.join("out.csv").is_file());
}
