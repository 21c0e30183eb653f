//! A sweep from start to table: resumable, sharded, the same file for any number of threads.

pub mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use blockscape_model::evaluation::{Metric, Metrics};
use blockscape_model::preset;
use blockscape_model::violation::Violation;
use thiserror::Error;

use crate::engine::job::Progress;
use crate::engine::worker_pool;
use crate::judge::evaluate::Evaluate;
use crate::judge::evaluate::Tried;
use crate::judge::technologies::technology_of;
use crate::judge::uncertainty::{Certainty, front_probabilities};
use crate::pareto::{ParetoFront, hypervolume};
use crate::search::strategy::Strategy;
use crate::search::{Search, carry_out};
use crate::space::DesignSpace;
use crate::space::objective::Goal;
use crate::sweep::store::{
    Build, Journal, JournalHeader, Output, Part, StoreError, about_part, fingerprint, read_part,
    write_part, write_table,
};
use crate::ticket::Ticket;

/// Most designs of one sweep: their results are kept in memory, below 200 bytes each with what the front needs.
pub const LARGEST_SWEEP: u64 = 1 << 26;

/// What to sweep and how.
#[derive(Clone)]
pub struct Sweep {
    /// What to search.
    pub space: Arc<DesignSpace>,
    /// What to strive for.
    pub goal: Arc<Goal>,
    /// How to search.
    pub search: Search,
    /// Start of all random numbers.
    pub seed: u64,
    /// Judge of designs.
    pub evaluator: Arc<dyn Evaluate>,
    /// Worker threads; 0 takes all cores but one, yet two at least.
    pub threads: usize,
    /// Part and number of parts, the part from 1; the whole sweep where absent.
    pub shard: Option<(u64, u64)>,
    /// The program, which results are kept with.
    pub build: Build,
    /// Samples of the constants in which the front is found again; 0 for none. Not for shards, which see no whole front.
    pub n_samples: usize,
    /// Revoked from outside to stop between two reports.
    pub ticket: Ticket,
}

/// Why a sweep stopped.
#[derive(Debug, Error)]
pub enum SweepError {
    /// Something was asked for that does not go together.
    #[error(transparent)]
    Request(#[from] Violation),
    /// Results could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No threads.
    #[error("no worker threads: {0}")]
    Threads(std::io::Error),
    /// Its ticket was revoked.
    #[error(
        "stopped after {n_tried} of {total} designs; {} keeps them, and the same command goes on from there",
        .journal.display()
    )]
    Stopped {
        /// Designs whose results are kept.
        n_tried: u64,
        /// Designs to try in all.
        total: u64,
        /// Where they are kept.
        journal: PathBuf,
    },
}

/// What a sweep found.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Designs tried, those of an interrupted run included.
    pub n_tried: u64,
    /// Of these, how many cannot be built.
    pub n_impossible: u64,
    /// Of these, how many an interrupted run had left.
    pub n_resumed: u64,
    /// Damaged or torn records of an interrupted run, which were tried again.
    pub n_dropped: u64,
    /// Whether this very part was finished before, so that nothing was tried.
    pub was_finished: bool,
    /// Wall time of this run.
    pub elapsed: Duration,
    /// Numbers and figures of the non-dominated designs, by objective values.
    pub front: Vec<(u64, Metrics)>,
    /// The one design that the search was after, where it was after one ([`Search::chosen`]).
    pub chosen: Option<(u64, Metrics)>,
    /// Objectives whose value is not known for any design that was tried.
    pub unknown: Vec<Metric>,
    /// Part of objective space that the front dominates, up to `reference`.
    pub hypervolume: f64,
    /// How sure the front is, where samples were asked for.
    pub certainty: Option<Certainty>,
    /// Where the hypervolume ends, one value an objective in its metric's unit: its limit, else the worst value found.
    pub reference: Vec<f64>,
}

