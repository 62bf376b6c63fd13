//! Connecting, with several attempts side by side.

use std::io;
use std::net::{SocketAddr, TcpStream};

use chatmaster_io::connect::{
    ATTEMPT_DELAY, CONNECT_TIMEOUT, addresses_in_turns, cannot_connect, no_address, refuse_itself,
};
use smol::{Async, LocalExecutor, Task, Timer, channel, future};

/// Connects to the first of the addresses that accepts, as RFC 8305 has it: the families take turns, and
/// the next address is tried when one has failed, or after [`ATTEMPT_DELAY`], while those before it go on.
pub(crate) async fn connect_any(addresses: &[SocketAddr]) -> io::Result<Async<TcpStream>> {
    let attempts = LocalExecutor::new();
    attempts.run(race(addresses, &attempts)).await
}

async fn race<'a>(
    addresses: &'a [SocketAddr],
    attempts: &LocalExecutor<'a>,
) -> io::Result<Async<TcpStream>> {
    let (outcomes, received) = channel::unbounded();
    let mut waiting = addresses_in_turns(addresses).into_iter();
    // One that is dropped is given up.
    let mut begun: Vec<Task<()>> = Vec::new();
    let mut last_error = no_address();
    let mut failed = 0;
    loop {
        match waiting.next() {
            Some(address) => {
                let outcomes = outcomes.clone();
                begun.push(attempts.spawn(async move {
                    // Nobody listens any more when another was faster.
                    let _ = outcomes.send(attempt(address).await).await;
                }));
            }
            None if failed == begun.len() => return Err(last_error),
            None => {}
        }
        let more = waiting.len() > 0;
        let next = async {
            if more {
                Timer::after(ATTEMPT_DELAY).await;
            } else {
                future::pending::<()>().await;
            }
            None
        };
        let outcome = async { received.recv().await.ok() };
        match future::or(outcome, next).await {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => {
                failed += 1;
                last_error = error;
            }
            None => {}
        }
    }
}

/// Connects to one address.
async fn attempt(address: SocketAddr) -> io::Result<Async<TcpStream>> {
    let late = async {
        Timer::after(CONNECT_TIMEOUT).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    let connected = future::or(Async::<TcpStream>::connect(address), late).await;
    let connected = connected.and_then(|stream| {
        refuse_itself(
            stream.get_ref().local_addr()?,
            stream.get_ref().peer_addr()?,
        )?;
        Ok(stream)
    });
    connected.map_err(|error| cannot_connect(address, &error))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

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
        let begun = std::time::Instant::now();
        let connected = connect_any(&addresses);
        let stream = smol::block_on(connected).unwrap().into_inner().unwrap();
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
        let error = smol::block_on(connect_any(&addresses)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let named = addresses.map(|address| error.to_string().contains(&address.to_string()));
        assert!(named.contains(&true), "{error}");
        let none = smol::block_on(connect_any(&[])).unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::InvalidInput);
    }
}
