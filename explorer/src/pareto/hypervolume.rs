//! Exact hypervolume: the part of objective space that a front dominates, up to a stated reference point.

use super::front::front;
use super::points::{Points, compare};

/// Volume dominated by the points and bounded by `reference`, in the product of the objectives' units.
///
/// Points that do not lie below the reference in every objective add nothing. Two objectives are swept, three are
/// swept over a staircase (Fonseca, Paquete and Lopez-Ibanez, 2006), four and five use the exclusive volumes of
/// the Walking Fish Group's algorithm (While, Bradstreet and Barone, IEEE TEVC 16(1), 2012).
pub fn hypervolume(points: &Points, reference: &[f64]) -> f64 {
    let n_objectives = points.n_objectives();
    if reference.len() < n_objectives {
        return 0.0;
    }
    let inside = points
        .iter()
        .filter(|point| point.iter().zip(reference).all(|(value, end)| value < end));
    let inside = Points::from_rows(n_objectives, inside);
    volume(&distinct_front(&inside), &reference[..n_objectives])
}

/// The front without copies, in lexicographic order.
fn distinct_front(points: &Points) -> Points {
    let mut members = front(points);
    members.sort_unstable_by(|&a, &b| compare(points.at(a), points.at(b)));
    members.dedup_by(|later, first| compare(points.at(*later), points.at(*first)).is_eq());
    points.select(&members)
}

/// Volume of a front without copies in lexicographic order, all points below the reference.
fn volume(front: &Points, reference: &[f64]) -> f64 {
    match reference.len() {
        1 => front
            .iter()
            .next()
            .map_or(0.0, |least| reference[0] - least[0]),
        2 => area(front, reference),
        3 => staircase_volume(front, reference),
        _ => exclusive_volumes(front, reference),
    }
}

/// Two objectives: one rectangle for each member, from left to right.
fn area(front: &Points, reference: &[f64]) -> f64 {
    let mut ceiling = reference[1];
    let mut sum = 0.0;
    for point in front.iter() {
        sum += (reference[0] - point[0]) * (ceiling - point[1]);
        ceiling = point[1];
    }
    sum
}

/// Three objectives: sweep the first, keep the staircase of the other two and its area.
fn staircase_volume(front: &Points, reference: &[f64]) -> f64 {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    let mut covered = 0.0;
    let mut sum = 0.0;
    let mut from = f64::NAN;
    for point in front.iter() {
        if !steps.is_empty() {
            sum += covered * (point[0] - from);
        }
        from = point[0];
        covered += add_step(
            &mut steps,
            (point[1], point[2]),
            (reference[1], reference[2]),
        );
    }
    if steps.is_empty() {
        0.0
    } else {
        sum + covered * (reference[0] - from)
    }
}

/// Adds a step to a falling staircase and returns the area it newly covers.
fn add_step(steps: &mut Vec<(f64, f64)>, step: (f64, f64), reference: (f64, f64)) -> f64 {
    let (y, z) = step;
    let start = steps.partition_point(|other| other.0 < y);
    let mut ceiling = if start > 0 {
        steps[start - 1].1
    } else {
        reference.1
    };
    if ceiling <= z
        || steps
            .get(start)
            .is_some_and(|same| same.0 <= y && same.1 <= z)
    {
        return 0.0;
    }
    let mut left = y;
    let mut gained = 0.0;
    let mut end = start;
    while let Some(&(next_y, next_z)) = steps.get(end) {
        gained += (next_y - left) * (ceiling - z);
        (left, ceiling) = (next_y, next_z);
        if next_z < z {
            break;
        }
        end += 1;
    }
    if end == steps.len() {
        gained += (reference.0 - left) * (ceiling - z).max(0.0);
    }
    steps.splice(start..end, [step]);
    gained
}

/// Four and more objectives: worst last objective first, what each member adds to the members after it.
fn exclusive_volumes(front: &Points, reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    let mut order: Vec<usize> = (0..front.len()).collect();
    order.sort_unstable_by(|&a, &b| {
        front.at(b)[last]
            .total_cmp(&front.at(a)[last])
            .then_with(|| compare(front.at(a), front.at(b)))
    });
    let base = &reference[..last];
    let mut sum = 0.0;
    for (rank, &position) in order.iter().enumerate() {
        let point = front.at(position);
        let own: f64 = point[..last]
            .iter()
            .zip(base)
            .map(|(value, end)| end - value)
            .product();
        // Later members are at least as good in the last objective: the overlap is a volume of one dimension less.
        let mut overlap = Points::new(last);
        let mut worse = [0.0; super::MAX_OBJECTIVES];
        for &later in &order[rank + 1..] {
            for (objective, slot) in worse[..last].iter_mut().enumerate() {
                *slot = point[objective].max(front.at(later)[objective]);
            }
            overlap.push(&worse[..last]);
        }
        let shared = volume(&distinct_front(&overlap), base);
        sum += (reference[last] - point[last]) * (own - shared);
    }
    sum
}
