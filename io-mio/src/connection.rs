//! A connection: its socket, what the poll has told of it, and what the core wants of it.

use std::io;
use std::net::Shutdown;

use chatmaster_core::adapter::{Enqueue, ReadState, Readiness, WriteState};
use mio::event::Event;
use mio::net::TcpStream;

use crate::socket::{self, Took};

/// The socket of a hub's connection, or of a session. There may be many, so there is not much in it.
///
/// A connection with something to do at once is in a queue of its owner's, and never twice in the
/// same.
pub(crate) struct Connection {
    stream: TcpStream,
    incoming: ReadState,
    outgoing: WriteState,
    /// Whether the poll has told of the end of what comes. It does so once, maybe together with
    /// the last bytes.
    hung_up: bool,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Connection {
            stream,
            incoming: ReadState::default(),
            outgoing: WriteState::default(),
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
                self.incoming.readable()
            } else {
                Enqueue::No
            },
            if writable {
                self.outgoing.writable()
            } else {
                Enqueue::No
            },
        )
    }

    /// There may be something to read. To the queue of those to read from.
    pub(crate) fn readable(&mut self) -> Enqueue {
        self.incoming.readable()
    }

    /// Whether it is in a queue.
    pub(crate) fn is_queued(&self) -> bool {
        self.incoming.is_queued() || self.outgoing.is_queued()
    }

    /// The core does not take anything for now.
    pub(crate) fn pause(&mut self) {
        self.incoming.pause();
    }

    /// The core takes what comes again. To the queue of those to read from.
    pub(crate) fn resume(&mut self) -> Enqueue {
        self.incoming.resume()
    }

    /// Reads once, if in the queue of those to read from and the core takes it. Out of that queue,
    /// and back if there may be more.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<(Took, Enqueue)> {
        if !self.incoming.begin_read() {
            return Ok((Took::Bytes(0, Readiness::Blocked), Enqueue::No));
        }
        let took = socket::read(&self.stream, buffer, self.hung_up);
        let again = match took {
            Ok(Took::Bytes(_, next)) => self.incoming.read_done(next),
            Ok(Took::End) | Err(_) => {
                self.incoming.end();
                Enqueue::No
            }
        };
        took.map(|took| (took, again))
    }

    /// The core has something to write. To the queue of those to write to.
    pub(crate) fn offer(&mut self) -> Enqueue {
        self.outgoing.request()
    }

    /// Writes once, if in the queue of those to write to. Out of that queue. Says how much the socket
    /// took.
    pub(crate) fn write<'a>(
        &mut self,
        pending: impl Iterator<Item = &'a [u8]>,
    ) -> io::Result<usize> {
        if !self.outgoing.begin_write() {
            return Ok(0);
        }
        let written = socket::write(&self.stream, pending);
        // A socket that is broken takes nothing more, and is not waited for.
        let next = written.as_ref().map_or(Readiness::Ready, |(_, next)| *next);
        self.outgoing.write_done(next);
        written.map(|(count, _)| count)
    }

    /// Nothing more is to be written.
    pub(crate) fn finish(&self) {
        // It fails if the connection is gone, which the next read tells.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// What was written and is not taken yet is to be forgotten with the connection.
    pub(crate) fn forsake(&self) {
        socket::forsake(&self.stream);
    }
}
