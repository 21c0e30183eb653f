//! Fits the cell tables of `presets/technologies` to synthesized elements and prints them with all residuals.
//!
//! `cargo run -p blockscape-model --example fit_elements > model/examples/element_residuals.csv`; the tables go to stderr in
//! the form of `presets/technologies/netlist_*.ron`. Areas, energies and delays are relative least squares with
//! coefficients that cannot be negative; the rule of glitches is searched one number at a time. With `--leave-out` each
//! fourth row in turn is predicted by a fit to the others (`element_residuals_left_out.csv`).
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose output is its result"
)]

use blockscape_model::hardware::elements::{self, Described};
use blockscape_model::hardware::netlist::{
    Activity, AdderStyle, CellClass, CellList, CellTable, GlitchRule, PathSteps, SwitchingCounts,
};

const TABLE: &str = include_str!("../../tests/golden/synthesis-elements.csv");

struct Row {
    library: String,
    kind: String,
    parameters: String,
    cells: CellList,
    activity: Activity,
    census: [f64; CellClass::COUNT],
    settled: SwitchingCounts,
    measured: [f64; 4],
    clock_fj: f64,
}

fn rows(library: &str, flow: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in TABLE.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        if fields[0] != library || fields[3] != flow {
            continue;
        }
        let number = |index: usize| fields[index].parse::<f64>().expect("a number in the table");
        let given: Vec<(&str, &str)> = fields[2]
            .split(';')
            .filter_map(|each| each.split_once('='))
            .collect();
        let Some(described) = elements::from_text(fields[1], &given) else {
            continue;
        };
        let described: Described = described.expect("an element of the table");
        let netlist = described.element.netlist();
        let cells = netlist.cells(match flow {
            "fa" => AdderStyle::Ripple,
            _ => AdderStyle::Prefix,
        });
        let activity = cells.activity(&described.operation(&netlist, 1));
        rows.push(Row {
            library: library.to_owned(),
            kind: fields[1].to_owned(),
            parameters: fields[2].to_owned(),
            census: cells.census(),
            settled: cells.settled(&activity),
            cells,
            activity,
            measured: [number(4), number(11), number(8), number(7)],
            clock_fj: number(12) / number(6).max(1.0),
        });
    }
    rows
}

/// Coefficients, none negative, with which `features x coefficients` comes nearest to the targets in relative terms; those that
/// the rows leave open stay near what the library's own cells cost.
fn fit(
    features: &[Vec<f64>],
    targets: &[f64],
    scales: &[f64],
    library: &[f64],
    pull: f64,
) -> Vec<f64> {
    let n = features[0].len();
    let mut normal = vec![vec![0.0; n]; n];
    let mut right = vec![0.0; n];
    for ((row, target), scale) in features.iter().zip(targets).zip(scales) {
        for i in 0..n {
            right[i] += row[i] / scale * target / scale;
            for j in 0..n {
                normal[i][j] += row[i] / scale * row[j] / scale;
            }
        }
    }
    for i in 0..n {
        if library[i] > 0.0 {
            normal[i][i] += pull / library[i] / library[i];
            right[i] += pull / library[i];
        }
    }
    let mut solution = vec![0.0_f64; n];
    for _ in 0..100_000 {
        let mut moved = 0.0_f64;
        for i in 0..n {
            if normal[i][i] <= 0.0 {
                continue;
            }
            let rest: f64 = (0..n)
                .filter(|&j| j != i)
                .map(|j| normal[i][j] * solution[j])
                .sum();
            let next = ((right[i] - rest) / normal[i][i]).max(0.0);
            moved = moved.max((next - solution[i]).abs() / (1e-9 + next.abs()));
            solution[i] = next;
        }
        if moved < 1e-9 {
            break;
        }
    }
    solution
}

/// Cells of each class in gate equivalents, as in the two libraries: full adder, XOR, AND, MUX, flip-flop, inverter, buffer.
const LIBRARY_GATES: [f64; CellClass::COUNT] = [
    5.33, 2.0, 1.0, 1.33, 2.0, 0.5, 0.67, 1.5, 0.67, 0.8, 2.0, 0.5, 2.0, 1.0, 5.67, 0.67, 1.0,
];

fn fit_area(rows: &[&Row]) -> [f64; CellClass::COUNT] {
    let features: Vec<Vec<f64>> = rows.iter().map(|row| row.census.to_vec()).collect();
    let targets: Vec<f64> = rows.iter().map(|row| row.measured[0]).collect();
    let gate = if rows[0].library == "nangate45" {
        0.798
    } else {
        0.058_32
    };
    let library = LIBRARY_GATES.map(|gates| gates * gate);
    fit(&features, &targets, &targets, &library, 0.003)
        .try_into()
        .expect("one a class")
}

