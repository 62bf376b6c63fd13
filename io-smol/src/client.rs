//! A client's session on a thread of its own.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::task::Poll;
use std::thread::{self, JoinHandle};

use chatmaster_core::adapter::Readiness;
use chatmaster_core::session::{Action, ActionError, Disconnected, TryActError, Update};
use chatmaster_core::{Session, SessionConfig, SessionInput, SessionOutput};
use smol::channel::{Receiver, Sender, TrySendError, bounded};
use smol::{Async, future};

use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::socket::{self, READ_BYTES, Took};

/// Actions that may wait for the session to take them.
const ACTIONS: usize = 64;

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
    let stream = smol::block_on(socket::connect(addresses))?;
    socket::tune(stream.get_ref());
    let (actions, queue) = bounded(ACTIONS);
    let (alive, dropped) = bounded(1);
    let driver = Driver {
        session: Session::new(config),
        clock: Clock::start().0,
        stream,
        incoming: Incoming::Open(Readiness::Blocked),
        outgoing: Readiness::Ready,
        buffer: vec![0; READ_BYTES].into(),
        actions: queue,
        held: None,
        dropped,
        on_update,
    };
    let thread = thread::Builder::new().name("chatmaster-client".into());
    let thread = Some(thread.spawn(|| smol::block_on(driver.run()))?);
    Ok(Client {
        actions,
        alive,
        thread,
    })
}

/// A session that runs on a thread of its own.
///
/// Dropping it closes the connection at once and waits until its thread has ended; updates and
/// actions that wait by then are lost. To leave in good order, do [`Action::Quit`] and wait for
/// [`Event::Ended`](chatmaster_core::session::Event::Ended) first. Dropped inside `on_update` it
/// does not wait: the thread ends when `on_update` has returned.
pub struct Client {
    actions: Sender<Action>,
    /// Closed when this is dropped.
    alive: Sender<Infallible>,
    thread: Option<JoinHandle<()>>,
}

impl Client {
    /// Hands an action to the session; waits as long as it is congested, that is, as long as the
    /// server does not take what was sent before. Actions are taken in order. One that the session
    /// refuses comes back as an [`Update::Refused`].
    ///
    /// # Errors
    /// The session is over.
    pub fn act(&self, action: Action) -> Result<(), Disconnected> {
        self.actions.send_blocking(action).map_err(|_| Disconnected)
    }