impl Sweep {
    /// Tries all designs and writes the table; `progress` is called once before the first and after each batch.
    ///
    /// While it runs, a journal lies beside the output; a sweep that was killed goes on from there.
    ///
    /// # Errors
    /// A request that does not go together, an output that holds something else, files that cannot be written, or the ticket
    /// was revoked.
    pub fn run(
        &self,
        output: impl Into<Output>,
        progress: &mut (dyn FnMut(&Progress) + Send),
    ) -> Result<Summary, SweepError> {
        let started = Instant::now();
        let output = output.into();
        output.check(&[])?;
        self.check()?;
        let (mut strategy, total) = self.strategy()?;
        let fingerprint = self.fingerprint();
        let journal_path = with_suffix(output.path(), ".journal");
        let header = JournalHeader {
            fingerprint,
            shard: self.shard.unwrap_or_default(),
            total,
            build: self.build.clone(),
        };
        if let Some(tried) = self.finished_part(output.path(), fingerprint) {
            // Left where a run ended between its part and its journal.
            if journal_path.exists() {
                Journal::open(&journal_path, &header)?.0.remove()?;
            }
            let mut results = Results::new(Vec::new(), tried.len() as u64, started);
            results.count(&tried);
            progress(&results.progress);
            return Ok(Summary {
                was_finished: true,
                ..self.summary(&tried, tried.len() as u64, started.elapsed())
            });
        }
        let (mut journal, recovered) = Journal::open(&journal_path, &header)?;
        let n_dropped = recovered.n_dropped;
        let n_resumed = recovered.records.len();
        let mut results = Results::new(recovered.records, total, started);
        let is_complete = self.search_all(&mut *strategy, &mut results, &mut journal, progress)?;
        let tried = results.tried;
        let elapsed = started.elapsed();
        let certainty = self.certainty(&tried)?;
        if !is_complete || self.ticket.is_stale() {
            journal.sync()?;
            return Err(SweepError::Stopped {
                n_tried: tried.len() as u64,
                total,
                journal: journal_path,
            });
        }
        self.write(&output, fingerprint, &tried, certainty.as_ref())?;
        journal.remove()?;
        Ok(Summary {
            n_dropped,
            certainty,
            ..self.summary(&tried, n_resumed as u64, elapsed)
        })
    }

    /// The designs of a part that an earlier run of this very sweep finished and nobody changed since.
    fn finished_part(&self, output: &Path, fingerprint: u64) -> Option<Vec<Tried>> {
        let about = about_part(output).ok()?;
        let is_this = Some((about.shard, about.n_shards)) == self.shard
            && about.fingerprint == fingerprint
            && about.build == self.build;
        let read = || read_part(output).ok();
        is_this.then(read).flatten().map(|(_, tried)| tried)
    }

    fn certainty(&self, tried: &[Tried]) -> Result<Option<Certainty>, SweepError> {
        let judges = self.evaluator.samples(self.n_samples, self.seed);
        if judges.is_empty() {
            return Ok(None);
        }
        let pool = worker_pool(self.threads).map_err(SweepError::Threads)?;
        let probabilities =
            || front_probabilities(&self.space, &self.goal, tried, &judges, &self.ticket);
        Ok(pool.install(probabilities))
    }

    /// Anda's search goes by a limit alone: without one, everything is accurate enough.
    fn check(&self) -> Result<(), Violation> {
        let is_anda = matches!(self.search, Search::Anda { .. });
        if is_anda && !self.goal.has_limit() {
            return Err(Violation::new(
                "search",
                "anda without any limit",
                "a limit of an objective, or a constraint on a metric",
            ));
        }
        Ok(())
    }

    fn strategy(&self) -> Result<(Box<dyn Strategy>, u64), Violation> {
        let total = self.search.total(self.space.size());
        let (strategy, total): (Box<dyn Strategy>, u64) = match self.shard {
            None => (
                self.search.strategy(&self.space, &self.goal, self.seed),
                total,
            ),
            Some(_) if self.n_samples > 0 => {
                return Err(Violation::new(
                    "shard",
                    "given with samples of the constants",
                    "one of the two: a part does not see the whole front",
                ));
            }
            Some((shard, n_shards)) => {
                if shard == 0 || shard > n_shards {
                    return Err(Violation::new(
                        "shard",
                        format!("{shard}/{n_shards}"),
                        "I/N with I from 1 to N",
                    ));
                }
                let search = self
                    .search
                    .shard(&self.space, self.seed, shard - 1, n_shards)?;
                let total = search.remaining();
                (Box::new(search), total)
            }
        };
        if total > LARGEST_SWEEP {
            return Err(Violation::new(
                "designs",
                total,
                format!(
                    "at most {LARGEST_SWEEP} in one run: split it in shards, or use a strategy that tries fewer"
                ),
            ));
        }
        Ok((strategy, total))
    }

