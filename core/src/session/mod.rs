//! The client's state machine: the other end of the [protocol](crate::protocol)'s "Order of a session".

mod bounds;
mod debug;
mod event;
mod packages;

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

pub use bounds::{MAX_LIST_BYTES, MAX_TEXT_BYTES};
pub use event::{
    Action, ActionError, Disconnected, End, Event, Listing, Request, RequestId, TryActError, Update,
};

use crate::time::Time;
use crate::wire::{ClientPackage, Decoder, Encoder, Encoding, Inflaters, ServerPackage};

/// What a [`Session`] needs to know beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// The name to log in under; none, or a refused one, makes the session ask for one with
    /// [`Event::NameWanted`].
    pub username: Option<String>,
    /// A room to join right after login.
    pub channel: Option<String>,
    /// The encoding to write in; the server answers in the same. Default: zlib.
    pub encoding: Encoding,
    /// Bytes of one package to the server, and of a message's text in it. Default: 16 KiB.
    pub max_sent_bytes: usize,
    /// Bytes of one package from the server. Lists of rooms are longer than what a server takes.
    /// Default: 1 MiB.
    pub max_received_bytes: usize,
    /// Bytes that may wait to be sent. Default: 256 KiB.
    pub send_queue_bytes: usize,
    /// How long the server may take to close the connection after [`Action::Quit`]. Default: 5 s.
    pub linger: Duration,
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig {
            username: None,
            channel: None,
            encoding: Encoding::Zlib,
            max_sent_bytes: 16 * 1024,
            max_received_bytes: 1024 * 1024,
            send_queue_bytes: 256 * 1024,
            linger: Duration::from_secs(5),
        }
    }
}

/// What happens to a session's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionInput<'a> {
    /// Bytes came, at least one.
    Received(&'a [u8]),
    /// The server sends nothing any more.
    Eof,
    /// So many bytes of [`Session::pending`] were handed to the network.
    Sent(u32),
    /// The connection is gone.
    Closed,
    /// Time has passed.
    Tick,
}

/// What a session wants done to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionOutput {
    /// [`Session::pending`] has bytes to send; they are to be sent until none are left.
    Write,
    /// Nothing more will be written: shut down the sending half.
    Finish,
    /// Close the connection. Nothing comes after this.
    Close,
}

/// One connection of a client, without the connection: a deterministic state machine over the bytes
/// of the server and the [`Action`]s of a user.
///
/// After each [`handle`](Session::handle) and [`act`](Session::act) the driver drains
/// [`poll_event`](Session::poll_event), then [`poll_output`](Session::poll_output).
pub struct Session {
    config: SessionConfig,
    now: Time,
    phase: Phase,
    /// The number that the next request gets that has none.
    next: RequestId,
    /// Commands without an answer as yet, in the order sent. A server answers each exactly once, in
    /// this order, and does not say which it answers (version 1 of the protocol): that is concluded
    /// from what the answer is.
    awaited: VecDeque<Awaited>,
    /// The public rooms, as last listed.
    channels: Vec<String>,
    /// What the server said if the last package was an error: the reason if it closes next.
    last_error: Option<String>,
    decoder: Decoder,
    inflaters: Inflaters,
    /// Bytes that came, of which the first `decoded` are.
    received: Vec<u8>,
    decoded: usize,
    encoder: Encoder,
    /// Bytes to send, of which the first `sent` are.
    queue: Vec<u8>,
    sent: usize,
    /// The messages that are not sent whole, and where in `queue` each ends.
    unsent: VecDeque<(RequestId, usize)>,
    ending: Option<End>,
    events: VecDeque<Event>,
    outputs: VecDeque<SessionOutput>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// Connected; no login was requested yet.
    Greeting,
    /// A login was requested, and there is no name to answer with.
    NameWanted,
    /// A login under this name is on its way.
    LoggingIn {
        username: String,
        request: Option<RequestId>,
    },
    /// Logged in.
    In { username: String, channel: String },
    /// The user wants to leave; by this time at the latest.
    Quitting(Time),
    /// The session is over.
    Ended,
}

