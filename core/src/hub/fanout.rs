//! For each room, whom of it this hub sends to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::lists::List;
use super::outbox::Tails;
use super::slots::Slot;
use crate::slab::{Key, shrink};
use crate::time::Time;
use crate::world::RoomId;

/// The connections of a room's members, and where their packages go.
#[derive(Default)]
pub(super) struct Fanout {
    /// The members that are connected here, in order of arrival.
    pub(super) members: Vec<Slot>,
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

    #[inline(always)]
    pub(super) fn of(&self, room: RoomId) -> &Fanout {
        &self.0[room.index()]
    }

    #[inline(always)]
    pub(super) fn of_mut(&mut self, room: RoomId) -> &mut Fanout {
        &mut self.0[room.index()]
    }

    /// The members of a room that are connected here.
    pub(super) fn members(&self, room: RoomId) -> &[Slot] {
        self.0
            .get(room.index())
            .map_or(&[], |fanout| &fanout.members)
    }

    pub(super) fn enter(&mut self, room: RoomId, member: Slot) {
        if room.index() >= self.0.len() {
            self.0.resize_with(room.index() + 1, Fanout::default);
        }
        let fanout = self.of_mut(room);
        fanout.members.push(member);
        fanout.user_list = None;
    }

    pub(super) fn leave(&mut self, room: RoomId, member: Slot) {
        let fanout = self.of_mut(room);
        fanout.members.retain(|other| *other != member);
        shrink(&mut fanout.members);
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
