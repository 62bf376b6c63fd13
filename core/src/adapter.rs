//! Writing an adapter: what drives a [`Machine`] with real sockets, and what it has to remember of a
//! connection. `chatmaster-mio` and `chatmaster-smol` are two; this page is the guide to a third.
//!
//! # The loop
//!
//! A machine is told what happened ([`Input`]) and says what to do ([`Output`]). A turn of the loop is:
//!
//! 1. Sleep until the poll tells of something, or until [`Machine::poll_timeout`].
//! 2. If something is due, hand over [`Input::Tick`]. Then accept, and read from whatever may be read, once
//!    each, so that nobody waits for one who sends much.
//! 3. Drain [`Machine::poll_output`] until there is none, doing what it says; writes are put into a queue.
//! 4. Write once to each connection in that queue, and only then tell the machine what was sent.
//! 5. Drain again. What is in a queue by now has its turn in the next.
//!
//! Nothing may be written between an input and the drain after it: a layer such as
//! [`Recorded`](crate::recording::Recorded) has something to do before what came of the input is seen. That
//! is why the machine is told of the writes after the last of them.
//!
//! # Connections
//!
//! The adapter gives each a [`ConnId`], counted up and never used again, and keeps its socket from
//! [`Input::Opened`] until [`Output::Close`], or until it says [`Input::Closed`] because the connection broke.
//! An input for a connection that is closed is ignored, so nothing has to be kept in step. An output need
//! not be about a connection at all: match all of them.
//!
//! # Backpressure
//!
//! - [`Output::PauseRead`]: do not read, and let the peer's own network push back, until
//!   [`Output::ResumeRead`]. A read that is under way may be finished; to go on reading costs the connection.
//!   One read brings [`Machine::max_received`] bytes at most.
//! - A peer that takes nothing of what it is sent is the machine's to judge: it closes it as
//!   [`CloseReason::SlowConsumer`]. Such a socket should be reset (linger zero), or the operating system
//!   keeps what was written for minutes. Keep its send buffer small: what is in it no limit counts.
//! - [`Machine::wants_flush`]: the inputs of this turn have made enough to write. Drain and write before the
//!   next one, or those who read well may be closed for what had no chance to be sent.
//!
//! # Partial writes
//!
//! [`Output::Write`] comes once. Write once what [`Machine::pending`] lends, as much as the socket takes, and
//! say how much with [`Input::Sent`]; the rest stays where it is, at no cost. If something is pending after
//! that, there is another `Write`. So do not look whether something is: a socket that takes nothing is
//! [`Blocked`](WriteState::Blocked) until the poll says otherwise, and that is all there is to know.
//! A write that took nothing at all is not worth telling.
//!
//! # How connections end
//!
//! - The peer sends no more: [`Input::Eof`], once, after its last bytes. It may be receiving still, and is
//!   owed its answers.
//! - [`Output::Finish`]: shut down the sending half and go on reading. The machine waits for the peer to do
//!   the same, but not for ever, and then says [`Output::Close`]. To close at once would have the operating
//!   system reset a connection with bytes unread, and the last words be lost.
//! - An error in a read or write: the socket goes, and [`Input::Closed`].
//! - The server is to stop: accept no more, hand over [`Input::Shutdown`], and go on until no connection is
//!   left. That takes as long as [`Config::linger`](crate::Config::linger) at most.
//!
//! # Time
//!
//! A monotonic clock that starts with the machine. `poll_timeout` is later than the last input, so a loop
//! that sleeps until then does not spin; a timer that fires early, or for nothing, does no harm.
//!
//! # Threads, panics
//!
//! A machine belongs to one thread, and needs no lock there; other threads wake its poll. A panic in it is a
//! bug that may have left it half-way through an input: let it go up. A task that would keep it to itself
//! (executors do) has to hand it on, or a server is left that looks alive and is deaf.
//!
//! # What to remember
//!
//! [`ReadState`] and [`WriteState`] are all that an adapter remembers of a connection beside its socket. They
//! are here once for every adapter, and for whatever stands in for one in a test, so that none of them
//! remembers more than another. The poll is taken to tell only once that a socket has become readable or
//! writable, as edge-triggered ones do; what it told holds until a read or write has found out that it is so
//! no more. An adapter keeps two queues, of the connections to read from and to write to; [`Enqueue`] says
//! when one belongs there, so that none is in one of them twice.
//!
//! # A small one
//!
//! This adapter has no poll: it looks at every socket every millisecond, so that it needs no queue either.
//! The rest is as it has to be.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::io::{self, BufRead, BufReader, ErrorKind, IoSlice, Read, Write};
//! use std::net::{Shutdown, TcpListener, TcpStream};
//! use std::sync::atomic::{AtomicBool, Ordering};
//! use std::thread;
//! use std::time::{Duration, Instant};
//!
//! use chatmaster_core::adapter::{ReadState, Readiness, WriteState};
//! use chatmaster_core::{Config, ConnId, Encoding, Hub, Input, Machine, Output, Peer, Start, Time};
//!
//! struct Connection {
//!     socket: TcpStream,
//!     incoming: ReadState,
//!     outgoing: WriteState,
//! }
//!
//! type Connections = BTreeMap<ConnId, Connection>;
//!
//! fn serve(mut machine: impl Machine, listener: TcpListener, stop: &AtomicBool) -> io::Result<()> {
//!     listener.set_nonblocking(true)?;
//!     let started = Instant::now();
//!     let mut connections = Connections::new();
//!     let mut buffer = vec![0; machine.max_received().min(64 * 1024)];
//!     let (mut last_id, mut stopping) = (0, false);
//!     while !(stopping && connections.is_empty()) {
//!         thread::sleep(Duration::from_millis(1));
//!         let now = Time::from_micros(started.elapsed().as_micros() as u64);
//!         if machine.poll_timeout().is_some_and(|due| due <= now) {
//!             machine.handle(now, Input::Tick);
//!         }
//!         if !stopping && stop.load(Ordering::SeqCst) {
//!             stopping = true;
//!             machine.handle(now, Input::Shutdown);
//!         }
//!         while !stopping && let Ok((socket, peer)) = listener.accept() {
//!             socket.set_nonblocking(true)?;
//!             last_id += 1;
//!             let (incoming, outgoing) = Default::default();
//!             connections.insert(ConnId(last_id), Connection { socket, incoming, outgoing });
//!             machine.handle(now, Input::Opened(ConnId(last_id), Peer(peer.ip())));
//!         }
//!
//!         let mut broken = Vec::new();
//!         for (&id, connection) in &mut connections {
//!             let _ = connection.incoming.readable();
//!             if !connection.incoming.begin_read() {
//!                 continue;
//!             }
//!             match connection.socket.read(&mut buffer) {
//!                 Ok(0) => {
//!                     connection.incoming.end();
//!                     machine.handle(now, Input::Eof(id));
//!                 }
//!                 Ok(count) => {
//!                     let _ = connection.incoming.read_done(Readiness::Ready);
//!                     machine.handle(now, Input::Received(id, &buffer[..count]));
//!                 }
//!                 Err(error) if error.kind() == ErrorKind::WouldBlock => {
//!                     let _ = connection.incoming.read_done(Readiness::Blocked);
//!                 }
//!                 Err(_) => broken.push(id),
//!             }
//!             if machine.wants_flush() {
//!                 break; // Whoever was not read from has its turn in the next.
//!             }
//!         }
//!         drain(&mut machine, &mut connections);
//!
//!         let mut written = Vec::new();
//!         for (&id, connection) in &mut connections {
//!             let _ = connection.outgoing.writable();
//!             if !connection.outgoing.begin_write() {
//!                 continue;
//!             }
//!             let slices: Vec<_> = machine.pending(id).take(64).map(IoSlice::new).collect();
//!             let wrote = connection.socket.write_vectored(&slices);
//!             match wrote {
//!                 Ok(count) => {
//!                     connection.outgoing.write_done(Readiness::Ready);
//!                     written.push((id, count as u32));
//!                 }
//!                 Err(error) if error.kind() == ErrorKind::WouldBlock => {
//!                     connection.outgoing.write_done(Readiness::Blocked);
//!                 }
//!                 Err(_) => broken.push(id),
//!             }
//!         }
//!         for (id, count) in written {
//!             machine.handle(now, Input::Sent(id, count));
//!         }
//!         for id in broken {
//!             connections.remove(&id);
//!             machine.handle(now, Input::Closed(id));
//!         }
//!         drain(&mut machine, &mut connections);
//!     }
//!     Ok(())
//! }
//!
//! fn drain(machine: &mut impl Machine, connections: &mut Connections) {
//!     while let Some(output) = machine.poll_output() {
//!         match output {
//!             Output::Write(id) => {
//!                 let _ = connections.get_mut(&id).map(|it| it.outgoing.request());
//!             }
//!             Output::PauseRead(id) => {
//!                 let _ = connections.get_mut(&id).map(|it| it.incoming.pause());
//!             }
//!             Output::ResumeRead(id) => {
//!                 let _ = connections.get_mut(&id).map(|it| it.incoming.resume());
//!             }
//!             Output::Finish(id) => {
//!                 let _ = connections.get(&id).map(|it| it.socket.shutdown(Shutdown::Write));
//!             }
//!             Output::Close(id, _) => {
//!                 connections.remove(&id);
//!             }
//!         }
//!     }
//! }
//!
//! # fn main() -> io::Result<()> {
//! let config = Config { encoding: Encoding::Plain, ..Config::default() };
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let mut alice = TcpStream::connect(listener.local_addr()?)?;
//! let stop = AtomicBool::new(false);
//! thread::scope(|scope| {
//!     let server = scope.spawn(|| serve(Hub::new(config, Start::default()), listener, &stop));
//!     let mut lines = BufReader::new(alice.try_clone()?).lines();
//!     assert_eq!(lines.next().unwrap()?, r#"{"type":"request","data":{"request":"login"}}"#);
//!     alice.write_all(
//!         br#"{"type":"command","data":{"command":"login","parameters":{"username":"Alice"}}}"#,
//!     )?;
//!     assert!(lines.next().unwrap()?.contains(r#""status":true"#));
//!     stop.store(true, Ordering::SeqCst);
//!     assert!(lines.last().unwrap()?.contains(r#""error_type":"shutdown""#));
//!     drop(alice);
//!     server.join().unwrap()
//! })
//! # }
//! ```

