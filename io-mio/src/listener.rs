//! Accepting connections, also when the operating system is out of what they need.

use std::net::SocketAddr;

use chatmaster_core::Time;
use chatmaster_io::accept::{Accepted, Backoff};
use mio::net::{TcpListener, TcpStream};

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
    pub(crate) fn accept(&mut self, now: Time) -> Accepted<(TcpStream, SocketAddr)> {
        match self.state {
            State::Waiting => return Accepted::Nothing,
            State::BackingOff(until) if until > now => return Accepted::Nothing,
            State::BackingOff(_) | State::Ready => self.state = State::Ready,
        }
        let accepted = Accepted::attempt(|| self.socket.accept());
        match &accepted {
            Accepted::Connection(_) => self.backoff = Backoff::default(),
            Accepted::Broken => {}
            Accepted::Nothing => self.state = State::Waiting,
            Accepted::Failed(_) => self.back_off(now),
        }
        accepted
    }

    /// Accepts nothing for a while.
    pub(crate) fn back_off(&mut self, now: Time) {
        self.state = State::BackingOff(now + self.backoff.next_pause());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn listener() -> Listener {
        let socket = crate::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        Listener::new(TcpListener::from_std(socket))
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
