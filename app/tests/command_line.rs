//! The command line as a whole: results without a display, help, first words that mean nothing, a reader that goes away.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod empty_folder;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use blockscape::session::first::first_session;

use empty_folder::folder;

fn blockscape(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscape"));
    command.current_dir(folder);
    for variable in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(variable);
    }
    command
}

/// A session of seven designs in a file.
fn small_session(folder: &Path) -> PathBuf {
    let mut session = first_session();
    session.exploration.axes.truncate(1);
    let path = folder.join("small.ron");
    std::fs::write(&path, session.to_ron()).unwrap();
    path
}

#[test]
fn without_a_display_a_second_run_leaves_the_results_of_the_first() {
    let folder = folder("headless");
    let session = small_session(&folder);
    for (displayed, into) in [
        (None, "blockscape-results"),
        (Some(":4711"), "blockscape-results-2"),
    ] {
        let mut command = blockscape(&folder);
        if let Some(display) = displayed {
            command.env("DISPLAY", display);
        }
        let output = command.arg(&session).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert_eq!(
            told.contains("exploring without a window"),
            displayed.is_some(),
            "{told}"
        );
        assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("written to {into}:")));
        for file in [
            "front.csv",
            "front.ron",
            "front.svg",
            "front.tex",
            "session.ron",
        ] {
            assert!(folder.join(into).join(file).is_file(), "{into}/{file}");
        }
    }
}

#[test]
fn a_first_word_that_is_neither_file_nor_subcommand_is_answered_with_the_subcommands() {
    let folder = folder("first_word");
    for (word, part) in [("evalute", "evaluate, sweep"), ("none.ron", "no such file")] {
        let output = blockscape(&folder).arg(word).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(part) && told.lines().count() == 1, "{told}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = folder("reader");
    for arguments in [
        &["help"][..],
        &["evaluate", "Anda"],
        &["evaluate", "Anda", "--json"],
    ] {
        let mut child = blockscape(&folder)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}");
    }
}
