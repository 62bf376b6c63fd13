//! The server's event loop.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use chatmaster_core::adapter::Enqueue;
use chatmaster_core::{CloseReason, Config, ConnId, Input, Machine, Output, Peer, Time};
use chatmaster_io::accept::{ACCEPTS, Accepted};
use chatmaster_io::socket::{READ_BYTES, ReadOutcome, tune_accepted};
use chatmaster_io::{Clock, Hooks, Stop, check_listeners, hub};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use rustc_hash::FxHashMap;

use crate::connection::Connection;
use crate::listener::Listener;
use crate::waker::waker;

/// The most events that are taken from the operating system at once: as many as one turn accepts. What is
/// left is told in the next turn.
const EVENTS: usize = 1024;
/// The token of the waker. Those of the listeners are below it, and those of the connections count
/// up from 1.
const WAKER: Token = Token(usize::MAX);

/// Runs a server on these listeners until `stop`, which tells everyone and sees their last packages
/// off. Blocks.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if the limits of `config` do not go together or
/// there is no listener. Otherwise what the operating system says if it has no poll for this
/// server; what happens to connections is no error.
///
/// # Panics
/// If something in it panics: it never goes on half-way through an input.
pub fn serve(config: Config, listeners: Vec<std::net::TcpListener>, stop: &Stop) -> io::Result<()> {
    let (hub, clock) = hub(config)?;
    serve_with(hub, clock, listeners, stop, Hooks::default())
}

/// Runs a server like [`serve`] by what this machine says, which may be a recorded hub. It must not have
/// handled anything yet; its time is that of `clock`, whose [start](Clock::start) it was made with.
///
/// # Errors
/// Those of [`serve`], but for those of a configuration.
///
/// # Panics
/// If the machine does, or a hook.
pub fn serve_with(
    machine: impl Machine,
    clock: Clock,
    listeners: Vec<std::net::TcpListener>,
    stop: &Stop,
    hooks: Hooks,
) -> io::Result<()> {
    check_listeners(&listeners)?;
    let mut server = Server::new(machine, clock, listeners, hooks)?;
    let _woken = stop.attach(waker(&server.poll, WAKER)?);
    let mut events = Events::with_capacity(EVENTS);
    while !stop.is_stopped() {
        server.turn(&mut events)?;
    }
    server.shut_down();
    while !server.connections.is_empty() {
        server.turn(&mut events)?;
    }
    Ok(())
}

struct Server<M> {
    machine: M,
    hooks: Hooks,
    clock: Clock,
    poll: Poll,
    listeners: Vec<Listener>,
    /// By token.
    connections: FxHashMap<usize, (ConnId, Connection)>,
    last_id: u64,
    /// Those to read from, and those to write to, at once.
    readable: VecDeque<ConnId>,
    writable: VecDeque<ConnId>,
    /// What came of the writes that the machine was not told of yet: how many bytes the socket took, or
    /// none if it is broken.
    written: Vec<(ConnId, Option<u32>)>,
    buffer: Box<[u8]>,
}

impl<M: Machine> Server<M> {
    fn new(
        machine: M,
        clock: Clock,
        listeners: Vec<std::net::TcpListener>,
        hooks: Hooks,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut prepared = Vec::new();
        for (at, socket) in listeners.into_iter().enumerate() {
            socket.set_nonblocking(true)?;
            let mut listener = Listener::new(TcpListener::from_std(socket));
            let token = Token(WAKER.0 - 1 - at);
            poll.registry()
                .register(listener.socket(), token, Interest::READABLE)?;
            prepared.push(listener);
        }
        let buffer = vec![0; READ_BYTES.min(machine.max_received())].into();
        Ok(Server {
            machine,
            hooks,
            clock,
            poll,
            listeners: prepared,
            connections: FxHashMap::default(),
            last_id: 0,
            readable: VecDeque::new(),
            writable: VecDeque::new(),
            written: Vec::new(),
            buffer,
        })
    }

