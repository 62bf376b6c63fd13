//! Accepting connections, also when the operating system is out of what they need.

use std::future::poll_fn;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use smol::{Async, Timer, future};

use crate::server::Server;
use crate::socket::uninterrupted;

/// The most connections that are accepted from one listener in one turn.
const ACCEPTS: usize = 1024;

/// Accepts connections for `server`, until it is cancelled.
pub(crate) async fn accept(server: &Server, listener: Async<TcpListener>) {
    let mut backoff = Backoff::default();
    loop {
        match accept_some(server, &listener, &mut backoff) {
            Ok(Next::Turn(turn)) => server.after(turn).await,
            Ok(Next::Connection) => {
                let polled = poll_fn(|context| listener.poll_readable(context)).await;
                if let Err(error) = polled {
                    server.accept_failed(&error);
                    back_off(server, &mut backoff).await;
                }
            }
            Err(error) => {
                server.accept_failed(&error);
                back_off(server, &mut backoff).await;
            }
        }
    }
}

/// When to accept again.
enum Next {
    /// When there is another connection.
    Connection,
    /// After this turn.
    Turn(u64),
}

fn accept_some(
    server: &Server,
    listener: &Async<TcpListener>,
    backoff: &mut Backoff,
) -> io::Result<Next> {
    for _ in 0..ACCEPTS {
        match uninterrupted(|| listener.get_ref().accept()) {
            Ok((stream, address)) => {
                server.accepted(Async::new(stream)?, address);
                *backoff = Backoff::default();
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => return Ok(Next::Connection),
                // That one broke before it was accepted; there may be others.
                io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset => {}
                _ => return Err(error),
            },
        }
    }
    Ok(Next::Turn(server.turn()))
}

/// Accepts nothing for a while, or until something is given back to the operating system: there
/// were no descriptors or no memory, or who knows.
async fn back_off(server: &Server, backoff: &mut Backoff) {
    let pause = async {
        Timer::after(backoff.next()).await;
    };
    future::or(pause, server.relieved()).await;
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

    #[test]
    fn a_back_off_doubles_up_to_a_second() {
        let mut backoff = Backoff::default();
        let millis: Vec<_> = (0..9).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(millis, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
    }
}
