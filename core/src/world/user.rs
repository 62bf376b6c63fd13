//! What is known of a user. There are many, and most of them are in one room and do little: what only some
//! of them need is kept aside.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::ops::Deref;

use super::RoomId;
use super::message::Sent;
use super::room::Named;
use crate::names::Username;
use crate::wire::Version;

pub(super) struct User {
    pub(super) username: Username,
    pub(super) version: Version,
    /// Where they come from, unless it is this machine.
    pub(super) address: Option<IpAddr>,
    /// The rooms they are in, in order of arrival.
    pub(super) rooms: Places,
    /// The one they look at.
    pub(super) current: RoomId,
    aside: Option<Box<Aside>>,
}

/// What a user has who tagged a message, or ignores someone.
#[derive(Default)]
pub(super) struct Aside {
    pub(super) sent: Sent,
    /// Whom they do not want to hear from.
    pub(super) ignored: Named<()>,
}

impl User {
    /// One who comes into the general room.
    pub(super) fn new(username: Username, version: Version, address: Option<IpAddr>) -> Self {
        User {
            username,
            version,
            address,
            rooms: Places::One([RoomId::GENERAL]),
            current: RoomId::GENERAL,
            aside: None,
        }
    }

    /// Whom they do not want to hear from, if there was ever anybody.
    pub(super) fn ignored(&self) -> Option<&Named<()>> {
        self.aside.as_ref().map(|aside| &aside.ignored)
    }

    pub(super) fn aside(&mut self) -> &mut Aside {
        self.aside.get_or_insert_default()
    }
}

/// Some rooms, in order. One alone takes no memory elsewhere.
#[derive(Clone)]
pub(super) enum Places {
    One([RoomId; 1]),
    Many(Vec<RoomId>),
}

impl Places {
    pub(super) fn push(&mut self, room: RoomId) {
        *self = match core::mem::take(self) {
            Places::Many(rooms) if rooms.is_empty() => Places::One([room]),
            Places::One([first]) => Places::Many(alloc::vec![first, room]),
            Places::Many(mut rooms) => {
                rooms.push(room);
                Places::Many(rooms)
            }
        };
    }

    pub(super) fn remove(&mut self, room: RoomId) {
        let rest = self.iter().copied().filter(|other| *other != room);
        *self = match rest.collect::<Vec<_>>() {
            rest if rest.len() == 1 => Places::One([rest[0]]),
            rest => Places::Many(rest),
        };
    }
}

impl Default for Places {
    fn default() -> Self {
        Places::Many(Vec::new())
    }
}

impl Deref for Places {
    type Target = [RoomId];

    fn deref(&self) -> &[RoomId] {
        match self {
            Places::One(room) => room,
            Places::Many(rooms) => rooms,
        }
    }
}
