//! The rooms: who is in them, who owns them, and which of them are seen.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use super::history::Messages;
use super::{RoomId, UserId};
use crate::names::{Claims, Name, RoomName, Rules, Username};
use crate::slab::{Slab, shrink};

/// A room. What becomes of one:
///
/// | it is | owner | when | becomes |
/// | --- | --- | --- | --- |
/// | nowhere | | someone joins it | public, and theirs |
/// | public | a member | the owner says `private` | private |
/// | private | a member | the owner says `public` | public |
/// | public, private | a member | the owner leaves, others stay | the same, of whoever has been there longest |
/// | public, private | a member | the last one leaves | nowhere |
/// | the general room | nobody | anything | the same |
pub(crate) struct Room {
    pub(crate) name: RoomName,
    pub(crate) privacy: Privacy,
    /// Its members in order of arrival.
    pub(crate) members: Vec<UserId>,
    /// The member that may hide and show it; the general room has none.
    pub(crate) owner: Option<UserId>,
    /// What it is about.
    pub(crate) topic: Box<str>,
    /// Who may come in though it is private, by the caseless forms of their names.
    pub(crate) invited: Named<()>,
    /// Who may not come in, and from which address they came.
    pub(crate) banned: Named<Option<IpAddr>>,
    /// Who may not talk.
    pub(crate) muted: Named<()>,
    /// What was said in it, as far as it is remembered.
    pub(super) past: Messages,
}

/// Names by their caseless forms, each with something.
pub(crate) type Named<T> = BTreeMap<Box<str>, (Username, T)>;

impl Room {
    /// Whether a user of this name, from this address, is kept out.
    pub(super) fn keeps_out(&self, username: &Username, address: Option<IpAddr>) -> bool {
        if self.banned.is_empty() {
            return false;
        }
        let from = |ban: &(Username, Option<IpAddr>)| ban.1.is_some() && ban.1 == address;
        self.banned.contains_key(&username.key()) || self.banned.values().any(from)
    }
}

/// Whether a room is seen. Displays as the command that makes it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privacy {
    /// In every list, and open to all.
    Public,
    /// In no list, and closed to newcomers.
    Private,
}

impl fmt::Display for Privacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Privacy::Public => "public",
            Privacy::Private => "private",
        })
    }
}

/// All rooms.
pub(super) struct Rooms {
    rooms: Slab<RoomId, Room>,
    /// By the caseless form of their names.
    by_key: BTreeMap<Box<str>, RoomId>,
    /// The names of the public ones as they are shown, sorted by Unicode code points.
    listed: BTreeMap<RoomName, RoomId>,
    claims: Claims<RoomId>,
}

impl Rooms {
    /// The general room, empty.
    pub(super) fn new(names: Rules) -> Self {
        let mut rooms = Rooms {
            rooms: Slab::new(),
            by_key: BTreeMap::new(),
            listed: BTreeMap::new(),
            claims: Claims::by(names),
        };
        let general = rooms.create(RoomName::general());
        debug_assert_eq!(general, Ok(RoomId::GENERAL));
        rooms
    }

    pub(super) fn get(&self, room: RoomId) -> Option<&Room> {
        self.rooms.get(room)
    }

    /// A room that someone is known to be in.
    pub(super) fn of_member(&self, room: RoomId) -> &Room {
        self.rooms
            .get(room)
            .expect("a room lasts while it has members")
    }

    pub(super) fn of_member_mut(&mut self, room: RoomId) -> &mut Room {
        self.rooms
            .get_mut(room)
            .expect("a room lasts while it has members")
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// The room of that name, caselessly.
    pub(super) fn find(&self, name: &RoomName) -> Option<RoomId> {
        self.by_key.get(&name.key()).copied()
    }

    /// A new public room without members.
    ///
    /// # Errors
    /// The room whose name looks like this one.
    pub(super) fn create(&mut self, name: RoomName) -> Result<RoomId, RoomId> {
        self.claims.claim(&name, self.rooms.next_key())?;
        let key = name.key();
        let room = self.rooms.insert(Room {
            name: name.clone(),
            privacy: Privacy::Public,
            members: Vec::new(),
            owner: None,
            topic: "".into(),
            invited: Named::new(),
            banned: Named::new(),
            muted: Named::new(),
            past: Messages::default(),
        });
        self.by_key.insert(key, room);
        self.listed.insert(name, room);
        Ok(room)
    }

    /// Adds a member. The first one of a room other than the general one owns it.
    pub(super) fn enter(&mut self, room: RoomId, member: UserId) {
        let place = self.of_member_mut(room);
        if room != RoomId::GENERAL && place.members.is_empty() {
            place.owner = Some(member);
        }
        place.members.push(member);
    }

    /// Removes a member: the one there longest inherits the room, an empty one ceases to exist, and is
    /// returned.
    pub(super) fn leave(&mut self, room: RoomId, member: UserId) -> Option<Room> {
        let place = self.of_member_mut(room);
        place.members.retain(|other| *other != member);
        shrink(&mut place.members);
        if place.owner == Some(member) {
            place.owner = place.members.first().copied();
        }
        self.close_if_empty(room)
    }

    /// Removes a room that nobody is in, unless it is the general one.
    pub(super) fn close_if_empty(&mut self, room: RoomId) -> Option<Room> {
        if !self.of_member(room).members.is_empty() || room == RoomId::GENERAL {
            return None;
        }
        let gone = self.rooms.remove(room)?;
        self.claims.release(&gone.name);
        self.by_key.remove(&gone.name.key());
        self.listed.remove(&gone.name);
        Some(gone)
    }

    pub(super) fn set_privacy(&mut self, room: RoomId, privacy: Privacy) {
        let place = self.of_member_mut(room);
        place.privacy = privacy;
        let name = place.name.clone();
        match privacy {
            Privacy::Private => self.listed.remove(&name),
            Privacy::Public => self.listed.insert(name, room),
        };
    }

    /// The names of the public rooms, sorted.
    pub(super) fn listed(&self) -> impl Iterator<Item = &str> {
        self.listed.keys().map(Name::as_str)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Room> {
        self.rooms.values_mut()
    }

    /// All rooms, the general one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (RoomId, &Room)> {
        self.rooms.iter()
    }

    /// Panics where the indices do not agree with the rooms.
    pub(super) fn check_invariants(&self) {
        self.rooms.check_invariants();
        for (id, room) in self.iter() {
            assert_eq!(
                self.by_key.get(&room.name.key()),
                Some(&id),
                "a room is found by name"
            );
            let listed = self.listed.get(&room.name) == Some(&id);
            assert_eq!(
                listed,
                room.privacy == Privacy::Public,
                "public rooms are listed"
            );
            match room.owner {
                None => assert_eq!(id, RoomId::GENERAL, "only the general room has no owner"),
                Some(owner) => assert!(room.members.contains(&owner), "an owner is a member"),
            }
            assert!(
                id == RoomId::GENERAL || !room.members.is_empty(),
                "no room is empty"
            );
        }
        let general = self.of_member(RoomId::GENERAL);
        assert_eq!(
            general.privacy,
            Privacy::Public,
            "the general room is public"
        );
        assert_eq!(general.owner, None, "the general room is nobody's");
        let count = self.iter().count();
        assert_eq!(self.by_key.len(), count, "there are no names without rooms");
        assert!(
            self.listed.len() <= count,
            "there are no listed names without rooms"
        );
    }

    /// Panics where other names are taken than those of the rooms.
    pub(super) fn check_names(&self) {
        self.claims
            .assert_are(self.iter().map(|(id, room)| (&room.name, id)));
    }
}
