//! From facts to packages: who is told what of what happened (PROTOCOL.md, "Commands" and "Rooms").

use super::conn::Phase;
use super::lists::fitting;
use super::send::To;
use super::slots::Slot;
use super::{Hub, HubWhat, Stage};
use crate::names::{Name, RoomName, Username};
use crate::wire::{Notification, ServerPackage, SessionStatus};
use crate::world::{Departure, Fact, RoomId, What};

impl Hub {
    /// Tells whoever is to hear of it of a fact that came of what the connection in `slot` did.
    pub(super) fn tell(&mut self, slot: Slot, fact: &Fact<'_>) {
        let (now, id) = (self.now, self.conn(slot).id);
        self.facts
            .note(now, id, || HubWhat::World(fact.clone().into_owned()));
        let &Fact { user, room, .. } = fact;
        let username = fact.username.as_str().into();
        let channel = Some(fact.channel.as_str().into());
        match &fact.what {
            What::Said(text) => {
                let message = (**text).into();
                let said = ServerPackage::Message { message, username };
                self.broadcast(room, To::AllBut(slot), &said);
            }
            What::LoggedIn => {
                self.conn(slot).phase = Phase::User { user, room };
                self.set_timer(slot);
                self.welcome(slot, &fact.username);
            }
            What::Joined => {
                self.conn(slot).phase = Phase::User { user, room };
                self.fanouts.enter(room, slot);
                if self.members(room) == 1 {
                    self.channel_list = None;
                }
                let joined = Notification::UserJoined { username, channel };
                self.announce(room, self.members(room), joined, Some(slot));
            }
            &What::Left { why, closed } => {
                let left = Notification::UserLeft { username, channel };
                // Who leaves counts as a member, and hears of it who asked for nothing else.
                let members = self.members(room) + 1;
                if why == Departure::Left {
                    self.announce(room, members, left, Some(slot));
                    self.fanouts.leave(room, slot);
                } else {
                    self.fanouts.leave(room, slot);
                    if why != Departure::Gone || self.stage == Stage::Serving {
                        self.announce(room, members, left, None);
                    }
                }
                if closed {
                    self.fanouts.close(room);
                    self.channel_list = None;
                }
            }
            What::Renamed { from } => {
                self.fanouts.of_mut(room).user_list = None;
                let renamed = Notification::UserRename {
                    old_username: from.as_str().into(),
                    new_username: username,
                };
                self.announce(room, self.members(room), renamed, Some(slot));
            }
            What::WentPrivate | What::WentPublic => {
                self.channel_list = None;
                self.list_channels(slot);
            }
        }
    }

    /// Tells a user that they are logged in, and what rooms there are.
    fn welcome(&mut self, slot: Slot, username: &Username) {
        let (channels, more) = fitting(self.world.listed(), self.config.list_bytes());
        let session = ServerPackage::Session(SessionStatus {
            status: true,
            channels: Some(channels),
            more,
            username: Some(username.as_str().into()),
            channel: Some(RoomName::GENERAL.into()),
            reason: None,
        });
        self.text.clear();
        session.write(&mut self.text);
        self.reply_written(slot);
    }

    /// How many members a room has.
    fn members(&self, room: RoomId) -> usize {
        self.world.room(room).map_or(0, |room| room.members.len())
    }

    /// Tells all of a room what someone in it does; only the one concerned where there are too many
    /// members to tell each of them.
    fn announce(
        &mut self,
        room: RoomId,
        members: usize,
        notification: Notification<'_>,
        concerned: Option<Slot>,
    ) {
        let package = ServerPackage::Notification(notification);
        if self.config.announces(members) {
            self.broadcast(room, To::All, &package);
        } else if let Some(slot) = concerned {
            self.reply(slot, &package);
        }
    }
}
