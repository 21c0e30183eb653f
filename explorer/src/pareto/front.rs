//! The non-dominated points of a set, all at once or batch by batch.

use super::points::{Points, compare, dominates};

/// Positions of the points that no other point dominates, in increasing order; equal points are all members.
///
/// Two and three objectives take n log n steps (Kung, Luccio and Preparata, 1975); four and five compare each point,
/// in lexicographic order, with the members found so far.
pub fn front(points: &Points) -> Vec<usize> {
    let order = points.sorted();
    let mut members = match points.n_objectives() {
        1 | 2 => sweep(points, &order),
        3 => staircase(points, &order),
        _ => window(points, &order),
    };
    members.sort_unstable();
    members
}

/// One or two objectives: in lexicographic order a point is a member if its last objective is a new minimum.
fn sweep(points: &Points, order: &[usize]) -> Vec<usize> {
    let last = points.n_objectives() - 1;
    let mut members: Vec<usize> = Vec::new();
    for &position in order {
        let joins = match members.last() {
            None => true,
            Some(&best) => {
                let (point, best) = (points.at(position), points.at(best));
                compare(point, best).is_eq() || (last > 0 && point[last] < best[last])
            }
        };
        if joins {
            members.push(position);
        }
    }
    members
}

/// Three objectives: the second and third of the members so far form a falling staircase.
fn staircase(points: &Points, order: &[usize]) -> Vec<usize> {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    let mut members: Vec<usize> = Vec::new();
    for &position in order {
        let point = points.at(position);
        let (y, z) = (point[1], point[2]);
        // Steps up to here have a second objective at most y, the last of them the smallest third.
        let covering = steps.partition_point(|step| step.0 <= y);
        let covered = covering > 0 && steps[covering - 1].1 <= z;
        if !covered {
            let start = steps.partition_point(|step| step.0 < y);
            let hidden = steps[start..].partition_point(|step| step.1 >= z);
            steps.splice(start..start + hidden, [(y, z)]);
            members.push(position);
        } else if let Some(&last) = members.last()
            && compare(points.at(last), point).is_eq()
        {
            members.push(position);
        }
    }
    members
}

/// Any number of objectives: in lexicographic order only earlier points can dominate.
fn window(points: &Points, order: &[usize]) -> Vec<usize> {
    let mut members: Vec<usize> = Vec::new();
    // Members that dominate often come first, so that most points fail early.
    let mut watch: Vec<usize> = Vec::new();
    for &position in order {
        let point = points.at(position);
        let hit = watch
            .iter()
            .position(|&member| dominates(points.at(member), point));
        if let Some(at) = hit {
            watch.swap(at, at / 2);
            continue;
        }
        let doubled = members
            .last()
            .is_some_and(|&last| compare(points.at(last), point).is_eq());
        members.push(position);
        if !doubled {
            watch.push(position);
        }
    }
    members
}

/// A front that grows batch by batch; the members are the same for any order and any cut into batches.
#[derive(Debug, Clone)]
pub struct ParetoFront {
    ids: Vec<u64>,
    points: Points,
}

impl ParetoFront {
    /// An empty front over this many objectives.
    pub fn new(n_objectives: usize) -> Self {
        Self {
            ids: Vec::new(),
            points: Points::new(n_objectives),
        }
    }

    /// Adds points, each with the id it is known by; an id that is already a member is not added twice.
    pub fn extend<'rows>(&mut self, batch: impl IntoIterator<Item = (u64, &'rows [f64])>) {
        let mut fresh = Points::new(self.points.n_objectives());
        let mut fresh_ids = Vec::new();
        for (id, values) in batch {
            fresh_ids.push(id);
            fresh.push(values);
        }
        // Most points of a large batch fall to their own batch; only its front meets the members.
        let survivors = front(&fresh);
        for at in survivors {
            self.ids.push(fresh_ids[at]);
            self.points.push(fresh.at(at));
        }
        self.settle();
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Ids of the members, by objective values, first objective first, then by id.
    pub fn ids(&self) -> &[u64] {
        &self.ids
    }

    /// Objective values of the members, in the order of [`Self::ids`].
    pub fn points(&self) -> &Points {
        &self.points
    }

    /// Keeps the non-dominated, in canonical order, each id once.
    fn settle(&mut self) {
        let mut members = front(&self.points);
        members.sort_unstable_by(|&a, &b| {
            compare(self.points.at(a), self.points.at(b)).then(self.ids[a].cmp(&self.ids[b]))
        });
        members.dedup_by_key(|&mut at| self.ids[at]);
        self.ids = members.iter().map(|&at| self.ids[at]).collect();
        self.points = self.points.select(&members);
    }
}
