//! From facts to packages: who is told what of what happened (PROTOCOL.md, "Commands" and "Rooms").

use super::conn::Phase;
use super::lists::fitting;
use super::slots::Slot;
use super::{Hub, HubWhat, Stage};
use crate::names::Name;
use crate::wire::{Notification, ServerPackage, SessionStatus, Version};
use crate::world::{Departure, Fact, RoomId, UserId, What};

/// How a user comes to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// By logging in.
    New,
    /// By taking their seat again.
    Back,
}

impl Hub {
    /// Tells whoever is to hear of it of a fact. What answers a command goes to `asker`, who gave it.
    pub(super) fn tell(&mut self, asker: Option<Slot>, fact: &Fact<'_>) {
        let &Fact { user, room, .. } = fact;
        let seat = match &fact.what {
            // Nobody else's doing, and nearly all there is: nothing is to be looked up.
            What::LoggedIn | What::Said(_) => asker,
            _ => self.seated.get(&user).copied(),
        };
        let conn = asker.or(seat).and_then(|slot| self.conns.get(slot));
        if let Some(id) = conn.map_or_else(|| self.seats.last_conn(user), |conn| Some(conn.id)) {
            self.facts
                .note(self.now, id, || HubWhat::World(fact.clone().into_owned()));
        }
        let username = || fact.username.as_str().into();
        let channel = || fact.channel.as_str().into();
        match &fact.what {
            What::Said(text) => {
                self.broadcast(room, asker, |version| {
                    let is_newer = version == Version::Two;
                    Some(ServerPackage::Message {
                        message: (**text).into(),
                        username: username(),
                        channel: is_newer.then(channel),
                        to: None,
                        id: is_newer.then_some(fact.seq.0),
                        time: is_newer.then_some(fact.time),
                    })
                });
                self.confirm(asker, fact.seq.0, fact.time);
            }
            What::Told { to, name, text } => {
                if let Some(there) = self.seated.get(to).copied() {
                    let told = ServerPackage::Message {
                        message: (**text).into(),
                        username: username(),
                        channel: None,
                        to: Some(name.as_str().into()),
                        id: Some(fact.seq.0),
                        time: Some(fact.time),
                    };
                    self.say_to(there, &told);
                }
                self.confirm(asker, fact.seq.0, fact.time);
            }
            &What::SaidBefore { id, time } => self.confirm(asker, id, time),
            What::LoggedIn => {
                if let Some(slot) = asker {
                    self.conn(slot).phase = Phase::User { user, room };
                    self.seated.insert(user, slot);
                    self.set_timer(slot);
                    self.welcome(slot, user, Arrival::New);
                }
            }
            What::Joined => self.tell_joined(seat, fact),
            What::Left { why, closed } => self.tell_left(asker, seat, fact, why, *closed),
            What::Switched => {
                if let Some(slot) = seat {
                    self.conn(slot).phase = Phase::User { user, room };
                    let switched = Notification::ChannelSwitched { channel: channel() };
                    self.reply(slot, &ServerPackage::Notification(switched));
                }
            }
            What::Renamed { from } => {
                self.fanouts.of_mut(room).user_list = None;
                self.announce(room, self.members(room), asker, |version| {
                    Notification::UserRename {
                        old_username: from.as_str().into(),
                        new_username: username(),
                        channel: (version == Version::Two).then(channel),
                    }
                });
            }
            What::WentPrivate | What::WentPublic => self.tell_privacy(asker, fact),
            What::Topic(_)
            | What::Invited { .. }
            | What::Banned(_)
            | What::Unbanned(_)
            | What::Muted { .. }
            | What::Owner(_)
            | What::Ignored { .. } => self.tell_governed(asker, fact),
        }
    }

    fn tell_joined(&mut self, seat: Option<Slot>, fact: &Fact<'_>) {
        let &Fact { user, room, .. } = fact;
        if let Some(slot) = seat {
            self.conn(slot).phase = Phase::User { user, room };
            let version = self.outbox.format(slot).version();
            self.fanouts.enter(room, slot, version);
        }
        self.fanouts.of_mut(room).user_list = None;
        let (members, topic) = match self.world.room(room) {
            Some(room) => (room.members.len(), room.topic.clone()),
            None => (0, "".into()),
        };
        if members == 1 {
            self.channel_list = None;
        }
        let joined = |topic| Notification::UserJoined {
            username: fact.username.as_str().into(),
            channel: Some(fact.channel.as_str().into()),
            topic,
        };
        // Where there is a topic, who joins is told it.
        let newer = seat.filter(|slot| self.outbox.format(*slot).version() == Version::Two);
        let Some(slot) = newer.filter(|_| !topic.is_empty()) else {
            return self.announce(room, members, seat, |_| joined(None));
        };
        if self.config.announces(members) {
            self.broadcast(room, seat, |_| {
                Some(ServerPackage::Notification(joined(None)))
            });
        }
        let told = joined(Some((*topic).into()));
        self.reply(slot, &ServerPackage::Notification(told));
    }