#[cfg(doc)]
use crate::{CloseReason, ConnId, Input, Machine, Output};

/// Whether a connection has to be put into a queue.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueue {
    /// It has.
    Yes,
    /// It is there already, or does not belong there.
    No,
}

/// Whether a socket takes another read or write at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It may; another attempt will show.
    Ready,
    /// It does not; the poll will tell when it does.
    Blocked,
}

/// Reading from a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadState {
    ready: Ready,
    gate: Gate,
}

/// Whether there may be something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ready {
    /// No: the poll will tell.
    No,
    /// Yes: in the queue of those to read from.
    Queued,
    /// Yes, but the gate was found shut: not in the queue.
    Held,
}

/// Whether the core takes what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    /// Not for now.
    Paused,
    /// There is nothing to come.
    Ended,
}

impl Default for ReadState {
    fn default() -> Self {
        ReadState {
            ready: Ready::No,
            gate: Gate::Open,
        }
    }
}

impl ReadState {
    /// The poll has told that there may be something to read. To the queue of those to read from.
    pub fn readable(&mut self) -> Enqueue {
        if self.ready != Ready::No {
            return Enqueue::No;
        }
        self.ready = Ready::Queued;
        Enqueue::Yes
    }

    /// The core takes nothing for now: [`PauseRead`](crate::Output::PauseRead).
    pub fn pause(&mut self) {
        if self.gate == Gate::Open {
            self.gate = Gate::Paused;
        }
    }

