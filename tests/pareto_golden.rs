//! Fronts, layers, crowding and hypervolume against moocore and pymoo, degenerate sets included.

use blockscape_explorer::pareto::{Points, crowding_distances, front, hypervolume, layers};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    n_objectives: usize,
    points: Vec<Vec<f64>>,
    front: Vec<usize>,
    layers: Vec<u32>,
    reference: Vec<f64>,
    hypervolume: f64,
    /// Of the front's members, given where no two values tie; `null` stands for infinity.
    crowding: Option<Vec<Option<f64>>>,
}

/// Runs a check on each golden set, in its order and in two others.
fn for_each_order(check: impl Fn(&Case, &Points, &[usize])) {
    let golden: Golden =
        serde_json::from_str(include_str!("golden/pareto.json")).expect("golden sets");
    for case in &golden.cases {
        let n = case.points.len();
        let reversed = (0..n).rev().collect();
        let strided = (0..n).map(|at| at * 11 % n);
        let strided = if n % 11 == 0 {
            (0..n).collect()
        } else {
            strided.collect()
        };
        for order in [(0..n).collect::<Vec<_>>(), reversed, strided] {
            let rows = order.iter().map(|&at| case.points[at].as_slice());
            check(case, &Points::from_rows(case.n_objectives, rows), &order);
        }
    }
}

#[test]
fn fronts_equal_moocore_and_pymoo() {
    for_each_order(|case, points, order| {
        let mut found: Vec<usize> = front(points).into_iter().map(|at| order[at]).collect();
        found.sort_unstable();
        assert_eq!(found, case.front, "{}", case.name);
    });
}

#[test]
fn layers_equal_pymoo() {
    for_each_order(|case, points, order| {
        for (at, layer) in layers(points).into_iter().enumerate() {
            assert_eq!(layer, case.layers[order[at]], "{} point {at}", case.name);
        }
    });
}

#[test]
fn hypervolumes_equal_moocore_and_pymoo() {
    for_each_order(|case, points, _| {
        let ours = hypervolume(points, &case.reference);
        let tolerance = 1e-12 * case.hypervolume.abs().max(1e-300);
        assert!(
            (ours - case.hypervolume).abs()
                <= tolerance.max(1e-15 * case.reference.iter().product::<f64>().abs()),
            "{}: {ours} instead of {}",
            case.name,
            case.hypervolume
        );
    });
}

#[test]
fn crowding_distances_equal_pymoo_where_values_do_not_tie() {
    for_each_order(|case, points, order| {
        let Some(expected) = &case.crowding else {
            return;
        };
        let mut members: Vec<usize> = front(points);
        members.sort_unstable_by_key(|&at| order[at]);
        let ours = crowding_distances(&points.select(&members));
        for (at, (ours, expected)) in ours.iter().zip(expected).enumerate() {
            match expected {
                None => assert!(ours.is_infinite(), "{} member {at}: {ours}", case.name),
                Some(value) => assert!(
                    (ours - value).abs() < 1e-12,
                    "{} member {at}: {ours} {value}",
                    case.name
                ),
            }
        }
    });
}
