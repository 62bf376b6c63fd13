//! Waking a poll from another thread.

use std::io;
use std::sync::Arc;
use std::task::{Wake, Waker};

use mio::{Poll, Token};

struct PollWaker(mio::Waker);

/// Wakes `poll` with an event of this token. Whoever waits for that has to hold it.
pub(crate) fn waker(poll: &Poll, token: Token) -> io::Result<Waker> {
    let waker = mio::Waker::new(poll.registry(), token)?;
    Ok(Arc::new(PollWaker(waker)).into())
}

impl Wake for PollWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0
            .wake()
            .expect("a waker's descriptor is open, and never too full, while it is held");
    }
}
