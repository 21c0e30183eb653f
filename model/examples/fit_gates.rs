//! Fits the coefficients of the gate model to the synthesis table and prints them with all residuals.
//!
//! `cargo run -p blockscape-model --example fit_gates > model/examples/gate_residuals.csv`; the coefficients go to
//! stderr in the form of `presets/technologies/cells_*.ron`. Relative least squares, kinds weighted by the fourth root
//! of their number of rows; areas cannot be negative.
//!
//! With `--leave-out` (table in `gate_residuals_left_out.csv`) each value of each parameter is left out in turn, with
//! all rows of its kind that have it, and these rows are predicted by a fit without them: what to expect of widths,
//! lanes and formats that were not synthesized. With `--flows` it prints what the other flows of the table cost
//! against flow `fa`, as in `presets/technologies/synthesis_flows.ron`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose output is its result"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use blockscape_model::hardware::gates::{Cell, Logic, Part, Path, Step, Unit};

const TABLE: &str = include_str!("../../tests/golden/synthesis.csv");

struct Row {
    library: String,
    kind: String,
    parameters: String,
    unit: Unit,
    gate_equivalents: f64,
    glitches: f64,
    settled: f64,
    clock_pins: f64,
    delay: f64,
}

fn rows(library: &str) -> Vec<Row> {
    TABLE
        .lines()
        .skip(1)
        .filter_map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |index: usize| cells[index].parse::<f64>().expect("a number in the table");
            if cells[0] != library || cells[3] != "fa" {
                return None;
            }
            let given: Vec<(&str, &str)> = cells[2]
                .split(';')
                .filter_map(|each| each.split_once('='))
                .collect();
            let unit = Unit::from_text(cells[1], &given).expect("a unit of the table");
            Some(Row {
                library: library.to_owned(),
                kind: cells[1].to_owned(),
                parameters: cells[2].to_owned(),
                unit,
                gate_equivalents: number(5),
                glitches: number(8),
                settled: number(11),
                clock_pins: number(12),
                delay: number(7),
            })
        })
        .collect()
}

/// Weights with which `features x weights` comes nearest to 1 in relative terms; those in `free` may be negative.
fn fit(features: &[Vec<f64>], targets: &[f64], weights: &[f64], free: &[usize]) -> Vec<f64> {
    let n = features[0].len();
    let mut normal = vec![vec![0.0; n]; n];
    let mut right = vec![0.0; n];
    for ((row, target), weight) in features.iter().zip(targets).zip(weights) {
        let scale = weight / target;
        for i in 0..n {
            right[i] += row[i] * scale * weight;
            for j in 0..n {
                normal[i][j] += row[i] * row[j] * scale * scale;
            }
        }
    }
    let mut solution = vec![0.0_f64; n];
    for _ in 0..200_000 {
        let mut moved = 0.0_f64;
        for i in 0..n {
            if normal[i][i] <= 0.0 {
                continue;
            }
            let rest: f64 = (0..n)
                .filter(|&j| j != i)
                .map(|j| normal[i][j] * solution[j])
                .sum();
            let mut next = (right[i] - rest) / normal[i][i];
            if !free.contains(&i) {
                next = next.max(0.0);
            }
            moved = moved.max((next - solution[i]).abs() / (1e-9 + next.abs()));
            solution[i] = next;
        }
        if moved < 1e-10 {
            break;
        }
    }
    solution
}

fn weights(rows: &[&Row]) -> Vec<f64> {
    rows.iter()
        .map(|row| {
            let same = rows.iter().filter(|other| other.kind == row.kind).count();
            f64::from(u32::try_from(same).expect("few rows")).powf(-0.25)
        })
        .collect()
}

fn area_features(row: &Row) -> Vec<f64> {
    let mut sum = vec![0.0; Cell::COUNT];
    for part in &row.unit.parts() {
        for (total, count) in sum.iter_mut().zip(part.gates.counts()) {
            *total += count;
        }
    }
    sum
}

const ENERGY_FEATURES: usize = Logic::COUNT + 7;

