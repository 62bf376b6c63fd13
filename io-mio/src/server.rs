//! The server's event loop.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chatmaster_core::adapter::Enqueue;
use chatmaster_core::recording::{self, Sink, Tape};
use chatmaster_core::{CloseReason, Config, ConnId, Hub, Input, Output, Peer, Time};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use rustc_hash::FxHashMap;

use crate::Stop;
use crate::clock::Clock;
use crate::connection::Connection;
use crate::listener::{Accepted, Listener};
use crate::socket::{self, READ_BYTES, Took};

/// The most events that are taken from the operating system at once.
const EVENTS: usize = 1024;
/// The most connections that are accepted from one listener in one turn.
const ACCEPTS: usize = 1024;
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
pub fn serve(config: Config, listeners: Vec<std::net::TcpListener>, stop: &Stop) -> io::Result<()> {
    serve_with(config, listeners, stop, Hooks::default())
}

/// What a server lets its owner know while it runs. They are called on its thread, which does nothing
/// else meanwhile; one that panics ends the server like any panic.
#[derive(Default)]
pub struct Hooks {
    /// Records the server: is given the bytes of the recording, once a turn and before any of what they
    /// led to goes out.
    pub sink: Option<Box<Sink>>,
    /// Is told why a connection could not be accepted; it is tried again after a pause of up to a second.
    pub accept_failed: Option<Box<AcceptFailed>>,
}

/// Who is told why a connection could not be accepted.
pub type AcceptFailed = dyn FnMut(&io::Error);

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

/// Runs a server like [`serve`] with these hooks.
///
/// # Errors
/// Those of [`serve`]; and [`InvalidInput`](io::ErrorKind::InvalidInput) if messages may be too long to
/// be [recorded](recording::check) and are to be. A recording that cannot be kept is no error: it ends,
/// the server goes on.
///
/// # Panics
/// If something in it panics: it never goes on half-way through an input.
pub fn serve_with(
    config: Config,
    listeners: Vec<std::net::TcpListener>,
    stop: &Stop,
    hooks: Hooks,
) -> io::Result<()> {
    config
        .check()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    if listeners.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no socket to listen on",
        ));
    }
    if hooks.sink.is_some() {
        recording::check(&config)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    }
    let mut server = Server::new(config, listeners, hooks)?;
    server.keep();
    // Held to the end: without it nobody would wake this loop.
    let waker = Arc::new(Waker::new(server.poll.registry(), WAKER)?);
    stop.attach(&waker);
    let mut events = Events::with_capacity(EVENTS);
    while !stop.is_stopped() {
        server.turn(&mut events)?;
    }
    server.shut_down();
    while server.hub.connections() > 0 {
        server.turn(&mut events)?;
    }
    server.keep();
    Ok(())
}

struct Server {
    hub: Tape,
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
    buffer: Box<[u8]>,
    /// What the hub wants, while it is being done.
    outputs: Vec<Output>,
}

