//! Coming and going (PROTOCOL.md, "Order of a session").

use super::entry::{Departure, Facts, What};
use super::{Refusal, RoomId, User, UserId, World};
use crate::names::{Name, Rules, Username};

impl World {
    pub(super) fn log_in(&mut self, username: Username) -> Result<Facts<'static>, Refusal> {
        let user = self.users.next_key();
        self.usernames
            .claim(&username, user)
            .map_err(|holder| self.taken(&username, holder))?;
        let room = RoomId::GENERAL;
        self.users.insert(User { username, room });
        self.rooms.enter(room, user);
        Ok([
            Some(self.fact(user, What::LoggedIn)),
            Some(self.fact(user, What::Joined)),
        ])
    }

    pub(super) fn log_out(&mut self, user: UserId) -> Facts<'static> {
        let left = self.depart(user, Departure::Gone);
        self.usernames.release(&left.username);
        self.users.remove(user);
        [Some(left), None]
    }

    /// Why nobody can have the name `wanted` while `holder` has theirs.
    pub(super) fn taken(&self, wanted: &Username, holder: UserId) -> Refusal {
        let other = &self.user(holder).username;
        if self.names == Rules::Former || other.key() == wanted.key() {
            return Refusal::UsernameTaken;
        }
        Refusal::UsernameLooksLike(other.clone())
    }
}
