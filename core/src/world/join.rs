//! From room to room (PROTOCOL.md, "Rooms").

use super::entry::{Departure, Fact, Facts, What};
use super::room::Privacy;
use super::{Refusal, RoomId, UserId, World};
use crate::names::{RoomName, Rules};

impl World {
    pub(super) fn join(
        &mut self,
        user: UserId,
        channel: RoomName,
    ) -> Result<Facts<'static>, Refusal> {
        let from = self.user(user).room;
        let to = match self.rooms.find(&channel) {
            Some(room) if room == from => return Err(Refusal::AlreadyThere),
            Some(room) if self.rooms.of_member(room).privacy == Privacy::Private => {
                return Err(Refusal::Private);
            }
            Some(room) => room,
            None => {
                // The room that is left may cease to exist by it.
                let alone = self.rooms.of_member(from).members.len() == 1;
                let gone = usize::from(alone && from != RoomId::GENERAL);
                if self.rooms.len() - gone >= self.max_rooms {
                    return Err(Refusal::TooManyRooms);
                }
                self.rooms
                    .create(channel)
                    .map_err(|other| self.no_room(other))?
            }
        };
        Ok(self.go(user, to, Departure::Moved))
    }

    pub(super) fn leave(&mut self, user: UserId) -> Result<Facts<'static>, Refusal> {
        if self.user(user).room == RoomId::GENERAL {
            return Err(Refusal::NowhereToLeave);
        }
        Ok(self.go(user, RoomId::GENERAL, Departure::Left))
    }

    fn go(&mut self, user: UserId, to: RoomId, why: Departure) -> Facts<'static> {
        let left = self.depart(user, why);
        self.rooms.enter(to, user);
        self.user_mut(user).room = to;
        [Some(left), Some(self.fact(user, What::Joined))]
    }

    /// Takes the user out of the room they are in.
    pub(super) fn depart(&mut self, user: UserId, why: Departure) -> Fact<'static> {
        // The room may be gone once nobody is in it.
        let mut left = self.fact(user, What::Left { why, closed: false });
        let closed = self.rooms.leave(left.room, user);
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
