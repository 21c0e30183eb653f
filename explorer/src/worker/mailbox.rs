//! A place for one thing that waits: a newer one takes the place of the older.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Holds the newest thing until a thread takes it.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    held: Mutex<Held<T>>,
    bell: Condvar,
}

#[derive(Debug)]
struct Held<T> {
    thing: Option<T>,
    is_closed: bool,
}

impl<T> Mailbox<T> {
    pub(crate) fn new() -> Self {
        Self {
            held: Mutex::new(Held {
                thing: None,
                is_closed: false,
            }),
            bell: Condvar::new(),
        }
    }

    /// Puts a thing in the place of the one that waits.
    pub(crate) fn put(&self, thing: T) {
        self.held().thing = Some(thing);
        self.bell.notify_one();
    }

    /// Forgets what waits.
    pub(crate) fn clear(&self) {
        self.held().thing = None;
    }

    /// Forgets what waits and sends home whoever asks for more.
    pub(crate) fn close(&self) {
        let mut held = self.held();
        held.is_closed = true;
        held.thing = None;
        self.bell.notify_all();
    }

    /// Waits for the next thing; `None` once closed.
    pub(crate) fn take(&self) -> Option<T> {
        let mut held = self.held();
        loop {
            if held.is_closed {
                return None;
            }
            if let Some(thing) = held.thing.take() {
                return Some(thing);
            }
            held = self.bell.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held<T>> {
        // A panic elsewhere leaves it whole: what it holds is only ever replaced.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
