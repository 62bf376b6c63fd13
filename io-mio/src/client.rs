//! A client's loop.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use chatmaster_core::session::Update;
use chatmaster_core::{SessionConfig, SessionInput, SessionOutput};
use chatmaster_io::socket::{READ_BYTES, ReadOutcome, tune};
use chatmaster_io::{Client, SessionDriver};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::connection::Connection;
use crate::waker::waker;

/// Events there can be in one turn: the socket's and the waker's.
const EVENTS: usize = 2;
const SOCKET: Token = Token(0);
const WAKER: Token = Token(1);

/// Connects to the first of `addresses` that accepts within 10 s, and runs a session over the
/// connection on a thread of its own. Returns once connected. The addresses are tried 250 ms apart, IPv4
/// and IPv6 in turn (RFC 8305): one that does not answer costs no more than that.
///
/// `on_update` is called on that thread, which reads no further meanwhile. After
/// [`Event::Ended`](chatmaster_core::session::Event::Ended) it is not called again. It must not
/// wait for [`Client::act`], which may be waiting for it; [`Client::try_act`] is fine.
///
/// # Errors
/// Why the last attempt to fail did; or that there was no address
/// ([`InvalidInput`](io::ErrorKind::InvalidInput)).
pub fn connect(
    addresses: &[SocketAddr],
    config: SessionConfig,
    on_update: impl FnMut(Update) + Send + 'static,
) -> io::Result<Client> {
    let stream = chatmaster_io::connect(addresses)?;
    stream.set_nonblocking(true)?;
    tune(&stream);
    let mut stream = TcpStream::from_std(stream);
    let poll = Poll::new()?;
    let interest = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut stream, SOCKET, interest)?;
    let waker = waker(&poll, WAKER)?;
    let connection = Connection::new(stream);
    let buffer = vec![0; READ_BYTES].into();
    Client::spawn(config, waker, on_update, |driver| {
        let event_loop = Loop {
            driver,
            poll,
            connection,
            buffer,
        };
        event_loop.run();
    })
}

/// What runs on the thread.
struct Loop<F> {
    driver: SessionDriver<F>,
    poll: Poll,
    connection: Connection,
    buffer: Box<[u8]>,
}

impl<F: FnMut(Update)> Loop<F> {
    fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        while !self.driver.is_over() {
            self.turn(&mut events);
        }
        if self.driver.is_abandoned() {
            self.connection.reset_on_close();
        }
    }

    /// Waits until there is something to do, and does a bounded part of it: one read, one write.
    fn turn(&mut self, events: &mut Events) {
        let polled = self.poll.poll(events, self.timeout());
        self.driver.handle(SessionInput::Tick);
        if polled.is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            self.driver.handle(SessionInput::Closed);
        }
        for event in events.iter().filter(|event| event.token() == SOCKET) {
            // The only one there is needs no queue: it knows itself whether it would be in one.
            let _ = self.connection.on_event(event);
        }
        self.read();
        self.settle();
        self.write();
        self.settle();
    }

    /// How long there is nothing to do but wait for events.
    fn timeout(&self) -> Option<Duration> {
        if self.connection.is_queued() {
            return Some(Duration::ZERO);
        }
        let due = self.driver.poll_timeout()?;
        Some(self.driver.clock().until(due))
    }

    fn read(&mut self) {
        let input = match self.connection.read(&mut self.buffer) {
            Ok((ReadOutcome::Bytes(0, _), _)) => return,
            Ok((ReadOutcome::Bytes(count, _), _)) => SessionInput::Received(&self.buffer[..count]),
            Ok((ReadOutcome::End, _)) => SessionInput::Eof,
            Err(_) => SessionInput::Closed,
        };
        self.driver.handle(input);
    }

    fn write(&mut self) {
        match self.connection.write([self.driver.pending()].into_iter()) {
            Ok(0) => {}
            Ok(count) => {
                self.driver.sent(count);
                if !self.driver.pending().is_empty() {
                    let _ = self.connection.request_write();
                }
            }
            Err(_) => {
                // The server's last words may have come before the connection broke.
                let _ = self.connection.readable();
                while self.connection.is_queued() {
                    self.read();
                }
                self.driver.handle(SessionInput::Closed);
            }
        }
    }

    fn settle(&mut self) {
        self.driver.settle(|output| match output {
            SessionOutput::Write => {
                let _ = self.connection.request_write();
            }
            SessionOutput::Finish => self.connection.finish(),
            // The session is over, and the socket closed with the thread.
            SessionOutput::Close => {}
        });
    }
}
