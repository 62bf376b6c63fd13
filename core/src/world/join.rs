//! From room to room (PROTOCOL.md, "Rooms").

use super::fact::{Departure, Fact, Facts, What};
use super::room::Privacy;
use super::{Refusal, RoomId, User, UserId, World};
use crate::names::{Name, RoomName, Rules};

impl World {
    pub(super) fn join(
        &mut self,
        user: UserId,
        channel: RoomName,
        stay: bool,
    ) -> Result<Facts<'static>, Refusal> {
        let from = self.user(user).current;
        let to = match self.rooms.find(&channel) {
            Some(room) if room == from => return Err(Refusal::AlreadyThere),
            Some(room) if self.user(user).rooms.contains(&room) => {
                let left = (!stay).then(|| self.depart(user, from, Departure::Moved));
                let mut facts: alloc::vec::Vec<_> = left.into_iter().collect();
                self.user_mut(user).current = room;
                facts.push(self.fact(user, room, What::Switched));
                return Ok(facts.into());
            }
            Some(room) => {
                self.admit(user, room)?;
                room
            }
            None => {
                // The room that is left may cease to exist by it.
                let alone = !stay && self.rooms.of_member(from).members.len() == 1;
                let gone = usize::from(alone && from != RoomId::GENERAL);
                if self.rooms.len() - gone >= self.max_rooms {
                    return Err(Refusal::TooManyRooms);
                }
                self.rooms
                    .create(channel)
                    .map_err(|other| self.no_room(other))?
            }
        };
        if stay {
            if self.user(user).rooms.len() >= self.max_user_rooms {
                self.rooms.close_if_empty(to);
                return Err(Refusal::TooManyOwnRooms(self.max_user_rooms));
            }
            return Ok(self.enter(user, to).into());
        }
        Ok(self.go(user, from, to, Departure::Moved))
    }

    /// Whether a user may come into a room that there is.
    fn admit(&self, user: UserId, room: RoomId) -> Result<(), Refusal> {
        let room = self.rooms.of_member(room);
        let user = self.user(user);
        if room.keeps_out(&user.username, user.address) {
            return Err(Refusal::Banned);
        }
        if room.privacy == Privacy::Private && !room.invited.contains_key(&user.username.key()) {
            return Err(Refusal::Private);
        }
        Ok(())
    }

    pub(super) fn switch(
        &mut self,
        user: UserId,
        channel: &RoomName,
    ) -> Result<Facts<'static>, Refusal> {
        let room = self.room_of(user, Some(channel))?;
        self.user_mut(user).current = room;
        Ok(self.fact(user, room, What::Switched).into())
    }

    pub(super) fn leave(
        &mut self,
        user: UserId,
        channel: Option<&RoomName>,
    ) -> Result<Facts<'static>, Refusal> {
        let room = self.room_of(user, channel)?;
        if room == RoomId::GENERAL && self.user(user).rooms.len() == 1 {
            return Err(Refusal::NowhereToLeave);
        }
        Ok(self.put_out(user, room, Departure::Left))
    }

    /// Takes the user out of a room, and into the general one if they are in no other.
    pub(super) fn put_out(&mut self, user: UserId, room: RoomId, why: Departure) -> Facts<'static> {
        let User { rooms, current, .. } = self.user(user);
        let is_current = *current == room;
        let next = rooms.iter().rev().copied().find(|other| *other != room);
        match next {
            None => self.go(user, room, RoomId::GENERAL, why),
            Some(next) if is_current => {
                let left = self.depart(user, room, why);
                self.user_mut(user).current = next;
                [left, self.fact(user, next, What::Switched)].into()
            }
            Some(_) => self.depart(user, room, why).into(),
        }
    }

    fn go(&mut self, user: UserId, from: RoomId, to: RoomId, why: Departure) -> Facts<'static> {
        let left = self.depart(user, from, why);
        [left, self.enter(user, to)].into()
    }

    fn enter(&mut self, user: UserId, room: RoomId) -> Fact<'static> {
        self.rooms.enter(room, user);
        let place = self.user_mut(user);
        place.rooms.push(room);
        place.current = room;
        self.fact(user, room, What::Joined)
    }

    /// Takes the user out of a room they are in.
    pub(super) fn depart(&mut self, user: UserId, room: RoomId, why: Departure) -> Fact<'static> {
        // The room may be gone once nobody is in it.
        let mut left = self.fact(user, room, What::Joined);
        self.user_mut(user).rooms.remove(room);
        let closed = self.rooms.leave(room, user);
        if let Some(closed) = &closed {
            self.history.closed(&closed.past);
        }
        let closed = closed.is_some();
        left.what = What::Left { why, closed };
        left
    }

    /// Why there cannot be a room whose name looks like that of `other`: a private one is not named.
    fn no_room(&self, other: RoomId) -> Refusal {
        let other = self.rooms.of_member(other);
        let secret = self.names == Rules::Former || other.privacy == Privacy::Private;
        Refusal::RoomLooksLike((!secret).then(|| other.name.clone()))
    }
}
