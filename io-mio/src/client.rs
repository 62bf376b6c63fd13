//! A client's session on a thread of its own.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chatmaster_core::session::{Action, ActionError, Disconnected, TryActError, Update};
use chatmaster_core::{Session, SessionConfig, SessionInput, SessionOutput};
use mio::{Events, Interest, Poll, Token, Waker};

use crate::clock::Clock;
use crate::connection::Connection;
use crate::socket::{self, READ_BYTES, Took};

/// Actions that may wait for the session to take them.
const ACTIONS: usize = 64;
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
    let mut stream = socket::connect(addresses)?;
    socket::tune(&stream);
    let poll = Poll::new()?;
    let interest = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut stream, SOCKET, interest)?;
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
    let (actions, queue) = sync_channel(ACTIONS);
    let dropped = Arc::new(AtomicBool::new(false));
    let driver = Driver {
        session: Session::new(config),
        clock: Clock::start().0,
        poll,
        connection: Connection::new(stream),
        buffer: vec![0; READ_BYTES].into(),
        actions: queue,
        held: None,
        dropped: dropped.clone(),
        on_update,
    };
    let thread = thread::Builder::new().name("chatmaster-client".into());
    let thread = Some(thread.spawn(|| driver.run())?);
    Ok(Client {
        actions,
        waker,
        dropped,
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
    actions: SyncSender<Action>,
    waker: Arc<Waker>,
    dropped: Arc<AtomicBool>,
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
        self.actions.send(action).map_err(|_| Disconnected)?;
        self.wake();
        Ok(())
    }

    /// Hands an action to the session, like [`act`](Client::act), unless it would have to wait.
    ///
    /// # Errors
    /// The session is congested, or over; the action comes back.
    pub fn try_act(&self, action: Action) -> Result<(), TryActError> {
        self.actions.try_send(action).map_err(|error| match error {
            TrySendError::Full(action) => TryActError::Congested(action),
            TrySendError::Disconnected(action) => TryActError::Disconnected(action),
        })?;
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        self.waker
            .wake()
            .expect("a waker's descriptor is open, and never too full, while it is held");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::SeqCst);
        self.wake();
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
    poll: Poll,
    connection: Connection,
    buffer: Box<[u8]>,
    actions: Receiver<Action>,
    /// An action that the session was too congested to take, until bytes are sent.
    held: Option<Action>,
    /// Whether the [`Client`] is gone.
    dropped: Arc<AtomicBool>,
    on_update: F,
}

impl<F: FnMut(Update)> Driver<F> {
    fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        while !self.session.is_over() && !self.dropped.load(Ordering::SeqCst) {
            self.turn(&mut events);
        }
    }

    /// Waits until there is something to do, and does a bounded part of it: one read, one write.
    fn turn(&mut self, events: &mut Events) {
        let polled = self.poll.poll(events, self.timeout());
        self.session.handle(self.clock.now(), SessionInput::Tick);
        if polled.is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            self.session.handle(self.clock.now(), SessionInput::Closed);
        }
        for event in events.iter().filter(|event| event.token() == SOCKET) {
            // The only one there is needs no queue: it knows itself whether it would be in one.
            let _ = self.connection.told(event);
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
        self.session.poll_timeout().map(|due| self.clock.until(due))
    }

    fn read(&mut self) {
        let input = match self.connection.read(&mut self.buffer) {
            Ok((Took::Bytes(0, _), _)) => return,
            Ok((Took::Bytes(count, _), _)) => SessionInput::Received(&self.buffer[..count]),
            Ok((Took::End, _)) => SessionInput::Eof,
            Err(_) => SessionInput::Closed,
        };
        self.session.handle(self.clock.now(), input);
    }

    fn write(&mut self) {
        let input = match self.connection.write([self.session.pending()].into_iter()) {
            Ok(0) => return,
            Ok(count) => {
                SessionInput::Sent(u32::try_from(count).expect("a write has far less than 4 GiB"))
            }
            Err(_) => {
                // The server's last words may have come before the connection broke.
                let _ = self.connection.readable();
                while self.connection.is_queued() {
                    self.read();
                }
                SessionInput::Closed
            }
        };
        self.session.handle(self.clock.now(), input);
        if !self.session.pending().is_empty() {
            let _ = self.connection.offer();
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
                SessionOutput::Write => {
                    let _ = self.connection.offer();
                }
                SessionOutput::Finish => self.connection.finish(),
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
