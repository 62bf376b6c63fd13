//! Connecting, with several attempts side by side.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use chatmaster_io::connect::{
    ATTEMPT_DELAY, CONNECT_TIMEOUT, addresses_in_turns, cannot_connect, no_address, refuse_itself,
};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// Events of attempts that are taken at once.
const EVENTS: usize = 16;

/// Connects to the first of the addresses that accepts, as RFC 8305 has it: the families take turns, and
/// the next address is tried when one has failed, or after [`ATTEMPT_DELAY`], while those before it go on.
pub(crate) fn connect_any(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut race = Race {
        poll: Poll::new()?,
        events: Events::with_capacity(addresses.len().clamp(1, EVENTS)),
        attempts: Vec::new(),
    };
    let mut waiting = addresses_in_turns(addresses).into_iter().enumerate();
    let mut last_error = no_address();
    loop {
        let begun = match waiting.next() {
            Some((number, address)) => race.begin(Token(number), address),
            None if race.attempts.is_empty() => return Err(last_error),
            None => Ok(()),
        };
        let next = (waiting.len() > 0).then(|| Instant::now() + ATTEMPT_DELAY);
        match begun.and_then(|()| race.run(next)) {
            Ok(Some(stream)) => return Ok(stream),
            Ok(None) => {}
            Err(error) => last_error = error,
        }
    }
}

/// Attempts to connect, which go on side by side.
struct Race {
    poll: Poll,
    events: Events,
    attempts: Vec<Attempt>,
}

struct Attempt {
    token: Token,
    address: SocketAddr,
    stream: TcpStream,
    /// When it is given up.
    until: Instant,
}

impl Race {
    fn begin(&mut self, token: Token, address: SocketAddr) -> io::Result<()> {
        let explain = |error| cannot_connect(address, &error);
        let mut stream = TcpStream::connect(address).map_err(explain)?;
        let registry = self.poll.registry();
        registry
            .register(&mut stream, token, Interest::WRITABLE)
            .map_err(explain)?;
        self.attempts.push(Attempt {
            token,
            address,
            stream,
            until: Instant::now() + CONNECT_TIMEOUT,
        });
        Ok(())
    }

    /// Waits until an attempt has succeeded, or for none longer than until `next`.
    ///
    /// # Errors
    /// An attempt has failed, and is none any more.
    fn run(&mut self, next: Option<Instant>) -> io::Result<Option<TcpStream>> {
        loop {
            let now = Instant::now();
            if let Some(late) = self
                .attempts
                .iter()
                .position(|attempt| attempt.until <= now)
            {
                let Attempt { address, .. } = self.attempts.remove(late);
                return Err(cannot_connect(address, &io::ErrorKind::TimedOut.into()));
            }
            if next.is_some_and(|next| next <= now) {
                return Ok(None);
            }
            let ends = self.attempts.iter().map(|attempt| attempt.until);
            let Some(due) = ends.chain(next).min() else {
                return Ok(None);
            };
            match self.poll.poll(&mut self.events, Some(due - now)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    // Nothing would be heard of any of them.
                    self.attempts.clear();
                    return Err(error);
                }
                _ => {}
            }
            for event in &self.events {
                let of_event = |attempt: &Attempt| attempt.token == event.token();
                let Some(at) = self.attempts.iter().position(of_event) else {
                    continue;
                };
                let outcome = outcome(&self.attempts[at].stream);
                if matches!(&outcome, Err(error) if error.kind() == io::ErrorKind::NotConnected) {
                    continue;
                }
                let Attempt {
                    address,
                    mut stream,
                    ..
                } = self.attempts.remove(at);
                let connected = outcome.and_then(|()| {
                    self.poll.registry().deregister(&mut stream)?;
                    Ok(Some(stream))
                });
                return connected.map_err(|error| cannot_connect(address, &error));
            }
        }
    }
}

/// What has become of an attempt: `NotConnected` if nothing so far.
fn outcome(stream: &TcpStream) -> io::Result<()> {
    match stream.take_error()? {
        Some(error) => Err(error),
        None => refuse_itself(stream.local_addr()?, stream.peer_addr()?),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// An address that answers nothing: of a listener that takes no more connections.
    #[cfg(target_os = "linux")]
    fn dead() -> (Socket, Vec<std::net::TcpStream>, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut waiting = Vec::new();
        let soon = Duration::from_millis(100);
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, soon) {
            waiting.push(stream);
        }
        (socket, waiting, address)
    }

    /// An address on which nobody listens.
    fn refusing() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_dead_address_delays_the_next_by_a_moment_and_a_refusing_one_by_none() {
        let alive = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = alive.local_addr().unwrap();
        let (_listener, _waiting, dead) = dead();
        let addresses = [dead, refusing(), refusing(), dead, address];
        let begun = Instant::now();
        let stream = connect_any(&addresses).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
        // Both dead ones; of what is waited for them when all else fails it is far.
        assert!(begun.elapsed() >= 2 * ATTEMPT_DELAY);
        assert!(begun.elapsed() < CONNECT_TIMEOUT);
        // What was begun beside it is given up.
        assert_eq!(alive.accept().unwrap().1, stream.local_addr().unwrap());
        alive.set_nonblocking(true).unwrap();
        assert!(alive.accept().is_err());
    }

    #[test]
    fn where_nobody_listens_the_last_address_is_named() {
        let addresses = [refusing(), refusing()];
        let error = connect_any(&addresses).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let named = addresses.map(|address| error.to_string().contains(&address.to_string()));
        assert!(named.contains(&true), "{error}");
        let none = connect_any(&[]).unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::InvalidInput);
    }
}
