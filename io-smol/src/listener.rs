//! Accepting connections, also when the operating system is out of what they need.

use std::future::poll_fn;
use std::io;
use std::net::TcpListener;

use chatmaster_core::Machine;
use chatmaster_io::accept::{ACCEPTS, Accepted, Backoff};
use smol::{Async, Timer, future};

use crate::server::Server;

/// Accepts connections for `server`, until it is cancelled.
pub(crate) async fn accept<M: Machine>(server: &Server<M>, listener: Async<TcpListener>) {
    let mut backoff = Backoff::default();
    loop {
        let accepted = match accept_some(server, &listener, &mut backoff) {
            Ok(More::AfterTurn(turn)) => {
                server.after(turn).await;
                continue;
            }
            Ok(More::WhenReadable) => poll_fn(|context| listener.poll_readable(context)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = accepted {
            server.accept_failed(&error);
            // There were no descriptors or no memory, or who knows.
            let pause = async {
                Timer::after(backoff.next_pause()).await;
            };
            future::or(pause, server.descriptor_freed()).await;
        }
    }
}

/// When to accept again.
enum More {
    /// When there is another connection.
    WhenReadable,
    /// After this turn.
    AfterTurn(u64),
}

fn accept_some<M: Machine>(
    server: &Server<M>,
    listener: &Async<TcpListener>,
    backoff: &mut Backoff,
) -> io::Result<More> {
    for _ in 0..ACCEPTS {
        match Accepted::attempt(|| listener.get_ref().accept()) {
            Accepted::Connection((stream, address)) => {
                server.accepted(Async::new(stream)?, address);
                *backoff = Backoff::default();
            }
            Accepted::Broken => {}
            Accepted::Nothing => return Ok(More::WhenReadable),
            Accepted::Failed(error) => return Err(error),
        }
    }
    Ok(More::AfterTurn(server.turn()))
}
