//! Accepting connections, also when the operating system is out of what they need.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use chatmaster_core::Time;
use mio::net::{TcpListener, TcpStream};

use crate::socket::uninterrupted;

/// A listening socket and when to accept from it.
pub(crate) struct Listener {
    socket: TcpListener,
    state: State,
    backoff: Backoff,
}

enum State {
    /// The poll will tell of the next connection.
    Waiting,
    /// There may be a connection.
    Ready,
    /// There may be a connection, but accepting failed: not before this time.
    BackingOff(Time),
}

/// What came of a try to accept.
pub(crate) enum Accepted {
    /// A connection.
    Connection(TcpStream, SocketAddr),
    /// A connection that broke before it was accepted; there may be others.
    Broken,
    /// Nothing for a while, and why.
    Failed(io::Error),
    /// Nothing for now.
    Nothing,
}

impl Listener {
    pub(crate) fn new(socket: TcpListener) -> Self {
        Listener {
            socket,
            state: State::Ready,
            backoff: Backoff::default(),
        }
    }

    /// The poll has told of a connection.
    pub(crate) fn ready(&mut self) {
        if let State::Waiting = self.state {
            self.state = State::Ready;
        }
    }

    /// Ends a back-off, for something was given back to the operating system.
    pub(crate) fn retry(&mut self) {
        if let State::BackingOff(_) = self.state {
            self.state = State::Ready;
        }
    }

    /// Accepts a connection, if there is any and it is time.
    pub(crate) fn accept(&mut self, now: Time) -> Accepted {
        match self.state {
            State::Waiting => return Accepted::Nothing,
            State::BackingOff(until) if until > now => return Accepted::Nothing,
            State::BackingOff(_) | State::Ready => self.state = State::Ready,
        }
        match uninterrupted(|| self.socket.accept()) {
            Ok((stream, address)) => {
                self.backoff = Backoff::default();
                Accepted::Connection(stream, address)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => {
                    self.state = State::Waiting;
                    Accepted::Nothing
                }
                io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset => {
                    Accepted::Broken
                }
                _ => {
                    self.back_off(now);
                    Accepted::Failed(error)
                }
            },
        }
    }

    /// Accepts nothing for a while: there were no descriptors or no memory, or who knows. There
    /// will be no new event for the connections that wait by now.
    pub(crate) fn back_off(&mut self, now: Time) {
        self.state = State::BackingOff(now + self.backoff.next());
    }

    /// When to call [`accept`](Listener::accept) again without the poll having told of anything.
    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        match self.state {
            State::Waiting => None,
            State::Ready => Some(Time::ZERO),
            State::BackingOff(until) => Some(until),
        }
    }

    pub(crate) fn socket(&mut self) -> &mut TcpListener {
        &mut self.socket
    }
}

/// How long to wait after the next failure in a row.
struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Backoff(Backoff::FIRST)
    }
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(10);
    const LAST: Duration = Duration::from_secs(1);

    fn next(&mut self) -> Duration {
        let next = self.0;
        self.0 = (next * 2).min(Self::LAST);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener() -> Listener {
        let socket = crate::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        Listener::new(TcpListener::from_std(socket))
    }

    #[test]
    fn a_back_off_doubles_up_to_a_second() {
        let mut backoff = Backoff::default();
        let millis: Vec<_> = (0..9).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(millis, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
    }

    #[test]
    fn nothing_is_accepted_during_a_back_off_and_no_event_is_needed_after_it() {
        let mut listener = listener();
        let address = listener.socket.local_addr().unwrap();
        let _client = std::net::TcpStream::connect(address).unwrap();
        let end = Time::ZERO + Backoff::FIRST;
        listener.back_off(Time::ZERO);
        assert_eq!(listener.poll_timeout(), Some(end));
        listener.ready();
        assert!(matches!(
            listener.accept(Time::from_micros(9999)),
            Accepted::Nothing
        ));
        assert_eq!(listener.poll_timeout(), Some(end));
        assert!(matches!(listener.accept(end), Accepted::Connection(..)));
        assert!(matches!(listener.accept(end), Accepted::Nothing));
        assert_eq!(listener.poll_timeout(), None);
        // An accept that worked starts the back-off over.
        listener.back_off(end);
        assert_eq!(listener.poll_timeout(), Some(end + Backoff::FIRST));
    }

    #[test]
    fn something_given_back_ends_a_back_off() {
        let mut listener = listener();
        let _client = std::net::TcpStream::connect(listener.socket.local_addr().unwrap()).unwrap();
        listener.back_off(Time::ZERO);
        listener.retry();
        assert!(matches!(
            listener.accept(Time::ZERO),
            Accepted::Connection(..)
        ));
    }
}
