//! The reproduction table: cells that must be met, and how far the others are.

use blockscape_model::published::{Basis, Row, reproduce};

fn rows(system: &str) -> Vec<Row> {
    reproduce(system).expect("a system of the table")
}

#[test]
fn every_cell_of_anda_from_published_components_is_within_3_percent() {
    for row in rows("anda") {
        if row.quantity.contains("published components") {
            assert!(row.relative_error.abs() <= 0.03, "{row:?}");
        }
    }
}

#[test]
fn anda_speeds_follow_from_cycles() {
    let speeds: Vec<Row> = rows("anda")
        .into_iter()
        .filter(|row| row.quantity.starts_with("system speedup, Anda"))
        .collect();
    assert_eq!(speeds.len(), 2);
    for row in speeds {
        assert_eq!(row.basis, Basis::Derived);
        assert!(row.relative_error.abs() <= 0.03, "{row:?}");
    }
}

#[test]
fn our_gates_bring_the_systems_of_anda_within_15_percent() {
    let all = rows("anda");
    let systems: Vec<&Row> = all
        .iter()
        .filter(|row| row.quantity.starts_with("system") && row.quantity.contains("our gates"))
        .collect();
    assert_eq!(systems.len(), 14);
    for row in systems {
        assert!(row.relative_error.abs() <= 0.15, "{row:?}");
    }
}

#[test]
fn every_row_names_finite_values_and_large_deviations_their_reason() {
    for row in rows("all") {
        assert!(row.published > 0.0 && row.ours.is_finite(), "{row:?}");
        assert!(
            row.relative_error.abs() <= 0.15 || !row.note.is_empty(),
            "{row:?}"
        );
    }
}

#[test]
fn half_of_the_published_units_lie_within_15_percent() {
    let mut sizes: Vec<f64> = rows("anchors")
        .iter()
        .map(|row| row.relative_error.abs())
        .collect();
    sizes.sort_by(f64::total_cmp);
    let median = f64::midpoint(sizes[(sizes.len() - 1) / 2], sizes[sizes.len() / 2]);
    assert!(median <= 0.15, "median {median} of {}", sizes.len());
}

#[test]
fn tokens_on_the_kria_lie_near_the_published_ones_with_assumed_driver_times() {
    let rows = rows("fbfq");
    let [q2_best, q2_mean, q3_best, q3_mean] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    for (q2, q3) in [(q2_best, q3_best), (q2_mean, q3_mean)] {
        assert_eq!(q2.basis, Basis::Derived);
        assert!(q2.relative_error.abs() <= 0.25, "{q2:?}");
        assert!(q3.relative_error.abs() <= 0.25, "{q3:?}");
        assert!(q3.ours < q2.ours, "more bits stream longer");
    }
}

#[test]
fn harmonia_meets_area_and_energy_efficiency_under_its_soundest_reading() {
    let case = "prefill of 4096, and shared FP32 stages";
    let rows = rows("harmonia");
    let soundest: Vec<&Row> = rows
        .iter()
        .filter(|row| row.quantity.ends_with(case))
        .collect();
    assert_eq!(soundest.len(), 6);
    for row in soundest {
        // At equal area, speed and area efficiency are one; the published two differ by a quarter. The reading fits the
        // paper no better than that: it held within 6 % with a stage that served 16 elements of Anda, which is 2.3 times
        // as many as it can, and with 28 nm areas that its synthesis does not have.
        assert!(row.relative_error.abs() <= 0.25, "{row:?}");
    }
}
