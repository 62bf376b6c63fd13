//! A client's session on a thread of its own: the handle, and what every runtime does on the thread.

use std::fmt;
use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::task::Waker;
use std::thread::{self, JoinHandle};

use chatmaster_core::session::{ActionError, Disconnected, Request, TryActError, Update};
use chatmaster_core::{Session, SessionConfig, SessionInput, SessionOutput, Time};

use crate::Clock;

/// Requests that may wait for the session to take them.
const REQUESTS: usize = 64;

/// A session that runs on a thread of its own.
///
/// Dropping it closes the connection at once and waits until its thread has ended; updates and
/// requests that wait by then are lost. To leave in good order, do [`Action::Quit`](chatmaster_core::session::Action::Quit) and wait for
/// [`Event::Ended`](chatmaster_core::session::Event::Ended) first. Dropped inside `on_update` it
/// does not wait: the thread ends when `on_update` has returned. If `on_update` has panicked the session
/// is over, and the panic goes on where this is dropped.
pub struct Client {
    requests: SyncSender<Request>,
    waker: Waker,
    dropped: Arc<AtomicBool>,
    abandoned: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Client {
    /// For runtimes: starts a thread on which `run` drives a session until [`SessionDriver::is_over`]. `waker`
    /// is woken when there may be a request, or it is over.
    ///
    /// # Errors
    /// The operating system has no thread.
    pub fn spawn<F: FnMut(Update) + Send + 'static>(
        config: SessionConfig,
        waker: Waker,
        on_update: F,
        run: impl FnOnce(SessionDriver<F>) + Send + 'static,
    ) -> io::Result<Self> {
        let (requests, queue) = sync_channel(REQUESTS);
        let dropped = Arc::new(AtomicBool::new(false));
        let abandoned = Arc::new(AtomicBool::new(false));
        let driver = SessionDriver {
            session: Session::new(config),
            clock: Clock::start_now(),
            requests: queue,
            held: None,
            dropped: dropped.clone(),
            abandoned: abandoned.clone(),
            on_update,
        };
        let thread = thread::Builder::new().name("chatmaster-client".into());
        let thread = Some(thread.spawn(|| run(driver))?);
        Ok(Client {
            requests,
            waker,
            dropped,
            abandoned,
            thread,
        })
    }

    /// Gives the connection up at once: it is reset, where one that is dropped is closed, which says to
    /// the server that the user leaves. In version 2 of the protocol the server keeps their seat.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
        self.dropped.store(true, Ordering::SeqCst);
        self.waker.wake_by_ref();
    }

    /// Hands a request to the session; waits as long as it is congested, that is, as long as the
    /// server does not take what was sent before. Requests are taken in order. One that the session
    /// refuses comes back as an [`Update::Refused`].
    ///
    /// # Errors
    /// The session is over.
    pub fn act(&self, request: impl Into<Request>) -> Result<(), Disconnected> {
        self.requests
            .send(request.into())
            .map_err(|_| Disconnected)?;
        self.waker.wake_by_ref();
        Ok(())
    }

    /// Hands a request to the session, like [`act`](Client::act), unless it would have to wait.
    ///
    /// # Errors
    /// The session is congested, or over; the request comes back.
    pub fn try_act(&self, request: impl Into<Request>) -> Result<(), TryActError> {
        let sent = self.requests.try_send(request.into());
        sent.map_err(|error| match error {
            TrySendError::Full(request) => TryActError::Congested(request),
            TrySendError::Disconnected(request) => TryActError::Disconnected(request),
        })?;
        self.waker.wake_by_ref();
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::SeqCst);
        self.waker.wake_by_ref();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
            && let Err(panic) = thread.join()
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// For runtimes: a session with its user, who hears of what happens and hands over actions. What is
/// left to a runtime is the socket, and to wait.
pub struct SessionDriver<F> {
    session: Session,
    clock: Clock,
    requests: Receiver<Request>,
    /// A request that the session was too congested to take, until bytes are sent.
    held: Option<Request>,
    /// Whether the [`Client`] is gone.
    dropped: Arc<AtomicBool>,
    /// Whether it is gone without leaving.
    abandoned: Arc<AtomicBool>,
    on_update: F,
}

impl<F: FnMut(Update)> SessionDriver<F> {
    /// Whether there is nothing more to do, for the session is over or nobody wants it any more.
    pub fn is_over(&self) -> bool {
        self.session.is_over() || self.dropped.load(Ordering::SeqCst)
    }

    /// Whether the connection, once all is over, is to be reset instead of closed
    /// ([`Client::abandon`]).
    pub fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// By which the session goes.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// [`Session::poll_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        self.session.poll_timeout()
    }

    /// [`Session::pending`].
    pub fn pending(&self) -> &[u8] {
        self.session.pending()
    }

    /// [`Session::handle`], now.
    pub fn handle(&mut self, input: SessionInput<'_>) {
        self.session.handle(self.clock.now(), input);
    }

    /// [`SessionInput::Sent`].
    ///
    /// # Panics
    /// If it is 4 GiB or more.
    pub fn sent(&mut self, count: usize) {
        let count = u32::try_from(count).expect("a write has far less than 4 GiB");
        self.handle(SessionInput::Sent(count));
    }

    /// Tells what happened, then hands over requests, then says what the session wants: a request is to
    /// find the session as the user was told it is.
    pub fn settle(&mut self, mut on_output: impl FnMut(SessionOutput)) {
        while let Some(event) = self.session.poll_event() {
            (self.on_update)(Update::Event(event));
        }
        self.take_requests();
        while let Some(output) = self.session.poll_output() {
            on_output(output);
        }
    }

    fn take_requests(&mut self) {
        while !self.session.is_over()
            && let Some(request) = self.held.take().or_else(|| self.requests.try_recv().ok())
        {
            match self.session.act(self.clock.now(), request.clone()) {
                Ok(_) => {}
                Err(ActionError::Congested) => {
                    self.held = Some(request);
                    return;
                }
                Err(error) => (self.on_update)(Update::Refused(request, error)),
            }
        }
    }
}

impl<F> fmt::Debug for SessionDriver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionDriver").finish_non_exhaustive()
    }
}
