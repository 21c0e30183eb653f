//! The background engine: it works on the newest job and forgets older ones.
//!
//! Two threads share the work. The first evaluates the edited design and nothing else, so that an edit never waits for a
//! sweep to notice that it is stale; the second sweeps. The engine knows no window: results leave through a channel, and a
//! callback says that something is there. Time decides only when to send, never what to try next.

pub mod job;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::engine::job::{Candidate, Job, Progress, Update};
use crate::judge::evaluate::Tried;
use crate::judge::uncertainty::front_probabilities;
use crate::pareto::ParetoFront;
use crate::search::carry_out;
use crate::ticket::{Generation, Ticket};
use crate::worker::{Mailbox, Wake, contained, stand_back};

/// Pause between two messages of one job: three frames of a 60 Hz screen, so that drawing keeps up.
const SEND_EVERY: Duration = Duration::from_millis(50);

/// Handle of the engine; dropping it cancels the job and waits for the threads.
pub struct Explorer {
    shared: Arc<Shared>,
    updates: Receiver<Update>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    /// The only generation that may go on.
    newest: Arc<AtomicU64>,
    /// The job whose edited design is to be evaluated.
    asked: Mailbox<(u64, Job)>,
    /// The job whose space is to be swept; its edited design has been answered.
    answered: Mailbox<(u64, Job)>,
}

impl Explorer {
    /// Starts the engine with this many worker threads; 0 takes all cores but one, yet two at least.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(wake: Wake, threads: usize) -> std::io::Result<Self> {
        // The sweep stands back behind whoever draws and behind the edited design.
        let pool = pool_of(threads, |_at| stand_back())?;
        let shared = Arc::new(Shared {
            newest: Arc::new(AtomicU64::new(0)),
            asked: Mailbox::new(),
            answered: Mailbox::new(),
        });
        let (sender, updates) = channel();
        let outbox = Outbox { sender, wake };
        // From here on a failure drops the handle, which ends what was started.
        let mut explorer = Self {
            shared: Arc::clone(&shared),
            updates,
            threads: Vec::new(),
        };
        let desk = Desk {
            shared: Arc::clone(&shared),
            outbox: outbox.clone(),
        };
        let engine = Engine {
            shared,
            outbox,
            pool,
        };
        let first = Builder::new().name("edited design".to_owned());
        explorer.threads.push(first.spawn(move || desk.run())?);
        let second = Builder::new().name("explorer".to_owned());
        explorer.threads.push(second.spawn(move || engine.run())?);
        Ok(explorer)
    }

    /// Hands over a job; any older one stops and sends no more.
    pub fn submit(&self, job: Job) -> Generation {
        let generation = self.shared.newest.fetch_add(1, Ordering::Relaxed) + 1;
        self.shared.asked.put((generation, job));
        Generation(generation)
    }

    /// Stops the current job; it sends no more.
    pub fn cancel(&self) {
        self.shared.newest.fetch_add(1, Ordering::Relaxed);
        self.shared.asked.clear();
        self.shared.answered.clear();
    }

    /// The next update of the newest job, if one has arrived; updates of older jobs are dropped.
    pub fn try_recv(&self) -> Option<Update> {
        let newest = Generation(self.shared.newest.load(Ordering::Relaxed));
        std::iter::from_fn(|| self.updates.try_recv().ok())
            .find(|update| update.generation() == newest)
    }

    /// Like [`Explorer::try_recv`], but waits; `None` after this time, or if the engine has ended.
    pub fn recv_timeout(&self, limit: Duration) -> Option<Update> {
        let end = Instant::now() + limit;
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            let update = self.updates.recv_timeout(rest).ok()?;
            if update.generation().0 == self.shared.newest.load(Ordering::Relaxed) {
                return Some(update);
            }
        }
    }

    /// Whether the engine still takes jobs.
    pub fn is_alive(&self) -> bool {
        self.threads.iter().all(|thread| !thread.is_finished())
    }
}

impl Drop for Explorer {
    fn drop(&mut self) {
        self.shared.newest.fetch_add(1, Ordering::Relaxed);
        self.shared.asked.close();
        self.shared.answered.close();
        for thread in self.threads.drain(..) {
            // A panic of the engine itself was already reported on its thread.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Explorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explorer")
            .field("is_alive", &self.is_alive())
            .finish_non_exhaustive()
    }
}

/// A pool of named workers; 0 takes all cores but one, yet two at least.
///
/// # Errors
/// The system gives no threads.
pub fn worker_pool(threads: usize) -> std::io::Result<ThreadPool> {
    pool_of(threads, |_at| {})
}

/// The same, with something that each worker does first.
fn pool_of(threads: usize, begin: fn(usize)) -> std::io::Result<ThreadPool> {
    let n_threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get().max(3) - 1),
        given => given,
    };
    ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .thread_name(|at| format!("explorer-{at}"))
        .start_handler(begin)
        .build()
        .map_err(std::io::Error::other)
}

/// Where updates leave.
#[derive(Clone)]
struct Outbox {
    sender: Sender<Update>,
    wake: Wake,
}

impl Outbox {
    fn send(&self, update: Update) {
        // Without a receiver the handle is being dropped, and the closed mailbox ends the thread.
        let _ = self.sender.send(update);
        (self.wake)();
    }

    /// Does the work for a job; a panic in it is an update, and the next job runs.
    fn watch(&self, generation: u64, work: impl FnOnce()) -> bool {
        let outcome = contained(work);
        if let Err(message) = &outcome {
            self.send(Update::Failed {
                generation: Generation(generation),
                message: message.clone(),
            });
        }
        outcome.is_ok()
    }
}

