//! Evolutionary search with non-dominated sorting (NSGA-II) over ordered and unordered genes.
//!
//! Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEVC 6(2),
//! 2002, with its rule that feasible designs beat infeasible ones. Unlike the paper no design is tried twice.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "steps along short axes are drawn as fractions"
)]

use std::collections::HashSet;

use super::{Plan, Strategy, Trial};
use crate::pareto::{Points, crowding_distances, layers};
use crate::random::Random;
use crate::space::lattice::{AxisShape, Genome, Lattice};

/// What an evolutionary search can be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvolutionSettings {
    /// Designs that survive each generation, and designs tried in each, at least 4.
    pub population: usize,
    /// Designs to try in all.
    pub evaluations: usize,
    /// Chance that two parents mix, 0 to 1.
    pub crossover: f64,
    /// Genes that change in a child on average.
    pub mutations: f64,
    /// Start of the random numbers.
    pub seed: u64,
}

impl EvolutionSettings {
    /// A member for every 40 designs to try, 20 to 200 members; crossover 0.9, 0.7 mutations a child.
    ///
    /// Chosen on a space of 576,240 accelerators, enumerated: few members for few designs, many for a whole front.
    pub fn new(evaluations: usize, seed: u64) -> Self {
        Self {
            population: (evaluations / 40).clamp(20, 200),
            evaluations,
            crossover: 0.9,
            mutations: 0.7,
            seed,
        }
    }
}

/// An evolutionary search in progress.
#[derive(Debug)]
pub struct Evolution {
    lattice: Lattice,
    n_objectives: usize,
    settings: EvolutionSettings,
    random: Random,
    population: Vec<Member>,
    seen: HashSet<u64>,
    rest: usize,
}

#[derive(Debug, Clone)]
struct Member {
    trial: Trial,
    layer: u32,
    crowding: f64,
}

/// Share of the father's genes in a child that mixes both.
const FATHER_SHARE: f64 = 0.15;
/// Attempts to breed a child that was not tried yet before drawing one.
const BREEDING_ATTEMPTS: usize = 20;

impl Evolution {
    /// A search over a lattice with this many objectives.
    pub fn new(lattice: Lattice, n_objectives: usize, settings: EvolutionSettings) -> Self {
        let size = usize::try_from(lattice.size()).unwrap_or(usize::MAX);
        Self {
            lattice,
            n_objectives,
            random: Random::new(settings.seed),
            population: Vec::new(),
            seen: HashSet::new(),
            rest: settings.evaluations.min(size),
            settings: EvolutionSettings {
                population: settings.population.max(4),
                ..settings
            },
        }
    }

    /// The first generation: a Latin hypercube.
    fn first_generation(&mut self, n: usize) -> Vec<u64> {
        let seed = self.random.bits();
        let plan = Plan::latin_hypercube(self.lattice.clone(), n as u64, seed);
        let mut batch: Vec<u64> = (0..plan.len())
            .map(|trial| plan.index(trial))
            .filter(|&index| self.seen.insert(index))
            .collect();
        while batch.len() < n {
            batch.push(self.draw_unseen());
        }
        batch
    }

    fn breed(&mut self) -> u64 {
        for _ in 0..BREEDING_ATTEMPTS {
            let (mother, father) = (self.tournament(), self.tournament());
            let mother = self.lattice.genome(mother);
            let father = self.lattice.genome(father);
            let mut child = self.cross(mother, &father);
            self.mutate(&mut child);
            let index = self.lattice.index(&child);
            if self.seen.insert(index) {
                return index;
            }
        }
        self.draw_unseen()
    }

    /// The better of two members drawn evenly.
    fn tournament(&mut self) -> u64 {
        let first = self.random.position(self.population.len());
        let second = self.random.position(self.population.len());
        // The population is kept in order of merit.
        self.population[first.min(second)].trial.index
    }

