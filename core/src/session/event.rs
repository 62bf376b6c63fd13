//! What a session is told to do, and what it has to tell.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::wire::{Command, Notification, PastMessage, Version};

/// Something the user of a [`Session`](super::Session) wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Log in under this name: the answer to [`Event::NameWanted`].
    Login(String),
    /// Say this to everyone in the room.
    Say(String),
    /// Say this to everyone in another of one's rooms, or in this one (from here on: version 2).
    SayIn {
        /// Which room.
        channel: String,
        /// What.
        text: String,
    },
    /// Tell this one user alone.
    Tell {
        /// Whom.
        to: String,
        /// What.
        text: String,
    },
    /// Take another name.
    Rename(String),
    /// Enter a room, or create it.
    Join(String),
    /// Go back to the general room.
    Leave,
    /// Hide the room and close it to newcomers.
    Private,
    /// Show and open it again.
    Public,
    /// Ask for the public rooms.
    Channels,
    /// Ask who is in the room.
    Users,
    /// Find out that everything before it was dealt with: answered by [`Event::Synced`]. On the wire
    /// it is a `channels` command, whose answer comes after the answers to all that was sent before; in
    /// version 2 it is a `ping`.
    Sync,
    /// Give this command, with what version 2 of the protocol has beyond the ones above.
    Other(Command<'static>),
    /// Send what is queued, then leave: answered by [`Event::Ended`].
    Quit,
}

impl Action {
    /// The command that it is on the wire, if it is one.
    pub fn command(&self) -> Option<Command<'_>> {
        Some(match self {
            Action::Login(name) => Command::Login {
                username: Cow::Borrowed(name),
                version: Version::One,
                resume: None,
            },
            Action::Rename(name) => Command::Rename {
                username: Cow::Borrowed(name),
            },
            Action::Join(channel) => Command::Join {
                channel: Cow::Borrowed(channel),
                stay: false,
            },
            Action::Leave => Command::Leave { channel: None },
            Action::Private => Command::Private { channel: None },
            Action::Public => Command::Public { channel: None },
            Action::Channels | Action::Sync => Command::Channels {},
            Action::Users => Command::Users { channel: None },
            Action::Other(command) => command.clone(),
            Action::Say(_) | Action::SayIn { .. } | Action::Tell { .. } | Action::Quit => {
                return None;
            }
        })
    }
}

impl Action {
    /// What it is called: as the command that it is on the wire, or `say`, `sync` or `quit`.
    pub fn name(&self) -> &'static str {
        match (self, self.command()) {
            (Action::Sync, _) => "sync",
            (_, Some(command)) => command.name(),
            (Action::Quit, None) => "quit",
            (_, None) => "say",
        }
    }

    /// The name or the text that comes with it, if one does.
    pub fn text(&self) -> Option<&str> {
        match self {
            Action::Login(text)
            | Action::Say(text)
            | Action::SayIn { text, .. }
            | Action::Tell { text, .. }
            | Action::Rename(text)
            | Action::Join(text) => Some(text),
            Action::Leave
            | Action::Private
            | Action::Public
            | Action::Channels
            | Action::Users
            | Action::Sync
            | Action::Other(_)
            | Action::Quit => None,
        }
    }
}

impl From<Command<'_>> for Action {
    fn from(command: Command<'_>) -> Self {
        match command {
            Command::Login {
                username,
                version: Version::One,
                resume: None,
            } => Action::Login(username.into_owned()),
            Command::Rename { username } => Action::Rename(username.into_owned()),
            Command::Join {
                channel,
                stay: false,
            } => Action::Join(channel.into_owned()),
            Command::Leave { channel: None } => Action::Leave,
            Command::Private { channel: None } => Action::Private,
            Command::Public { channel: None } => Action::Public,
            Command::Channels {} => Action::Channels,
            Command::Users { channel: None } => Action::Users,
            other => Action::Other(other.into_owned()),
        }
    }
}

/// The number of a request. What answers the request says so by this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// An [`Action`] for a [`Session`](super::Session) to take, which is made of the action alone, or of a
/// number and the action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number. If there is none, the session gives it one: greater than each before it. Whoever
    /// hands requests to a session on another thread numbers them beforehand, because the answer may
    /// come before the call returns. The numbers of requests that wait for an answer have to differ.
    pub id: Option<RequestId>,
    /// What to do.
    pub action: Action,
}

impl From<Action> for Request {
    fn from(action: Action) -> Self {
        Request { id: None, action }
    }
}

