//! Results say which program made them, are checked, and parts of a sweep tell how far they are.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod empty_folder;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use empty_folder::folder;

fn blockscape(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscape"));
    command
        .current_dir(folder)
        .args(arguments.split(' '))
        .env_remove("DISPLAY");
    command
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn done(folder: &Path, arguments: &str) -> String {
    let output = blockscape(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments}: {}", words(&output));
    words(&output)
}

fn document(folder: &Path, arguments: &str) -> Value {
    let output = blockscape(folder, arguments).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", words(&output)))
}

const SWEEP: &str = "sweep Anda --strategy random --evaluations 40";

#[test]
fn version_and_table_name_commit_and_presets() {
    let folder = folder("identity");
    let version = done(&folder, "--version");
    let identity = version.trim().strip_prefix("blockscape ").unwrap();
    let words: Vec<&str> = identity.split(' ').collect();
    assert_eq!((words[1], words[3]), ("commit", "presets"), "{version}");
    assert!(words[2].len() >= 12 && words[2] != "unknown", "{version}");
    assert_eq!(words[4].len(), 16, "{version}");
    done(&folder, &format!("{SWEEP} -o table.csv"));
    let table = std::fs::read_to_string(folder.join("table.csv")).unwrap();
    let header = table.lines().next().unwrap();
    assert!(
        header.contains(&format!(",blockscape {identity} designs 40 ")),
        "{header}"
    );
    assert!(header.ends_with(",status"), "{header}");
    // The table stays one that any reader takes as it is: as many cells in each row as columns.
    let cells = |line: &str| {
        let outside = line.split('"').step_by(2);
        1 + outside.map(|part| part.matches(',').count()).sum::<usize>()
    };
    assert!(table.lines().all(|line| cells(line) == cells(header)));
}

#[test]
fn intact_files_are_named_and_damaged_ones_end_with_code_two() {
    let folder = folder("check");
    done(&folder, &format!("{SWEEP} -o table.csv"));
    done(&folder, &format!("{SWEEP} --shard 1/2 -o part.csv"));
    done(&folder, "figure Anda --plot formats -o figure.svg");
    done(&folder, "budget Anda --limit weight_bits=3.5 -o design.ron");
    let files = "table.csv part.csv figure.svg design.ron";
    let told = done(&folder, &format!("check {files}"));
    assert_eq!(told.matches(": intact, ").count(), 4, "{told}");
    for name in ["table.csv", "part.csv", "figure.svg", "design.ron"] {
        let path = folder.join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = match name {
            "figure.svg" => bytes
                .windows(17)
                .position(|part| part == b"blockscape-preset")
                .unwrap(),
            "design.ron" => bytes.windows(5).position(|part| part == b"array").unwrap(),
            _ => bytes.len() / 2,
        };
        bytes[at] ^= 2;
        std::fs::write(&path, bytes).unwrap();
        let output = blockscape(&folder, &format!("check {files}"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {}", words(&output));
        assert!(words(&output).contains(name), "{}", words(&output));
    }
    let document = document(&folder, &format!("check {files} absent.csv --json"));
    assert_eq!(document["damaged"], 5, "{document}");
}

#[test]
fn status_tells_of_finished_interrupted_and_missing_parts() {
    let folder = folder("status");
    for shard in [1, 2] {
        done(
            &folder,
            &format!("{SWEEP} --shard {shard}/5 -o part-{shard}.csv"),
        );
    }
    let again = document(
        &folder,
        &format!("{SWEEP} --shard 1/5 -o part-1.csv --json"),
    );
    assert_eq!(
        (&again["was_finished"], &again["evaluated"]),
        (&true.into(), &8.into())
    );
    let files = "part-1.csv part-2.csv part-3.csv part-4.csv part-5.csv";
    let status = document(&folder, &format!("status {files} --json"));
    assert_eq!(
        (&status["finished"], &status["parts"]),
        (&2.into(), &5.into()),
        "{status}"
    );
    assert_eq!(status["missing"], serde_json::json!([3, 4, 5]), "{status}");
    assert_eq!(status["complete"], false);
    let told = done(&folder, "status part-1.csv");
    assert!(
        told.contains("1 of 5 parts") && told.contains("missing: 2-5"),
        "{told}"
    );
}

#[test]
fn a_task_of_an_array_does_its_part_with_its_processors() {
    let folder = folder("array");
    done(&folder, &format!("{SWEEP} -o whole.csv"));
    for task in ["0", "1", "2"] {
        let arguments = format!("{SWEEP} --shard auto -o part-{task}.csv");
        let mut command = blockscape(&folder, &arguments);
        for (name, value) in [("ID", task), ("MIN", "0"), ("MAX", "2"), ("COUNT", "3")] {
            command.env(format!("SLURM_ARRAY_TASK_{name}"), value);
        }
        let output = command.env("SLURM_CPUS_PER_TASK", "1").output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
    }
    done(
        &folder,
        "merge part-0.csv part-1.csv part-2.csv -o joined.csv",
    );
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert!(read("joined.csv") == read("whole.csv"));
    let output = blockscape(&folder, &format!("{SWEEP} --shard auto -o x.csv"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("Slurm array"), "{}", words(&output));
}
