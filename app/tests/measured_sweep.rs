//! Sweeps that run a checkpoint: limits by tolerance, what a journal belongs to, and requests to end.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod empty_folder;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use empty_folder::folder;

/// A sweep that measures the story model on some of its stories.
fn sweep(folder: &Path, space: &str, output: &str, more: &[&str]) -> Command {
    let story_model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/story-model");
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscape"));
    command
        .current_dir(folder)
        .args(["sweep", space, "-o", output, "--context", "48", "--model"])
        .arg(&story_model)
        .arg("--text")
        .arg(story_model.join("stories.txt"))
        .args(more);
    command
}

fn run(mut command: Command) -> (Output, String) {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, told)
}

#[test]
fn andas_search_measures_within_a_tolerance_and_says_what_it_found() {
    let folder = folder("measured-anda");
    let more = ["--strategy", "anda", "--tolerance", "2", "--max-windows"];
    let more = [&more[..], &["2", "--evaluations", "9", "--json"]].concat();
    let (output, told) = run(sweep(&folder, "anda", "out.csv", &more));
    assert!(output.status.success(), "{told}");
    assert!(told.contains("with FP16 activations; up to"), "{told}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let limit = document["objectives"][0]["limit"].as_f64().unwrap();
    let chosen = document["chosen"].as_u64().unwrap();
    let front = document["front"].as_array().unwrap();
    let found = front.iter().find(|member| member["design"] == chosen);
    let perplexity = found.unwrap()["metrics"]["perplexity"].as_f64().unwrap();
    assert!(perplexity <= limit, "{perplexity} above {limit}");
}

#[test]
fn mases_search_strives_for_what_is_measured() {
    let folder = folder("measured-mase");
    let more = ["--evaluations", "6", "--max-windows", "1", "--json"];
    let (output, told) = run(sweep(&folder, "mase", "out.csv", &more));
    assert!(output.status.success(), "{told}");
    assert!(told.contains("takes the place of sqnr_db"), "{told}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["objectives"][0]["metric"], "perplexity");
}

/// Many more designs than are measured before somebody asks to end.
const LONG: [&str; 4] = ["--evaluations", "5000", "--max-windows", "4"];

/// Runs a long sweep until its journal is longer than before and asks it to end; gives how many designs it says are kept.
fn stopped_sweep(folder: &Path) -> u64 {
    let journal = folder.join("out.csv.journal");
    let length = || std::fs::metadata(&journal).map_or(0, |file| file.len());
    // A new journal begins with 24 bytes about itself.
    let before = length().max(24);
    let mut command = sweep(folder, "mase", "out.csv", &LONG);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    while length() <= before {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    let kill = Command::new("kill").args(["-INT", &id]).status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(told.contains("out.csv.journal keeps them"), "{told}");
    assert!(!folder.join("out.csv").exists());
    let number = told.split("stopped after ").nth(1);
    let number = number.and_then(|rest| rest.split(' ').next()?.parse().ok());
    number.unwrap()
}

#[test]
fn a_sweep_that_is_asked_to_end_says_how_to_go_on_and_does_on_the_same_text_only() {
    let folder = folder("asked-to-end");
    let first = stopped_sweep(&folder);
    let other = ["--evaluations", "5000", "--max-windows", "3"];
    let (output, told) = run(sweep(&folder, "mase", "out.csv", &other));
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("different sweep"), "{told}");
    assert!(stopped_sweep(&folder) > first);
}

#[test]
fn options_that_do_not_go_together_are_refused_in_one_line() {
    let folder = folder("refused-measurements");
    for (more, expected) in [
        (&["--stride", "9"][..], "belongs to --protocol strided"),
        (&["--tolerance", "100"], "below 100"),
        (&["--max-windows", "0"], "from 1"),
        (&["--calibrate", "."], "directory"),
    ] {
        let (output, told) = run(sweep(&folder, "anda", "x.csv", more));
        assert_eq!(output.status.code(), Some(2), "{more:?}: {told}");
        assert!(told.contains(expected), "{more:?}: {told}");
    }
}