impl From<(RequestId, Action)> for Request {
    fn from((id, action): (RequestId, Action)) -> Self {
        Request {
            id: Some(id),
            action,
        }
    }
}

/// Why an [`Action`] was not taken. Nothing has changed then. Displays as a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActionError {
    /// It needs a login first.
    NotLoggedIn,
    /// There is no login to answer: already logged in, or one is on its way.
    LoginNotWanted,
    /// A message must have text.
    EmptyMessage,
    /// The package would be longer than this many bytes.
    TooLong(usize),
    /// The server does not speak version 2 of the protocol, or the session does not want to.
    NotSpoken,
    /// Too much waits to be sent, or to be answered; try again when some of it is gone.
    Congested,
    /// The session is over.
    Ended,
}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ActionError::NotLoggedIn => write!(f, "You are not logged in yet."),
            ActionError::LoginNotWanted => write!(f, "The server did not ask for a login."),
            ActionError::EmptyMessage => write!(f, "A message must have text."),
            ActionError::TooLong(most) => {
                write!(f, "That is too long for one package of {most} bytes.")
            }
            ActionError::NotSpoken => write!(f, "This server does not know that."),
            ActionError::Congested => {
                write!(
                    f,
                    "The server is not taking what was sent before; try again later."
                )
            }
            ActionError::Ended => write!(f, "The connection is closed."),
        }
    }
}

impl core::error::Error for ActionError {}

