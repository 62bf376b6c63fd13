//! Accepting connections, also when the operating system is out of what they need.

use std::io;
use std::time::Duration;

use crate::socket::uninterrupted;

/// The most connections that are accepted from one listener in one turn: by then those that are there
/// already have waited for some ten milliseconds.
pub const ACCEPTS: usize = 1024;

/// What came of an attempt to accept a connection.
#[derive(Debug)]
pub enum Accepted<T> {
    /// A connection.
    Connection(T),
    /// A connection that broke before it was accepted; there may be others.
    Broken,
    /// Nothing until the poll tells of the next connection.
    Nothing,
    /// Nothing for a while, and why: there are no descriptors or no memory, or who knows. There will be
    /// no new event for the connections that wait by now.
    Failed(io::Error),
}

impl<T> Accepted<T> {
    /// Attempts it once.
    pub fn attempt(accept: impl FnMut() -> io::Result<T>) -> Self {
        match uninterrupted(accept) {
            Ok(accepted) => Accepted::Connection(accepted),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => Accepted::Nothing,
                io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset => {
                    Accepted::Broken
                }
                _ => Accepted::Failed(error),
            },
        }
    }
}

/// How long to accept nothing after the next failure in a row: 10 ms, and twice as long each time up
/// to a second. A descriptor that is freed ends it before.
#[derive(Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Backoff(Backoff::FIRST)
    }
}

impl Backoff {
    /// How long it is after the first failure.
    pub const FIRST: Duration = Duration::from_millis(10);
    const LAST: Duration = Duration::from_secs(1);

    /// How long it is this time.
    #[must_use]
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(Self::LAST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_off_doubles_up_to_a_second() {
        let mut backoff = Backoff::default();
        let millis: Vec<_> = (0..9).map(|_| backoff.next_pause().as_millis()).collect();
        assert_eq!(millis, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
    }
}