/// A command that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Awaited {
    /// None if the session sent it by itself.
    request: Option<RequestId>,
    action: Action,
}

impl Session {
    /// A session over a connection that has just been established.
    pub fn new(config: SessionConfig) -> Self {
        Session {
            now: Time::ZERO,
            phase: Phase::Greeting,
            next: RequestId(0),
            awaited: VecDeque::new(),
            channels: Vec::new(),
            last_error: None,
            decoder: Decoder::new(config.max_received_bytes),
            inflaters: Inflaters::new(1),
            received: Vec::new(),
            decoded: 0,
            encoder: Encoder::default(),
            queue: Vec::new(),
            sent: 0,
            unsent: VecDeque::new(),
            ending: None,
            events: VecDeque::new(),
            outputs: VecDeque::new(),
            config,
        }
    }

    /// Takes in what happened to the connection at `now`. Time that goes back counts as standing
    /// still. After the end it does nothing.
    pub fn handle(&mut self, now: Time, input: SessionInput<'_>) {
        self.now = self.now.max(now);
        if self.phase == Phase::Ended {
            return;
        }
        match input {
            SessionInput::Received(bytes) => self.received.extend_from_slice(bytes),
            SessionInput::Eof => {
                let reason = None;
                self.ending.get_or_insert(End::ClosedByServer { reason });
            }
            SessionInput::Closed => {
                self.ending.get_or_insert(End::Lost);
            }
            SessionInput::Sent(count) => {
                self.sent = (self.sent + count as usize).min(self.queue.len());
                while self
                    .unsent
                    .front()
                    .is_some_and(|(_, end)| *end <= self.sent)
                {
                    self.unsent.pop_front();
                }
                if self.sent == self.queue.len() {
                    self.queue = Vec::new();
                    self.sent = 0;
                    if let Phase::Quitting(_) = self.phase {
                        self.outputs.push_back(SessionOutput::Finish);
                    }
                }
            }
            SessionInput::Tick => {}
        }
        if matches!(self.phase, Phase::Quitting(deadline) if deadline <= self.now) {
            self.ending.get_or_insert(End::Quit);
        }
    }

    /// Does what the user wants at `now`. The number is that by which an answer will say what it
    /// answers. Each [`Action`] is answered but [`Action::Say`] and [`Action::Quit`].
    ///
    /// # Errors
    /// Why it was not done; nothing has changed then.
    pub fn act(
        &mut self,
        now: Time,
        request: impl Into<Request>,
    ) -> Result<RequestId, ActionError> {
        self.now = self.now.max(now);
        let Request { id, action } = request.into();
        let id = id.unwrap_or(self.next);
        self.take(Some(id), action)?;
        self.next = self.next.max(RequestId(id.0.saturating_add(1)));
        Ok(id)
    }

    /// Takes an action of the user's, or, without a number, of the session's own.
    fn take(&mut self, request: Option<RequestId>, action: Action) -> Result<(), ActionError> {
        let username = match (&self.phase, &action) {
            (Phase::Ended | Phase::Quitting(_), _) => return Err(ActionError::Ended),
            (_, Action::Quit) => {
                self.phase = Phase::Quitting(self.now + self.config.linger);
                if self.queue.is_empty() {
                    self.outputs.push_back(SessionOutput::Finish);
                }
                return Ok(());
            }
            (Phase::NameWanted, Action::Login(_)) => "",
            (_, Action::Login(_)) => return Err(ActionError::LoginNotWanted),
            (Phase::In { username, .. }, _) => username,
            _ => return Err(ActionError::NotLoggedIn),
        };
        let package = match (&action, action.command()) {
            (_, Some(command)) => ClientPackage::Command(command),
            (Action::Say(text), None) if text.is_empty() => return Err(ActionError::EmptyMessage),
            (Action::Say(text), None) => ClientPackage::Message {
                message: Cow::Borrowed(text),
                username: Cow::Borrowed(username),
                channel: None,
                to: None,
            },
            (_, None) => unreachable!("whoever quits was dealt with above"),
        };
        let is_awaited = !matches!(action, Action::Say(_) | Action::Login(_));
        if is_awaited && self.awaited.len() >= bounds::MAX_AWAITED {
            return Err(ActionError::Congested);
        }
        let mut text = Vec::new();
        package.write(&mut text);
        self.send(&text)?;
        match action {
            Action::Login(username) => self.phase = Phase::LoggingIn { username, request },
            Action::Say(_) => self
                .unsent
                .extend(request.map(|request| (request, self.queue.len()))),
            action => self.awaited.push_back(Awaited { request, action }),
        }
        Ok(())
    }

