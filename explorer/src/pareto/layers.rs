//! Non-dominated sorting: the front, the front of the rest, and so on.

use super::points::{Points, compare, dominates};

/// Layer of a point that has a value that is not finite.
pub const NO_LAYER: u32 = u32::MAX;

/// Layer of each point: 0 on the front, 1 on the front of what remains, ...; [`NO_LAYER`] for broken points.
///
/// Efficient non-dominated sort with binary search (Zhang, Tian, Cheng and Jin, IEEE TEVC 19(2), 2015).
pub fn layers(points: &Points) -> Vec<u32> {
    let mut layer_of = vec![NO_LAYER; points.len()];
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut previous: Option<(usize, usize)> = None;
    for position in points.sorted() {
        let point = points.at(position);
        let layer = match previous {
            Some((before, layer)) if compare(points.at(before), point).is_eq() => layer,
            _ => {
                let layer = found.partition_point(|layer| is_covered(points, layer, point));
                if layer == found.len() {
                    found.push(Vec::new());
                }
                found[layer].push(position);
                layer
            }
        };
        layer_of[position] = u32::try_from(layer).unwrap_or(NO_LAYER - 1);
        previous = Some((position, layer));
    }
    layer_of
}

/// Whether a member of the layer dominates the point; in lexicographic order the newest members are the likeliest.
fn is_covered(points: &Points, layer: &[usize], point: &[f64]) -> bool {
    if points.n_objectives() <= 2 {
        return layer
            .last()
            .is_some_and(|&last| dominates(points.at(last), point));
    }
    layer
        .iter()
        .rev()
        .any(|&member| dominates(points.at(member), point))
}