impl Server {
    fn new(
        config: Config,
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
        let (clock, start) = Clock::start();
        // What one read leaves for later fits into the backlog.
        let backlog_bytes = config.backlog_bytes;
        let hub = Hub::new(config, start);
        Ok(Server {
            hub: match &hooks.sink {
                Some(_) => Tape::recording(hub, "mio"),
                None => Tape::blank(hub),
            },
            hooks,
            clock,
            poll,
            listeners: prepared,
            connections: FxHashMap::default(),
            last_id: 0,
            readable: VecDeque::new(),
            writable: VecDeque::new(),
            buffer: vec![0; READ_BYTES.min(backlog_bytes)].into(),
            outputs: Vec::new(),
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
            self.told(event);
        }
        if self.hub.poll_timeout().is_some_and(|due| due <= now) {
            self.hub.handle(now, Input::Tick);
        }
        self.accept(now);
        self.read(now);
        self.flush(now);
        Ok(())
    }

    /// Does what the hub wants, and writes once to each connection that takes something.
    fn flush(&mut self, now: Time) {
        self.act();
        self.keep();
        self.write(now);
        self.act();
    }

    /// Stops accepting, and has the hub tell everyone.
    fn shut_down(&mut self) {
        self.listeners.clear();
        self.hub.handle(self.clock.now(), Input::Shutdown);
        self.act();
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
        let due = accepts.into_iter().chain(self.hub.poll_timeout()).min()?;
        Some(self.clock.until(due))
    }

    fn told(&mut self, event: &Event) {
        let Token(token) = event.token();
        // The waker has done its part by ending the wait. And a connection that is gone since the
        // operating system told of it is not found, for its token is not used again.
        if let Some((id, connection)) = self.connections.get_mut(&token) {
            let (read, write) = connection.told(event);
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
                    Accepted::Connection(stream, address) => {
                        if let Err(error) = self.open(now, stream, address) {
                            self.listeners[at].back_off(now);
                            self.accept_failed(&error);
                        }
                    }
                    Accepted::Broken => {}
                    Accepted::Failed(error) => self.accept_failed(&error),
                    Accepted::Nothing => break,
                }
            }
        }
    }

    fn open(&mut self, now: Time, mut stream: TcpStream, address: SocketAddr) -> io::Result<()> {
        let id = self.mint();
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut stream, Token(token(id)), interest)?;
        socket::tune_accepted(&stream);
        self.connections
            .insert(token(id), (id, Connection::new(stream)));
        // A listener for both families shows IPv4 addresses as IPv6 ones.
        self.hub
            .handle(now, Input::Opened(id, Peer(address.ip().to_canonical())));
        Ok(())
    }

    /// The next identifier. Where `usize` has 32 bits, tokens come round after four billion
    /// connections; those still in use are passed over.
    fn mint(&mut self) -> ConnId {
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
                Ok((Took::Bytes(count, _), again)) => {
                    enqueue(&mut self.readable, id, again);
                    if count > 0 {
                        self.hub
                            .handle(now, Input::Received(id, &self.buffer[..count]));
                    }
                    if self.hub.wants_flush() {
                        self.flush(now);
                    }
                }
                Ok((Took::End, _)) => self.hub.handle(now, Input::Eof(id)),
                Err(_) => self.lose(now, id),
            }
        }
    }

    fn write(&mut self, now: Time) {
        for _ in 0..self.writable.len() {
            let Some(id) = self.writable.pop_front() else {
                return;
            };
            let Some((_, connection)) = self.connections.get_mut(&token(id)) else {
                continue;
            };
            match connection.write(self.hub.pending(id)) {
                Ok(0) => {}
                Ok(count) => {
                    let count = u32::try_from(count).expect("a write has far less than 4 GiB");
                    self.hub.handle(now, Input::Sent(id, count));
                }
                Err(_) => self.lose(now, id),
            }
        }
    }

    /// A connection broke.
    fn lose(&mut self, now: Time, id: ConnId) {
        self.close(id);
        self.hub.handle(now, Input::Closed(id));
    }

    /// Does what the hub wants.
    fn act(&mut self) {
        let mut outputs = std::mem::take(&mut self.outputs);
        outputs.extend(std::iter::from_fn(|| self.hub.poll_output()));
        if !outputs.is_empty() {
            self.keep();
        }
        for output in outputs.drain(..) {
            let (Output::Write(id)
            | Output::PauseRead(id)
            | Output::ResumeRead(id)
            | Output::Finish(id)
            | Output::Close(id, _)) = output;
            let Some((_, connection)) = self.connections.get_mut(&token(id)) else {
                continue;
            };
            match output {
                Output::Write(_) => enqueue(&mut self.writable, id, connection.offer()),
                Output::PauseRead(_) => connection.pause(),
                Output::ResumeRead(_) => enqueue(&mut self.readable, id, connection.resume()),
                Output::Finish(_) => connection.finish(),
                Output::Close(_, reason) => {
                    if reason == CloseReason::SlowConsumer {
                        connection.forsake();
                    }
                    self.close(id);
                }
            }
        }
        self.outputs = outputs;
    }

    /// Has the recording kept, as far as it goes.
    fn keep(&mut self) {
        if let Some(sink) = &mut self.hooks.sink {
            self.hub.keep(sink);
        }
    }

    /// Tells that a connection could not be accepted.
    fn accept_failed(&mut self, error: &io::Error) {
        if let Some(hook) = &mut self.hooks.accept_failed {
            hook(error);
        }
    }

    /// Gives the socket back, whose descriptor a listener may be waiting for.
    fn close(&mut self, id: ConnId) {
        self.connections.remove(&token(id));
        self.listeners.iter_mut().for_each(Listener::retry);
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
