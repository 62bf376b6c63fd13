//! What an adapter drives.

use crate::hub::{ConnId, Hub, Input, Output};
use crate::time::Time;

/// A server, as an adapter sees it: a [`Hub`], or a layer around one, such as
/// [`Recorded`](crate::recording::Recorded). What happens goes in, what is to be done comes out; the
/// machine itself does neither IO nor waiting. [`adapter`](crate::adapter) says how to drive one.
///
/// A layer hands on what it does not change. It may keep a connection for longer than the machine within
/// (to take leave in a protocol of its own), and a write may have bytes of its own; but what it says to
/// an adapter has to keep the promises of [`Output`], as a hub's does.
pub trait Machine {
    /// Takes in what happened at `now`, after all that was due by then. An input for a connection that
    /// is closed is ignored; time that goes back counts as standing still.
    fn handle(&mut self, now: Time, input: Input<'_>);

    /// The next thing to do, in order; `None` when nothing is left until the next
    /// [`handle`](Machine::handle). Several inputs may be handled before the outputs are drained, as long
    /// as [`wants_flush`](Machine::wants_flush) does not say otherwise; but nothing may be written in
    /// between, for a layer may have something to do before what the inputs led to is seen outside.
    #[must_use]
    fn poll_output(&mut self) -> Option<Output>;

    /// When to handle an [`Input::Tick`] if nothing else happens before: later than the time of the last
    /// input. Each `handle` may change it.
    #[must_use]
    fn poll_timeout(&self) -> Option<Time>;

    /// The bytes to send to `conn`, in order, as slices fit for one vectored write; to be followed by
    /// [`Input::Sent`]. Nothing for a connection that is closed.
    fn pending(&self, conn: ConnId) -> impl Iterator<Item = &[u8]>;

    /// Whether so much was queued since the outputs were last drained that they should be drained, and
    /// written, before the next input: otherwise even a connection that takes all it is sent may come to
    /// be closed as a slow consumer.
    #[must_use]
    fn wants_flush(&self) -> bool;

    /// The most bytes that one [`Input::Received`] should bring, so that what it leaves for later does
    /// not close the connection. At least 1.
    fn max_received(&self) -> usize;
}

impl Machine for Hub {
    fn handle(&mut self, now: Time, input: Input<'_>) {
        Hub::handle(self, now, input);
    }

    fn poll_output(&mut self) -> Option<Output> {
        Hub::poll_output(self)
    }

    fn poll_timeout(&self) -> Option<Time> {
        Hub::poll_timeout(self)
    }

    fn pending(&self, conn: ConnId) -> impl Iterator<Item = &[u8]> {
        Hub::pending(self, conn)
    }

    fn wants_flush(&self) -> bool {
        Hub::wants_flush(self)
    }

    fn max_received(&self) -> usize {
        self.config().backlog_bytes.max(1)
    }
}