    /// Hands an action to the session, like [`act`](Client::act), unless it would have to wait.
    ///
    /// # Errors
    /// The session is congested, or over; the action comes back.
    pub fn try_act(&self, action: Action) -> Result<(), TryActError> {
        self.actions.try_send(action).map_err(|error| match error {
            TrySendError::Full(action) => TryActError::Congested(action),
            TrySendError::Closed(action) => TryActError::Disconnected(action),
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.alive.close();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            // If `on_update` panicked, that was said where it happened.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// What runs on the thread.
struct Driver<F> {
    session: Session,
    clock: Clock,
    stream: Async<TcpStream>,
    incoming: Incoming,
    /// Whether the socket takes something, if there is something to write.
    outgoing: Readiness,
    buffer: Box<[u8]>,
    actions: Receiver<Action>,
    /// An action that the session is still to take: it may be too congested, until bytes are sent.
    held: Option<Action>,
    /// Closed when the [`Client`] is gone. Nothing is ever sent here.
    dropped: Receiver<Infallible>,
    on_update: F,
}

/// Whether there may be something to read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Incoming {
    /// As far as the last read has shown.
    Open(Readiness),
    /// There is nothing to come.
    Ended,
}

impl<F: FnMut(Update)> Driver<F> {
    async fn run(mut self) {
        let mut alarm = Alarm::new();
        while !self.session.is_over() && !self.dropped.is_closed() {
            let waited = self.wait(&mut alarm).await;
            self.take_turn(waited);
        }
    }

    /// Waits until there is something to do.
    async fn wait(&mut self, alarm: &mut Alarm) -> io::Result<()> {
        let writes = !self.session.pending().is_empty();
        if self.incoming == Incoming::Open(Readiness::Ready)
            || (writes && self.outgoing == Readiness::Ready)
        {
            // Not without the runtime having had its part.
            future::yield_now().await;
            return Ok(());
        }
        let Driver {
            session,
            clock,
            stream,
            incoming,
            actions,
            held,
            dropped,
            ..
        } = self;
        let ready = poll_fn(|context| {
            if let Incoming::Open(_) = incoming
                && let Poll::Ready(result) = stream.poll_readable(context)
            {
                return Poll::Ready(result);
            }
            if writes {
                stream.poll_writable(context)
            } else {
                Poll::Pending
            }
        });
        let action = async {
            match held {
                Some(_) => future::pending().await,
                None => *held = actions.recv().await.ok(),
            }
            Ok(())
        };
        let due = async {
            alarm.wait(clock, session.poll_timeout()).await;
            Ok(())
        };
        let dropped = async {
            let Err(_closed) = dropped.recv().await;
            Ok(())
        };
        future::or(future::or(dropped, due), future::or(ready, action)).await
    }

    /// Does a bounded part of what there is to do: one read, one write. Each is tried, whatever
    /// ended the wait, so that none can starve the other.
    fn take_turn(&mut self, waited: io::Result<()>) {
        self.session.handle(self.clock.now(), SessionInput::Tick);
        self.read();
        if waited.is_err() {
            self.session.handle(self.clock.now(), SessionInput::Closed);
        }
        self.settle();
        self.write();
        self.settle();
    }

    fn read(&mut self) {
        if self.incoming == Incoming::Ended {
            return;
        }
        let input = match socket::read(self.stream.get_ref(), &mut self.buffer) {
            Ok(Took::Bytes(count, next)) => {
                self.incoming = Incoming::Open(next);
                if count == 0 {
                    return;
                }
                SessionInput::Received(&self.buffer[..count])
            }
            Ok(Took::End) => {
                self.incoming = Incoming::Ended;
                SessionInput::Eof
            }
            Err(_) => {
                self.incoming = Incoming::Ended;
                SessionInput::Closed
            }
        };
        self.session.handle(self.clock.now(), input);
    }

    fn write(&mut self) {
        let pending = [self.session.pending()].into_iter();
        match socket::write(self.stream.get_ref(), pending) {
            Ok((count, next)) => {
                self.outgoing = next;
                if count > 0 {
                    let count = u32::try_from(count).expect("a write has far less than 4 GiB");
                    self.session
                        .handle(self.clock.now(), SessionInput::Sent(count));
                }
            }
            Err(_) => {
                // The server's last words may have come before the connection broke.
                self.read();
                while self.incoming == Incoming::Open(Readiness::Ready) {
                    self.read();
                }
                self.session.handle(self.clock.now(), SessionInput::Closed);
            }
        }
    }

    /// Tells what happened, then hands over actions, then does what the session wants: an action
    /// is to find the session as the user was told it is.
    fn settle(&mut self) {
        while let Some(event) = self.session.poll_event() {
            (self.on_update)(Update::Event(event));
        }
        self.take_actions();
        while let Some(output) = self.session.poll_output() {
            match output {
                // A write is tried in every turn anyway.
                SessionOutput::Write => {}
                SessionOutput::Finish => {
                    // It fails if the connection is gone, which the next read tells.
                    let _ = self.stream.get_ref().shutdown(Shutdown::Write);
                }
                // The session is over, and the socket closed with the thread.
                SessionOutput::Close => {}
            }
        }
    }

    fn take_actions(&mut self) {
        while !self.session.is_over()
            && let Some(action) = self.held.take().or_else(|| self.actions.try_recv().ok())
        {
            match self.session.act(self.clock.now(), action.clone()) {
                Ok(()) => {}
                Err(ActionError::Congested) => {
                    self.held = Some(action);
                    return;
                }
                Err(error) => (self.on_update)(Update::Refused(action, error)),
            }
        }
    }
}