    /// The next thing that happened; `None` until there is another input or action.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.phase == Phase::Ended {
                return None;
            }
            if !self.decode_one() {
                self.end(self.ending.clone()?);
            }
        }
    }

    /// The next thing to do to the connection; `None` until there is another input, action or event.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<SessionOutput> {
        self.outputs.pop_front()
    }

    /// When to call [`handle`](Session::handle) with [`SessionInput::Tick`] if nothing else happens
    /// before. May change with each input and action.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Time> {
        match self.phase {
            Phase::Quitting(deadline) if deadline > self.now => Some(deadline),
            _ => None,
        }
    }

    /// The bytes to send, to be followed by [`SessionInput::Sent`].
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.queue[self.sent..]
    }

    /// The user's name and the room the user is in, once logged in.
    pub fn place(&self) -> Option<(&str, &str)> {
        match &self.phase {
            Phase::In { username, channel } => Some((username, channel)),
            _ => None,
        }
    }

    /// The public rooms, as last listed by the server.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// Whether the session is over. Its last event says why.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Ended
    }

    fn end(&mut self, end: End) {
        let end = match (&self.phase, end) {
            (Phase::Quitting(_), _) => End::Quit,
            (_, End::ClosedByServer { .. } | End::Lost) if self.last_error.is_some() => {
                End::ClosedByServer {
                    reason: self.last_error.take(),
                }
            }
            (_, end) => end,
        };
        self.phase = Phase::Ended;
        self.decoder.release(&mut self.inflaters);
        self.received = Vec::new();
        self.queue = Vec::new();
        self.sent = 0;
        let unsent = core::mem::take(&mut self.unsent);
        if let Some((first, _)) = unsent.front() {
            self.events.push_back(Event::Unsent {
                messages: unsent.len(),
                first: *first,
            });
        }
        self.events.push_back(Event::Ended(end));
        self.outputs.push_back(SessionOutput::Close);
    }

    fn send(&mut self, text: &[u8]) -> Result<(), ActionError> {
        let most = self.config.max_sent_bytes.min(self.config.send_queue_bytes);
        if text.len() > most {
            return Err(ActionError::TooLong(most));
        }
        if self.queue.len() - self.sent + text.len() > self.config.send_queue_bytes {
            return Err(ActionError::Congested);
        }
        if self.queue.is_empty() {
            self.outputs.push_back(SessionOutput::Write);
        }
        self.encoder
            .encode(text, self.config.encoding, &mut self.queue);
        Ok(())
    }

    /// Decodes the next package, if there is a whole one.
    fn decode_one(&mut self) -> bool {
        // Both are lent to the package while it is looked at.
        let fresh = Decoder::new(self.config.max_received_bytes);
        let mut decoder = core::mem::replace(&mut self.decoder, fresh);
        let received = core::mem::take(&mut self.received);
        let mut rest = &received[self.decoded..];
        let progress = match decoder.decode(&mut self.inflaters, &mut rest) {
            Ok(None) => false,
            Ok(Some(decoded)) => {
                match ServerPackage::parse(decoded.text) {
                    Ok(package) => self.receive(package),
                    Err(_) => {
                        let package = bounds::text(String::from_utf8_lossy(decoded.text));
                        self.events.push_back(Event::Unknown { package });
                    }
                }
                true
            }
            Err(violation) => {
                self.end(End::Violation(violation));
                true
            }
        };
        let rest = rest.len();
        self.decoder = decoder;
        if rest > 0 {
            self.decoded = received.len() - rest;
            self.received = received;
        } else {
            self.decoded = 0;
        }
        progress
    }
}
