//! What packages from the server mean to a client (the [protocol](crate::protocol), "Order of a
//! session" and "Commands").

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};

use super::{Action, Awaited, Event, Listing, Phase, Session, bounds};
use crate::names::RoomName;
use crate::wire::{Notification, ServerPackage, SessionStatus};

impl Session {
    /// Takes in what `package` says.
    pub(super) fn take_in(&mut self, package: ServerPackage<'_>) {
        let last_error = self.last_error.take();
        match package {
            ServerPackage::Request { request } if request == "login" => self.log_in(None),
            ServerPackage::Request { request } => {
                let package = bounds::text(format!("request: {request}").into());
                self.events.push_back(Event::Unknown { package });
            }
            ServerPackage::Session(status) => self.session(status),
            ServerPackage::Message { message, username } => {
                let (message, username) = (bounds::text(message), bounds::username(username));
                self.events.push_back(Event::Message { message, username });
            }
            ServerPackage::Notification(notification) => {
                // A notification between the error and the close does not hide the reason.
                self.last_error = last_error;
                self.notification(notification);
            }
            ServerPackage::Error {
                error_type,
                message,
            } => {
                self.answered(|awaited| awaited.command() == error_type);
                let (error_type, message) = (bounds::room(error_type), bounds::text(message));
                self.last_error = Some(message.clone());
                self.events.push_back(Event::Error {
                    error_type,
                    message,
                });
            }
        }
    }

    /// Answers a login request, or asks the user to.
    fn log_in(&mut self, reason: Option<String>) {
        if matches!(self.phase, Phase::In { .. } | Phase::Quitting(_)) {
            return;
        }
        self.phase = Phase::NameWanted;
        let name = self.config.username.take();
        if name.is_none_or(|name| self.act(self.now, Action::Login(name)).is_err()) {
            self.events.push_back(Event::NameWanted { reason });
        }
    }

    fn session(&mut self, status: SessionStatus<'_>) {
        let Phase::LoggingIn(name) = &self.phase else {
            return;
        };
        if !status.status {
            let reason = status.reason.map(bounds::text);
            self.last_error.clone_from(&reason);
            self.log_in(reason);
            return;
        }
        let username = status.username.unwrap_or(Cow::Borrowed(name));
        let username = bounds::username(username);
        let channel = status.channel.unwrap_or(Cow::Borrowed(RoomName::GENERAL));
        let channel = bounds::room(channel);
        let channels = status.channels.unwrap_or_default();
        let (channels, more) = bounds::list(channels, status.more, bounds::room);
        self.channels.clone_from(&channels);
        self.phase = Phase::In {
            username: username.clone(),
            channel: channel.clone(),
        };
        let wanted = self.config.channel.take();
        let wanted = wanted.filter(|wanted| !RoomName::are_same(wanted, &channel));
        self.events.push_back(Event::LoggedIn {
            username,
            channel,
            channels,
            more,
        });
        if let Some(wanted) = wanted {
            let sent = self.act(self.now, Action::Join(wanted));
            debug_assert!(
                sent.is_ok(),
                "a join fits into the queue right after a login"
            );
        }
    }

    fn notification(&mut self, notification: Notification<'_>) {
        match notification {
            Notification::UserJoined { username, channel } => {
                let username = bounds::username(username);
                let me = self.is_me(&username);
                let joined = if me {
                    self.answered(|a| matches!(a, Awaited::Join(_)))
                } else {
                    None
                };
                let channel = match (channel, joined) {
                    (Some(channel), _) => bounds::room(channel),
                    (None, Some(Awaited::Join(channel))) => channel,
                    (None, _) => self
                        .place()
                        .map_or_else(String::new, |(_, c)| c.to_string()),
                };
                if let (true, Phase::In { channel: room, .. }) = (me, &mut self.phase) {
                    room.clone_from(&channel);
                }
                self.events.push_back(Event::Joined {
                    username,
                    channel,
                    me,
                });
            }
            Notification::UserLeft { username, channel } => {
                let username = bounds::username(username);
                let me = self.is_me(&username);
                let room = self
                    .place()
                    .map_or_else(String::new, |(_, room)| room.to_string());
                if me && self.answered(|a| *a == Awaited::Leave).is_some() {
                    // Other servers may not announce the return to the general room.
                    if let Phase::In { channel, .. } = &mut self.phase {
                        *channel = RoomName::GENERAL.to_string();
                    }
                }
                let channel = channel.map_or(room, bounds::room);
                self.events.push_back(Event::Left {
                    username,
                    channel,
                    me,
                });
            }
            Notification::UserRename {
                old_username,
                new_username,
            } => {
                let old_username = bounds::username(old_username);
                let new_username = bounds::username(new_username);
                let me = self.is_me(&old_username);
                if me {
                    self.answered(|a| *a == Awaited::Rename);
                    if let Phase::In { username, .. } = &mut self.phase {
                        username.clone_from(&new_username);
                    }
                }
                self.events.push_back(Event::Renamed {
                    old_username,
                    new_username,
                    me,
                });
            }
            Notification::ChannelList { channels, more } => {
                let (channels, more) = bounds::list(channels, more, bounds::room);
                self.channels.clone_from(&channels);
                let answers = match self.answered(|a| {
                    use Awaited::{Channels, Private, Public, Sync};
                    matches!(a, Channels | Sync | Private | Public)
                }) {
                    Some(Awaited::Sync) => {
                        self.events.push_back(Event::Synced);
                        return;
                    }
                    Some(Awaited::Private) => Listing::Private,
                    Some(Awaited::Public) => Listing::Public,
                    _ => Listing::Channels,
                };
                self.events.push_back(Event::Channels {
                    channels,
                    more,
                    answers,
                });
            }
            Notification::UserList {
                channel,
                users,
                more,
            } => {
                self.answered(|a| *a == Awaited::Users);
                let channel = bounds::room(channel);
                let (users, more) = bounds::list(users, more, bounds::username);
                self.events.push_back(Event::Users {
                    channel,
                    users,
                    more,
                });
            }
        }
    }

    /// Takes the first awaited command that `answers` is true of from the list.
    fn answered(&mut self, answers: impl Fn(&Awaited) -> bool) -> Option<Awaited> {
        let at = self.awaited.iter().position(answers)?;
        self.awaited.remove(at)
    }

    fn is_me(&self, username: &str) -> bool {
        self.place().is_some_and(|(me, _)| me == username)
    }
}
