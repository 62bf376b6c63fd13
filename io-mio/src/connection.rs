//! A connection: its socket, what the poll has told of it, and what the core wants of it.

use std::io;
use std::net::Shutdown;

use mio::event::Event;
use mio::net::TcpStream;

use crate::socket::{self, Next, Rest, Took};

/// The socket of a hub's connection, or of a session. There may be many, so there is not much in it.
///
/// The poll tells only once that a socket has become readable or writable; what it told is kept
/// here until a read or write has found out that it is so no more. A connection with something to
/// do at once is in a queue of its owner's, and never twice in the same.
pub(crate) struct Connection {
    stream: TcpStream,
    incoming: Incoming,
    gate: Gate,
    outgoing: Outgoing,
    /// Whether the poll has told of the end of what comes. It does so once, maybe together with
    /// the last bytes.
    hung_up: bool,
}

/// Whether there may be something to read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Incoming {
    /// No: the poll will tell.
    Nothing,
    /// Yes: in the queue of those to read from.
    Queued,
    /// Yes, but the gate was found shut: not in the queue.
    Held,
}

/// Whether the core takes what comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    /// Not for now.
    Paused,
    /// There is nothing to come.
    Ended,
}

/// Whether there is something to write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outgoing {
    /// No: the core will tell.
    Nothing,
    /// Yes: in the queue of those to write to.
    Queued,
    /// Yes, but the socket takes no more: the poll will tell when it does.
    Blocked,
}

/// Whether a connection has to be put into a queue.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Enqueue {
    Yes,
    No,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Connection {
            stream,
            incoming: Incoming::Nothing,
            gate: Gate::Open,
            outgoing: Outgoing::Nothing,
            hung_up: false,
        }
    }

    /// The poll has told something; an error shows in the next read or write. To the queues of
    /// those to read from, and to write to.
    pub(crate) fn told(&mut self, event: &Event) -> (Enqueue, Enqueue) {
        self.hung_up |= event.is_read_closed();
        let readable = event.is_readable() || event.is_read_closed() || event.is_error();
        let writable = event.is_writable() || event.is_write_closed() || event.is_error();
        (
            if readable {
                self.readable()
            } else {
                Enqueue::No
            },
            if writable {
                self.writable()
            } else {
                Enqueue::No
            },
        )
    }

    /// There may be something to read. To the queue of those to read from.
    pub(crate) fn readable(&mut self) -> Enqueue {
        if self.incoming != Incoming::Nothing {
            return Enqueue::No;
        }
        self.incoming = Incoming::Queued;
        Enqueue::Yes
    }

    /// The socket may take more. To the queue of those to write to.
    fn writable(&mut self) -> Enqueue {
        if self.outgoing != Outgoing::Blocked {
            return Enqueue::No;
        }
        self.outgoing = Outgoing::Queued;
        Enqueue::Yes
    }

    /// Whether it is in a queue.
    pub(crate) fn is_queued(&self) -> bool {
        self.incoming == Incoming::Queued || self.outgoing == Outgoing::Queued
    }

    /// The core does not take anything for now.
    pub(crate) fn pause(&mut self) {
        if self.gate == Gate::Open {
            self.gate = Gate::Paused;
        }
    }

    /// The core takes what comes again. To the queue of those to read from.
    pub(crate) fn resume(&mut self) -> Enqueue {
        if self.gate == Gate::Paused {
            self.gate = Gate::Open;
        }
        if self.gate == Gate::Open && self.incoming == Incoming::Held {
            self.incoming = Incoming::Queued;
            return Enqueue::Yes;
        }
        Enqueue::No
    }

    /// Reads once, if in the queue of those to read from and the core takes it. Out of that queue,
    /// and back if it is [`Next::Ready`].
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Took> {
        match (self.incoming, self.gate) {
            (Incoming::Queued, Gate::Open) => {}
            (Incoming::Queued, Gate::Paused | Gate::Ended) => {
                self.incoming = Incoming::Held;
                return Ok(Took::Bytes(0, Next::Blocked));
            }
            (Incoming::Nothing | Incoming::Held, _) => return Ok(Took::Bytes(0, Next::Blocked)),
        }
        let took = socket::read(&self.stream, buffer, self.hung_up);
        match took {
            Ok(Took::Bytes(_, Next::Ready)) => {}
            Ok(Took::Bytes(_, Next::Blocked)) => self.incoming = Incoming::Nothing,
            Ok(Took::End) | Err(_) => {
                self.incoming = Incoming::Held;
                self.gate = Gate::Ended;
            }
        }
        took
    }

    /// The core has something to write. To the queue of those to write to.
    pub(crate) fn offer(&mut self) -> Enqueue {
        if self.outgoing != Outgoing::Nothing {
            return Enqueue::No;
        }
        self.outgoing = Outgoing::Queued;
        Enqueue::Yes
    }

    /// Writes once, if in the queue of those to write to. Out of that queue, and back if there is
    /// more and the socket may take it. Says how much the socket took.
    pub(crate) fn write<'a>(
        &mut self,
        pending: impl Iterator<Item = &'a [u8]>,
    ) -> io::Result<(usize, Enqueue)> {
        if self.outgoing != Outgoing::Queued {
            return Ok((0, Enqueue::No));
        }
        self.outgoing = Outgoing::Nothing;
        let wrote = socket::write(&self.stream, pending)?;
        self.outgoing = match (wrote.next, wrote.rest) {
            (Next::Blocked, _) => Outgoing::Blocked,
            (Next::Ready, Rest::Something) => Outgoing::Queued,
            (Next::Ready, Rest::Nothing) => Outgoing::Nothing,
        };
        let again = match self.outgoing {
            Outgoing::Queued => Enqueue::Yes,
            Outgoing::Blocked | Outgoing::Nothing => Enqueue::No,
        };
        Ok((wrote.count, again))
    }

    /// Nothing more is to be written.
    pub(crate) fn finish(&self) {
        // It fails if the connection is gone, which the next read tells.
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}
