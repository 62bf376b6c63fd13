//! Connecting to the first of several addresses that accepts, as RFC 8305 has it: the families take
//! turns, and the next address is tried when one has failed, or after [`ATTEMPT_DELAY`], while those
//! before it go on. How the attempts are waited for is the runtimes' business.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::socket::explain;

/// How long connecting to one address may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an address is tried before the next one is, too: RFC 8305, section 5.
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The addresses with the families in turn, the first address's first; else in the order given.
pub fn addresses_in_turns(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first = |address: &SocketAddr| address.is_ipv6() == addresses[0].is_ipv6();
    let (first, second): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(is_first);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turns = Vec::with_capacity(addresses.len());
    while turns.len() < addresses.len() {
        turns.extend(first.next().into_iter().chain(second.next()));
    }
    turns
}

/// Refuses a connection of a socket to itself, which is what may come of trying a port on this machine
/// that nobody listens on again and again: the socket has that port then, and its server cannot.
///
/// # Errors
/// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): it is one.
pub fn refuse_itself(local: SocketAddr, peer: SocketAddr) -> io::Result<()> {
    if local == peer {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    Ok(())
}

/// Why there is no connection to this address, with the address.
pub fn cannot_connect(address: SocketAddr, error: &io::Error) -> io::Error {
    explain(&format!("cannot connect to {address}"), error)
}

/// Why there is no connection if there was no address to connect to.
pub fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no address to connect to")
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use socket2::{Domain, Socket, Type};

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_that_has_connected_to_itself_is_not_a_connection() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        socket.connect(&socket.local_addr().unwrap()).unwrap();
        let stream: TcpStream = socket.into();
        let (local, peer) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
        let error = refuse_itself(local, peer).unwrap_err();
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
            assert_eq!(addresses_in_turns(&parse(given)), parse(expected));
        }
    }
}
