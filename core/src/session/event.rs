//! What a session is told to do, and what it has to tell.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Something the user of a [`Session`](super::Session) wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Log in under this name: the answer to [`Event::NameWanted`].
    Login(String),
    /// Say this to everyone in the room.
    Say(String),
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
    /// it is a `channels` command, whose answer comes after the answers to all that was sent before.
    Sync,
    /// Send what is queued, then leave: answered by [`Event::Ended`].
    Quit,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server wants a login, and the configuration had no name left to try: answer with
    /// [`Action::Login`].
    NameWanted {
        /// Why the name tried before was refused.
        reason: Option<String>,
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
    },
    /// Someone in the room said something.
    Message {
        /// Who.
        username: String,
        /// What.
        message: String,
    },
    /// Someone entered the room; or, if it is `me`, the user entered the room `channel`.
    Joined {
        /// Who.
        username: String,
        /// Which room.
        channel: String,
        /// Whether it is this session's user.
        me: bool,
    },
    /// Someone left the room; or, if it is `me`, the user left the room `channel`.
    Left {
        /// Who.
        username: String,
        /// Which room.
        channel: String,
        /// Whether it is this session's user.
        me: bool,
    },
    /// Someone in the room took another name.
    Renamed {
        /// The name until now.
        old_username: String,
        /// The name from now on.
        new_username: String,
        /// Whether it is this session's user.
        me: bool,
    },
    /// The public rooms, sorted: the answer to [`Action::Channels`], [`Action::Private`] or
    /// [`Action::Public`].
    Channels {
        /// Their names.
        channels: Vec<String>,
        /// How many more there are than the server listed.
        more: usize,
        /// What it answers.
        answers: Listing,
    },
    /// Who is in the room, in order of arrival: the answer to [`Action::Users`].
    Users {
        /// The room.
        channel: String,
        /// Its members, this session's user included.
        users: Vec<String>,
        /// How many more there are than the server listed.
        more: usize,
    },
    /// The server could not do something.
    Error {
        /// The name of the command, or `message`.
        error_type: String,
        /// What and why, in the server's words.
        message: String,
    },
    /// Everything before the [`Action::Sync`] was dealt with.
    Synced,
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
    },
    /// The session is over, and nothing comes after this.
    Ended(End),
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
    /// An action was not taken by the session.
    Refused(Action, ActionError),
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

/// Why the handle of a driver on a thread of its own did not take the action that it gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryActError {
    /// Too much waits to be sent; try again later.
    Congested(Action),
    /// The session is over.
    Disconnected(Action),
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
