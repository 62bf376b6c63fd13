//! Connecting to the first of several addresses that accepts.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::socket::explain;

/// How long connecting to one address may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an address is tried before the next one is, too: RFC 8305, section 5.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Connects to the first of the addresses that accepts, as RFC 8305 has it: the families take turns, and
/// the next address is tried when one has failed, or after 250 ms, while those before it go on, for
/// 10 s each. Blocks. An attempt that comes to something when another was faster is closed.
///
/// # Errors
/// Why the last attempt to fail did; or that there was no address
/// ([`InvalidInput`](io::ErrorKind::InvalidInput)).
pub fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let (outcomes, received) = channel();
    let mut waiting = in_turns(addresses).into_iter();
    let mut under_way = 0;
    let mut last_error = io::Error::new(io::ErrorKind::InvalidInput, "no address to connect to");
    loop {
        if let Some(address) = waiting.next() {
            let outcomes = outcomes.clone();
            // A call that connects cannot be given up; a thread that is in one can be left alone.
            thread::Builder::new()
                .name("chatmaster-connect".into())
                .spawn(move || {
                    // Nobody listens any more when another was faster.
                    let _ = outcomes.send(attempt(address));
                })?;
            under_way += 1;
        } else if under_way == 0 {
            return Err(last_error);
        }
        let patience = if waiting.len() > 0 {
            ATTEMPT_DELAY
        } else {
            Duration::MAX
        };
        match received.recv_timeout(patience) {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                under_way -= 1;
                last_error = error;
            }
            // The next one's turn has come.
            Err(_) => {}
        }
    }
}

/// Connects to one address.
fn attempt(address: SocketAddr) -> io::Result<TcpStream> {
    let connected = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).and_then(|stream| {
        refuse_itself(&stream)?;
        Ok(stream)
    });
    connected.map_err(|error| explain(&format!("cannot connect to {address}"), &error))
}

/// Refuses a connection of a socket to itself, which is what may come of trying a port on this machine
/// that nobody listens on again and again: the socket has that port then, and its server cannot.
fn refuse_itself(stream: &TcpStream) -> io::Result<()> {
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(())
}

/// The addresses with the families in turn, the first address's first; else in the order given.
fn in_turns(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first = |address: &SocketAddr| address.is_ipv6() == addresses[0].is_ipv6();
    let (first, second): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(is_first);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turns = Vec::with_capacity(addresses.len());
    while turns.len() < addresses.len() {
        turns.extend(first.next().into_iter().chain(second.next()));
    }
    turns
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use socket2::{Domain, Socket, Type};

    use super::*;

    /// An address that answers nothing: of a listener that takes no more connections.
    #[cfg(target_os = "linux")]
    fn dead() -> (Socket, Vec<TcpStream>, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut waiting = Vec::new();
        let soon = Duration::from_millis(100);
        while let Ok(stream) = TcpStream::connect_timeout(&address, soon) {
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
        let stream = connect(&addresses).unwrap();
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
        let error = connect(&addresses).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let named = addresses.map(|address| error.to_string().contains(&address.to_string()));
        assert!(named.contains(&true), "{error}");
        let none = connect(&[]).unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::InvalidInput);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_that_has_connected_to_itself_is_not_a_connection() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        socket.connect(&socket.local_addr().unwrap()).unwrap();
        let stream: TcpStream = socket.into();
        let error = refuse_itself(&stream).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn families_take_turns_from_the_first_address_on() {
        let parse = |addresses: &[&str]| -> Vec<SocketAddr> {
            let parse = |address: &&str| address.parse().unwrap();
            addresses.iter().map(parse).collect()
        };
        let [a, b, c, x, y] = [
            "[::1]:1",
            "[::1]:2",
            "[::1]:3",
            "127.0.0.1:1",
            "127.0.0.1:2",
        ];
        for (given, expected) in [
            (&[][..], &[][..]),
            (&[a, b], &[a, b]),
            (&[a, b, c, x, y], &[a, x, b, y, c]),
            (&[x, y, a], &[x, a, y]),
            (&[x, a, b, c], &[x, a, b, c]),
        ] {
            assert_eq!(in_turns(&parse(given)), parse(expected));
        }
    }
}
