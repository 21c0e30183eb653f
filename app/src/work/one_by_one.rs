//! Work done one after the other on a thread of its own: each is told when it is done, none is overtaken.

use std::collections::VecDeque;
use std::sync::Arc;

use blockscape_explorer::worker::{Wake, Worker};

/// The thread, and what runs or waits for it.
#[derive(Debug)]
pub struct OneByOne<Q, A> {
    worker: Worker<Arc<Q>, A>,
    /// Not answered yet, oldest first; only the first one is with the thread.
    open: VecDeque<Arc<Q>>,
}

impl<Q: Send + Sync + 'static, A: Send + 'static> OneByOne<Q, A> {
    /// Starts a named thread for `work`.
    pub fn new(name: &str, wake: Wake, mut work: impl FnMut(&Q) -> A + Send + 'static) -> Self {
        Self {
            worker: Worker::new(name, wake, move |request: Arc<Q>, _ticket| work(&request)),
            open: VecDeque::new(),
        }
    }

    /// Begins a request, or lets it wait for those before it.
    pub fn submit(&mut self, request: Q) {
        self.open.push_back(Arc::new(request));
        if self.open.len() == 1 {
            self.begin();
        }
    }

    /// The oldest request with its answer, once it is there; what went wrong inside where it broke down.
    pub fn poll(&mut self) -> Option<(Arc<Q>, Result<A, String>)> {
        let answer = self.worker.try_answer()?;
        let request = self.open.pop_front()?;
        self.begin();
        Some((request, answer))
    }

    /// What runs or waits, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Q> {
        self.open.iter().map(Arc::as_ref)
    }

    /// Whether a request runs or waits.
    pub fn is_busy(&self) -> bool {
        !self.open.is_empty()
    }

    fn begin(&self) {
        if let Some(request) = self.open.front() {
            self.worker.submit(Arc::clone(request));
        }
    }
}
