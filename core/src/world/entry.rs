//! What goes into the world's log.

use alloc::borrow::Cow;

use super::room::Privacy;
use super::{RoomId, UserId};
use crate::names::{RoomName, Username};

/// Something that is to be true for everyone from its place in the log on, if it may be. What is in it
/// was checked as far as that takes no other entry: a name is one, a text has a length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry<'a> {
    /// Someone comes, into the general room.
    LogIn { username: Username },
    /// A user says something in the room they are in.
    Say { user: UserId, text: Cow<'a, str> },
    /// A user takes another name.
    Rename { user: UserId, username: Username },
    /// A user goes to another room, which is made if there is none of that name.
    Join { user: UserId, channel: RoomName },
    /// A user goes back to the general room.
    Leave { user: UserId },
    /// A user makes the room they are in public or private.
    SetPrivacy { user: UserId, privacy: Privacy },
    /// A user is gone.
    LogOut { user: UserId },
}

/// The place of an entry in the log, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

/// What came of an entry: true for everyone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<'a> {
    /// The entry's place in the log.
    pub seq: Seq,
    /// Who it is about.
    pub user: UserId,
    /// Their name: the new one, where they took another.
    pub username: Username,
    /// Where it happened.
    pub room: RoomId,
    /// The name of the room.
    pub channel: RoomName,
    /// What happened.
    pub what: What<'a>,
}

/// What happened to the user of a [`Fact`], or what they did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// They logged in. That they are in the general room now is a fact of its own.
    LoggedIn,
    /// They came into the room.
    Joined,
    /// They are not in the room any more. Whoever had been there longest owns it now, if they did.
    Left {
        /// What for.
        why: Departure,
        /// Nobody is there any more, and so there is no such room.
        closed: bool,
    },
    /// They said this to all others in the room.
    Said(Cow<'a, str>),
    /// They took another name.
    Renamed {
        /// Their name before.
        from: Username,
    },
    /// They made the room private: in no list, and closed to newcomers.
    WentPrivate,
    /// They made the room public again.
    WentPublic,
}

/// Why someone leaves a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// They left it.
    Left,
    /// They went to another one.
    Moved,
    /// They are gone from the server.
    Gone,
}

/// The facts that one entry comes to, in order.
pub(crate) type Facts<'a> = [Option<Fact<'a>>; 2];

impl Fact<'_> {
    /// The same with a text of its own.
    pub(crate) fn into_owned(self) -> Fact<'static> {
        let Fact {
            seq,
            user,
            username,
            room,
            channel,
            what,
        } = self;
        let what = match what {
            What::Said(text) => What::Said(Cow::Owned(text.into_owned())),
            What::LoggedIn => What::LoggedIn,
            What::Joined => What::Joined,
            What::Left { why, closed } => What::Left { why, closed },
            What::Renamed { from } => What::Renamed { from },
            What::WentPrivate => What::WentPrivate,
            What::WentPublic => What::WentPublic,
        };
        Fact {
            seq,
            user,
            username,
            room,
            channel,
            what,
        }
    }
}
