//! How the client comes to a server, and what that comes to.

use chatmaster_core::wire::Version;

/// How to come to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    /// The name to log in under, if there is one.
    pub(crate) name: Option<String>,
    /// The room to join, if it is not the general one.
    pub(crate) room: Option<String>,
    /// What takes the user's seat again, if there is one.
    pub(crate) resume: Option<String>,
}

/// What a login came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Welcome {
    pub(crate) username: String,
    /// The room that is looked at.
    pub(crate) channel: String,
    /// All rooms the user is in.
    pub(crate) joined: Vec<String>,
    pub(crate) version: Version,
    /// What takes the seat again if this connection breaks.
    pub(crate) resume: Option<String>,
    /// Whether it was taken again.
    pub(crate) resumed: bool,
}

/// Whether the user was in this place before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    First,
    /// With what they had to leave: the room is entered again.
    Back,
    /// On the seat that waited for them: for the others they never were away.
    Resumed,
}
