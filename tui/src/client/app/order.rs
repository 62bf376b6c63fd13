//! How rooms are kept in order: what they are about, who may come in and talk, whose they are.

use chatmaster_core::session::RequestId;
use chatmaster_core::wire::Notification;
use jiff::civil::DateTime;

use super::bell::Import;
use super::log::{Entry, Kind};
use super::windows::Standing;
use super::{App, Effect};
use crate::client::connection::{Asker, Open, Privacy};
use crate::text::listed;

impl App {
    /// Something has happened that version 2 of the protocol tells of.
    pub(super) fn notified(
        &mut self,
        at: DateTime,
        notification: Notification<'static>,
        request: Option<RequestId>,
    ) -> Vec<Effect> {
        let asked = self.answered(request);
        let me = self.connection.name().unwrap_or_default();
        if let Some((room, what)) = in_words(&notification, me) {
            self.tell_room(at, room, &what);
        }
        match notification {
            Notification::ChannelSwitched { channel } => self.switched(&channel),
            Notification::ChannelPrivate { channel, .. } => {
                self.set_privacy(&channel, Privacy::Private);
            }
            Notification::ChannelPublic { channel, .. } => {
                self.set_privacy(&channel, Privacy::Public);
            }
            Notification::Invited { channel, username } => {
                let what = format!("{username} invites you into {channel}. Alt-J enters it.");
                self.notice(at, &what);
                self.invitation = Some(channel.into_owned());
                return self.ring_anywhere(at);
            }
            Notification::TopicChanged { channel, topic, .. } => {
                if let Some(window) = self.windows.room_mut(&channel) {
                    window.topic = topic.into_owned();
                }
            }
            Notification::UserKicked {
                channel,
                username,
                by,
                reason,
            } => self.put_out(
                at,
                &channel,
                &username,
                &format!("put out by {by}"),
                &reason,
            ),
            Notification::UserBanned {
                channel,
                username,
                by,
                reason,
            } => self.put_out(at, &channel, &username, &format!("banned by {by}"), &reason),
            Notification::Ignored { username } if by_user(asked.as_ref()) => {
                let what = format!("{username} can tell you nothing alone, nor invite you.");
                self.notice(at, &what);
            }
            Notification::Unignored { username } if by_user(asked.as_ref()) => {
                self.notice(
                    at,
                    &format!("{username} can tell you something alone again."),
                );
            }
            // They are words alone, or have events of their own.
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn is_me(&self, name: &str) -> bool {
        self.connection.name() == Some(name)
    }

    /// Says what the room of the window is about.
    pub(super) fn tell_topic(&mut self, at: DateTime) {
        let here = self.windows.here();
        let what = match (here.room(), &*here.topic) {
            (None, _) => "This is no room.".into(),
            (Some(room), "") => format!("{room} is about nothing in particular."),
            (Some(room), topic) => format!("{room} is about: {topic}"),
        };
        self.notice(at, &what);
    }

    /// Enters the room one was invited into last.
    pub(super) fn accept(&mut self, at: DateTime) -> Vec<Effect> {
        match self.invitation.take() {
            Some(room) => self.join(at, room),
            None => {
                self.complain(at, "Nobody has invited you.");
                Vec::new()
            }
        }
    }

    fn ring_anywhere(&mut self, at: DateTime) -> Vec<Effect> {
        let here = self.windows.here().id();
        self.ring(at, here, Import::Mention)
    }

    /// Says something in the window of a room.
    pub(super) fn tell_room(&mut self, at: DateTime, room: &str, what: &str) {
        self.push(self.window_of(Some(room)), Entry::new(at, Kind::Info, what));
    }

    pub(super) fn set_privacy(&mut self, room: &str, privacy: Privacy) {
        if let Some(window) = self.windows.room_mut(room) {
            window.privacy = privacy;
        }
    }

    /// Someone was put out of a room.
    fn put_out(&mut self, at: DateTime, room: &str, whom: &str, how: &str, reason: &str) {
        let why = match reason {
            "" => ".".into(),
            reason => format!(": {reason}"),
        };
        let me = self.is_me(whom);
        let what = if me {
            format!("You were {how}{why}")
        } else {
            format!("{whom} was {how}{why}")
        };
        let window = self.window_of(Some(room));
        self.push(window, Entry::new(at, Kind::Left, &what));
        if let Some(window) = self.windows.room_mut(room) {
            if me {
                window.standing = Standing::Out;
                window.members = Default::default();
            } else {
                window.members.leave(whom);
            }
        }
    }
}

/// Whether the user has asked for it.
fn by_user(asked: Option<&Open>) -> bool {
    asked.is_some_and(|asked| asked.asker == Asker::User)
}

/// What the members of a room read of something, and in which room, if it is no more than words to them.
fn in_words<'a>(notification: &'a Notification<'_>, me: &str) -> Option<(&'a str, String)> {
    Some(match notification {
        Notification::ChannelPrivate { channel, username } => (
            channel,
            closed(&format!("{username} has made {channel} private")),
        ),
        Notification::ChannelPublic { channel, username } => (
            channel,
            opened(&format!("{username} has made {channel} public")),
        ),
        Notification::UserInvited { channel, username } => {
            (channel, format!("{username} may come into {channel} now."))
        }
        Notification::UserUninvited { channel, username } => {
            let what = format!("{username} may not come into {channel} any more.");
            (channel, what)
        }
        Notification::TopicChanged {
            channel,
            topic,
            username,
        } if topic.is_empty() => {
            let what = format!("{username} says that {channel} is about nothing in particular.");
            (channel, what)
        }
        Notification::TopicChanged {
            channel,
            topic,
            username,
        } => (
            channel,
            format!("{username} says that {channel} is about: {topic}"),
        ),
        Notification::UserUnbanned {
            channel,
            username,
            by,
        } => (
            channel,
            format!("{username} may come into {channel} again, says {by}."),
        ),
        Notification::BanList { channel, users, .. } if users.is_empty() => {
            (channel, format!("Nobody is kept out of {channel}."))
        }
        Notification::BanList {
            channel,
            users,
            more,
        } => {
            let users: Vec<String> = users.iter().map(ToString::to_string).collect();
            (
                channel,
                format!("Kept out of {channel}: {}.", listed(&users, *more)),
            )
        }
        Notification::UserMuted {
            channel,
            username,
            by,
        } => (
            channel,
            format!("{username} may not talk in {channel}, says {by}."),
        ),
        Notification::UserUnmuted {
            channel,
            username,
            by,
        } => (
            channel,
            format!("{username} may talk in {channel} again, says {by}."),
        ),
        Notification::OwnerChanged { channel, username } if username == me => {
            (channel, format!("{channel} is yours now."))
        }
        Notification::OwnerChanged { channel, username } => {
            (channel, format!("{channel} is {username}'s now."))
        }
        _ => return None,
    })
}

/// What it is that a room is private, which `what` says.
pub(super) fn closed(what: &str) -> String {
    format!("{what}: hidden, and closed to newcomers.")
}

/// Likewise public.
pub(super) fn opened(what: &str) -> String {
    format!("{what}: shown, and open to everyone.")
}
