//! Choosing one option for each site: a multiple-choice knapsack.

/// One option of a site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// What it takes from the budget.
    pub cost: f64,
    /// What it loses.
    pub loss: f64,
}

/// One option chosen for each site.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// Position of the chosen option, one a site.
    pub choices: Vec<usize>,
    /// Sum of costs, at most the budget.
    pub cost: f64,
    /// Sum of losses.
    pub loss: f64,
    /// No allocation within the budget loses less than this.
    pub bound: f64,
}

/// Most partial allocations that are looked at for one answer: some tens of milliseconds.
const EFFORT: usize = 400_000;
/// Allocations nearer to the bound than this share of the spread of losses are not improved further.
const CLOSE_ENOUGH: f64 = 1e-9;

/// The fronts of all sites, prepared for any number of budgets.
#[derive(Debug, Clone)]
pub struct Ledger {
    n_sites: usize,
    /// Cheapest option of each site.
    cheapest: Vec<usize>,
    /// Non-dominated options of each site by rising cost.
    fronts: Vec<Vec<(usize, Choice)>>,
    /// Steps along the convex fronts of all sites, the best price first.
    steps: Vec<Step>,
    /// Loss with the cheapest options minus loss with the best ones.
    spread: f64,
}

/// One step along the convex front of a site.
#[derive(Debug, Clone, Copy)]
struct Step {
    site: usize,
    /// Option that it leads to.
    to: usize,
    cost: f64,
    gain: f64,
}

impl Step {
    fn price(&self) -> f64 {
        self.gain / self.cost
    }
}

impl Ledger {
    /// Prepares the fronts; options with a cost or loss that is not finite are left out.
    ///
    /// Returns `None` if a site has no option.
    pub fn new(sites: &[Vec<Choice>]) -> Option<Self> {
        let fronts: Vec<_> = sites.iter().map(|options| site_front(options)).collect();
        let cheapest = fronts
            .iter()
            .map(|front| front.first().map(|(option, _)| *option))
            .collect::<Option<Vec<_>>>()?;
        let mut steps: Vec<Step> = fronts
            .iter()
            .enumerate()
            .flat_map(|(site, front)| convex_steps(site, front))
            .collect();
        // Within a site prices fall, so a stable sort keeps the order of its steps.
        steps.sort_by(|a, b| b.price().total_cmp(&a.price()));
        let spread = fronts
            .iter()
            .map(|front| front[0].1.loss - front[front.len() - 1].1.loss)
            .sum();
        Some(Self {
            n_sites: sites.len(),
            cheapest,
            fronts,
            steps,
            spread,
        })
    }

    /// Least and largest sum of costs that makes a difference.
    pub fn cost_range(&self) -> (f64, f64) {
        let ends = self.fronts.iter();
        let sum = |pick: fn(&Vec<(usize, Choice)>) -> f64| ends.clone().map(pick).sum();
        (
            sum(|front| front[0].1.cost),
            sum(|front| front[front.len() - 1].1.cost),
        )
    }

    /// A difference of losses as a share of their spread over all choices, 0 where nothing is at stake.
    pub fn share_of_spread(&self, difference: f64) -> f64 {
        if self.spread > 0.0 {
            difference.max(0.0) / self.spread
        } else {
            0.0
        }
    }

    /// Allocations along falling prices, from the cheapest to the best: an approximate front of all budgets.
    pub fn path(&self) -> Vec<Vec<usize>> {
        let mut choices = self.cheapest.clone();
        let mut path = vec![choices.clone()];
        for step in &self.steps {
            choices[step.site] = step.to;
            path.push(choices.clone());
        }
        path
    }

    /// The allocation with the least loss within a budget, as near to the optimum as a bounded effort gets.
    ///
    /// Returns `None` if even the cheapest options exceed the budget.
    pub fn allocate(&self, budget: f64) -> Option<Allocation> {
        let (mut best, bound) = self.by_price(budget)?;
        if best.loss - bound > CLOSE_ENOUGH * self.spread {
            if let Some(better) = self.search(budget, best.loss) {
                best = better;
            }
            self.exchange(budget, &mut best);
        }
        best.bound = bound;
        Some(best)
    }

    /// Takes steps by falling price while they fit; the bound takes a fraction of the first that does not.
    fn by_price(&self, budget: f64) -> Option<(Allocation, f64)> {
        let mut best = self.totals(self.cheapest.clone());
        if best.cost > budget {
            return None;
        }
        let mut bound = None;
        let mut is_stuck = vec![false; self.n_sites];
        for step in &self.steps {
            if is_stuck[step.site] {
                continue;
            }
            if best.cost + step.cost <= budget {
                best.choices[step.site] = step.to;
                best.cost += step.cost;
                best.loss -= step.gain;
            } else {
                bound.get_or_insert(best.loss - step.price() * (budget - best.cost));
                is_stuck[step.site] = true;
            }
        }
        let best = self.totals(best.choices);
        let bound = bound.unwrap_or(best.loss);
        Some((best, bound))
    }