/// Energies of changes; the clock pins are known.
fn fit_energy(
    rows: &[&Row],
    counts: &[SwitchingCounts],
    column: usize,
) -> [f64; SwitchingCounts::COUNT] {
    let clock = rows.iter().map(|row| row.clock_fj).fold(0.0, f64::max);
    let features: Vec<Vec<f64>> = counts
        .iter()
        .map(|counts| {
            let mut features = counts.0.to_vec();
            features[SwitchingCounts::CLOCK] = 0.0;
            features
        })
        .collect();
    let totals: Vec<f64> = rows.iter().map(|row| row.measured[column]).collect();
    let rest: Vec<f64> = totals
        .iter()
        .zip(counts)
        .map(|(total, counts)| total - clock * counts.0[SwitchingCounts::CLOCK])
        .collect();
    let unit = if rows[0].library == "nangate45" {
        1.5
    } else {
        0.24
    };
    let mut library = [0.0; SwitchingCounts::COUNT];
    for (each, gates) in library.iter_mut().zip(LIBRARY_GATES) {
        *each = gates * unit;
    }
    library[SwitchingCounts::COUNT - 3] = 1.5 * unit;
    library[SwitchingCounts::COUNT - 2] = 0.5 * unit;
    let mut table: [f64; SwitchingCounts::COUNT] = fit(&features, &rest, &totals, &library, 0.003)
        .try_into()
        .expect("one each");
    table[SwitchingCounts::CLOCK] = clock;
    table
}

/// Delays of steps: the slowest paths are found with the last delays, then the delays fitted to them, until both agree.
fn fit_delay(rows: &[&Row], start: [f64; PathSteps::COUNT]) -> [f64; PathSteps::COUNT] {
    let targets: Vec<f64> = rows.iter().map(|row| row.measured[3]).collect();
    let mut steps = start;
    let mut best = (f64::INFINITY, start);
    for round in 0..60 {
        let paths: Vec<PathSteps> = rows
            .iter()
            .map(|row| row.cells.slowest_path(&steps).steps)
            .collect();
        let error: f64 = paths
            .iter()
            .zip(&targets)
            .map(|(path, target)| (path.delay(&steps) / target - 1.0).powi(2))
            .sum();
        if error < best.0 {
            best = (error, steps);
        }
        let features: Vec<Vec<f64>> = paths.iter().map(|path| path.0.to_vec()).collect();
        let next = fit(&features, &targets, &targets, &start, 0.05);
        let rate = if round < 20 { 0.3 } else { 0.1 };
        for ((step, next), first) in steps.iter_mut().zip(next).zip(start) {
            // No step of a real gate is free, whatever a fit without it in any path says.
            *step += rate * (next.max(0.1 * first) - *step);
        }
    }
    best.1
}

fn glitch_error(rows: &[&Row], table: &CellTable) -> f64 {
    rows.iter()
        .map(|row| {
            let counts = row
                .cells
                .with_glitches(&row.activity, &table.step_ps, &table.glitches);
            let ratio = counts.energy(&table.switching_fj) / row.measured[2];
            ratio.ln().abs().min(1.0)
        })
        .sum()
}

/// Searches the rule of glitches, one number at a time, by ever smaller factors.
fn fit_glitches(rows: &[&Row], table: &mut CellTable) {
    let mut best = glitch_error(rows, table);
    let mut factor = 1.6_f64;
    for _ in 0..7 {
        for index in 0..7 {
            for factor in [factor, 1.0 / factor] {
                let before = table.glitches;
                match index {
                    5 => table.glitches.apart_ps *= factor,
                    6 => table.glitches.least_ps *= factor,
                    _ => {
                        let pass = table.glitches.pass[index] * factor;
                        table.glitches.pass[index] = pass.min(1.0);
                    }
                }
                let error = glitch_error(rows, table);
                if error < best {
                    best = error;
                } else {
                    table.glitches = before;
                }
            }
        }
        factor = factor.powf(0.7);
    }
}

fn fitted(name: &str, rows: &[&Row]) -> CellTable {
    let scale = if name == "nangate45" { 1.0 } else { 0.68 };
    // Picoseconds of a lightly loaded cell: full adder to its sum, XOR, AND, MUX; then carry, load, start, end, constant.
    let mut start = [30.0 * scale; PathSteps::COUNT];
    start[CellClass::FullAdder.index()] = 110.0 * scale;
    for class in [
        CellClass::HalfSum,
        CellClass::Xor,
        CellClass::ShiftMux,
        CellClass::SelectMux,
        CellClass::CountMux,
    ] {
        start[class.index()] = 50.0 * scale;
    }
    for (step, value) in start[CellClass::COUNT..]
        .iter_mut()
        .zip([72.0, 5.0, 80.0, 40.0, 20.0])
    {
        *step = value * scale;
    }
    let settled: Vec<SwitchingCounts> = rows.iter().map(|row| row.settled).collect();
    let mut table = CellTable {
        name: name.to_owned(),
        source: "fitted to synthesized elements".to_owned(),
        area_um2: fit_area(rows),
        switching_fj: fit_energy(rows, &settled, 1),
        step_ps: fit_delay(rows, start),
        glitches: GlitchRule {
            pass: [0.7, 0.7, 0.7, 0.7, 0.7],
            apart_ps: 50.0 * scale,
            least_ps: 60.0 * scale,
        },
    };
    fit_glitches(rows, &mut table);
    table
}

