//! What comes of entries.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::{RoomId, UserId};
use crate::names::{RoomName, Username};

/// The place of an entry in the log, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

/// What came of an entry: true for everyone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<'a> {
    /// The entry's place in the log; a message's `id`.
    pub seq: Seq,
    /// When it got there, in milliseconds since 1970.
    pub time: u64,
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
    /// It is the room they look at now, of those they are in.
    Switched,
    /// They said this to all others in the room.
    Said(Cow<'a, str>),
    /// They said this to one user alone, in no room.
    Told {
        /// To whom.
        to: UserId,
        /// To whom, by name.
        name: Username,
        /// What.
        text: Cow<'a, str>,
    },
    /// They said something again that had its place already: nobody hears it twice.
    SaidBefore {
        /// The message's `id`.
        id: u64,
        /// Its time, in milliseconds since 1970.
        time: u64,
    },
    /// They took another name.
    Renamed {
        /// Their name before.
        from: Username,
    },
    /// They made the room private: in no list, and closed to newcomers.
    WentPrivate,
    /// They made the room public again.
    WentPublic,
    /// They said what the room is about; nothing, if empty.
    Topic(Cow<'a, str>),
    /// They let someone in, or not any more.
    Invited {
        /// Whom.
        guest: Username,
        /// Whom, if they are here and want to know.
        here: Option<UserId>,
        /// Whether they may come.
        may: bool,
    },
    /// They keep someone out who is not in the room.
    Banned(Username),
    /// They let someone in again who had been kept out.
    Unbanned(Username),
    /// They took someone's word in the room, or gave it back.
    Muted {
        /// Whose.
        whom: Username,
        /// Whether they may not talk.
        muted: bool,
    },
    /// They gave the room to someone in it.
    Owner(Username),
    /// They do not want to hear from someone, or do again.
    Ignored {
        /// Whom.
        whom: Username,
        /// Whether they do not.
        ignored: bool,
    },
}

/// Why someone leaves a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departure {
    /// They left it.
    Left,
    /// They went to another one.
    Moved,
    /// They are gone from the server.
    Gone,
    /// They were put out.
    Kicked {
        /// By whom.
        by: Username,
        /// Why.
        reason: alloc::boxed::Box<str>,
        /// Whether they are kept out.
        banned: bool,
    },
}

/// The facts that one entry comes to, in order: mostly one.
pub(crate) struct Facts<'a> {
    pub(super) first: Option<Fact<'a>>,
    pub(super) rest: Vec<Fact<'a>>,
}

impl<'a> From<Fact<'a>> for Facts<'a> {
    fn from(fact: Fact<'a>) -> Self {
        Facts {
            first: Some(fact),
            rest: Vec::new(),
        }
    }
}

impl<'a, const N: usize> From<[Fact<'a>; N]> for Facts<'a> {
    fn from(facts: [Fact<'a>; N]) -> Self {
        Facts {
            first: None,
            rest: facts.into(),
        }
    }
}

impl<'a> From<Vec<Fact<'a>>> for Facts<'a> {
    fn from(rest: Vec<Fact<'a>>) -> Self {
        Facts { first: None, rest }
    }
}

impl<'a> Facts<'a> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fact<'a>> {
        self.first.iter().chain(&self.rest)
    }
}

impl Fact<'_> {
    /// The same with texts of its own.
    pub(crate) fn into_owned(self) -> Fact<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let what = match self.what {
            What::Said(text) => What::Said(own(text)),
            What::Topic(text) => What::Topic(own(text)),
            What::Told { to, name, text } => What::Told {
                to,
                name,
                text: own(text),
            },
            What::LoggedIn => What::LoggedIn,
            What::Joined => What::Joined,
            What::Left { why, closed } => What::Left { why, closed },
            What::Switched => What::Switched,
            What::SaidBefore { id, time } => What::SaidBefore { id, time },
            What::Renamed { from } => What::Renamed { from },
            What::WentPrivate => What::WentPrivate,
            What::WentPublic => What::WentPublic,
            What::Invited { guest, here, may } => What::Invited { guest, here, may },
            What::Banned(whom) => What::Banned(whom),
            What::Unbanned(whom) => What::Unbanned(whom),
            What::Muted { whom, muted } => What::Muted { whom, muted },
            What::Owner(whom) => What::Owner(whom),
            What::Ignored { whom, ignored } => What::Ignored { whom, ignored },
        };
        Fact {
            seq: self.seq,
            time: self.time,
            user: self.user,
            username: self.username,
            room: self.room,
            channel: self.channel,
            what,
        }
    }
}
