//! The client's state machine: the other end of the [protocol](crate::protocol)'s "Order of a session".

mod bounds;
mod debug;
mod event;
mod packages;

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

pub use bounds::{MAX_LIST_BYTES, MAX_TEXT_BYTES};
pub use event::{
    Action, ActionError, Disconnected, End, Event, Listing, Request, RequestId, TryActError, Update,
};

use crate::time::Time;
use crate::wire::{
    ClientPackage, Command, Decoder, Encoder, Encoding, Inflaters, ServerPackage, Version,
};

/// What a [`Session`] needs to know beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// The name to log in under; none, or a refused one, makes the session ask for one with
    /// [`Event::NameWanted`].
    pub username: Option<String>,
    /// A room to join right after login, if the user is not there already.
    pub channel: Option<String>,
    /// The version of the protocol to speak, if the server does, too. Default: the first.
    pub version: Version,
    /// The token of a seat to take again (version 2): the `resume` of an earlier [`Event::LoggedIn`].
    pub resume: Option<String>,
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
            version: Version::One,
            resume: None,
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
    /// What is spoken; what is wanted, until the server has said what it is.
    version: Version,
    /// The number that the next request gets that has none.
    next: RequestId,
    /// The number of the next thing that the session wants by itself, from the highest down.
    next_own: RequestId,
    /// What has no answer as yet, in the order sent. A server answers each exactly once. In version 2
    /// of the protocol it says which it answers by its tag, and messages are answered, too; in version 1
    /// the answers come in this order, and which it is is concluded from what the answer is.
    awaited: VecDeque<Awaited>,
    /// What the package that is looked at answers by its tag.
    tagged: Option<Awaited>,
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
    In(Place),
    /// The user wants to leave; by this time at the latest.
    Quitting(Time),
    /// The session is over.
    Ended,
}

/// Where a user is who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    username: String,
    /// The room looked at.
    channel: String,
    /// All rooms, that one among them, in the order of entering.
    rooms: Vec<String>,
}

/// What was sent and is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Awaited {
    /// What its tag says.
    id: RequestId,
    asker: Asker,
    /// Without its text, if it is a message.
    action: Action,
}

/// Who wants something of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    User,
    /// The session, by itself.
    Session,
}

impl Awaited {
    /// The request that the user made.
    fn request(&self) -> Option<RequestId> {
        (self.asker == Asker::User).then_some(self.id)
    }
}

impl Session {
    /// A session over a connection that has just been established.
    pub fn new(config: SessionConfig) -> Self {
        Session {
            now: Time::ZERO,
            phase: Phase::Greeting,
            version: config.version,
            next: RequestId(0),
            next_own: RequestId(u64::MAX),
            awaited: VecDeque::new(),
            tagged: None,
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
    /// answers. Each [`Action`] is answered but [`Action::Quit`]; messages are in version 2 only.
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
        self.take(id, Asker::User, action)?;
        self.next = self.next.max(RequestId(id.0.saturating_add(1)));
        Ok(id)
    }

    /// Does what the session wants by itself.
    fn act_alone(&mut self, action: Action) -> Result<(), ActionError> {
        let id = self.next_own;
        self.next_own = RequestId(id.0 - 1);
        self.take(id, Asker::Session, action)
    }

    fn take(&mut self, id: RequestId, asker: Asker, action: Action) -> Result<(), ActionError> {
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
            (Phase::In(place), _) => &place.username,
            _ => return Err(ActionError::NotLoggedIn),
        };
        let package = self.package(&action, username)?;
        let is_newer = self.version == Version::Two;
        let is_message = matches!(package, ClientPackage::Message { .. });
        let is_awaited = match action {
            Action::Login(_) => false,
            _ => is_newer || !is_message,
        };
        if is_awaited && self.awaited.len() >= bounds::MAX_AWAITED {
            return Err(ActionError::Congested);
        }
        let tag = is_newer.then(|| id.0.to_string());
        let mut text = Vec::new();
        package.write_tagged(tag.as_deref(), &mut text);
        self.send(&text)?;
        if is_message && asker == Asker::User {
            self.unsent.push_back((id, self.queue.len()));
        }
        match action {
            Action::Login(username) => {
                // It was shown, and counts or does not.
                self.config.resume = None;
                let request = (asker == Asker::User).then_some(id);
                self.phase = Phase::LoggingIn { username, request };
            }
            action if is_awaited => {
                let action = match action {
                    _ if is_message => Action::Say(String::new()),
                    action => action,
                };
                self.awaited.push_back(Awaited { id, asker, action });
            }
            _ => {}
        }
        Ok(())
    }

    /// The package that an action is on the wire, in the version that is spoken.
    fn package<'a>(
        &'a self,
        action: &'a Action,
        username: &'a str,
    ) -> Result<ClientPackage<'a>, ActionError> {
        let is_newer = self.version == Version::Two;
        let message = |text: &'a str, channel: Option<&'a str>, to: Option<&'a str>| {
            if text.is_empty() {
                return Err(ActionError::EmptyMessage);
            }
            if !is_newer && (channel.is_some() || to.is_some()) {
                return Err(ActionError::NotSpoken);
            }
            Ok(ClientPackage::Message {
                message: Cow::Borrowed(text),
                username: Cow::Borrowed(username),
                channel: channel.map(Cow::Borrowed),
                to: to.map(Cow::Borrowed),
            })
        };
        let command = match action {
            Action::Say(text) => return message(text, None, None),
            Action::SayIn { channel, text } => return message(text, Some(channel), None),
            Action::Tell { to, text } => return message(text, None, Some(to)),
            Action::Login(name) if is_newer => Command::Login {
                username: Cow::Borrowed(name),
                version: self.version,
                resume: self.config.resume.as_deref().map(Cow::Borrowed),
            },
            Action::Sync if is_newer => Command::Ping {},
            Action::Other(_) if !is_newer => return Err(ActionError::NotSpoken),
            action => action.command().ok_or(ActionError::Ended)?,
        };
        Ok(ClientPackage::Command(command))
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

    /// The user's name and the room the user is in, once logged in; of several the one looked at.
    pub fn place(&self) -> Option<(&str, &str)> {
        match &self.phase {
            Phase::In(place) => Some((&place.username, &place.channel)),
            _ => None,
        }
    }

    /// All rooms that the user is in, in the order of entering, once logged in.
    pub fn rooms(&self) -> &[String] {
        match &self.phase {
            Phase::In(place) => &place.rooms,
            _ => &[],
        }
    }

    /// The version of the protocol that is spoken; what is wanted, before the login.
    pub fn version(&self) -> Version {
        self.version
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
                // Most of what comes is what others say, and answers nothing.
                let may_answer = self.version == Version::Two && !self.awaited.is_empty();
                let tag = may_answer
                    .then(|| ServerPackage::tag(decoded.text))
                    .flatten();
                match ServerPackage::parse(decoded.text) {
                    Ok(package) => self.receive(package, tag.as_deref()),
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
