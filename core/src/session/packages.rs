//! What packages from the server mean to a client (the [protocol](crate::protocol), "Order of a
//! session" and "Commands").

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use super::{Action, Awaited, Event, Listing, Phase, Place, RequestId, Session, bounds};
use crate::names::RoomName;
use crate::wire::{Command, Notification, ServerPackage, SessionStatus, Version};

impl Session {
    /// Makes an event of what the server says.
    pub(super) fn receive(&mut self, package: ServerPackage<'_>, tag: Option<&str>) {
        let last_error = self.last_error.take();
        self.tagged = tag.and_then(|tag| self.take_tagged(tag));
        match package {
            ServerPackage::Request { request } if request == "login" => self.log_in(None, None),
            ServerPackage::Request { request } => {
                let package = bounds::text(format!("request: {request}").into());
                self.events.push_back(Event::Unknown { package });
            }
            ServerPackage::Session(status) => self.session(status),
            ServerPackage::Message {
                message,
                username,
                channel,
                to,
                id,
                time,
            } => self.events.push_back(Event::Message {
                message: bounds::text(message),
                username: bounds::username(username),
                channel: channel.map(bounds::room),
                to: to.map(bounds::username),
                id,
                time,
            }),
            ServerPackage::Notification(notification) => {
                // A notification between the error and the close does not hide the reason.
                self.last_error = last_error;
                self.notification(notification);
            }
            ServerPackage::Error {
                error_type,
                message,
            } => {
                let request = self.answered(|action| {
                    let command = action.command();
                    command.is_some_and(|command| command.name() == error_type)
                });
                let (error_type, message) = (bounds::room(error_type), bounds::text(message));
                self.last_error = Some(message.clone());
                self.events.push_back(Event::Error {
                    error_type,
                    message,
                    request: request.and_then(|awaited| awaited.request()),
                });
            }
        }
    }

    /// Answers a login request, or asks the user to.
    fn log_in(&mut self, reason: Option<String>, request: Option<RequestId>) {
        if matches!(self.phase, Phase::In { .. } | Phase::Quitting(_)) {
            return;
        }
        self.phase = Phase::NameWanted;
        let name = self.config.username.take();
        if name.is_none_or(|name| self.act_alone(Action::Login(name)).is_err()) {
            self.events.push_back(Event::NameWanted { reason, request });
        }
    }

