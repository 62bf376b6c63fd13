//! Another name (PROTOCOL.md, "Names").

use super::fact::{Facts, What};
use super::{Refusal, UserId, World};
use crate::names::{Name, Username};

impl World {
    pub(super) fn rename(
        &mut self,
        user: UserId,
        new: Username,
    ) -> Result<Facts<'static>, Refusal> {
        let old = self.user(user).username.clone();
        if new == old {
            return Err(Refusal::OwnName);
        }
        self.usernames
            .exchange(&old, &new, user)
            .map_err(|holder| self.taken(&new, holder))?;
        self.user_mut(user).username = new.clone();
        let rooms = self.user(user).rooms.clone();
        for room in &*rooms {
            // Who may not talk may not by another name either.
            let muted = &mut self.rooms.of_member_mut(*room).muted;
            if muted.remove(&old.key()).is_some() {
                muted.insert(new.key(), (new.clone(), ()));
            }
        }
        let renamed = |room| {
            let from = old.clone();
            self.fact(user, room, What::Renamed { from })
        };
        let facts: alloc::vec::Vec<_> = rooms.iter().copied().map(renamed).collect();
        Ok(facts.into())
    }
}
