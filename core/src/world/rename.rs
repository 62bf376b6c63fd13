//! Another name (PROTOCOL.md, "Names").

use super::entry::{Facts, What};
use super::{Refusal, UserId, World};
use crate::names::Username;

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
        self.user_mut(user).username = new;
        Ok([Some(self.fact(user, What::Renamed { from: old })), None])
    }
}
