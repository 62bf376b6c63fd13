//! Listening sockets.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::socket::explain;

/// Connections that wait to be accepted: as many as the operating system allows, which makes less of
/// it. One that is beyond may be lost without either end being told, and its client waits for the
/// login request in vain.
const BACKLOG: i32 = 65_535;

/// Binds a listening socket: `SO_REUSEADDR` on Unix, so that a server can be started again at once;
/// for IPv4 and IPv6 alike if the address is the unspecified one of IPv6; with the longest backlog there is;
/// non-blocking.
///
/// # Errors
/// The operating system's, with the address: it is in use, not of this machine, or not permitted.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bind(address, Families::Both)
}

/// Binds a listening socket like [`listen`], but for the family of the address alone: `[::]` leaves the
/// port's IPv4 addresses to other sockets.
///
/// # Errors
/// Those of [`listen`].
pub fn listen_only(address: SocketAddr) -> io::Result<TcpListener> {
    bind(address, Families::Own)
}

/// What the unspecified address of IPv6 stands for.
#[derive(PartialEq, Eq)]
enum Families {
    Both,
    Own,
}

fn bind(address: SocketAddr, families: Families) -> io::Result<TcpListener> {
    let bind = || {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        // On Windows it would let others take the address over.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        if address.is_ipv6() && address.ip().is_unspecified() {
            socket.set_only_v6(families == Families::Own)?;
        }
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    bind().map_err(|error| explain(&format!("cannot listen on {address}"), &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_use_is_named() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let error = listen(address).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }
}