    /// The core takes what comes again: [`ResumeRead`](crate::Output::ResumeRead). To the queue of
    /// those to read from.
    pub fn resume(&mut self) -> Enqueue {
        if self.gate == Gate::Paused {
            self.gate = Gate::Open;
        }
        if self.gate == Gate::Open && self.ready == Ready::Held {
            self.ready = Ready::Queued;
            return Enqueue::Yes;
        }
        Enqueue::No
    }

    /// The connection was taken from the queue of those to read from. Whether to read, and then to say
    /// [`ReadState::read_done`] or [`ReadState::end`].
    #[must_use]
    pub fn begin_read(&mut self) -> bool {
        if self.ready != Ready::Queued {
            return false;
        }
        if self.gate != Gate::Open {
            self.ready = Ready::Held;
            return false;
        }
        true
    }

    /// A read brought bytes, or none. Back to the queue of those to read from.
    pub fn read_done(&mut self, readiness: Readiness) -> Enqueue {
        match readiness {
            Readiness::Ready => Enqueue::Yes,
            Readiness::Blocked => {
                self.ready = Ready::No;
                Enqueue::No
            }
        }
    }

    /// A read has met the end, or an error: nothing is read any more.
    pub fn end(&mut self) {
        self.ready = Ready::Held;
        self.gate = Gate::Ended;
    }

    /// Whether the core takes nothing for now.
    pub fn is_paused(&self) -> bool {
        self.gate == Gate::Paused
    }

    /// Whether it is in the queue of those to read from.
    pub fn is_queued(&self) -> bool {
        self.ready == Ready::Queued
    }
}

/// Writing to a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteState {
    /// There is nothing to write: the core will tell.
    #[default]
    Idle,
    /// In the queue of those to write to.
    Queued,
    /// The socket takes no more: the poll will tell when it does.
    Blocked,
}

impl WriteState {
    /// The core wants to be written for: [`Write`](crate::Output::Write). To the queue of those to
    /// write to.
    pub fn request(&mut self) -> Enqueue {
        self.enqueue_from(WriteState::Idle)
    }

    /// The poll has told that the socket may take something. To the queue of those to write to.
    pub fn writable(&mut self) -> Enqueue {
        self.enqueue_from(WriteState::Blocked)
    }

    /// The connection was taken from the queue of those to write to. Whether to write, and then to say
    /// [`WriteState::write_done`].
    #[must_use]
    pub fn begin_write(&self) -> bool {
        self.is_queued()
    }

    /// A write is over, and the core is to be told what came of it. What is left needs no second
    /// thought: either the poll tells when there is room for it, or the core says so.
    pub fn write_done(&mut self, readiness: Readiness) {
        *self = match readiness {
            Readiness::Ready => WriteState::Idle,
            Readiness::Blocked => WriteState::Blocked,
        };
    }

    /// Whether it is in the queue of those to write to.
    pub fn is_queued(&self) -> bool {
        *self == WriteState::Queued
    }

    fn enqueue_from(&mut self, state: WriteState) -> Enqueue {
        if *self != state {
            return Enqueue::No;
        }
        *self = WriteState::Queued;
        Enqueue::Yes
    }
}