fn energy_features(row: &Row, gate_equivalents: &[f64; Cell::COUNT]) -> Vec<f64> {
    let mut sum = vec![0.0; ENERGY_FEATURES];
    let mut add = |part: &Part| {
        sum[part.logic.index()] += part.gates.weigh(gate_equivalents) * part.activity;
        match part.logic {
            Logic::Multiplier => {
                sum[Logic::COUNT] += part.edges * part.activity;
                sum[Logic::COUNT + 1] += part.rows * part.activity;
                sum[Logic::COUNT + 2] += part.activity;
            }
            Logic::Shifter => sum[Logic::COUNT + 5] += part.edges * part.activity,
            Logic::Product => {
                sum[Logic::COUNT + 3] += part.edges * part.activity;
                sum[Logic::COUNT + 4] += part.rows * part.activity;
            }
            _ => {}
        }
    };
    row.unit.parts().iter().for_each(&mut add);
    sum
}

struct Coefficients {
    gate_equivalents: [f64; Cell::COUNT],
    clock_pin: f64,
    settled: Vec<f64>,
    glitches: Vec<f64>,
    steps: Vec<f64>,
}

fn coefficients(rows: &[&Row]) -> Coefficients {
    let weights = weights(rows);
    let areas: Vec<Vec<f64>> = rows.iter().map(|row| area_features(row)).collect();
    let targets: Vec<f64> = rows.iter().map(|row| row.gate_equivalents).collect();
    let solution = fit(&areas, &targets, &weights, &[]);
    let gate_equivalents: [f64; Cell::COUNT] = solution.try_into().expect("one a cell");
    let clock_pin = rows
        .iter()
        .filter(|row| row.kind == "dff")
        .map(|row| row.clock_pins / row.unit.parts()[0].gates.count(Cell::Flipflop))
        .fold(0.0, f64::max);
    let energies: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| energy_features(row, &gate_equivalents))
        .collect();
    let free = [
        Logic::COUNT,
        Logic::COUNT + 1,
        Logic::COUNT + 2,
        Logic::COUNT + 3,
        Logic::COUNT + 4,
        Logic::COUNT + 5,
    ];
    let energy = |target: &dyn Fn(&Row) -> f64| {
        // The clock pins are known: what is left is fitted, relative to the whole.
        let mut with_clock = energies.clone();
        for (features, row) in with_clock.iter_mut().zip(rows) {
            features[ENERGY_FEATURES - 1] = row
                .unit
                .parts()
                .iter()
                .map(|part| part.gates.count(Cell::Flipflop))
                .sum();
        }
        let totals: Vec<f64> = rows.iter().map(|row| target(row)).collect();
        let shares: Vec<f64> = totals
            .iter()
            .zip(&with_clock)
            .map(|(total, features)| 1.0 - clock_pin * features[ENERGY_FEATURES - 1] / total)
            .collect();
        let scaled: Vec<f64> = weights.clone();
        let rests: Vec<f64> = totals.clone();
        fit_shares(&energies, &rests, &shares, &scaled, &free)
    };
    let settled = energy(&|row| row.settled);
    let glitches = energy(&|row| row.glitches);
    Coefficients {
        steps: step_delays(rows, &weights),
        gate_equivalents,
        clock_pin,
        settled,
        glitches,
    }
}

/// Delays of the steps: a unit's delay is that of its slowest section, which hangs on the delays in turn.
fn step_delays(rows: &[&Row], weights: &[f64]) -> Vec<f64> {
    let delays: Vec<f64> = rows.iter().map(|row| row.delay).collect();
    let mut steps = vec![60.0; Step::COUNT];
    for _ in 0..50 {
        let paths: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| slowest(&row.unit, &steps).steps().to_vec())
            .collect();
        let next = fit(&paths, &delays, weights, &[]);
        let moved = next.iter().zip(&steps).map(|(new, old)| (new - old).abs());
        let moved = moved.fold(0.0, f64::max);
        steps = next;
        if moved < 1e-6 {
            break;
        }
    }
    steps
}

