//! Stopping a server from outside its loop.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use mio::Waker;

/// Stops a [`serve`](crate::serve) from another thread, such as one that waits for signals. All
/// clones are one and the same.
#[derive(Clone, Default)]
pub struct Stop {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    /// One for each server that goes by this, as long as it runs.
    servers: Mutex<Vec<Weak<Waker>>>,
}

impl Stop {
    /// A stop that nobody has asked for yet.
    pub fn new() -> Self {
        Stop::default()
    }

    /// Stops the server now, or as soon as it is started. Does nothing the second time.
    pub fn stop(&self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for waker in self.servers().iter().filter_map(Weak::upgrade) {
            waker
                .wake()
                .expect("a waker's descriptor is open, and never too full, while it is held");
        }
    }

    /// Whether [`stop`](Stop::stop) was called.
    pub(crate) fn is_stopped(&self) -> bool {
        self.shared.stopped.load(Ordering::SeqCst)
    }

    /// Wakes `server` from now on when [`is_stopped`](Stop::is_stopped) becomes true. What became
    /// true before does not wake it: it has to ask once.
    pub(crate) fn attach(&self, server: &Arc<Waker>) {
        let mut servers = self.servers();
        servers.retain(|server| server.strong_count() > 0);
        servers.push(Arc::downgrade(server));
    }

    fn servers(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Waker>>> {
        // The list is whole between any two of its operations.
        self.shared
            .servers
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