    /// Mostly the mother's genes, some of the father's: what goes well together stays together.
    fn cross(&mut self, mut mother: Genome, father: &[u16]) -> Genome {
        if self.random.chance(self.settings.crossover) {
            for (gene, &other) in mother.iter_mut().zip(father) {
                if self.random.chance(FATHER_SHARE) {
                    *gene = other;
                }
            }
        }
        mother
    }

    fn mutate(&mut self, child: &mut [u16]) {
        let rate = self.settings.mutations / child.len().max(1) as f64;
        for (gene, axis) in child.iter_mut().zip(self.lattice.axes()) {
            if axis.len > 1 && self.random.chance(rate) {
                *gene = if axis.ordered {
                    step(*gene, axis.len, &mut self.random)
                } else {
                    other_kind(*gene, *axis, &mut self.random)
                };
            }
        }
    }

    fn draw_unseen(&mut self) -> u64 {
        for _ in 0..64 {
            let index = self.lattice.draw(&mut self.random);
            if self.seen.insert(index) {
                return index;
            }
        }
        let start = self.lattice.draw(&mut self.random);
        let free = self.lattice.next_outside(&self.seen, start);
        self.seen.insert(free);
        free
    }
}

impl Strategy for Evolution {
    fn propose(&mut self) -> Vec<u64> {
        let n = self.settings.population.min(self.rest);
        self.rest -= n;
        if self.population.is_empty() {
            return self.first_generation(n);
        }
        (0..n).map(|_| self.breed()).collect()
    }

    fn learn(&mut self, trials: &[Trial]) {
        let newcomers = trials.iter().map(|&trial| Member {
            trial,
            layer: 0,
            crowding: 0.0,
        });
        self.population.extend(newcomers);
        rank(&mut self.population, self.n_objectives);
        self.population.truncate(self.settings.population);
    }
}

/// Sorts members by merit: feasible first by layer, then the less crowded; then infeasible by how little they break.
fn rank(members: &mut [Member], n_objectives: usize) {
    let mut points = Points::new(n_objectives);
    for member in members.iter() {
        let score = &member.trial.score;
        if score.violation <= 0.0 {
            points.push(&score.objectives[..n_objectives]);
        } else {
            points.push(&[]);
        }
    }
    let layer_of = layers(&points);
    for (member, &layer) in members.iter_mut().zip(&layer_of) {
        member.layer = layer;
        member.crowding = 0.0;
    }
    let deepest = layer_of
        .iter()
        .filter(|&&layer| layer != crate::pareto::NO_LAYER)
        .max();
    for layer in 0..deepest.map_or(0, |&deepest| deepest + 1) {
        let inside: Vec<usize> = (0..members.len())
            .filter(|&at| layer_of[at] == layer)
            .collect();
        let distances = crowding_distances(&points.select(&inside));
        for (at, distance) in inside.into_iter().zip(distances) {
            members[at].crowding = distance;
        }
    }
    members.sort_by(|a, b| {
        a.layer
            .cmp(&b.layer)
            .then(a.trial.score.violation.total_cmp(&b.trial.score.violation))
            .then(b.crowding.total_cmp(&a.crowding))
            .then(a.trial.index.cmp(&b.trial.index))
    });
}

/// Another position on an ordered axis, mostly a neighbor, now and then as far as the axis reaches.
fn step(from: u16, len: u16, random: &mut Random) -> u16 {
    let reach = f64::from(len - 1);
    let distance = reach.powf(random.unit().powi(4)).round().max(1.0) as u16;
    let (up, down) = (
        from.checked_add(distance).filter(|&to| to < len),
        from.checked_sub(distance),
    );
    let target = if random.chance(0.5) {
        up.or(down)
    } else {
        down.or(up)
    };
    target.unwrap_or(if from > 0 { from - 1 } else { from + 1 })
}

/// Any other position on an unordered axis.
fn other_kind(from: u16, axis: AxisShape, random: &mut Random) -> u16 {
    let other = random.below(u64::from(axis.len) - 1) as u16;
    if other < from { other } else { other + 1 }
}
