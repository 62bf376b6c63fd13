//! Whether the server is still there. A connection whose other end went without a word is like one on
//! which nobody says anything; so a server that has said nothing for a while is asked for something.

use std::time::Duration;

/// How long nothing may come before the server is asked. It takes up to twice as long from the last word
/// on, for the client is not woken by each.
pub(crate) const QUIET: Duration = Duration::from_secs(20);
/// How long it may take to say anything at all then. A server that is gone is noticed within a minute,
/// then.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// What came since the client was last to be woken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Keepalive {
    /// Something.
    #[default]
    Heard,
    /// Nothing so far.
    Quiet,
    /// Nothing, although the server has something to answer.
    Waiting,
}

impl Keepalive {
    /// Begins to listen: for how long.
    pub(super) fn listen(&mut self) -> Duration {
        *self = Keepalive::Quiet;
        QUIET
    }

    /// The server was asked for something: how long to wait, unless that was begun already.
    pub(super) fn expect(&mut self) -> Option<Duration> {
        let begins = *self != Keepalive::Waiting;
        *self = Keepalive::Waiting;
        begins.then_some(PATIENCE)
    }
}