    /// Sums of an allocation in the order of the sites.
    fn totals(&self, choices: Vec<usize>) -> Allocation {
        let (mut cost, mut loss) = (0.0, 0.0);
        for (front, &chosen) in self.fronts.iter().zip(&choices) {
            if let Some((_, choice)) = front.iter().find(|(option, _)| *option == chosen) {
                cost += choice.cost;
                loss += choice.loss;
            }
        }
        Allocation {
            choices,
            cost,
            loss,
            bound: f64::NEG_INFINITY,
        }
    }

    /// Builds allocations site by site, keeps the non-dominated and drops those whose bound is no better than `limit`.
    ///
    /// The states kept are capped so that the effort stays bounded; without hitting the cap the answer is exact.
    fn search(&self, budget: f64, limit: f64) -> Option<Allocation> {
        let n_options = self.fronts.iter().map(Vec::len).max().unwrap_or(1);
        let cap = (EFFORT / (self.n_sites * n_options).max(1)).max(16);
        let order = self.widest_first();
        let tails = self.tails(&order);
        let mut levels: Vec<Vec<State>> = vec![vec![State {
            cost: 0.0,
            loss: 0.0,
            parent: 0,
            option: 0,
        }]];
        for (depth, &site) in order.iter().enumerate() {
            let mut next = Vec::new();
            for (parent, state) in levels[depth].iter().enumerate() {
                for &(option, choice) in &self.fronts[site] {
                    let (cost, loss) = (state.cost + choice.cost, state.loss + choice.loss);
                    let rest = tails[depth + 1].least_loss(budget - cost);
                    if rest.is_some_and(|rest| loss + rest < limit) {
                        next.push(State {
                            cost,
                            loss,
                            parent,
                            option,
                        });
                    }
                }
            }
            keep_best(&mut next, cap, |state| {
                let rest = tails[depth + 1].least_loss(budget - state.cost);
                state.loss + rest.unwrap_or(f64::INFINITY)
            });
            levels.push(next);
        }
        let mut at = levels[self.n_sites]
            .iter()
            .enumerate()
            .min_by(|(_, a), (_, b)| a.loss.total_cmp(&b.loss).then(a.cost.total_cmp(&b.cost)))?
            .0;
        let mut choices = vec![0; self.n_sites];
        for (depth, &site) in order.iter().enumerate().rev() {
            let state = levels[depth + 1][at];
            choices[site] = state.option;
            at = state.parent;
        }
        Some(self.totals(choices)).filter(|found| found.cost <= budget && found.loss < limit)
    }

    /// Sites by falling spread of loss: what decides most comes first.
    fn widest_first(&self) -> Vec<usize> {
        let spread = |site: usize| {
            let front = &self.fronts[site];
            front[0].1.loss - front[front.len() - 1].1.loss
        };
        let mut order: Vec<usize> = (0..self.n_sites).collect();
        order.sort_by(|&a, &b| spread(b).total_cmp(&spread(a)).then(a.cmp(&b)));
        order
    }

    /// Bounds for the sites from each place of an order on.
    fn tails(&self, order: &[usize]) -> Vec<Tail> {
        let mut rank = vec![0; self.n_sites];
        for (place, &site) in order.iter().enumerate() {
            rank[site] = place;
        }
        (0..=order.len())
            .map(|place| {
                let sites = &order[place..];
                let cheapest = sites.iter().map(|&site| self.fronts[site][0].1);
                let steps = self.steps.iter().filter(|step| rank[step.site] >= place);
                Tail::new(cheapest, steps)
            })
            .collect()
    }

    /// Changes one or two sites at a time while that lowers the loss within the budget.
    fn exchange(&self, budget: f64, best: &mut Allocation) {
        for _ in 0..8 {
            let before = best.loss;
            for site in 0..self.n_sites {
                self.exchange_with(site, budget, best);
            }
            if best.loss >= before {
                return;
            }
        }
    }