    /// Whether the search came to its end.
    fn search_all(
        &self,
        strategy: &mut dyn Strategy,
        results: &mut Results,
        journal: &mut Journal,
        progress: &mut (dyn FnMut(&Progress) + Send),
    ) -> Result<bool, SweepError> {
        let pool = worker_pool(self.threads).map_err(SweepError::Threads)?;
        let mut failure = None;
        let replay: Vec<Tried> = std::mem::take(&mut results.recovered);
        let mut next = 0;
        // The same strategy proposes the same designs again; whatever differs is judged, and found out below.
        let mut known = |index: u64| {
            let answer = replay.get(next).filter(|tried| tried.0 == index)?;
            next += 1;
            Some(answer.1)
        };
        let mut report = |batch: &[Tried]| {
            let outcome = results.take(batch, &replay, journal);
            progress(&results.progress);
            failure = outcome.err();
            failure.is_none()
        };
        // The journal is open and the request sound: from here on it runs.
        report(&[]);
        let is_complete = pool.install(|| {
            carry_out(
                &self.space,
                &self.goal,
                &self.evaluator,
                strategy,
                &self.ticket,
                &mut known,
                &mut report,
            )
        });
        failure.map_or(Ok(is_complete), |error| Err(error.into()))
    }

    /// What tells this sweep from others: everything that its results depend on, the program and what its judge rests on.
    fn fingerprint(&self) -> u64 {
        let space = &self.space;
        let text = |result: Result<String, _>| {
            result.unwrap_or_else(|error: ron::Error| error.to_string())
        };
        let parts = [
            self.build.to_string(),
            text(preset::to_ron(&**space.base())),
            text(preset::to_ron(&**space.workload())),
            text(preset::to_ron(&space.axes())),
            text(preset::to_ron(&space.constraints())),
            text(preset::to_ron(&self.goal.objectives())),
            text(preset::to_ron(&self.search)),
            self.seed.to_string(),
            self.evaluator.subject(),
            // The content of a technology of the user's, which the design names by its file.
            technology_of(&space.base().technology)
                .map_or_else(|error| error.to_string(), |found| format!("{found:?}")),
        ];
        fingerprint(&parts.join("\n"))
    }

    /// Writes the table or part whole.
    fn write(
        &self,
        output: &Output,
        fingerprint: u64,
        tried: &[Tried],
        certainty: Option<&Certainty>,
    ) -> Result<(), StoreError> {
        match self.shard {
            None => write_table(
                output,
                &self.space,
                &self.goal,
                &self.build,
                tried,
                certainty,
            ),
            Some((shard, n_shards)) => {
                let part = Part {
                    shard,
                    n_shards,
                    fingerprint,
                    build: self.build.clone(),
                    can_repeat: matches!(self.search, Search::LatinHypercube { .. }),
                    n_designs: tried.len() as u64,
                    objectives: self.goal.objectives().to_vec(),
                    constraints: self.space.constraints().to_vec(),
                };
                write_part(output, &self.space, &part, tried)
            }
        }
    }

    fn unknown(&self, tried: &[Tried]) -> Vec<Metric> {
        let objectives = self.goal.objectives().iter();
        let is_unknown = |metric: &Metric| {
            let known =
                |(_, metrics): &Tried| metrics.is_some_and(|each| !each.get(*metric).is_nan());
            !tried.iter().any(known)
        };
        objectives
            .map(|each| each.metric)
            .filter(is_unknown)
            .collect()
    }

