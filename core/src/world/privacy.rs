//! Who sees a room, and who may come in (PROTOCOL.md, "Rooms").

use super::entry::{Facts, What};
use super::room::Privacy;
use super::{Refusal, RoomId, UserId, World};

impl World {
    pub(super) fn set_privacy(
        &mut self,
        user: UserId,
        privacy: Privacy,
    ) -> Result<Facts<'static>, Refusal> {
        let id = self.user(user).room;
        let room = self.rooms.of_member(id);
        if id == RoomId::GENERAL {
            return Err(Refusal::IsGeneral(privacy));
        }
        if room.owner != Some(user) {
            return Err(Refusal::NotOwner(privacy));
        }
        if room.privacy == privacy {
            return Err(Refusal::Already(privacy));
        }
        self.rooms.set_privacy(id, privacy);
        let what = match privacy {
            Privacy::Private => What::WentPrivate,
            Privacy::Public => What::WentPublic,
        };
        Ok([Some(self.fact(user, what)), None])
    }
}