    /// Waits until there is something to do, and does a bounded part of it: for each listener,
    /// some connections; for each connection, one read; and then, so that what goes to the same
    /// connection goes together, one write.
    fn turn(&mut self, events: &mut Events) -> io::Result<()> {
        match self.poll.poll(events, self.timeout()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        let now = self.clock.now();
        for event in events.iter() {
            self.on_event(event);
        }
        if self.machine.poll_timeout().is_some_and(|due| due <= now) {
            self.machine.handle(now, Input::Tick);
        }
        self.accept(now);
        self.read(now);
        self.flush(now);
        Ok(())
    }

    /// Does what the machine wants, and writes once to each connection that takes something.
    fn flush(&mut self, now: Time) {
        self.drain_outputs();
        self.write(now);
        self.drain_outputs();
    }

    /// Stops accepting, and has the machine tell everyone.
    fn shut_down(&mut self) {
        self.listeners.clear();
        self.machine.handle(self.clock.now(), Input::Shutdown);
        self.drain_outputs();
    }

    /// How long there is nothing to do but wait for events.
    fn timeout(&self) -> Option<Duration> {
        if !self.readable.is_empty() || !self.writable.is_empty() {
            return Some(Duration::ZERO);
        }
        let accepts = self
            .listeners
            .iter()
            .filter_map(Listener::poll_timeout)
            .min();
        let due = accepts
            .into_iter()
            .chain(self.machine.poll_timeout())
            .min()?;
        Some(self.clock.until(due))
    }

    fn on_event(&mut self, event: &Event) {
        let Token(token) = event.token();
        // The waker has done its part by ending the wait. And a connection that is gone since the
        // operating system told of it is not found, for its token is not used again.
        if let Some((id, connection)) = self.connections.get_mut(&token) {
            let (read, write) = connection.on_event(event);
            enqueue(&mut self.readable, *id, read);
            enqueue(&mut self.writable, *id, write);
        } else if let Some(at) = (WAKER.0 - 1).checked_sub(token)
            && let Some(listener) = self.listeners.get_mut(at)
        {
            listener.ready();
        }
    }

    fn accept(&mut self, now: Time) {
        for at in 0..self.listeners.len() {
            for _ in 0..ACCEPTS {
                match self.listeners[at].accept(now) {
                    Accepted::Connection((stream, address)) => {
                        if let Err(error) = self.open(now, stream, address) {
                            self.listeners[at].back_off(now);
                            self.hooks.accept_failed(&error);
                        }
                    }
                    Accepted::Broken => {}
                    Accepted::Failed(error) => self.hooks.accept_failed(&error),
                    Accepted::Nothing => break,
                }
            }
        }
    }

    fn open(&mut self, now: Time, mut stream: TcpStream, address: SocketAddr) -> io::Result<()> {
        let id = self.next_id();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut stream, Token(token(id)), interest)?;
        tune_accepted(&stream);
        self.connections
            .insert(token(id), (id, Connection::new(stream)));
        // A listener for both families shows IPv4 addresses as IPv6 ones.
        self.machine
            .handle(now, Input::Opened(id, Peer(address.ip().to_canonical())));
        Ok(())
    }

    /// The next identifier. Where `usize` has 32 bits, tokens come round after four billion
    /// connections; those still in use are passed over.
    fn next_id(&mut self) -> ConnId {
        loop {
            self.last_id += 1;
            let id = ConnId(self.last_id);
            let reserved = token(id) >= WAKER.0 - self.listeners.len();
            if !reserved && !self.connections.contains_key(&token(id)) {
                return id;
            }
        }
    }

    fn read(&mut self, now: Time) {
        for _ in 0..self.readable.len() {
            let Some(id) = self.readable.pop_front() else {
                return;
            };
            let Some((_, connection)) = self.connections.get_mut(&token(id)) else {
                continue;
            };
            match connection.read(&mut self.buffer) {
                Ok((ReadOutcome::Bytes(count, _), again)) => {
                    enqueue(&mut self.readable, id, again);
                    if count > 0 {
                        self.machine
                            .handle(now, Input::Received(id, &self.buffer[..count]));
                    }
                    if self.machine.wants_flush() {
                        self.flush(now);
                    }
                }
                Ok((ReadOutcome::End, _)) => self.machine.handle(now, Input::Eof(id)),
                Err(_) => self.connection_lost(now, id),
            }
        }
    }

    /// Writes once to each connection that takes something. The machine is told when all is written: what
    /// it has to say then is to be drained first.
    fn write(&mut self, now: Time) {
        while let Some(id) = self.writable.pop_front() {
            let Some((_, connection)) = self.connections.get_mut(&token(id)) else {
                continue;
            };
            match connection.write(self.machine.pending(id)) {
                Ok(0) => {}
                Ok(count) => {
                    let count = u32::try_from(count).expect("a write has far less than 4 GiB");
                    self.written.push((id, Some(count)));
                }
                Err(_) => self.written.push((id, None)),
            }
        }
        let mut written = mem::take(&mut self.written);
        for (id, count) in written.drain(..) {
            match count {
                Some(count) => self.machine.handle(now, Input::Sent(id, count)),
                None => self.connection_lost(now, id),
            }
        }
        self.written = written;
    }

    /// A connection broke.
    fn connection_lost(&mut self, now: Time, id: ConnId) {
        self.close(id);
        self.machine.handle(now, Input::Closed(id));
    }

    /// Does what the machine wants.
    fn drain_outputs(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Write(id) => {
                    if let Some((_, connection)) = self.connections.get_mut(&token(id)) {
                        enqueue(&mut self.writable, id, connection.request_write());
                    }
                }
                Output::PauseRead(id) => {
                    if let Some((_, connection)) = self.connections.get_mut(&token(id)) {
                        connection.pause();
                    }
                }
                Output::ResumeRead(id) => {
                    if let Some((_, connection)) = self.connections.get_mut(&token(id)) {
                        enqueue(&mut self.readable, id, connection.resume());
                    }
                }
                Output::Finish(id) => {
                    if let Some((_, connection)) = self.connections.get(&token(id)) {
                        connection.finish();
                    }
                }
                Output::Close(id, reason) => {
                    if reason == CloseReason::SlowConsumer
                        && let Some((_, connection)) = self.connections.get(&token(id))
                    {
                        connection.reset_on_close();
                    }
                    self.close(id);
                }
            }
        }
    }

    /// Gives the socket back, whose descriptor a listener may be waiting for.
    fn close(&mut self, id: ConnId) {
        if self.connections.remove(&token(id)).is_some() {
            self.listeners.iter_mut().for_each(Listener::retry);
        }
    }
}

/// The token of a connection is its identifier, as far as it goes.
fn token(id: ConnId) -> usize {
    id.0 as usize
}

fn enqueue(queue: &mut VecDeque<ConnId>, id: ConnId, enqueue: Enqueue) {
    if enqueue == Enqueue::Yes {
        queue.push_back(id);
    }
}
