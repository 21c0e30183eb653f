//! The gate model against the synthesis table.

use blockscape_model::hardware::gates::Unit;
use blockscape_model::hardware::technology;

const TABLE: &str = include_str!("golden/synthesis.csv");

/// Relative deviations of area and settled energy for the rows of flow `fa` of a library.
fn deviations(library: &str) -> Vec<(String, [f64; 2])> {
    let cells = technology(library).expect("built in").cells;
    TABLE
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|row| row[0] == library && row[3] == "fa")
        .map(|row| {
            let given: Vec<_> = row[2]
                .split(';')
                .filter_map(|each| each.split_once('='))
                .collect();
            let unit = Unit::from_text(row[1], &given).expect("a unit of the table");
            let cost = cells.cost(&unit);
            let number = |index: usize| row[index].parse::<f64>().expect("a number");
            let area = cost.area.to_square_micrometers() / number(4) - 1.0;
            let energy = cost.settled.to_femtojoules() / number(11) - 1.0;
            (format!("{} {}", row[1], row[2]), [area, energy])
        })
        .collect()
}

fn check(library: &str) {
    let deviations = deviations(library);
    assert!(deviations.len() > 150, "rows of {library}");
    for (index, bar) in [0.04, 0.06].into_iter().enumerate() {
        let mut sizes: Vec<f64> = deviations
            .iter()
            .map(|(_, each)| each[index].abs())
            .collect();
        sizes.sort_by(f64::total_cmp);
        let median = sizes[sizes.len() / 2];
        assert!(median <= bar, "{library} column {index}: median {median}");
    }
    for (unit, each) in deviations {
        assert!(
            each[0].abs() <= 0.25,
            "{library} {unit}: area {:+.3}",
            each[0]
        );
        assert!(
            each[1].abs() <= 0.25,
            "{library} {unit}: energy {:+.3}",
            each[1]
        );
    }
}

#[test]
fn areas_and_settled_energies_at_45_nm_follow_synthesis() {
    check("nangate45");
}

#[test]
fn areas_and_settled_energies_at_7_nm_follow_synthesis() {
    check("asap7");
}
