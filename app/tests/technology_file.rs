//! Nodes of the user's own on the command line, and clocks that a design may not have.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod empty_folder;

use std::path::Path;
use std::process::{Command, Output};

use empty_folder::folder;
use serde_json::Value;

const NODE: &str = include_str!("../../presets/technologies/16nm.ron");
const DESIGN: &str = include_str!("../../presets/designs/harmonia.ron");

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscape"));
    command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn document(folder: &Path, arguments: &[&str]) -> Value {
    let output = run(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

#[test]
fn a_node_comes_from_a_file() {
    let folder = folder("own_node");
    std::fs::write(folder.join("mine.ron"), NODE.replacen("16 nm", "mine", 1)).unwrap();
    let unit = ["unit", "mul", "m=8", "n=8", "--json", "--technology"];
    let area = |name: &str| document(&folder, &[&unit[..], &[name]].concat())["area_um2"].clone();
    assert_eq!(area("mine.ron"), area("16 nm"));
    let design = DESIGN.replacen("\"28 nm\"", "\"mine.ron\"", 1).replacen(
        "voltage_v: 0.9",
        "voltage_v: 0.8",
        1,
    );
    std::fs::write(folder.join("design.ron"), design).unwrap();
    let own = document(&folder, &["evaluate", "design.ron", "--json"]);
    let put = ["evaluate", "Harmonia", "--technology", "16 nm", "--json"];
    let built_in = document(&folder, &put);
    assert_eq!(own["area_mm2"], built_in["area_mm2"]);
    assert_eq!(own["timing"], built_in["timing"]);
    assert!(built_in["timing"]["pipeline_stages"].as_f64().unwrap() >= 1.0);
    assert!(built_in["prefill"]["bound_by"].is_object());
}

#[test]
fn a_fault_in_a_node_file_is_told_with_its_place() {
    let folder = folder("faulty_node");
    std::fs::write(folder.join("mine.ron"), NODE.replacen("area:", "aera:", 1)).unwrap();
    let told = refusal(&folder, &["evaluate", "Anda", "--technology", "mine.ron"]);
    assert!(
        told.contains("mine.ron") && told.contains("line 5"),
        "{told}"
    );
    let told = refusal(&folder, &["evaluate", "Anda", "--technology", "14 nm"]);
    assert!(told.contains("12 nm"), "{told}");
}

#[test]
fn a_clock_too_fast_is_refused_in_one_line() {
    let folder = folder("fast_clock");
    let fast = DESIGN.replacen("clock_mhz: 500.0", "clock_mhz: 9000.0", 1);
    std::fs::write(folder.join("fast.ron"), fast).unwrap();
    let told = refusal(&folder, &["evaluate", "fast.ron"]);
    assert!(
        told.contains("clock_mhz is 9000") && told.contains(" ps "),
        "{told}"
    );
    let fastest = DESIGN.replacen("clock_mhz: 500.0", "clock: fastest", 1);
    std::fs::write(folder.join("fastest.ron"), fastest).unwrap();
    let timing = &document(&folder, &["evaluate", "fastest.ron", "--json"])["timing"];
    assert_eq!(timing["clock_mhz"], timing["fastest_mhz"]);
}
