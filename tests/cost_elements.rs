//! Complete elements against their synthesis: `golden/synthesis-elements.csv`, 114 configurations at 45 and 7 nm.

use blockscape_model::hardware::{UnitReport, technology};

const TABLE: &str = include_str!("golden/synthesis-elements.csv");

/// Measured against modeled figures of a row: area, settled energy, energy with glitches, delay, flip-flops.
struct Compared {
    name: String,
    flow: String,
    deviations: [f64; 4],
    flipflops: [f64; 2],
}

fn compared(library: &str) -> Vec<Compared> {
    let technology = technology(library).unwrap();
    TABLE
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|row| row[0] == library)
        .map(|row| {
            let mut given: Vec<(&str, &str)> = row[2]
                .split(';')
                .filter_map(|each| each.split_once('='))
                .collect();
            given.push(("flow", row[3]));
            let report: UnitReport = technology.unit_from_text(row[1], &given).unwrap();
            let number = |index: usize| row[index].parse::<f64>().unwrap();
            let pairs = [
                (report.area_um2, number(4)),
                (report.energy_settled_fj_per_op, number(11)),
                (report.energy_fj_per_op, number(8)),
                (report.delay_ps, number(7)),
            ];
            Compared {
                name: format!("{library} {} {} {}", row[1], row[2], row[3]),
                flow: row[3].to_owned(),
                deviations: pairs.map(|(ours, measured)| ours / measured - 1.0),
                flipflops: [report.ff_bits, number(6)],
            }
        })
        .collect()
}

fn check(library: &str) {
    let rows = compared(library);
    assert!(rows.len() > 110, "rows of {library}");
    for row in &rows {
        let [ours, measured] = row.flipflops;
        assert!(
            (ours - measured).abs() < 0.5,
            "{}: {ours} flip-flops",
            row.name
        );
        let [area, _, _, delay] = row.deviations;
        assert!(area.abs() <= 0.3, "{}: area {area:+.3}", row.name);
        assert!(delay.abs() <= 0.4, "{}: delay {delay:+.3}", row.name);
    }
    for (index, most) in [0.06, 0.10, 0.25, 0.12].into_iter().enumerate() {
        let mut sizes: Vec<f64> = rows
            .iter()
            .filter(|row| row.flow == "fa")
            .map(|row| row.deviations[index].abs())
            .collect();
        sizes.sort_by(f64::total_cmp);
        let median = sizes[sizes.len() / 2];
        assert!(median <= most, "{library} column {index}: median {median}");
    }
}

#[test]
fn elements_at_45_nm_follow_their_synthesis() {
    check("nangate45");
}

#[test]
fn elements_at_7_nm_follow_their_synthesis() {
    check("asap7");
}