    fn session(&mut self, status: SessionStatus<'_>) {
        let Phase::LoggingIn { username, request } = &self.phase else {
            return;
        };
        let request = *request;
        if !status.status {
            let reason = status.reason.map(bounds::text);
            self.last_error.clone_from(&reason);
            self.log_in(reason, request);
            return;
        }
        let username = status.username.unwrap_or(Cow::Borrowed(username));
        let username = bounds::username(username);
        let channel = status.channel.unwrap_or(Cow::Borrowed(RoomName::GENERAL));
        let channel = bounds::room(channel);
        let channels = status.channels.unwrap_or_default();
        let (channels, more) = bounds::list(channels, status.more, bounds::room);
        self.channels.clone_from(&channels);
        // A server may know no other version than the first.
        let version = status.version.unwrap_or(1);
        self.version = self.config.version.min(Version::numbered(version));
        let joined = status.joined.unwrap_or_default();
        let (mut joined, _) = bounds::list(joined, 0, bounds::room);
        if self.version == Version::One || !joined.contains(&channel) {
            joined = vec![channel.clone()];
        }
        self.phase = Phase::In(Place {
            username: username.clone(),
            channel: channel.clone(),
            rooms: joined.clone(),
        });
        let wanted = self.config.channel.take();
        let is_there = |wanted: &String| joined.iter().any(|room| RoomName::are_same(wanted, room));
        let wanted = wanted.filter(|wanted| !is_there(wanted));
        self.events.push_back(Event::LoggedIn {
            username,
            channel,
            channels,
            more,
            version: self.version,
            resume: status.resume.map(bounds::text),
            joined,
            resumed: status.resumed,
            with: bounds::list(status.with, 0, bounds::username).0,
            request,
        });
        if let Some(wanted) = wanted {
            let sent = self.act_alone(Action::Join(wanted));
            debug_assert!(
                sent.is_ok(),
                "a join fits into the queue right after a login"
            );
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each notification")]
    fn notification(&mut self, notification: Notification<'_>) {
        match notification {
            Notification::UserJoined {
                username,
                channel,
                topic,
            } => {
                let username = bounds::username(username);
                let channel = channel.map(bounds::room);
                let me = self.is_me(&username);
                // The announcement of the general room after a login answers no join to another.
                let leads_here = |to: &str| {
                    let channel = channel.as_deref();
                    channel.is_none_or(|channel| RoomName::are_same(to, channel))
                };
                let joined = if me {
                    self.answered(|action| matches!(action, Action::Join(to) if leads_here(to)))
                } else {
                    None
                };
                let request = joined.as_ref().and_then(Awaited::request);
                let stays = joined.as_ref().is_none_or(Awaited::stays);
                let channel = match (channel, joined.map(|joined| joined.action)) {
                    (Some(channel), _) | (None, Some(Action::Join(channel))) => channel,
                    (None, _) => self
                        .place()
                        .map_or_else(String::new, |(_, c)| c.to_string()),
                };
                if me {
                    self.enter(&channel, stays);
                }
                self.events.push_back(Event::Joined {
                    username,
                    channel,
                    me,
                    topic: topic.map(bounds::text),
                    request,
                });
            }
            Notification::UserLeft { username, channel } => {
                let username = bounds::username(username);
                let me = self.is_me(&username);
                let room = self
                    .place()
                    .map_or_else(String::new, |(_, room)| room.to_string());
                let left = if me {
                    self.answered(|action| *action == Action::Leave)
                } else {
                    None
                };
                // A server of version 1 may say nothing of it, and may tell someone who joins another room
                // that they left the one before.
                if me && self.version == Version::One && left.is_some() {
                    self.leave(&room);
                }
                let channel = channel.map_or(room, bounds::room);
                if me && self.version == Version::Two {
                    self.leave(&channel);
                }
                self.events.push_back(Event::Left {
                    username,
                    channel,
                    me,
                    request: left.and_then(|left| left.request()),
                });
            }
            Notification::UserRename {
                old_username,
                new_username,
                channel,
            } => {
                let old_username = bounds::username(old_username);
                let new_username = bounds::username(new_username);
                // It is told for each room, so that this may be known already.
                let is_known = self.version == Version::Two && self.is_me(&new_username);
                let me = is_known || self.is_me(&old_username);
                let mut request = None;
                if me {
                    let renamed = self.answered(|action| matches!(action, Action::Rename(_)));
                    request = renamed.and_then(|renamed| renamed.request());
                    if let Phase::In(place) = &mut self.phase {
                        place.username.clone_from(&new_username);
                    }
                }
                self.events.push_back(Event::Renamed {
                    old_username,
                    new_username,
                    channel: channel.map(bounds::room),
                    me,
                    request,
                });
            }
            Notification::ChannelList { channels, more } => {
                let (channels, more) = bounds::list(channels, more, bounds::room);
                self.channels.clone_from(&channels);
                let listed = self.answered(|action| {
                    use Action::{Channels, Private, Public, Sync};
                    matches!(action, Channels | Sync | Private | Public)
                });
                let request = listed.as_ref().and_then(Awaited::request);
                let answers = match listed.map(|listed| listed.action) {
                    Some(Action::Sync) => {
                        self.events.push_back(Event::Synced { request });
                        return;
                    }
                    Some(Action::Private) => Listing::Private,
                    Some(Action::Public) => Listing::Public,
                    _ => Listing::Channels,
                };
                self.events.push_back(Event::Channels {
                    channels,
                    more,
                    answers,
                    request,
                });
            }
            Notification::UserList {
                channel,
                users,
                more,
            } => {
                let listed = self.answered(|action| *action == Action::Users);
                let channel = bounds::room(channel);
                let (users, more) = bounds::list(users, more, bounds::username);
                self.events.push_back(Event::Users {
                    channel,
                    users,
                    more,
                    request: listed.and_then(|listed| listed.request()),
                });
            }
            Notification::Pong {} => {
                let pong = self.tagged.take();
                let request = pong.and_then(|pong| pong.request());
                self.events.push_back(Event::Synced { request });
            }
            Notification::MessageSent { id, time } => {
                let sent = self.tagged.take();
                let request = sent.and_then(|sent| sent.request());
                self.events.push_back(Event::Sent { id, time, request });
            }
            Notification::History {
                channel,
                with,
                messages,
                more,
            } => {
                let asked = self.tagged.take();
                let (messages, cut) = bounds::past(messages);
                self.events.push_back(Event::History {
                    channel: channel.map(bounds::room),
                    with: with.map(bounds::username),
                    messages,
                    more: more || cut,
                    request: asked.and_then(|asked| asked.request()),
                });
            }
            other => self.notified(bounds::notification(other)),
        }
    }

    /// Takes in the rest of what version 2 tells, as far as the session itself is concerned.
    fn notified(&mut self, notification: Notification<'static>) {
        let asked = self.tagged.take();
        match &notification {
            Notification::ChannelSwitched { channel } => {
                let stays = asked.as_ref().is_none_or(Awaited::stays);
                self.enter(channel, stays);
            }
            Notification::UserKicked {
                channel, username, ..
            }
            | Notification::UserBanned {
                channel, username, ..
            } if self.is_me(username) => self.leave(channel),
            _ => {}
        }
        self.events.push_back(Event::Notified {
            notification,
            request: asked.and_then(|asked| asked.request()),
        });
    }

    /// The user is in this room, and looks at it; and in the one looked at before, if they stay there.
    fn enter(&mut self, channel: &str, stays: bool) {
        let is_newer = self.version == Version::Two;
        let Phase::In(place) = &mut self.phase else {
            return;
        };
        if !(stays && is_newer) {
            place.rooms.retain(|room| *room != place.channel);
        }
        if !place.rooms.iter().any(|room| room == channel) {
            place.rooms.truncate(bounds::MAX_ROOMS - 1);
            place.rooms.push(channel.to_string());
        }
        place.channel = channel.to_string();
    }

    /// The user is in this room no more. Where they look at then, the server says next, or it is the
    /// general room.
    fn leave(&mut self, channel: &str) {
        let Phase::In(place) = &mut self.phase else {
            return;
        };
        place.rooms.retain(|room| room != channel);
        if place.rooms.is_empty() {
            place.rooms.push(RoomName::GENERAL.to_string());
        }
        if place.channel == channel
            && let Some(last) = place.rooms.last()
        {
            place.channel.clone_from(last);
        }
    }

    /// Takes what has this tag from what is awaited.
    fn take_tagged(&mut self, tag: &str) -> Option<Awaited> {
        let id = RequestId(tag.parse().ok()?);
        let at = self.awaited.iter().position(|awaited| awaited.id == id)?;
        self.awaited.remove(at)
    }

    /// What the package answers: by its tag, or else the first command awaited that `answers` is true
    /// of.
    fn answered(&mut self, answers: impl Fn(&Action) -> bool) -> Option<Awaited> {
        if self.version == Version::Two {
            return self.tagged.take();
        }
        let is_it = |awaited: &Awaited| answers(&awaited.action);
        let at = self.awaited.iter().position(is_it)?;
        self.awaited.remove(at)
    }

    fn is_me(&self, username: &str) -> bool {
        self.place().is_some_and(|(me, _)| me == username)
    }
}

impl Awaited {
    /// Whether who enters a room by it stays in the one before.
    fn stays(&self) -> bool {
        !matches!(
            self.action,
            Action::Join(_) | Action::Other(Command::Join { stay: false, .. })
        )
    }
}
