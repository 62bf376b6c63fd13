//! Stopping a server from outside its loop.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Stops a server from another thread, such as one that waits for signals. All clones are one and the
/// same, and every server that goes by it stops, on whichever runtime.
#[derive(Clone, Default)]
pub struct Stop {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    /// One for each server that goes by this, as long as it runs.
    wakers: Mutex<Vec<Waker>>,
}

impl Stop {
    /// A stop that nobody has asked for yet.
    pub fn new() -> Self {
        Stop::default()
    }

    /// Stops the server now, or as soon as it is started. Does nothing the second time.
    pub fn stop(&self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.wakers().iter().for_each(Waker::wake_by_ref);
    }

    /// Whether [`stop`](Stop::stop) was called.
    pub fn is_stopped(&self) -> bool {
        self.shared.stopped.load(Ordering::SeqCst)
    }

    /// For runtimes: wakes `waker` when [`is_stopped`](Stop::is_stopped) becomes true, until the guard
    /// is dropped. What became true before does not wake it: ask once after this.
    #[must_use]
    pub fn attach(&self, waker: Waker) -> StopGuard<'_> {
        self.wakers().push(waker.clone());
        StopGuard { stop: self, waker }
    }

    fn wakers(&self) -> MutexGuard<'_, Vec<Waker>> {
        // The list is whole between any two of its operations.
        self.shared
            .wakers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop")
            .field("stopped", &self.is_stopped())
            .finish()
    }
}

/// Has a [`Stop`] wake a server, as long as it is not dropped.
#[derive(Debug)]
pub struct StopGuard<'a> {
    stop: &'a Stop,
    waker: Waker,
}

impl Drop for StopGuard<'_> {
    fn drop(&mut self) {
        let mut wakers = self.stop.wakers();
        wakers.retain(|waker| !waker.will_wake(&self.waker));
    }
}
