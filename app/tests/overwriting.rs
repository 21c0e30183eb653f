//! No command replaces what the program did not write itself, or one of its inputs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod empty_folder;

use std::path::Path;
use std::process::{Command, Output};

use empty_folder::folder;

fn blockscape(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_blockscape"))
        .current_dir(folder)
        .args(arguments.split(' '))
        .env_remove("DISPLAY")
        .output()
        .unwrap()
}

fn refused(folder: &Path, arguments: &str, expected: &str) {
    let output = blockscape(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments}: {told}");
    let last = told.lines().last().unwrap_or_default();
    assert!(last.contains(expected), "{arguments}: {told}");
}

fn done(folder: &Path, arguments: &str) {
    let output = blockscape(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {told}");
}

/// A checkpoint of one tensor of four values.
fn checkpoint() -> Vec<u8> {
    let header = br#"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}       "#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    for value in [1.0_f32, -2.0, 0.5, 3.0] {
        bytes.extend(value.to_le_bytes());
    }
    bytes
}

const SWEEP: &str = "--strategy random --evaluations 20";

/// Commands with their output in the end.
fn commands() -> [String; 6] {
    [
        format!("sweep Anda {SWEEP} -o"),
        format!("sweep Anda {SWEEP} --shard 1/2 -o"),
        "merge part-1.csv part-2.csv -o".to_owned(),
        "budget Anda --limit weight_bits=3.5 -o".to_owned(),
        "quantize -f mxfp4 -i model.safetensors -o".to_owned(),
        "figure Anda --plot formats -o".to_owned(),
    ]
}

fn prepared(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    std::fs::write(folder.join("model.safetensors"), checkpoint()).unwrap();
    for shard in [1, 2] {
        let arguments = format!("sweep Anda {SWEEP} --shard {shard}/2 -o part-{shard}.csv");
        done(&folder, &arguments);
    }
    folder
}

#[test]
fn a_file_of_somebody_else_is_replaced_with_force_alone() {
    let folder = prepared("overwriting_foreign");
    let thesis = folder.join("thesis.tex");
    for command in commands() {
        std::fs::write(&thesis, "years of work").unwrap();
        refused(&folder, &format!("{command} thesis.tex"), "--force");
        assert_eq!(
            std::fs::read(&thesis).unwrap(),
            b"years of work",
            "{command}"
        );
        done(&folder, &format!("{command} thesis.tex --force"));
        assert_ne!(
            std::fs::read(&thesis).unwrap(),
            b"years of work",
            "{command}"
        );
        // What a command wrote itself, it writes again.
        done(&folder, &format!("{command} thesis.tex"));
    }
}

#[test]
fn results_of_one_command_are_not_replaced_by_those_of_another() {
    let folder = prepared("overwriting_other");
    done(&folder, &format!("sweep Anda {SWEEP} -o whole.tex"));
    let whole = std::fs::read(folder.join("whole.tex")).unwrap();
    for command in &commands()[3..] {
        refused(&folder, &format!("{command} whole.tex"), "--force");
    }
    // A sweep's table where the numbers of a figure would go.
    done(&folder, &format!("sweep Anda {SWEEP} -o front.csv"));
    let arguments = "figure Anda --plot formats --beside csv -o front.svg";
    refused(&folder, arguments, "front.csv: exists");
    assert!(!folder.join("front.svg").exists());
    done(&folder, "figure Anda --plot formats -o front.svg");
    assert_eq!(std::fs::read(folder.join("front.csv")).unwrap(), whole);
    assert!(!folder.join("front.tex").exists());
    let arguments = "figure Anda --plot formats --beside csv,tex -o other.svg";
    done(&folder, arguments);
    done(&folder, arguments);
}

#[test]
fn inputs_are_never_outputs() {
    let folder = prepared("overwriting_inputs");
    let presets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../presets");
    for (from, to) in [
        ("spaces/anda.ron", "space.ron"),
        ("designs/anda.ron", "design.ron"),
    ] {
        std::fs::copy(presets.join(from), folder.join(to)).unwrap();
    }
    done(&folder, "figure Anda --plot formats -o figure.svg");
    for (arguments, input) in [
        ("sweep space.ron -o space.ron", "space.ron"),
        ("merge part-1.csv part-2.csv -o part-1.csv", "part-1.csv"),
        (
            "budget design.ron --limit weight_bits=3.5 -o design.ron",
            "design.ron",
        ),
        (
            "quantize -f mxfp4 -i model.safetensors -o ./model.safetensors",
            "model.safetensors",
        ),
        (
            "figure figure.svg --plot formats -o figure.svg",
            "figure.svg",
        ),
    ] {
        let before = std::fs::read(folder.join(input)).unwrap();
        for force in ["", " --force"] {
            refused(&folder, &format!("{arguments}{force}"), "is an input");
        }
        assert!(
            std::fs::read(folder.join(input)).unwrap() == before,
            "{arguments}"
        );
    }
}