/// Something that happened in a session. Texts and names are as they came: not safe for a terminal. Of
/// what is longer than the protocol allows there is the start: so many characters of a name as a name can
/// have, [`MAX_TEXT_BYTES`](super::MAX_TEXT_BYTES) of a text, which ends with an ellipsis then, and
/// [`MAX_LIST_BYTES`](super::MAX_LIST_BYTES) of names in a list, with the rest counted in `more`.
///
/// `request` is the request that is answered; none if nobody asked, or the session did by itself, for
/// the configuration wanted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server wants a login, and the configuration had no name left to try: answer with
    /// [`Action::Login`].
    NameWanted {
        /// Why the name tried before was refused.
        reason: Option<String>,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// The user is in.
    LoggedIn {
        /// The name as registered.
        username: String,
        /// The room entered.
        channel: String,
        /// The public rooms, sorted.
        channels: Vec<String>,
        /// How many more there are than the server listed.
        more: usize,
        /// The version of the protocol that is spoken from now on.
        version: Version,
        /// What takes the user's place again if the connection breaks (this and what follows: version
        /// 2).
        resume: Option<String>,
        /// All rooms the user is in.
        joined: Vec<String>,
        /// Whether the user's place was taken again, where nothing has changed.
        resumed: bool,
        /// Then also with whom the user shares direct messages, some of which may have been lost.
        with: Vec<String>,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// Someone in the room said something, or told it this user alone.
    Message {
        /// Who.
        username: String,
        /// What.
        message: String,
        /// In which room (this and what follows: version 2).
        channel: Option<String>,
        /// To whom alone.
        to: Option<String>,
        /// Its number: no other message of the server has it, and later ones have higher ones.
        id: Option<u64>,
        /// When, in milliseconds since 1970.
        time: Option<u64>,
    },
    /// What this user said has its place among all that was said (version 2).
    Sent {
        /// Its number.
        id: u64,
        /// When, in milliseconds since 1970.
        time: u64,
        /// Which it was.
        request: Option<RequestId>,
    },
    /// What was said before (version 2).
    History {
        /// In which room.
        channel: Option<String>,
        /// Or with whom.
        with: Option<String>,
        /// The messages, oldest first.
        messages: Vec<PastMessage<'static>>,
        /// Whether there are more in the direction asked for.
        more: bool,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// Something else happened that version 2 of the protocol tells of, or was done.
    Notified {
        /// What.
        notification: Notification<'static>,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// Someone entered the room; or, if it is `me`, the user entered the room `channel`.
    Joined {
        /// Who.
        username: String,
        /// Which room.
        channel: String,
        /// Whether it is this session's user.
        me: bool,
        /// What the room is about, told to who enters it (version 2).
        topic: Option<String>,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// Someone left the room; or, if it is `me`, the user left the room `channel`.
    Left {
        /// Who.
        username: String,
        /// Which room.
        channel: String,
        /// Whether it is this session's user.
        me: bool,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// Someone in the room took another name.
    Renamed {
        /// The name until now.
        old_username: String,
        /// The name from now on.
        new_username: String,
        /// In which room: it is told for each (version 2).
        channel: Option<String>,
        /// Whether it is this session's user.
        me: bool,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// The public rooms, sorted: the answer to [`Action::Channels`], [`Action::Private`] or
    /// [`Action::Public`].
    Channels {
        /// Their names.
        channels: Vec<String>,
        /// How many more there are than the server listed.
        more: usize,
        /// What kind of request it answers.
        answers: Listing,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// Who is in the room, in order of arrival: the answer to [`Action::Users`].
    Users {
        /// The room.
        channel: String,
        /// Its members, this session's user included.
        users: Vec<String>,
        /// How many more there are than the server listed.
        more: usize,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// The server could not do something.
    Error {
        /// The name of the command, or `message`.
        error_type: String,
        /// What and why, in the server's words.
        message: String,
        /// What it answers.
        request: Option<RequestId>,
    },
    /// Everything before this [`Action::Sync`] was dealt with.
    Synced {
        /// What it answers.
        request: Option<RequestId>,
    },
    /// A package that this client does not know. The session goes on.
    Unknown {
        /// The package's text.
        package: String,
    },
    /// The session ends before it has sent the last of what the user said: the server cannot have
    /// got it. Comes right before [`Event::Ended`].
    Unsent {
        /// How many of the last messages that were taken; at least one.
        messages: usize,
        /// The first of them.
        first: RequestId,
    },
    /// The session is over, and nothing comes after this.
    Ended(End),
}

impl Event {
    /// A message as version 1 has it.
    pub fn message(username: impl Into<String>, message: impl Into<String>) -> Self {
        Event::Message {
            username: username.into(),
            message: message.into(),
            channel: None,
            to: None,
            id: None,
            time: None,
        }
    }

    /// The request that it answers, if it answers one that has a number.
    pub fn request(&self) -> Option<RequestId> {
        match self {
            Event::NameWanted { request, .. }
            | Event::LoggedIn { request, .. }
            | Event::Joined { request, .. }
            | Event::Left { request, .. }
            | Event::Renamed { request, .. }
            | Event::Channels { request, .. }
            | Event::Users { request, .. }
            | Event::Error { request, .. }
            | Event::Sent { request, .. }
            | Event::History { request, .. }
            | Event::Notified { request, .. }
            | Event::Synced { request } => *request,
            Event::Message { .. }
            | Event::Unknown { .. }
            | Event::Unsent { .. }
            | Event::Ended(_) => None,
        }
    }
}

/// Which action a list of rooms answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// [`Action::Channels`], or nobody asked.
    Channels,
    /// [`Action::Private`]: the room is hidden now.
    Private,
    /// [`Action::Public`]: the room is shown now.
    Public,
}

/// Why a session is over. Displays as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The user left, with [`Action::Quit`].
    Quit,
    /// The server closed the connection.
    ClosedByServer {
        /// The last error it sent, if that was the last package.
        reason: Option<String>,
    },
    /// The connection broke.
    Lost,
    /// The server does not speak the protocol.
    Violation(crate::wire::Violation),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Quit => write!(f, "You left."),
            End::ClosedByServer { reason: None } => write!(f, "The server closed the connection."),
            End::ClosedByServer {
                reason: Some(reason),
            } => {
                write!(f, "The server closed the connection: {reason}")
            }
            End::Lost => write!(f, "The connection to the server was lost."),
            End::Violation(violation) => {
                write!(
                    f,
                    "The server does not speak the ChatMaster 3000 protocol. {violation}"
                )
            }
        }
    }
}

/// What a driver that runs a session on a thread of its own has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// Something happened. After [`Event::Ended`] nothing more does.
    Event(Event),
    /// A request was not taken by the session.
    Refused(Request, ActionError),
}

/// The session is over, and takes no more actions: what the handle of a driver on a thread of its
/// own says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disconnected;

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ActionError::Ended.fmt(f)
    }
}

impl core::error::Error for Disconnected {}

/// Why the handle of a driver on a thread of its own did not take the request that it gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryActError {
    /// Too much waits to be sent; try again later.
    Congested(Request),
    /// The session is over.
    Disconnected(Request),
}

impl fmt::Display for TryActError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryActError::Congested(_) => ActionError::Congested.fmt(f),
            TryActError::Disconnected(_) => ActionError::Ended.fmt(f),
        }
    }
}

impl core::error::Error for TryActError {}