    fn summary(&self, tried: &[Tried], n_resumed: u64, elapsed: Duration) -> Summary {
        let n = self.goal.n_objectives();
        let mut front = ParetoFront::new(n);
        let mut worst = vec![f64::NEG_INFINITY; n];
        let mut n_impossible = 0;
        for (places, chunk) in tried.chunks(1 << 14).enumerate() {
            let scores: Vec<_> = chunk
                .iter()
                .map(|(_, metrics)| self.goal.score(metrics.as_ref()))
                .collect();
            n_impossible += chunk
                .iter()
                .filter(|(_, metrics)| metrics.is_none())
                .count();
            let feasible = (0..).zip(&scores).filter(|(_, score)| score.is_feasible(n));
            for (_, score) in feasible.clone() {
                for (worst, value) in worst.iter_mut().zip(score.objectives) {
                    *worst = worst.max(value);
                }
            }
            let first = (places << 14) as u64;
            front.extend(feasible.map(|(at, score)| (first + at, &score.objectives[..n])));
        }
        for (worst, objective) in worst.iter_mut().zip(self.goal.objectives()) {
            if let Some(limit) = objective.limit {
                *worst = objective.metric.cost(limit);
            }
        }
        let chosen = self.search.chosen(&self.space, &self.goal, tried);
        let chosen = chosen.and_then(|index| tried.iter().find(|each| each.0 == index));
        let member = |&place: &u64| {
            let (index, metrics) = tried[usize::try_from(place).ok()?];
            Some((index, metrics?))
        };
        Summary {
            n_tried: tried.len() as u64,
            n_impossible: n_impossible as u64,
            n_resumed,
            n_dropped: 0,
            was_finished: false,
            elapsed,
            certainty: None,
            unknown: self.unknown(tried),
            chosen: chosen.and_then(|&(index, metrics)| Some((index, metrics?))),
            hypervolume: hypervolume(front.points(), &worst),
            front: front.ids().iter().filter_map(member).collect(),
            reference: worst
                .iter()
                .zip(self.goal.objectives())
                .map(|(&worst, objective)| objective.metric.cost(worst))
                .collect(),
        }
    }
}

impl std::fmt::Debug for Sweep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sweep")
            .field("size", &self.space.size())
            .field("search", &self.search)
            .field("seed", &self.seed)
            .field("shard", &self.shard)
            .finish_non_exhaustive()
    }
}

/// What a running sweep has so far.
struct Results {
    recovered: Vec<Tried>,
    tried: Vec<Tried>,
    progress: Progress,
    started: Instant,
}

impl Results {
    fn new(recovered: Vec<Tried>, total: u64, started: Instant) -> Self {
        let mut tried = Vec::new();
        // A search often ends before its total; where memory does not reach that far, it grows with what is tried.
        let _ = tried.try_reserve(usize::try_from(total).unwrap_or(0));
        Self {
            recovered,
            tried,
            progress: Progress {
                n_tried: 0,
                n_impossible: 0,
                total,
                elapsed: Duration::ZERO,
            },
            started,
        }
    }

    /// Adds a batch; what the journal does not have yet goes there first.
    fn take(
        &mut self,
        batch: &[Tried],
        replay: &[Tried],
        journal: &mut Journal,
    ) -> Result<(), StoreError> {
        let start = self.tried.len();
        let n_known = replay.len().saturating_sub(start).min(batch.len());
        let repeats = replay.iter().skip(start).zip(batch);
        if repeats.clone().any(|(old, new)| old.0 != new.0) {
            return Err(journal.mismatch());
        }
        journal.append(&batch[n_known..])?;
        self.count(batch);
        Ok(())
    }

    fn count(&mut self, batch: &[Tried]) {
        self.tried.extend_from_slice(batch);
        self.progress.n_tried = self.tried.len() as u64;
        let impossible = batch.iter().filter(|(_, metrics)| metrics.is_none());
        self.progress.n_impossible += impossible.count() as u64;
        self.progress.elapsed = self.started.elapsed();
    }
}

/// The path with something after its file name.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