    /// The best change of one site, alone or together with one other.
    fn exchange_with(&self, site: usize, budget: f64, best: &mut Allocation) {
        let current = |best: &Allocation, site: usize| {
            let front = &self.fronts[site];
            let chosen = front
                .iter()
                .find(|(option, _)| *option == best.choices[site]);
            chosen.map_or(front[0].1, |(_, choice)| *choice)
        };
        let here = current(best, site);
        let mut least = 0.0;
        let mut change = None;
        for &(option, choice) in &self.fronts[site] {
            let (cost, loss) = (choice.cost - here.cost, choice.loss - here.loss);
            let room = budget - best.cost - cost;
            if room >= 0.0 && loss < least {
                (least, change) = (loss, Some((option, None)));
            }
            for other in (0..self.n_sites).filter(|&other| other != site) {
                let there = current(best, other);
                // The best option of the other site that fits: fronts rise in cost and fall in loss.
                let front = &self.fronts[other];
                let fitting = front.partition_point(|(_, each)| each.cost - there.cost <= room);
                let Some(&(other_option, each)) = fitting.checked_sub(1).map(|at| &front[at])
                else {
                    continue;
                };
                if loss + each.loss - there.loss < least {
                    least = loss + each.loss - there.loss;
                    change = Some((option, Some((other, other_option))));
                }
            }
        }
        let Some((option, other)) = change else {
            return;
        };
        let mut choices = best.choices.clone();
        choices[site] = option;
        if let Some((other, other_option)) = other {
            choices[other] = other_option;
        }
        let changed = self.totals(choices);
        if changed.cost <= budget && changed.loss < best.loss {
            *best = changed;
        }
    }
}

/// A partial allocation.
#[derive(Debug, Clone, Copy)]
struct State {
    cost: f64,
    loss: f64,
    parent: usize,
    option: usize,
}

/// Drops dominated states, and the least promising beyond the cap.
fn keep_best(states: &mut Vec<State>, cap: usize, promise: impl Fn(&State) -> f64) {
    states.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(a.loss.total_cmp(&b.loss)));
    let mut least = f64::INFINITY;
    states.retain(|state| {
        let stays = state.loss < least;
        least = least.min(state.loss);
        stays
    });
    if states.len() > cap {
        states.sort_by(|a, b| promise(a).total_cmp(&promise(b)));
        states.truncate(cap);
    }
}

/// The fractional optimum of some sites for any rest of the budget.
#[derive(Debug)]
struct Tail {
    /// Cost and loss with the cheapest options, then after each whole step.
    corners: Vec<Choice>,
}

impl Tail {
    fn new<'steps>(
        cheapest: impl Iterator<Item = Choice>,
        steps: impl Iterator<Item = &'steps Step>,
    ) -> Self {
        let mut at = Choice {
            cost: 0.0,
            loss: 0.0,
        };
        for choice in cheapest {
            at.cost += choice.cost;
            at.loss += choice.loss;
        }
        let mut corners = vec![at];
        for step in steps {
            at.cost += step.cost;
            at.loss -= step.gain;
            corners.push(at);
        }
        Self { corners }
    }

    /// A bound of the loss within this cost, `None` if nothing fits.
    fn least_loss(&self, cost: f64) -> Option<f64> {
        let n_below = self.corners.partition_point(|corner| corner.cost <= cost);
        let below = self.corners[n_below.checked_sub(1)?];
        Some(match self.corners.get(n_below) {
            None => below.loss,
            Some(above) => {
                let share = (cost - below.cost) / (above.cost - below.cost);
                below.loss + share * (above.loss - below.loss)
            }
        })
    }
}

/// Options that no other option of the site beats, by rising cost and falling loss.
fn site_front(options: &[Choice]) -> Vec<(usize, Choice)> {
    let mut front: Vec<(usize, Choice)> = options
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, choice)| choice.cost.is_finite() && choice.loss.is_finite())
        .collect();
    front.sort_by(|(a_at, a), (b_at, b)| {
        a.cost
            .total_cmp(&b.cost)
            .then(a.loss.total_cmp(&b.loss))
            .then(a_at.cmp(b_at))
    });
    let mut least = f64::INFINITY;
    front.retain(|(_, choice)| {
        let stays = choice.loss < least;
        least = least.min(choice.loss);
        stays
    });
    front
}

/// Steps along the lower convex hull of a front, their prices falling.
fn convex_steps(site: usize, front: &[(usize, Choice)]) -> Vec<Step> {
    let step = |from: &Choice, to: &(usize, Choice)| Step {
        site,
        to: to.0,
        cost: to.1.cost - from.cost,
        gain: from.loss - to.1.loss,
    };
    let mut hull: Vec<(usize, Choice)> = Vec::new();
    for corner in front {
        while let [.., before, last] = hull.as_slice() {
            if step(&before.1, last).price() > step(&last.1, corner).price() {
                break;
            }
            hull.pop();
        }
        hull.push(*corner);
    }
    hull.windows(2)
        .map(|pair| step(&pair[0].1, &pair[1]))
        .collect()
}
