//! What holds for every source file: length, an opening sentence, no stub, no path of a machine.

use std::path::{Path, PathBuf};

use blockscape_tests::repository;

/// Lines above which a file is split by noun.
const LONGEST_FILE: usize = 600;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for package in ["model", "explorer", "app", "tests"] {
        rust_files(&repository().join(package), &mut files);
    }
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("UTF-8 source");
            (path, text)
        })
        .collect()
}

#[track_caller]
fn assert_none(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n{}", offenders.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let offenders: Vec<String> = sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert_none("split by noun", &offenders);
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let offenders: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_none("open with //!", &offenders);
}

#[test]
fn no_drawer_files() {
    let drawers = ["utils.rs", "common.rs", "helpers.rs", "types.rs", "misc.rs"];
    let offenders: Vec<String> = sources()
        .into_iter()
        .filter(|(path, _)| drawers.iter().any(|drawer| path.ends_with(drawer)))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_none("name the file by its noun", &offenders);
}

#[test]
fn no_test_is_switched_off() {
    let mark = concat!("#[", "ignore");
    let offenders: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| text.contains(mark))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_none("repair or remove the test", &offenders);
}

#[test]
fn window_tests_wait_for_states_and_count_no_frames() {
    let marks = [concat!(".run_", "steps("), concat!(".st", "ep()")];
    let offenders: Vec<String> = sources()
        .into_iter()
        .filter(|(path, _)| path.to_string_lossy().contains("tests/window/"))
        .filter(|(path, _)| !path.ends_with("driver.rs"))
        .filter(|(_, text)| marks.iter().any(|mark| text.contains(mark)))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_none("wait with a function of driver.rs", &offenders);
}
