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

#[test]
fn completions_and_manual_pages_name_every_subcommand() {
    let folder = folder("manual");
    let help = blockscape(&folder).arg("help").output().unwrap();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|word| !word.is_empty())
        .collect();
    assert!(
        commands.contains(&"sweep") && commands.len() > 10,
        "{commands:?}"
    );
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = blockscape(&folder)
            .args(["completions", shell])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for command in &commands {
            assert!(text.contains(command), "{shell}: {command}");
        }
    }
    let page = blockscape(&folder).arg("man").output().unwrap();
    let page = String::from_utf8_lossy(&page.stdout).into_owned();
    assert!(page.contains(".TH blockscape 1"), "{page}");
    let output = blockscape(&folder)
        .args(["man", "--folder", "pages"])
        .output()
        .unwrap();
    assert!(output.status.success());
    for command in commands.iter().filter(|command| **command != "help") {
        let name = format!("pages/blockscape-{command}.1");
        let page = std::fs::read_to_string(folder.join(&name)).unwrap();
        assert!(page.contains(".SH OPTIONS"), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_display_whose_libraries_break_down_leads_to_the_exploration_without_a_window() {
    let folder = folder("broken_display");
    let session = small_session(&folder);
    // A socket that is no display, and one that closes each connection at once.
    let socket = folder.join("wayland-broken");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let refuse = move || {
        for stream in listener.incoming() {
            drop(stream);
        }
    };
    let named = std::thread::Builder::new().name("broken display".to_owned());
    named.spawn(refuse).unwrap();
    for (name, value) in [
        ("WAYLAND_DISPLAY", socket.to_str().unwrap()),
        ("DISPLAY", "nonsense"),
    ] {
        let output = blockscape(&folder)
            .env("XDG_STATE_HOME", &folder)
            .env(name, value)
            .arg(&session)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(told.contains("exploring without a window"), "{told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_are_refused_and_not_waited_for() {
    let folder = folder("pipes");
    for name in [
        "pipe",
        "pipe.ron",
        "pipe.svg",
        "pipe.safetensors",
        "pipe.csv.journal",
    ] {
        let made = Command::new("mkfifo").arg(folder.join(name)).status();
        assert!(made.unwrap().success());
    }
    for arguments in [
        "evaluate pipe.ron",
        "sweep pipe.ron -o x.csv",
        "sweep Anda --strategy random --evaluations 9 -o pipe",
        "merge pipe -o x.csv",
        "status pipe",
        "check pipe pipe.svg pipe.csv.journal",
        "figure pipe.svg -o x.svg",
        "figure Anda --plot formats -o pipe.svg",
        "quantize -f mxfp4 -i pipe.safetensors",
        "perplexity --model pipe.safetensors --text pipe",
        "pipe.ron",
    ] {
        let mut child = blockscape(&folder)
            .args(arguments.split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The limit is there to end a program that waits for the pipe; no claim is made on time.
        let start = std::time::Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if start.elapsed().as_secs() > 120 {
                child.kill().unwrap();
                break None;
            }
            std::thread::yield_now();
        };
        let told = child.wait_with_output().unwrap().stderr;
        let told = String::from_utf8_lossy(&told).into_owned();
        let code = ended.and_then(|status| status.code());
        assert_eq!(code, Some(2), "{arguments}: {told}");
    }
}
