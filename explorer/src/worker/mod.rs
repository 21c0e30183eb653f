//! A worker thread that always does the newest request and drops the ones it overtakes.
//!
//! The mailbox, the containment of panics and the priority of threads are shared with the engine.

mod containment;
mod mailbox;
mod priority;

pub(crate) use containment::contained;
pub(crate) use mailbox::Mailbox;
pub use priority::stand_back;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;

use crate::ticket::Ticket;

/// Called from the worker's thread after each answer; a window asks for a repaint here.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The thread, the newest request and the answers so far. Dropping it ends the thread.
#[derive(Debug)]
pub struct Worker<Q, A> {
    requests: Arc<Mailbox<(u64, Q)>>,
    newest: Arc<AtomicU64>,
    answers: Receiver<Answer<A>>,
    thread: Option<JoinHandle<()>>,
    n_answered: u64,
}

/// Result of a request, or the text of the panic that ended it.
#[derive(Debug)]
struct Answer<A> {
    /// Number of the request, from 1.
    number: u64,
    outcome: Result<A, String>,
}

impl<Q: Send + 'static, A: Send + 'static> Worker<Q, A> {
    /// Starts a named thread of lowered priority for `work`, which stops early where its ticket is stale.
    ///
    /// A panic inside `work` becomes an answer, and the next request runs.
    pub fn new<W>(name: &str, wake: Wake, mut work: W) -> Self
    where
        W: FnMut(Q, &Ticket) -> A + Send + 'static,
    {
        let requests: Arc<Mailbox<(u64, Q)>> = Arc::new(Mailbox::new());
        let newest = Arc::new(AtomicU64::new(0));
        let (sender, answers) = mpsc::channel();
        let (inside, newest_inside) = (Arc::clone(&requests), Arc::clone(&newest));
        let run = move || {
            stand_back();
            while let Some((number, request)) = inside.take() {
                let ticket = Ticket::new(number, Arc::clone(&newest_inside));
                let outcome = contained(|| work(request, &ticket));
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
            requests,
            newest,
            answers,
            thread,
            n_answered: 0,
        }
    }

    /// Puts a request in the place of the one that waits; returns its number, from 1.
    pub fn submit(&self, request: Q) -> u64 {
        let number = self.newest.fetch_add(1, Ordering::Relaxed) + 1;
        self.requests.put((number, request));
        number
    }

    /// Makes the running and the waiting request stale.
    pub fn cancel(&mut self) {
        self.n_answered = self.newest.fetch_add(1, Ordering::Relaxed) + 1;
        self.requests.clear();
    }

    /// The answer to the newest request, once it is there; answers to older ones are dropped.
    pub fn try_answer(&mut self) -> Option<Result<A, String>> {
        let newest = self.newest.load(Ordering::Relaxed);
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
        self.thread.is_some() && self.n_answered < self.newest.load(Ordering::Relaxed)
    }
}

impl<Q, A> Drop for Worker<Q, A> {
    fn drop(&mut self) {
        self.newest.fetch_add(1, Ordering::Relaxed);
        self.requests.close();
        if let Some(thread) = self.thread.take() {
            // A panic outside the work was reported by the panic hook already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn answer_of(answers: &mut Worker<u32, u32>, bell: &Receiver<()>) -> Result<u32, String> {
        loop {
            if let Some(answer) = answers.try_answer() {
                return answer;
            }
            bell.recv_timeout(Duration::from_secs(20))
                .expect("the worker answers");
        }
    }

    fn worker() -> (Worker<u32, u32>, Receiver<()>) {
        let (ring, bell) = mpsc::channel();
        let wake: Wake = Arc::new(move || {
            let _ = ring.send(());
        });
        let work = |request: u32, _: &Ticket| {
            assert!(request != 13, "unlucky");
            2 * request
        };
        (Worker::new("doubling", wake, work), bell)
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