    fn tell_privacy(&mut self, asker: Option<Slot>, fact: &Fact<'_>) {
        self.channel_list = None;
        let is_private = fact.what == What::WentPrivate;
        self.broadcast(fact.room, asker, |version| {
            let channel = fact.channel.as_str().into();
            let username = fact.username.as_str().into();
            let told = if is_private {
                Notification::ChannelPrivate { channel, username }
            } else {
                Notification::ChannelPublic { channel, username }
            };
            (version == Version::Two).then_some(ServerPackage::Notification(told))
        });
        if let Some(slot) = asker {
            self.list_channels(slot);
        }
    }

    /// Tells what an owner did, or whom someone ignores.
    fn tell_governed(&mut self, asker: Option<Slot>, fact: &Fact<'_>) {
        let room = fact.room;
        let username = || fact.username.as_str().into();
        let channel = || fact.channel.as_str().into();
        match &fact.what {
            What::Topic(topic) => self.announce_newer(asker, room, || Notification::TopicChanged {
                channel: channel(),
                topic: (**topic).into(),
                username: username(),
            }),
            What::Invited { guest, here, may } => {
                let here = here.and_then(|here| self.seated.get(&here).copied());
                let newer = here.filter(|slot| self.outbox.format(*slot).version() == Version::Two);
                if let Some(slot) = newer {
                    let invited = Notification::Invited {
                        channel: channel(),
                        username: username(),
                    };
                    self.say_to(slot, &ServerPackage::Notification(invited));
                }
                let (channel, username) = (channel(), guest.as_str().into());
                self.answer_with(
                    asker,
                    if *may {
                        Notification::UserInvited { channel, username }
                    } else {
                        Notification::UserUninvited { channel, username }
                    },
                );
            }
            What::Banned(whom) => self.announce_newer(asker, room, || Notification::UserBanned {
                channel: channel(),
                username: whom.as_str().into(),
                by: username(),
                reason: "".into(),
            }),
            What::Unbanned(whom) => {
                self.announce_newer(asker, room, || Notification::UserUnbanned {
                    channel: channel(),
                    username: whom.as_str().into(),
                    by: username(),
                });
            }
            What::Muted { whom, muted } => self.announce_newer(asker, room, || {
                let (channel, by) = (channel(), username());
                let username = whom.as_str().into();
                if *muted {
                    Notification::UserMuted {
                        channel,
                        username,
                        by,
                    }
                } else {
                    Notification::UserUnmuted {
                        channel,
                        username,
                        by,
                    }
                }
            }),
            What::Owner(whom) => self.announce_newer(asker, room, || Notification::OwnerChanged {
                channel: channel(),
                username: whom.as_str().into(),
            }),
            What::Ignored { whom, ignored } => {
                let username = whom.as_str().into();
                self.answer_with(
                    asker,
                    if *ignored {
                        Notification::Ignored { username }
                    } else {
                        Notification::Unignored { username }
                    },
                );
            }
            _ => unreachable!("other facts are told elsewhere"),
        }
    }

