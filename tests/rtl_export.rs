//! Exported modules in simulators that are not ours; skipped with a message where Icarus Verilog and Verilator are absent.

use std::path::{Path, PathBuf};
use std::process::Command;

use blockscape_model::hardware::elements;
use blockscape_model::hardware::rtl::{self, Export, VectorCount};

/// Elements of every kind that is exported.
const ELEMENTS: [(&str, &str); 18] = [
    (
        "bfp_bfp_pe",
        "m=4 n=4 lanes=8 block=4 guard=8 input_registers=1",
    ),
    ("bfp_bfp_pe", "m=3 n=5 lanes=8 block=8 exponent_bits=5"),
    ("bfp_bfp_pe", "m=4 n=4 lanes=16 block=16 micro=2"),
    ("bfp_bfp_seq_pe", "m=4 n=4 lanes=4 block=16"),
    ("mx_pe", "format=e2m1 scale=e4m3 lanes=8 block=4"),
    ("mx_pe", "format=e4m3 format_b=e2m1 lanes=4 block=4"),
    ("mx_pe", "format=e5m2 lanes=2 block=2"),
    ("mx_pe", "format=mxint8 lanes=4 block=2"),
    ("mx_seq_pe", "format=e3m2 lanes=4 block=8"),
    (
        "float_acc_pe",
        "format=e4m3 lanes=4 acc_mantissa=11 product_register=1",
    ),
    ("float_acc_pe", "format=int8 lanes=1 acc_mantissa=24"),
    (
        "int_pe",
        "dataflow=weight_stationary a=4 b=8 acc=24 weight_registers=2",
    ),
    ("int_pe", "dataflow=output_stationary a=8 b=8 acc=32"),
    (
        "bfp_int_pe",
        "m=4 n=4 lanes=4 weight_registers=1 activation_registers=1 partial_sum=port",
    ),
    (
        "bfp_int_pipe",
        "m=4 n=4 lanes=8 cut_products=1 cut_half_tree=1 cut_accumulator=1",
    ),
    ("bit_serial_pe", "lanes=8 m=6 weight_registers=1"),
    ("fp16_to_bfp_serial", "block=4 m=6"),
    ("bfp_requantize", "block=4 w=12 m=5 round=rne"),
];

const CYCLES: usize = 200;

fn exported(index: usize) -> (String, Export) {
    let (kind, parameters) = ELEMENTS[index];
    let given: Vec<(&str, &str)> = parameters
        .split(' ')
        .map(|each| each.split_once('=').unwrap())
        .collect();
    let element = elements::from_text(kind, &given).unwrap().unwrap().element;
    let name = format!("{kind}_{index}");
    let vectors = VectorCount {
        cycles: CYCLES,
        seed: 3,
    };
    let export = rtl::export(element.as_ref(), &name, parameters, vectors);
    (name, export)
}

/// A folder with the files of an export, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn of(purpose: &str, name: &str, export: &Export) -> Self {
        let path = std::env::temp_dir().join(format!("{purpose}-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        for file in &export.files {
            std::fs::write(path.join(&file.name), &file.text).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

fn has(tool: &str) -> bool {
    Command::new(tool).arg("-V").output().is_ok()
}

fn output(folder: &Path, tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn exported_modules_agree_with_their_vectors_in_icarus() {
    if !has("iverilog") {
        eprintln!("skipped: no iverilog on this machine");
        return;
    }
    for index in 0..ELEMENTS.len() {
        let (name, export) = exported(index);
        let folder = Folder::of("vectors", &name, &export);
        let files = [format!("{name}.sv"), format!("{name}_tb.sv")];
        let built = output(
            &folder.0,
            "iverilog",
            &["-g2012", "-o", "simulation", &files[0], &files[1]],
        );
        assert!(built.is_empty(), "{name}: {built}");
        let told = output(&folder.0, "vvp", &["-n", "simulation"]);
        assert!(told.contains(&format!("PASS {CYCLES}")), "{name}: {told}");
        let vectors = folder.0.join("vectors.hex");
        let text = std::fs::read_to_string(&vectors).unwrap();
        let line = text.lines().nth(CYCLES / 2).unwrap();
        let top = line.chars().next().unwrap().to_digit(16).unwrap();
        let flipped = format!("{:x}{}", top ^ 1, &line[1..]);
        let damaged: Vec<&str> = text
            .lines()
            .enumerate()
            .map(|(at, each)| {
                if at == CYCLES / 2 {
                    flipped.as_str()
                } else {
                    each
                }
            })
            .collect();
        std::fs::write(&vectors, damaged.join("\n")).unwrap();
        let told = output(&folder.0, "vvp", &["-n", "simulation"]);
        assert!(
            told.contains(&format!("FAIL 1 of {CYCLES}")),
            "{name}: {told}"
        );
    }
}

#[test]
fn exported_modules_have_no_lint_in_verilator() {
    if !has("verilator") {
        eprintln!("skipped: no verilator on this machine");
        return;
    }
    for index in 0..ELEMENTS.len() {
        let (name, export) = exported(index);
        let folder = Folder::of("lint", &name, &export);
        let file = format!("{name}.sv");
        let told = output(
            &folder.0,
            "verilator",
            &["--lint-only", "-Wall", "--top-module", &name, &file],
        );
        assert!(told.is_empty(), "{name}: {told}");
    }
}

#[test]
fn module_names_are_identifiers() {
    assert_eq!(rtl::module_name("pe_1").unwrap(), "pe_1");
    for name in ["", "1pe", "a b", "module", "é"] {
        let told = rtl::module_name(name).unwrap_err().to_string();
        assert!(told.contains("letters, digits and _"), "{name}: {told}");
    }
    assert_eq!(rtl::module_name_from("BFP 8 x 4"), "bfp_8_x_4");
    assert_eq!(rtl::module_name_from("28 nm"), "element_28_nm");
}
