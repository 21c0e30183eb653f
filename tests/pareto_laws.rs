//! Laws of fronts that hold for any points.
#![expect(
    clippy::cast_precision_loss,
    reason = "cells of a small grid are counted"
)]

use blockscape_explorer::pareto::{
    NO_LAYER, ParetoFront, Points, crowding_distances, dominates, front, hypervolume, knee, layers,
    thin,
};
use blockscape_tests::properties::properties;
use proptest::prelude::*;

/// Point sets of two to five objectives on a coarse grid, so that ties and copies are common, some values broken.
fn sets() -> impl Strategy<Value = Points> {
    let value = prop_oneof![20 => (0u8..6).prop_map(f64::from), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(f64::NEG_INFINITY)];
    (2usize..=5).prop_flat_map(move |n| {
        prop::collection::vec(prop::collection::vec(value.clone(), n), 0..40)
            .prop_map(move |rows| Points::from_rows(n, rows.iter().map(Vec::as_slice)))
    })
}

fn is_whole(point: &[f64]) -> bool {
    point.iter().all(|value| value.is_finite())
}

/// The definition, word by word.
fn front_by_definition(points: &Points) -> Vec<usize> {
    let whole: Vec<usize> = (0..points.len())
        .filter(|&at| is_whole(points.at(at)))
        .collect();
    let free = |&at: &usize| {
        !whole
            .iter()
            .any(|&other| dominates(points.at(other), points.at(at)))
    };
    whole.iter().copied().filter(free).collect()
}

proptest! {
    #![proptest_config(properties(256))]

    #[test]
    fn the_front_is_what_its_definition_says(points in sets()) {
        prop_assert_eq!(front(&points), front_by_definition(&points));
    }

    #[test]
    fn layers_are_fronts_of_the_rest(points in sets()) {
        let layers = layers(&points);
        let mut rest: Vec<usize> = (0..points.len()).filter(|&at| is_whole(points.at(at))).collect();
        for layer in 0.. {
            if rest.is_empty() { break; }
            let peeled: Vec<usize> = front(&points.select(&rest)).into_iter().map(|at| rest[at]).collect();
            let claimed: Vec<usize> = (0..points.len()).filter(|&at| layers[at] == layer).collect();
            prop_assert_eq!(&peeled, &claimed);
            rest.retain(|at| !peeled.contains(at));
        }
        for (at, &layer) in layers.iter().enumerate() {
            prop_assert_eq!(layer == NO_LAYER, !is_whole(points.at(at)));
        }
    }

    #[test]
    fn any_cut_into_batches_and_any_order_grow_the_same_front(points in sets(), cut in 1usize..9, stride in 1usize..13) {
        let n = points.len();
        let mut whole = ParetoFront::new(points.n_objectives());
        whole.extend((0..n).map(|at| (at as u64, points.at(at))));
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|at| (at * stride) % 13);
        let mut grown = ParetoFront::new(points.n_objectives());
        for batch in order.chunks(cut) {
            grown.extend(batch.iter().map(|&at| (at as u64, points.at(at))));
        }
        prop_assert_eq!(whole.ids(), grown.ids());
        let mut members: Vec<u64> = front(&points).into_iter().map(|at| at as u64).collect();
        let mut ids = grown.ids().to_vec();
        ids.sort_unstable();
        members.sort_unstable();
        prop_assert_eq!(ids, members);
    }

    #[test]
    fn the_front_holds_the_whole_hypervolume(points in sets()) {
        let reference = vec![6.0; points.n_objectives()];
        let all = hypervolume(&points, &reference);
        let members = hypervolume(&points.select(&front(&points)), &reference);
        let finite = Points::from_rows(points.n_objectives(), points.iter().filter(|point| is_whole(point)));
        prop_assert!((members - hypervolume(&finite, &reference)).abs() < 1e-9);
        prop_assert!((members - all).abs() < 1e-9);
    }

    #[test]
    fn the_hypervolume_on_a_grid_counts_the_dominated_cells(points in sets()) {
        let n = points.n_objectives();
        let finite = Points::from_rows(n, points.iter().filter(|point| is_whole(point)));
        let cells = 6usize.pow(u32::try_from(n).unwrap());
        let covered = (0..cells).filter(|cell| {
            let corner: Vec<f64> = (0..n).map(|axis| (cell / 6usize.pow(u32::try_from(axis).unwrap()) % 6) as f64).collect();
            finite.iter().any(|point| point.iter().zip(&corner).all(|(value, low)| value <= low))
        }).count();
        prop_assert!((hypervolume(&finite, &vec![6.0; n]) - covered as f64).abs() < 1e-9);
    }

    #[test]
    fn each_point_left_out_of_a_thinned_set_has_a_kept_one_within_epsilon(points in sets(), steps in 1u8..8) {
        let epsilon = 1.0 / f64::from(steps);
        let kept = thin(&points, epsilon);
        let bounds = points.bounds();
        for point in points.iter().filter(|point| is_whole(point)) {
            let near = kept.iter().any(|&at| (0..points.n_objectives()).all(|objective| {
                let gap = bounds.share(objective, points.at(at)[objective]) - bounds.share(objective, point[objective]);
                gap.abs() <= epsilon + 1e-12
            }));
            prop_assert!(near);
        }
    }

    #[test]
    fn copies_share_one_crowding_distance_and_the_rest_get_none(points in sets()) {
        let distances = crowding_distances(&points);
        for (at, &distance) in distances.iter().enumerate() {
            let copies = (0..at).any(|before| points.at(before) == points.at(at));
            if copies || !is_whole(points.at(at)) {
                prop_assert!(distance.abs() < f64::MIN_POSITIVE);
            } else {
                prop_assert!(distance >= 0.0);
            }
        }
    }

    #[test]
    fn the_knee_is_on_the_front(points in sets()) {
        let members = front(&points);
        match knee(&points.select(&members)) {
            None => prop_assert!(members.is_empty()),
            Some(at) => prop_assert!(at < members.len()),
        }
    }
}

#[test]
fn the_knee_of_an_elbow_is_its_corner() {
    let rows: [[f64; 2]; 4] = [[0.0, 10.0], [1.0, 1.0], [2.0, 0.9], [10.0, 0.0]];
    let points = Points::from_rows(2, rows.iter().map(<[f64; 2]>::as_slice));
    assert_eq!(knee(&points), Some(1), "the corner at (1, 1)");
}

#[test]
fn thinning_with_no_width_only_drops_copies() {
    let rows: [[f64; 2]; 4] = [[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [1.5, 1.5]];
    let points = Points::from_rows(2, rows.iter().map(<[f64; 2]>::as_slice));
    assert_eq!(thin(&points, 0.0), [0, 1, 3], "the first of each");
}
