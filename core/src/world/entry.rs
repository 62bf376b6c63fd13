//! What goes into the world's log.

use alloc::borrow::Cow;
use core::net::IpAddr;

use super::room::Privacy;
use super::{TagHash, UserId};
use crate::names::{RoomName, Username};
use crate::wire::Version;

/// Something that is to be true for everyone from its place in the log on, if it may be. What is in it
/// was checked as far as that takes no other entry: a name is one, a text has a length.
///
/// Where a room can be named and is not, it is the one the user looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry<'a> {
    /// Someone comes, into the general room.
    LogIn {
        username: Username,
        version: Version,
        /// Where from, unless it is this machine.
        address: Option<IpAddr>,
    },
    /// A user says something in a room.
    Say {
        user: UserId,
        channel: Option<RoomName>,
        text: Cow<'a, str>,
        tag: Option<TagHash>,
    },
    /// A user says something to another one alone.
    Tell {
        user: UserId,
        to: Username,
        text: Cow<'a, str>,
        tag: Option<TagHash>,
    },
    /// A user takes another name.
    Rename { user: UserId, username: Username },
    /// A user goes to another room, which is made if there is none of that name; and stays where they
    /// are, or not.
    Join {
        user: UserId,
        channel: RoomName,
        stay: bool,
    },
    /// A user looks at another one of their rooms.
    Switch { user: UserId, channel: RoomName },
    /// A user goes out of a room; if they are in no other one, back to the general room.
    Leave {
        user: UserId,
        channel: Option<RoomName>,
    },
    /// An owner changes something about a room.
    Govern {
        user: UserId,
        channel: Option<RoomName>,
        what: Govern<'a>,
    },
    /// A user does not want to hear from someone, or does again.
    Ignore {
        user: UserId,
        username: Username,
        ignore: bool,
    },
    /// A user is gone.
    LogOut { user: UserId },
}

/// What an owner does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Govern<'a> {
    Privacy(Privacy),
    Topic(Cow<'a, str>),
    Invite(Username),
    Uninvite(Username),
    Kick(Username, Cow<'a, str>),
    Ban(Username, Cow<'a, str>),
    Unban(Username),
    Mute(Username),
    Unmute(Username),
    Owner(Username),
}
