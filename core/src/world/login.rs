//! Coming and going (PROTOCOL.md, "Order of a session").

use core::net::IpAddr;

use super::fact::{Departure, Facts, What};
use super::{Refusal, RoomId, User, UserId, World};
use crate::names::{Name, Rules, Username};
use crate::wire::Version;

impl World {
    pub(super) fn log_in(
        &mut self,
        username: Username,
        version: Version,
        address: Option<IpAddr>,
    ) -> Result<Facts<'static>, Refusal> {
        let user = self.users.next_key();
        self.usernames
            .claim(&username, user)
            .map_err(|holder| self.taken(&username, holder))?;
        let general = RoomId::GENERAL;
        self.users.insert(User::new(username, version, address));
        self.rooms.enter(general, user);
        let logged_in = self.fact(user, general, What::LoggedIn);
        Ok([logged_in, self.fact(user, general, What::Joined)].into())
    }

    pub(super) fn log_out(&mut self, user: UserId) -> Facts<'static> {
        let rooms = core::mem::take(&mut self.user_mut(user).rooms);
        let departures = rooms
            .iter()
            .map(|room| self.depart(user, *room, Departure::Gone));
        let facts: alloc::vec::Vec<_> = departures.collect();
        let name = self.user(user).username.clone();
        self.usernames.release(&name);
        self.history.forget_pairs(user);
        self.users.remove(user);
        facts.into()
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
