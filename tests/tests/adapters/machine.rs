//! What a machine may rely on, whichever it is.

use std::cell::Cell;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use chatmaster_core::{ConnId, Hub, Input, Machine, Output, Time};
use chatmaster_io::{Hooks, Stop, hub};
use chatmaster_tests::world::{Runtime, Server, loopback};

use crate::peer::{Peer, plain};

/// What a [`Strict`] panics at.
const POISON: &[u8] = b"poison";

/// A hub that minds what it is asked, and what it is sent.
struct Strict {
    hub: Hub,
    /// Whether something was handled since the outputs were drained.
    undrained: Cell<bool>,
}

impl Machine for Strict {
    fn handle(&mut self, now: Time, input: Input<'_>) {
        assert!(!matches!(input, Input::Received(_, POISON)), "planted");
        self.undrained.set(true);
        self.hub.handle(now, input);
    }

    fn poll_output(&mut self) -> Option<Output> {
        let output = self.hub.poll_output();
        self.undrained.set(output.is_some());
        output
    }

    fn poll_timeout(&self) -> Option<Time> {
        self.hub.poll_timeout()
    }

    fn pending(&self, conn: ConnId) -> impl Iterator<Item = &[u8]> {
        assert!(!self.undrained.get(), "{conn:?} is written to too early");
        self.hub.pending(conn)
    }

    fn wants_flush(&self) -> bool {
        self.hub.wants_flush()
    }

    fn max_received(&self) -> usize {
        self.hub.max_received()
    }
}

fn serve_strictly(runtime: Runtime, listener: TcpListener, stop: &Stop) -> io::Result<()> {
    let (hub, clock) = hub(plain())?;
    let undrained = Cell::new(false);
    let strict = Strict { hub, undrained };
    runtime.serve_with(strict, clock, vec![listener], stop, Hooks::default())
}

fn nothing_is_written_before_all_is_drained(runtime: Runtime) {
    let server = Server::run(move |listener, stop| serve_strictly(runtime, listener, stop));
    let mut peers: Vec<_> = (0..8)
        .map(|number| Peer::named(server.address(), &format!("peer-{number}")))
        .collect();
    for number in 0..100 {
        peers[number % 8].say(&format!("{number}"));
        for (at, peer) in peers.iter_mut().enumerate() {
            if at != number % 8 {
                peer.skip_to(&format!(r#""message":"{number}""#));
            }
        }
    }
}

fn a_panic_of_the_machine_ends_the_server(runtime: Runtime) {
    let (listener, address) = loopback();
    let server = thread::spawn(move || serve_strictly(runtime, listener, &Stop::new()));
    let mut peer = TcpStream::connect(address).unwrap();
    peer.write_all(POISON).unwrap();
    assert_eq!(server.join().unwrap_err().downcast_ref(), Some(&"planted"));
}

on_both_runtimes! {
    nothing_is_written_before_all_is_drained,
    a_panic_of_the_machine_ends_the_server,
}
