//! A worker thread that always does the newest request and forgets the ones it overtakes.
//!
//! For what the explorer does not do: the full breakdown of one design, tensor errors, sensitivities. A panic in
//! the work becomes an answer, and the next request runs. The thread stands back behind the one that draws.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use blockscape_explorer::priority::stand_back;

/// What a worker calls when an answer waits.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The worker, the newest request and the answers so far. Dropping it ends the thread.
#[derive(Debug)]
pub struct Background<Q, A> {
    shared: Arc<Shared<Q>>,
    answers: Receiver<Answer<A>>,
    thread: Option<JoinHandle<()>>,
    n_answered: u64,
}

/// What came of a request.
#[derive(Debug)]
pub struct Answer<A> {
    /// Number of the request, from 1.
    pub number: u64,
    /// The result, or what went wrong inside.
    pub outcome: Result<A, String>,
}

/// Tells the work whether a newer request waits.
#[derive(Debug)]
pub struct Ticket<'a> {
    number: u64,
    newest: &'a AtomicU64,
}

impl Ticket<'_> {
    /// Whether to stop early, since nobody wants the answer.
    pub fn is_stale(&self) -> bool {
        self.newest.load(Ordering::Relaxed) != self.number
    }
}

#[derive(Debug)]
struct Shared<Q> {
    waiting: Mutex<Waiting<Q>>,
    changed: Condvar,
    newest: AtomicU64,
}

#[derive(Debug)]
struct Waiting<Q> {
    request: Option<(u64, Q)>,
    closed: bool,
}

impl<Q> Shared<Q> {
    fn lock(&self) -> MutexGuard<'_, Waiting<Q>> {
        // The lock is held for moves only, which do not panic; a poisoned one is as good as new.
        self.waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<Q: Send + 'static, A: Send + 'static> Background<Q, A> {
    /// Starts a named thread for `work`.
    pub fn new<W>(name: &str, wake: Wake, mut work: W) -> Self
    where
        W: FnMut(Q, &Ticket<'_>) -> A + Send + 'static,
    {
        let waiting = Mutex::new(Waiting {
            request: None,
            closed: false,
        });
        let shared = Arc::new(Shared {
            waiting,
            changed: Condvar::new(),
            newest: AtomicU64::new(0),
        });
        let (sender, answers) = mpsc::channel();
        let inside = Arc::clone(&shared);
        let run = move || {
            stand_back();
            while let Some((number, request)) = next_request(&inside) {
                let ticket = Ticket {
                    number,
                    newest: &inside.newest,
                };
                let outcome = catch_unwind(AssertUnwindSafe(|| work(request, &ticket)));
                let outcome = outcome.map_err(|payload| panic_text(payload.as_ref()));
                if sender.send(Answer { number, outcome }).is_err() {
                    return;
                }
                wake();
            }
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(run)
            .ok();
        Self {
            shared,
            answers,
            thread,
            n_answered: 0,
        }
    }

    /// Puts a request in the place of the one that waits; returns its number.
    pub fn submit(&self, request: Q) -> u64 {
        let number = self.shared.newest.fetch_add(1, Ordering::Relaxed) + 1;
        self.shared.lock().request = Some((number, request));
        self.shared.changed.notify_one();
        number
    }

    /// Makes the running and the waiting request stale.
    pub fn cancel(&mut self) {
        self.n_answered = self.shared.newest.fetch_add(1, Ordering::Relaxed) + 1;
        self.shared.lock().request = None;
    }

    /// The answer to the newest request, once it is there; answers to older ones are dropped.
    pub fn try_answer(&mut self) -> Option<Result<A, String>> {
        let newest = self.shared.newest.load(Ordering::Relaxed);
        let mut latest = None;
        while let Ok(answer) = self.answers.try_recv() {
            if answer.number == newest {
                self.n_answered = answer.number;
                latest = Some(answer.outcome);
            }
        }
        latest
    }

    /// Whether a request waits or runs.
    pub fn is_busy(&self) -> bool {
        self.thread.is_some() && self.n_answered < self.shared.newest.load(Ordering::Relaxed)
    }
}

impl<Q, A> Drop for Background<Q, A> {
    fn drop(&mut self) {
        self.shared.newest.fetch_add(1, Ordering::Relaxed);
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic outside the work would have been reported by the panic hook already.
            let _ = thread.join();
        }
    }
}

fn next_request<Q>(shared: &Shared<Q>) -> Option<(u64, Q)> {
    let mut waiting = shared.lock();
    loop {
        if waiting.closed {
            return None;
        }
        if let Some(request) = waiting.request.take() {
            return Some(request);
        }
        waiting = shared
            .changed
            .wait(waiting)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
    }
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn answer_of(answers: &mut Background<u32, u32>, bell: &Receiver<()>) -> Result<u32, String> {
        loop {
            if let Some(answer) = answers.try_answer() {
                return answer;
            }
            bell.recv_timeout(Duration::from_secs(20))
                .expect("the worker answers");
        }
    }

    fn worker() -> (Background<u32, u32>, Receiver<()>) {
        let (ring, bell) = mpsc::channel();
        let wake: Wake = Arc::new(move || {
            let _ = ring.send(());
        });
        let work = |request: u32, _: &Ticket<'_>| {
            assert!(request != 13, "unlucky");
            2 * request
        };
        (Background::new("doubling", wake, work), bell)
    }

    #[test]
    fn the_newest_request_is_answered() {
        let (mut worker, bell) = worker();
        for request in 0..100 {
            worker.submit(request);
        }
        assert_eq!(answer_of(&mut worker, &bell), Ok(198));
        assert!(!worker.is_busy());
    }

    #[test]
    fn a_panic_is_an_answer_and_the_next_request_runs() {
        let (mut worker, bell) = worker();
        worker.submit(13);
        assert_eq!(answer_of(&mut worker, &bell), Err("unlucky".to_owned()));
        worker.submit(4);
        assert_eq!(answer_of(&mut worker, &bell), Ok(8));
    }
}
