//! The rooms: who is in them, who owns them, and which of them are seen.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::lists::List;
use super::outbox::Tails;
use super::slots::{self, Free};
use crate::names::{Claims, Name, RoomName, Rules};
use crate::time::Time;

/// The slot of the general room, which is always there.
pub(super) const GENERAL: u32 = 0;

pub(super) struct Room {
    pub(super) name: RoomName,
    pub(super) privacy: Privacy,
    /// The slots of its members in order of arrival.
    pub(super) members: Vec<u32>,
    /// The member that may hide and show it; the general room has none.
    pub(super) owner: Option<u32>,
    /// Where its next frames go.
    pub(super) tails: Tails,
    /// Until when nothing more is taken from its members, so that one of them can catch up.
    pub(super) lagging_until: Time,
    /// The list of its members, if it was asked for since it changed.
    pub(super) user_list: Option<Box<List>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Privacy {
    /// In every list, and open to all.
    Public,
    /// In no list, and closed to newcomers.
    Private,
}

/// All rooms.
pub(super) struct Rooms {
    rooms: Vec<Option<Room>>,
    free: Free,
    /// By the caseless form of their names.
    by_key: BTreeMap<Box<str>, u32>,
    /// The names of the public ones as they are shown, sorted by Unicode code points.
    listed: BTreeMap<Box<str>, u32>,
    claims: Claims<u32>,
    /// The list of the public ones, if it was asked for since it changed.
    pub(super) channel_list: Option<Box<List>>,
}

/// Why a room cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// Its name looks like that of this one.
    Clash(u32),
}

impl Rooms {
    /// The general room, empty.
    pub(super) fn new(names: Rules) -> Self {
        let mut rooms = Rooms {
            rooms: Vec::new(),
            free: Free::new(true),
            by_key: BTreeMap::new(),
            listed: BTreeMap::new(),
            claims: Claims::by(names),
            channel_list: None,
        };
        let general = rooms.create(RoomName::general());
        debug_assert_eq!(general, Ok(GENERAL));
        rooms
    }

    pub(super) fn get(&self, room: u32) -> &Room {
        self.rooms[room as usize]
            .as_ref()
            .expect("a room lives as long as it has members")
    }

    pub(super) fn get_mut(&mut self, room: u32) -> &mut Room {
        self.rooms[room as usize]
            .as_mut()
            .expect("a room lives as long as it has members")
    }

    pub(super) fn try_get(&self, room: u32) -> Option<&Room> {
        self.rooms.get(room as usize)?.as_ref()
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// The room of that name, caselessly.
    pub(super) fn find(&self, name: &RoomName) -> Option<u32> {
        self.by_key.get(&name.key()).copied()
    }

    /// A new public room without members.
    pub(super) fn create(&mut self, name: RoomName) -> Result<u32, NoRoom> {
        let slot = self.free.first().unwrap_or(self.rooms.len() as u32);
        self.claims.claim(&name, slot).map_err(NoRoom::Clash)?;
        self.channel_list = None;
        self.by_key.insert(name.key(), slot);
        self.listed.insert(name.as_str().into(), slot);
        let room = Room {
            name,
            privacy: Privacy::Public,
            members: Vec::new(),
            owner: None,
            tails: Tails::default(),
            lagging_until: Time::ZERO,
            user_list: None,
        };
        if self.free.take().is_some() {
            self.rooms[slot as usize] = Some(room);
        } else {
            self.rooms.push(Some(room));
        }
        Ok(slot)
    }

    /// Adds a member. The first one of a room other than the general one owns it.
    pub(super) fn enter(&mut self, room: u32, member: u32) {
        let place = self.get_mut(room);
        if room != GENERAL && place.members.is_empty() {
            place.owner = Some(member);
        }
        place.members.push(member);
        place.user_list = None;
    }

    /// A member of the room has another name.
    pub(super) fn renamed(&mut self, room: u32) {
        self.get_mut(room).user_list = None;
    }

    /// Removes a member: the one there longest inherits the room, an empty one ceases to exist.
    pub(super) fn leave(&mut self, room: u32, member: u32) {
        let place = self.get_mut(room);
        place.members.retain(|other| *other != member);
        place.user_list = None;
        slots::shrink(&mut place.members);
        if place.owner == Some(member) {
            place.owner = place.members.first().copied();
        }
        if place.members.is_empty() && room != GENERAL {
            let gone = self.rooms[room as usize]
                .take()
                .expect("it was there a moment ago");
            self.claims.release(&gone.name);
            self.by_key.remove(&gone.name.key());
            self.listed.remove(gone.name.as_str());
            self.channel_list = None;
            self.free.give_back(room);
            while self.free.take_back(self.rooms.len() - 1) {
                self.rooms.pop();
            }
            slots::shrink(&mut self.rooms);
        }
    }

    pub(super) fn set_privacy(&mut self, room: u32, privacy: Privacy) {
        let place = self.rooms[room as usize]
            .as_mut()
            .expect("its owner is in it");
        place.privacy = privacy;
        self.channel_list = None;
        match privacy {
            Privacy::Private => self.listed.remove(place.name.as_str()),
            Privacy::Public => self.listed.insert(place.name.as_str().into(), room),
        };
    }

    /// The names of the public rooms, sorted.
    pub(super) fn listed(&self) -> impl Iterator<Item = &str> {
        self.listed.keys().map(|name| &**name)
    }

    /// All rooms with their slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Room)> {
        let slots = self.rooms.iter().zip(0..);
        slots.filter_map(|(room, slot)| room.as_ref().map(|room| (slot, room)))
    }

    /// Panics where the indices do not agree with the rooms.
    pub(super) fn check_invariants(&self) {
        for (slot, room) in self.iter() {
            assert_eq!(
                self.by_key.get(&room.name.key()),
                Some(&slot),
                "a room is found by name"
            );
            let listed = self.listed.get(room.name.as_str()) == Some(&slot);
            assert_eq!(
                listed,
                room.privacy == Privacy::Public,
                "public rooms are listed"
            );
            match room.owner {
                None => assert_eq!(slot, GENERAL, "only the general room has no owner"),
                Some(owner) => assert!(room.members.contains(&owner), "an owner is a member"),
            }
            assert!(
                slot == GENERAL || !room.members.is_empty(),
                "no room is empty"
            );
        }
        let general = self.get(GENERAL);
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
            .assert_are(self.iter().map(|(slot, room)| (&room.name, slot)));
    }
}
