//! For each room, whom of it this hub sends to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::lists::List;
use super::outbox::Tails;
use super::slots::Slot;
use crate::slab::{Key, shrink};
use crate::time::Time;
use crate::wire::Version;
use crate::world::RoomId;

/// The connections of a room's members, and where their packages go.
#[derive(Default)]
pub(super) struct Fanout {
    /// The members that are connected here, in order of arrival.
    pub(super) members: Vec<Slot>,
    /// How many of them speak version 2 of the protocol.
    pub(super) newer: usize,
    /// Where the room's next frames go.
    pub(super) tails: Tails,
    /// Until when nothing more is taken from its members, so that one of them can catch up.
    pub(super) lagging_until: Time,
    /// The list of its members, if it was asked for since it changed.
    pub(super) user_list: Option<Box<List>>,
}

/// What is known of a room here, in bytes, but for its members.
pub(crate) const FANOUT_BYTES: usize = size_of::<Fanout>();

/// The fan-outs of all rooms, by room.
pub(super) struct Fanouts(Vec<Fanout>);

impl Fanouts {
    /// That of the general room.
    pub(super) fn new() -> Self {
        Fanouts(alloc::vec![Fanout::default()])
    }

    /// That of a room that somebody is in who is connected here; others may have none.
    #[inline(always)]
    pub(super) fn of(&self, room: RoomId) -> Option<&Fanout> {
        self.0.get(room.index())
    }

    #[inline(always)]
    pub(super) fn of_mut(&mut self, room: RoomId) -> &mut Fanout {
        if room.index() >= self.0.len() {
            self.0.resize_with(room.index() + 1, Fanout::default);
        }
        &mut self.0[room.index()]
    }

    /// The members of a room that are connected here.
    pub(super) fn members(&self, room: RoomId) -> &[Slot] {
        self.of(room).map_or(&[], |fanout| &fanout.members)
    }

    pub(super) fn enter(&mut self, room: RoomId, member: Slot, version: Version) {
        let fanout = self.of_mut(room);
        fanout.members.push(member);
        fanout.newer += version as usize;
        fanout.user_list = None;
    }

    pub(super) fn leave(&mut self, room: RoomId, member: Slot, version: Version) {
        let fanout = self.of_mut(room);
        fanout.members.retain(|other| *other != member);
        shrink(&mut fanout.members);
        fanout.newer -= version as usize;
        fanout.user_list = None;
    }

    /// There is no such room any more.
    pub(super) fn close(&mut self, room: RoomId) {
        *self.of_mut(room) = Fanout::default();
        // What is known of the general room stays.
        while self.0.len() > 1 && self.0.last().is_some_and(|last| last.members.is_empty()) {
            self.0.pop();
        }
        shrink(&mut self.0);
    }

    /// All rooms that have, or had, members here.
    pub(super) fn iter(&self) -> impl Iterator<Item = (RoomId, &Fanout)> {
        self.0
            .iter()
            .zip(0..)
            .map(|(fanout, room)| (RoomId(room), fanout))
    }
}