fn residual(row: &Row, table: &CellTable) -> [f64; 4] {
    let glitches = row
        .cells
        .with_glitches(&row.activity, &table.step_ps, &table.glitches);
    let predicted = [
        table.area(&row.census),
        row.settled.energy(&table.switching_fj),
        glitches.energy(&table.switching_fj),
        row.cells.critical_path(table).delay.to_picoseconds(),
    ];
    std::array::from_fn(|index| predicted[index] / row.measured[index] - 1.0)
}

fn print_summary(name: &str, residuals: &[[f64; 4]]) {
    for (index, what) in ["area", "settled energy", "energy with glitches", "delay"]
        .iter()
        .enumerate()
    {
        let mut sizes: Vec<f64> = residuals.iter().map(|each| each[index].abs()).collect();
        sizes.sort_by(f64::total_cmp);
        eprintln!(
            "// {name} {what}: median {:.2} %, nine tenths within {:.1} %, largest {:.1} %, of {}",
            sizes[sizes.len() / 2] * 100.0,
            sizes[sizes.len() * 9 / 10] * 100.0,
            sizes[sizes.len() - 1] * 100.0,
            sizes.len()
        );
    }
}

fn print_table(table: &CellTable) {
    let list = |values: &[f64]| {
        let texts: Vec<String> = values.iter().map(|value| format!("{value:.4}")).collect();
        format!("({})", texts.join(", "))
    };
    eprintln!("    area_um2: {},", list(&table.area_um2));
    eprintln!("    switching_fj: {},", list(&table.switching_fj));
    eprintln!("    step_ps: {},", list(&table.step_ps));
    eprintln!(
        "    glitches: (pass: {}, apart_ps: {:.3}, least_ps: {:.3}),",
        list(&table.glitches.pass),
        table.glitches.apart_ps,
        table.glitches.least_ps
    );
}

/// Medians of elements with prefix adders, sized toward 1000 ps, against the table.
fn print_sized(library: &str, table: &CellTable) {
    let rows = rows(library, "fap@1000");
    let residuals: Vec<[f64; 4]> = rows.iter().map(|row| residual(row, table)).collect();
    let medians: [f64; 4] = std::array::from_fn(|index| {
        let mut ratios: Vec<f64> = residuals
            .iter()
            .map(|each| 1.0 / (1.0 + each[index]))
            .collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    });
    eprintln!(
        "    // fap@1000, {} rows: area, settled, glitches, delay {medians:.3?}",
        rows.len()
    );
    for (row, residual) in rows.iter().zip(residuals) {
        eprintln!("    // {} {} {residual:.3?}", row.kind, row.parameters);
    }
}

fn print_residual(row: &Row, residual: &[f64; 4]) {
    let text = residual.map(|each| format!("{each:.4}")).join(",");
    println!("{},{},{},{text}", row.library, row.kind, row.parameters);
}

fn main() {
    let leaves_out = std::env::args().any(|each| each == "--leave-out");
    println!(
        "library,unit,parameters,area_residual,settled_residual,glitch_residual,delay_residual"
    );
    for library in ["nangate45", "asap7"] {
        let all = rows(library, "fa");
        let mut residuals = Vec::new();
        if leaves_out {
            for fold in 0..4 {
                let (held, known): (Vec<_>, Vec<_>) = all
                    .iter()
                    .enumerate()
                    .partition(|(index, _)| index % 4 == fold);
                let known: Vec<&Row> = known.into_iter().map(|(_, row)| row).collect();
                let table = fitted(library, &known);
                for (_, row) in held {
                    let each = residual(row, &table);
                    print_residual(row, &each);
                    residuals.push(each);
                }
            }
            print_summary(library, &residuals);
            continue;
        }
        let everything: Vec<&Row> = all.iter().collect();
        let table = fitted(library, &everything);
        for row in &all {
            let each = residual(row, &table);
            print_residual(row, &each);
            residuals.push(each);
        }
        print_summary(library, &residuals);
        print_table(&table);
        print_sized(library, &table);
    }
}
