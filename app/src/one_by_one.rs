//! Work done one after the other on a thread of its own: each is told when it is done, none is overtaken.

use std::collections::VecDeque;

use crate::background::{Background, Wake};

/// The thread and what waits for it.
#[derive(Debug)]
pub struct OneByOne<Q, A> {
    worker: Background<Q, A>,
    waiting: VecDeque<Q>,
}

impl<Q: Send + 'static, A: Send + 'static> OneByOne<Q, A> {
    /// Starts a named thread for `work`.
    pub fn new(name: &str, wake: Wake, mut work: impl FnMut(Q) -> A + Send + 'static) -> Self {
        Self {
            worker: Background::new(name, wake, move |request, _ticket| work(request)),
            waiting: VecDeque::new(),
        }
    }

    /// Begins a request, or lets it wait for those before it.
    pub fn submit(&mut self, request: Q) {
        self.waiting.push_back(request);
        self.next();
    }

    /// The answer to the oldest request, once it is there; what went wrong inside where it broke down.
    pub fn poll(&mut self) -> Option<Result<A, String>> {
        let answer = self.worker.try_answer()?;
        self.next();
        Some(answer)
    }

    /// Whether a request runs.
    pub fn is_busy(&self) -> bool {
        self.worker.is_busy()
    }

    fn next(&mut self) {
        if !self.worker.is_busy()
            && let Some(request) = self.waiting.pop_front()
        {
            self.worker.submit(request);
        }
    }
}