fn slowest(unit: &Unit, steps: &[f64]) -> Path {
    let steps: &[f64; Step::COUNT] = steps.try_into().expect("one a step");
    let mut slowest = Path::NONE;
    for section in unit.sections().iter() {
        if section.uncut.delay(steps) > slowest.delay(steps) {
            slowest = section.uncut;
        }
    }
    slowest
}

/// As [`fit`], toward a share of each target.
fn fit_shares(
    features: &[Vec<f64>],
    totals: &[f64],
    shares: &[f64],
    weights: &[f64],
    free: &[usize],
) -> Vec<f64> {
    let targets: Vec<f64> = totals
        .iter()
        .zip(shares)
        .map(|(total, share)| total * share)
        .collect();
    let weights: Vec<f64> = weights
        .iter()
        .zip(shares)
        .map(|(weight, share)| weight * share)
        .collect();
    fit(features, &targets, &weights, free)
}

fn predict_energy(row: &Row, c: &Coefficients, table: &[f64]) -> f64 {
    let features = energy_features(row, &c.gate_equivalents);
    let clocked: f64 = row
        .unit
        .parts()
        .iter()
        .map(|part| part.gates.count(Cell::Flipflop))
        .sum();
    features.iter().zip(table).map(|(f, t)| f * t).sum::<f64>() + c.clock_pin * clocked
}

fn predict(row: &Row, c: &Coefficients) -> [f64; 4] {
    let area: f64 = area_features(row)
        .iter()
        .zip(c.gate_equivalents)
        .map(|(f, t)| f * t)
        .sum();
    let delay: f64 = slowest(&row.unit, &c.steps)
        .steps()
        .iter()
        .zip(&c.steps)
        .map(|(count, each)| count * each)
        .sum();
    [
        area,
        predict_energy(row, c, &c.settled),
        predict_energy(row, c, &c.glitches),
        delay,
    ]
}

/// Kind and each parameter of a row: what a fit is made without to see how it does on values that it was not given.
fn groups(row: &Row) -> Vec<String> {
    row.parameters
        .split(';')
        .map(|parameter| format!("{} {parameter}", row.kind))
        .collect()
}

fn residual(row: &Row, fitted: &Coefficients) -> [f64; 4] {
    let predicted = predict(row, fitted);
    let measured = [row.gate_equivalents, row.settled, row.glitches, row.delay];
    std::array::from_fn(|i| predicted[i] / measured[i] - 1.0)
}

fn print_residual(row: &Row, left_out: &str, residual: &[f64; 4]) {
    let text = residual.map(|each| format!("{each:.4}")).join(",");
    println!(
        "{},{},{},{left_out},{text}",
        row.library, row.kind, row.parameters
    );
}

/// Residuals of each row under fits that know no row of its kind with one of its parameters.
fn leave_out(all: &[Row]) -> Vec<[f64; 4]> {
    let names: BTreeSet<String> = all.iter().flat_map(groups).collect();
    let mut residuals = Vec::new();
    for name in names {
        let (held, known): (Vec<&Row>, Vec<&Row>) =
            all.iter().partition(|row| groups(row).contains(&name));
        if !known.iter().any(|row| row.kind == held[0].kind) {
            continue;
        }
        let fitted = coefficients(&known);
        let (_, parameter) = name.split_once(' ').unwrap_or_default();
        for row in held {
            let each = residual(row, &fitted);
            print_residual(row, parameter, &each);
            residuals.push(each);
        }
    }
    residuals
}