/// What lives on the thread of the edited design.
struct Desk {
    shared: Arc<Shared>,
    outbox: Outbox,
}

impl Desk {
    fn run(&self) {
        while let Some((generation, job)) = self.shared.asked.take() {
            let answer = || {
                let total = job.search.total(job.space.size());
                let number = Generation(generation);
                self.outbox.send(Update::Started {
                    generation: number,
                    total,
                });
                self.outbox.send(Self::edited(number, &job));
            };
            if self.outbox.watch(generation, answer) {
                self.shared.answered.put((generation, job));
            }
        }
    }

    /// Batch 0: one evaluation gives figures and breakdowns, where the judge has breakdowns.
    fn edited(generation: Generation, job: &Job) -> Update {
        let breakdown = job.evaluator.breakdown(&job.edited, &job.workload);
        let (outcome, evaluation) = match breakdown {
            Some(Ok(evaluation)) => (Ok(evaluation.metrics()), Some(Box::new(evaluation))),
            Some(Err(violations)) => (Err(violations), None),
            None => {
                let mut session = job.evaluator.session();
                (session.metrics(&job.edited, &job.workload), None)
            }
        };
        Update::Edited {
            generation,
            outcome,
            evaluation,
        }
    }
}

/// What lives on the thread that sweeps.
struct Engine {
    shared: Arc<Shared>,
    outbox: Outbox,
    pool: ThreadPool,
}

impl Engine {
    fn run(&self) {
        stand_back();
        while let Some((generation, job)) = self.shared.answered.take() {
            self.outbox
                .watch(generation, || self.explore(generation, &job));
        }
    }

    fn explore(&self, generation: u64, job: &Job) {
        let ticket = Ticket::new(generation, Arc::clone(&self.shared.newest));
        let generation = Generation(generation);
        let total = job.search.total(job.space.size());
        let mut strategy = job.search.strategy(&job.space, &job.goal, job.seed);
        let mut stream = Stream::new(self, generation, job, total);
        let finished = self.pool.install(|| {
            let mut report = |batch: &[Tried]| stream.take(batch);
            carry_out(
                &job.space,
                &job.goal,
                &job.evaluator,
                &mut *strategy,
                &ticket,
                &mut |_| None,
                &mut report,
            )
        });
        if !finished {
            return;
        }
        stream.flush();
        let tried = stream.finish();
        let judges = job.evaluator.samples(job.n_samples, job.seed);
        if judges.is_empty() {
            return;
        }
        let certainty = || front_probabilities(&job.space, &job.goal, &tried, &judges, &ticket);
        if let Some(certainty) = self.pool.install(certainty) {
            self.outbox.send(Update::Sampled {
                generation,
                certainty,
            });
        }
    }
}

/// Collects outcomes of one job and sends them from time to time.
struct Stream<'engine> {
    engine: &'engine Engine,
    generation: Generation,
    job: &'engine Job,
    front: ParetoFront,
    pending: Vec<Candidate>,
    /// All that was tried, kept where the front is to be found again in samples.
    tried: Vec<Tried>,
    progress: Progress,
    started: Instant,
    sent: Option<Instant>,
}

impl<'engine> Stream<'engine> {
    fn new(engine: &'engine Engine, generation: Generation, job: &'engine Job, total: u64) -> Self {
        Self {
            engine,
            generation,
            job,
            front: ParetoFront::new(job.goal.n_objectives()),
            pending: Vec::new(),
            tried: Vec::new(),
            progress: Progress {
                n_tried: 0,
                n_impossible: 0,
                total,
                elapsed: Duration::ZERO,
            },
            started: Instant::now(),
            sent: None,
        }
    }

    fn take(&mut self, batch: &[Tried]) -> bool {
        let built = batch
            .iter()
            .filter_map(|&(index, metrics)| metrics.map(|metrics| Candidate { index, metrics }));
        self.pending.extend(built);
        if self.job.n_samples > 0 {
            self.tried.extend_from_slice(batch);
        }
        self.progress.n_tried += batch.len() as u64;
        let impossible = batch
            .iter()
            .filter(|(_, metrics)| metrics.is_none())
            .count();
        self.progress.n_impossible += impossible as u64;
        let is_due = self.sent.is_none_or(|sent| sent.elapsed() >= SEND_EVERY);
        if is_due {
            self.flush();
        }
        true
    }

    fn flush(&mut self) {
        if self.pending.is_empty() && self.sent.is_some() {
            return;
        }
        let goal = &self.job.goal;
        let n_objectives = goal.n_objectives();
        let scores: Vec<_> = self
            .pending
            .iter()
            .map(|candidate| (candidate.index, goal.score(Some(&candidate.metrics))))
            .filter(|(_, score)| score.is_feasible(n_objectives))
            .collect();
        self.front.extend(
            scores
                .iter()
                .map(|(index, score)| (*index, &score.objectives[..n_objectives])),
        );
        self.progress.elapsed = self.started.elapsed();
        self.sent = Some(Instant::now());
        self.engine.outbox.send(Update::Evaluated {
            generation: self.generation,
            batch: std::mem::take(&mut self.pending),
            front: self.front.ids().to_vec(),
            progress: self.progress,
        });
    }

    /// Sends the end; returns what was tried.
    fn finish(mut self) -> Vec<Tried> {
        self.progress.elapsed = self.started.elapsed();
        self.engine.outbox.send(Update::Finished {
            generation: self.generation,
            front: self.front.ids().to_vec(),
            progress: self.progress,
        });
        self.tried
    }
}
