//! What packages from the server mean to a client (the [protocol](crate::protocol), "Order of a
//! session" and "Commands").

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};

use super::{Action, Awaited, Event, Listing, Phase, RequestId, Session, bounds};
use crate::names::RoomName;
use crate::wire::{Notification, ServerPackage, SessionStatus};

impl Session {
    /// Makes an event of what the server says.
    pub(super) fn receive(&mut self, package: ServerPackage<'_>) {
        let last_error = self.last_error.take();
        match package {
            ServerPackage::Request { request } if request == "login" => self.log_in(None, None),
            ServerPackage::Request { request } => {
                let package = bounds::text(format!("request: {request}").into());
                self.events.push_back(Event::Unknown { package });
            }
            ServerPackage::Session(status) => self.session(status),
            ServerPackage::Message {
                message, username, ..
            } => {
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
                let request = self.answered(|action| {
                    let command = action.command();
                    command.is_some_and(|command| command.name() == error_type)
                });
                let (error_type, message) = (bounds::room(error_type), bounds::text(message));
                self.last_error = Some(message.clone());
                self.events.push_back(Event::Error {
                    error_type,
                    message,
                    request: request.and_then(|awaited| awaited.request),
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
        if name.is_none_or(|name| self.take(None, Action::Login(name)).is_err()) {
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
            request,
        });
        if let Some(wanted) = wanted {
            let sent = self.take(None, Action::Join(wanted));
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
                username, channel, ..
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
                let request = joined.as_ref().and_then(|joined| joined.request);
                let channel = match (channel, joined.map(|joined| joined.action)) {
                    (Some(channel), _) | (None, Some(Action::Join(channel))) => channel,
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
                if left.is_some() {
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
                    request: left.and_then(|left| left.request),
                });
            }
            Notification::UserRename {
                old_username,
                new_username,
                ..
            } => {
                let old_username = bounds::username(old_username);
                let new_username = bounds::username(new_username);
                let me = self.is_me(&old_username);
                let mut request = None;
                if me {
                    let renamed = self.answered(|action| matches!(action, Action::Rename(_)));
                    request = renamed.and_then(|renamed| renamed.request);
                    if let Phase::In { username, .. } = &mut self.phase {
                        username.clone_from(&new_username);
                    }
                }
                self.events.push_back(Event::Renamed {
                    old_username,
                    new_username,
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
                let request = listed.as_ref().and_then(|listed| listed.request);
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
                    request: listed.and_then(|listed| listed.request),
                });
            }
            other => {
                let package = bounds::text(alloc::format!("{other:?}").into());
                self.events.push_back(Event::Unknown { package });
            }
        }
    }

    /// Takes the first awaited command that `answers` is true of from the list.
    fn answered(&mut self, answers: impl Fn(&Action) -> bool) -> Option<Awaited> {
        let is_it = |awaited: &Awaited| answers(&awaited.action);
        let at = self.awaited.iter().position(is_it)?;
        self.awaited.remove(at)
    }

    fn is_me(&self, username: &str) -> bool {
        self.place().is_some_and(|(me, _)| me == username)
    }
}