    fn tell_left(
        &mut self,
        asker: Option<Slot>,
        seat: Option<Slot>,
        fact: &Fact<'_>,
        why: &Departure,
        closed: bool,
    ) {
        let room = fact.room;
        let left = |version| match why {
            Departure::Kicked { by, reason, banned } if version == Version::Two => {
                let (channel, username) =
                    (fact.channel.as_str().into(), fact.username.as_str().into());
                let (by, reason) = (by.as_str().into(), (**reason).into());
                if *banned {
                    Notification::UserBanned {
                        channel,
                        username,
                        by,
                        reason,
                    }
                } else {
                    Notification::UserKicked {
                        channel,
                        username,
                        by,
                        reason,
                    }
                }
            }
            _ => Notification::UserLeft {
                username: fact.username.as_str().into(),
                channel: Some(fact.channel.as_str().into()),
            },
        };
        self.fanouts.of_mut(room).user_list = None;
        // Who leaves counts as a member; who did not just go elsewhere hears of it too.
        let members = self.members(room) + 1;
        let hears = matches!(why, Departure::Left | Departure::Kicked { .. });
        let version = seat.map(|slot| self.outbox.format(slot).version());
        if !hears && let (Some(slot), Some(version)) = (seat, version) {
            self.fanouts.leave(room, slot, version);
        }
        // Who kicks is answered by what they did, whatever they speak.
        let is_kick = matches!(why, Departure::Kicked { .. });
        let kicker = asker.filter(|_| is_kick && self.behaviour.answers_who_kicks());
        let kicker = kicker.filter(|slot| {
            Some(*slot) != seat && self.outbox.format(*slot).version() == Version::One
        });
        if *why != Departure::Gone || self.stage == Stage::Serving {
            if let Some(kicker) = kicker {
                if self.config.announces(members) {
                    let package = |version| Some(ServerPackage::Notification(left(version)));
                    self.broadcast(room, Some(kicker), package);
                }
                self.reply(kicker, &ServerPackage::Notification(left(Version::Two)));
            } else {
                self.announce(room, members, asker.filter(|_| hears), left);
            }
        }
        if hears && let (Some(slot), Some(version)) = (seat, version) {
            if !self.config.announces(members) && seat != asker {
                self.say_to(slot, &ServerPackage::Notification(left(version)));
            }
            self.fanouts.leave(room, slot, version);
        }
        if closed {
            self.fanouts.close(room);
            self.channel_list = None;
        }
    }

    /// Tells who said something under a tag that it has its place.
    fn confirm(&mut self, asker: Option<Slot>, id: u64, time: u64) {
        if let Some(slot) = asker.filter(|slot| self.is_tagged(*slot)) {
            let sent = Notification::MessageSent { id, time };
            self.reply(slot, &ServerPackage::Notification(sent));
        }
    }

    fn answer_with(&mut self, asker: Option<Slot>, notification: Notification<'_>) {
        if let Some(slot) = asker {
            self.reply(slot, &ServerPackage::Notification(notification));
        }
    }

    /// Tells a user that they are logged in, where they are, and what rooms there are.
    pub(super) fn welcome(&mut self, slot: Slot, user: UserId, arrival: Arrival) {
        let is_newer = self.outbox.format(slot).version() == Version::Two;
        let resume = is_newer.then(|| self.give_token(slot, user)).flatten();
        let (channels, more) = fitting(self.world.listed(), self.config.list_bytes());
        let name = |room| self.world.room(room).map_or("", |room| room.name.as_str());
        let joined = self.world.rooms_of(user).iter();
        let joined = is_newer.then(|| joined.map(|room| name(*room).into()).collect());
        let resumed = arrival == Arrival::Back && self.behaviour.tells_who_resumed();
        let partners = self.world.partners(user).filter(|_| resumed);
        let partners = partners.map(|partner| self.world.username(partner).as_str());
        let (with, _) = fitting(partners, self.config.list_bytes() / 4);
        let session = ServerPackage::Session(SessionStatus {
            status: true,
            channels: Some(channels),
            more,
            username: Some(self.world.username(user).as_str().into()),
            channel: Some(name(self.world.current(user)).into()),
            version: is_newer.then_some(2),
            resume: resume.map(alloc::borrow::Cow::Owned),
            joined,
            resumed,
            with,
            reason: None,
        });
        self.text.clear();
        session.write(&mut self.text);
        self.add_tag(slot);
        self.reply_written(slot);
    }

    /// How many members a room has.
    fn members(&self, room: RoomId) -> usize {
        self.world.room(room).map_or(0, |room| room.members.len())
    }

    /// Tells all of a room what someone in it does; only the one concerned where there are too many
    /// members to tell each of them.
    fn announce<'a>(
        &mut self,
        room: RoomId,
        members: usize,
        concerned: Option<Slot>,
        notification: impl Fn(Version) -> Notification<'a>,
    ) {
        let package = |version| ServerPackage::Notification(notification(version));
        let all = self.config.announces(members);
        // Whose answer it is gets it with a tag.
        let apart = concerned.filter(|slot| !all || self.is_tagged(*slot));
        if all {
            self.broadcast(room, apart, |version| Some(package(version)));
        }
        if let Some(slot) = apart {
            let version = self.outbox.format(slot).version();
            self.reply(slot, &package(version));
        }
    }

    /// Tells those of a room who speak version 2, and the asker in any case.
    fn announce_newer<'a>(
        &mut self,
        asker: Option<Slot>,
        room: RoomId,
        notification: impl Fn() -> Notification<'a>,
    ) {
        let package = || ServerPackage::Notification(notification());
        self.broadcast(room, asker, |version| {
            (version == Version::Two).then(package)
        });
        if let Some(slot) = asker {
            self.reply(slot, &package());
        }
    }
}
