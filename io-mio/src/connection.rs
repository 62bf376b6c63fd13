//! A connection: its socket, what the poll has told of it, and what the core wants of it.

use std::io;
use std::net::Shutdown;

use chatmaster_core::adapter::{Enqueue, ReadState, Readiness, WriteState};
use chatmaster_io::socket::{self, ReadOutcome};
use mio::event::Event;
use mio::net::TcpStream;

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
    pub(crate) fn on_event(&mut self, event: &Event) -> (Enqueue, Enqueue) {
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
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<(ReadOutcome, Enqueue)> {
        if !self.incoming.begin_read() {
            return Ok((ReadOutcome::Bytes(0, Readiness::Blocked), Enqueue::No));
        }
        let outcome = socket::read(&self.stream, buffer, self.hung_up);
        let again = match outcome {
            Ok(ReadOutcome::Bytes(_, readiness)) => self.incoming.read_done(readiness),
            Ok(ReadOutcome::End) | Err(_) => {
                self.incoming.end();
                Enqueue::No
            }
        };
        outcome.map(|outcome| (outcome, again))
    }

    /// The core has something to write. To the queue of those to write to.
    pub(crate) fn request_write(&mut self) -> Enqueue {
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
        let readiness = match written {
            Ok((_, readiness)) => readiness,
            Err(_) => Readiness::Ready,
        };
        self.outgoing.write_done(readiness);
        written.map(|(count, _)| count)
    }

    /// Nothing more is to be written.
    pub(crate) fn finish(&self) {
        // It fails if the connection is gone, which the next read tells.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// What was written and is not taken yet is to be forgotten with the connection.
    pub(crate) fn reset_on_close(&self) {
        socket::reset_on_close(&self.stream);
    }
}