fn print_summary(name: &str, residuals: &[[f64; 4]]) {
    for (index, what) in ["area", "settled energy", "energy with glitches", "delay"]
        .iter()
        .enumerate()
    {
        let mut sizes: Vec<f64> = residuals.iter().map(|each| each[index].abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let above = sizes.iter().filter(|size| **size > 0.25).count();
        eprintln!(
            "// {name} {what}: median {:.2} %, largest {:.1} %, {above} above 25 % of {}",
            sizes[sizes.len() / 2] * 100.0,
            sizes[sizes.len() - 1] * 100.0,
            sizes.len()
        );
    }
}

fn print_coefficients(c: &Coefficients) {
    let list = |values: &[f64]| {
        values
            .iter()
            .map(|value| format!("{value:.5}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let cells = named(Cell::ALL.map(Cell::name), &c.gate_equivalents, "    ");
    eprintln!("    gate_equivalents: {cells},");
    for (name, table) in [("settled", &c.settled), ("with_glitches", &c.glitches)] {
        eprintln!(
            "    {name}: (\n        per_gate: {},\n        multiplier: ({}),\n        product: ({:.5}, {:.5}),\n        shifter_mask: {:.5},\n        clock_pin: {:.5},\n    ),",
            named(
                Logic::ALL.map(Logic::name),
                &table[..Logic::COUNT],
                "        "
            ),
            list(&table[Logic::COUNT..Logic::COUNT + 3]),
            table[Logic::COUNT + 3],
            table[Logic::COUNT + 4],
            table[Logic::COUNT + 5],
            c.clock_pin
        );
    }
    let steps = named(Step::ALL.map(Step::name), &c.steps, "    ");
    eprintln!("    step_ps: {steps},");
}

/// A table by name, as the presets have it.
fn named<const N: usize>(names: [&str; N], values: &[f64], indent: &str) -> String {
    let mut entries = String::new();
    for (name, value) in names.iter().zip(values) {
        let _ = writeln!(entries, "{indent}    \"{name}\": {value:.5},");
    }
    format!("{{\n{entries}{indent}}}")
}

/// Class of logic that a kind of unit stands for in a synthesis flow.
fn flow_class(kind: &str, parameters: &str) -> Option<&'static str> {
    match kind {
        "add" => Some("adder"),
        "mul" if parameters.ends_with(";n=1") => None,
        "mul" | "tree" | "bfp_int_dot" => Some("array"),
        "fp32_add" | "fp16_add" | "fp32_accumulate" => Some("float"),
        "fp16_to_bfp" => Some("converter"),
        "lzd" | "max_tree" | "shift_right" => Some("selection"),
        _ => None,
    }
}

/// Medians of area, settled energy, energy with glitches and delay of the other flows against flow `fa`.
fn print_flows() {
    let table: Vec<Vec<&str>> = TABLE
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let mut ratios: BTreeMap<(&str, &str), Vec<[f64; 4]>> = BTreeMap::new();
    for row in &table {
        let smallest = table
            .iter()
            .find(|other| other[3] == "fa" && other[..3] == row[..3]);
        let (Some(class), Some(smallest)) = (flow_class(row[1], row[2]), smallest) else {
            continue;
        };
        let number = |cells: &[&str], index: usize| cells[index].parse::<f64>().expect("a number");
        let ratio = [4, 11, 8, 7].map(|index| number(row, index) / number(smallest, index));
        ratios.entry((row[3], class)).or_default().push(ratio);
    }
    for ((flow, class), rows) in ratios {
        let medians: [f64; 4] = std::array::from_fn(|column| {
            let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
            values.sort_by(f64::total_cmp);
            f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
        });
        println!("{flow},{class},{},{medians:.3?}", rows.len());
    }
}

fn main() {
    if std::env::args().any(|each| each == "--flows") {
        print_flows();
        return;
    }
    let leaves_out = std::env::args().any(|each| each == "--leave-out");
    println!(
        "library,unit,parameters,left_out,area_residual,settled_residual,glitch_residual,delay_residual"
    );
    for library in ["nangate45", "asap7"] {
        let all = rows(library);
        let everything: Vec<&Row> = all.iter().collect();
        if leaves_out {
            print_summary(library, &leave_out(&all));
            continue;
        }
        let full = coefficients(&everything);
        let mut residuals = Vec::new();
        for row in &all {
            let each = residual(row, &full);
            print_residual(row, "", &each);
            residuals.push(each);
        }
        print_summary(library, &residuals);
        print_coefficients(&full);
    }
}
