//! A client's loop.

use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::task::{Poll, Wake};

use chatmaster_core::adapter::Readiness;
use chatmaster_core::session::Update;
use chatmaster_core::{SessionConfig, SessionInput, SessionOutput};
use chatmaster_io::socket::{self, READ_BYTES, ReadOutcome};
use chatmaster_io::{Client, SessionDriver};
use smol::channel::{Receiver, Sender, bounded};
use smol::{Async, future};

use crate::timer::Timer;

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
    socket::tune(&stream);
    let stream = Async::new(stream)?;
    let (notify, notified) = bounded(1);
    let waker = Arc::new(Notify(notify)).into();
    Client::spawn(config, waker, on_update, |driver| {
        let task = Task {
            driver,
            stream,
            incoming: Incoming::Open(Readiness::Blocked),
            outgoing: Readiness::Ready,
            buffer: vec![0; READ_BYTES].into(),
            notified,
        };
        smol::block_on(task.run());
    })
}

/// Wakes the task from another thread.
struct Notify(Sender<()>);

impl Wake for Notify {
    fn wake(self: Arc<Self>) {
        // If it is full the task is about to wake already, and if it is closed there is none any more.
        let _ = self.0.try_send(());
    }
}

/// What runs on the thread.
struct Task<F> {
    driver: SessionDriver<F>,
    stream: Async<TcpStream>,
    incoming: Incoming,
    /// Whether the socket takes something, if there is something to write.
    outgoing: Readiness,
    buffer: Box<[u8]>,
    /// The [`Client`] has an action, or is gone.
    notified: Receiver<()>,
}

/// Whether there may be something to read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Incoming {
    /// As far as the last read has shown.
    Open(Readiness),
    /// There is nothing to come.
    Ended,
}

impl<F: FnMut(Update)> Task<F> {
    async fn run(mut self) {
        let mut timer = Timer::new();
        while !self.driver.is_over() {
            let waited = self.wait(&mut timer).await;
            self.take_turn(waited);
        }
        if self.driver.is_abandoned() {
            socket::reset_on_close(self.stream.get_ref());
        }
    }

    /// Waits until there is something to do.
    async fn wait(&mut self, timer: &mut Timer) -> io::Result<()> {
        let writes = !self.driver.pending().is_empty();
        if self.incoming == Incoming::Open(Readiness::Ready)
            || (writes && self.outgoing == Readiness::Ready)
        {
            // Not without the runtime having had its part.
            future::yield_now().await;
            return Ok(());
        }
        let ready = poll_fn(|context| {
            if let Incoming::Open(_) = self.incoming
                && let Poll::Ready(result) = self.stream.poll_readable(context)
            {
                return Poll::Ready(result);
            }
            if writes {
                self.stream.poll_writable(context)
            } else {
                Poll::Pending
            }
        });
        let notified = async {
            // It is not closed before this is over.
            let _ = self.notified.recv().await;
            Ok(())
        };
        let due = async {
            let due = self.driver.poll_timeout();
            timer.wait(self.driver.clock(), due).await;
            Ok(())
        };
        future::or(due, future::or(ready, notified)).await
    }

    /// Does a bounded part of what there is to do: one read, one write. Each is tried, whatever
    /// ended the wait, so that none can starve the other.
    fn take_turn(&mut self, waited: io::Result<()>) {
        self.driver.handle(SessionInput::Tick);
        self.read();
        if waited.is_err() {
            self.driver.handle(SessionInput::Closed);
        }
        self.settle();
        self.write();
        self.settle();
    }

    fn read(&mut self) {
        if self.incoming == Incoming::Ended {
            return;
        }
        let read = socket::read(self.stream.get_ref(), &mut self.buffer, false);
        self.incoming = match read {
            Ok(ReadOutcome::Bytes(_, readiness)) => Incoming::Open(readiness),
            Ok(ReadOutcome::End) | Err(_) => Incoming::Ended,
        };
        self.driver.handle(match read {
            Ok(ReadOutcome::Bytes(0, _)) => return,
            Ok(ReadOutcome::Bytes(count, _)) => SessionInput::Received(&self.buffer[..count]),
            Ok(ReadOutcome::End) => SessionInput::Eof,
            Err(_) => SessionInput::Closed,
        });
    }

    fn write(&mut self) {
        let pending = [self.driver.pending()].into_iter();
        match socket::write(self.stream.get_ref(), pending) {
            Ok((count, readiness)) => {
                self.outgoing = readiness;
                if count > 0 {
                    self.driver.sent(count);
                }
            }
            Err(_) => {
                // The server's last words may have come before the connection broke.
                self.read();
                while self.incoming == Incoming::Open(Readiness::Ready) {
                    self.read();
                }
                self.driver.handle(SessionInput::Closed);
            }
        }
    }

    fn settle(&mut self) {
        self.driver.settle(|output| match output {
            // A write is tried in every turn anyway.
            SessionOutput::Write => {}
            SessionOutput::Finish => {
                // It fails if the connection is gone, which the next read tells.
                let _ = self.stream.get_ref().shutdown(Shutdown::Write);
            }
            // The session is over, and the socket closed with the thread.
            SessionOutput::Close => {}
        });
    }
}
