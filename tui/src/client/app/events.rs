//! What becomes of the client by what its session tells.

use chatmaster_core::session::{Action, End, Event, Listing, RequestId};
use chatmaster_core::wire::{Command, Version};
use jiff::civil::DateTime;

use super::connection::{effects, time};
use super::log::{Entry, Kind};
use super::order::{closed, opened};
use super::roster::{Members, Rooms};
use super::talk::Heard;
use super::windows::Standing;
use super::words::in_our_words;
use super::{App, Effect};
use crate::client::command;
use crate::client::connection::{Arrival, Asker, Open, Output, Privacy, Welcome};
use crate::text::listed;

/// How much of a package that makes no sense is shown.
const MAX_UNKNOWN_CHARS: usize = 200;

impl App {
    #[allow(clippy::too_many_lines, reason = "an arm for each event")]
    pub(super) fn event(&mut self, at: DateTime, event: Event) -> Vec<Effect> {
        self.connection.heard();
        self.look_for_company(&event);
        match event {
            Event::NameWanted { reason, request } => {
                self.answered(request);
                return self.name_wanted(at, reason);
            }
            Event::LoggedIn {
                username,
                channel,
                channels,
                more,
                version,
                resume,
                joined,
                resumed,
                with,
                request,
            } => {
                self.answered(request);
                let before = std::mem::replace(&mut self.version, version);
                let welcome = Welcome {
                    username,
                    channel: channel.clone(),
                    joined: joined.clone(),
                    version,
                    resume,
                    resumed,
                };
                let (arrival, doubtful) = self.connection.logged_in(time(at), welcome);
                if arrival != Arrival::Resumed {
                    self.forget_the_server();
                }
                self.rooms = Rooms {
                    names: channels,
                    more,
                };
                let mut effects = self.say_again();
                effects.extend(match version {
                    Version::One => self.take_place(before, &channel),
                    Version::Two => self.take_places(&channel, &joined, resumed, with),
                });
                self.arrived(at, arrival, &channel);
                self.tell_doubtful(at, doubtful);
                effects.push(self.connection.listen().into());
                return effects;
            }
            Event::Message {
                username,
                message,
                channel,
                to,
                id,
                time,
            } => {
                let heard = Heard {
                    username,
                    message,
                    channel,
                    to,
                    id,
                    time,
                };
                return self.heard(at, heard);
            }
            Event::Sent { id, time, request } => self.sent(request, id, time),
            Event::History {
                messages,
                more,
                request,
                ..
            } => return self.history(at, request, messages, more),
            Event::Notified {
                notification,
                request,
            } => return self.notified(at, notification, request),
            Event::Joined {
                username,
                channel,
                me: true,
                topic,
                request,
            } => {
                let asked = self.answered(request);
                if self.version == Version::Two {
                    return self.came_into(at, asked.as_ref(), &channel, topic);
                }
                // The one after a login tells nothing new.
                if self.connection.room() != Some(&channel) {
                    self.entered(at, asked.as_ref(), &channel);
                    return effects([self.ask_for_users(), self.ask_for_channels()]);
                }
                if let Some(window) = self.windows.room_mut(&channel) {
                    window.members.join(&username);
                }
            }
            Event::Joined {
                username,
                channel,
                me: false,
                ..
            } => {
                let text = format!("{username} joined {channel}.");
                self.tell_of_passing(&channel, &username, Entry::new(at, Kind::Joined, &text));
                if let Some(window) = self.windows.room_mut(&channel) {
                    window.members.join(&username);
                }
            }
            Event::Left {
                channel,
                me: true,
                request,
                ..
            } => {
                let asked = self.answered(request).is_some();
                if self.version == Version::Two {
                    self.left_one(at, &channel, asked);
                    return effects([self.ask_for_channels()]);
                }
                self.left(at, &channel, asked);
                return effects([self.ask_for_users(), self.ask_for_channels()]);
            }
            Event::Left {
                username,
                channel,
                me: false,
                ..
            } => {
                let text = format!("{username} left {channel}.");
                self.tell_of_passing(&channel, &username, Entry::new(at, Kind::Left, &text));
                if let Some(window) = self.windows.room_mut(&channel) {
                    window.members.leave(&username);
                }
            }
            Event::Renamed {
                old_username,
                new_username,
                channel,
                me,
                request,
            } => {
                self.answered(request);
                let what = if me {
                    format!("You are {new_username} now.")
                } else {
                    format!("{old_username} is {new_username} now.")
                };
                let room = channel.as_deref().or(self.connection.room());
                let window = self.window_of(room);
                self.push(window, Entry::new(at, Kind::Info, &what));
                if let Some(window) = self.windows.get_mut(window) {
                    window.members.rename(&old_username, &new_username);
                }
                if me {
                    self.connection.set_own_name(new_username);
                } else {
                    self.windows.rename(&old_username, &new_username);
                }
            }
            Event::Channels {
                channels,
                more,
                answers,
                request,
            } => {
                let rooms = Rooms {
                    names: channels,
                    more,
                };
                self.channels(at, rooms, answers, request);
            }
            Event::Users {
                channel,
                users,
                more,
                request,
            } => {
                if self.was_asked_for(request) {
                    self.notice(at, &format!("In {channel}: {}.", listed(&users, more)));
                }
                if let Some(window) = self.windows.room_mut(&channel)
                    && window.standing == Standing::In
                {
                    window.members = Members::listed(users, more);
                }
            }
            Event::Error {
                error_type,
                message,
                request,
            } => return self.error(at, &error_type, &message, request),
            Event::Unknown { package } => {
                let start: String = package.chars().take(MAX_UNKNOWN_CHARS).collect();
                self.complain(at, &format!("The server sent something unknown: {start}"));
            }
            Event::Synced { request } => {
                self.answered(request);
                return effects(self.connection.sync());
            }
            Event::Unsent { first, .. } => self.connection.unsent(first),
            Event::Ended(End::Quit) => return vec![Effect::Quit],
            Event::Ended(end) => return self.lost(at, &end),
        }
        Vec::new()
    }

    /// The server could not do something.
    fn error(
        &mut self,
        at: DateTime,
        error_type: &str,
        message: &str,
        request: Option<RequestId>,
    ) -> Vec<Effect> {
        let refused = self.answered(request);
        let is_sync = |refused: &Open| refused.action == Action::Sync;
        if refused.as_ref().is_some_and(is_sync) {
            // A server that has no such command answers in order all the same.
            return effects(self.connection.sync());
        }
        let message = in_our_words(message);
        if error_type == "join"
            && refused.is_none()
            && let Some((room, text)) = self.shut_out(&message)
        {
            self.kept_out(at, &room, &text);
            return Vec::new();
        }
        let Some(Open { action, asker, .. }) = refused else {
            self.complain_of_server(at, &format!("{}: {message}", about(error_type)));
            return Vec::new();
        };
        match &action {
            Action::Other(Command::History { .. }) => {
                let window = self.place_of(&action);
                self.no_history(window);
            }
            Action::Other(Command::Switch { .. }) => self.not_switched(),
            _ => {}
        }
        if asker == Asker::Client {
            if let Some(room) = is_join(&action) {
                self.connection.shut_out();
                self.kept_out(at, &room, &format!("You are not back in {room}: {message}"));
            }
            return Vec::new();
        }
        let about = command::typed(&action).unwrap_or_else(|| about(error_type).into());
        let what = format!("{about}: {message}");
        match action {
            action if is_join(&action).is_some() => {
                self.kept_out(at, &is_join(&action).unwrap_or_default(), &what);
            }
            Action::SayIn { .. } | Action::Tell { .. } => self.unsaid(at, &action, &what),
            Action::Leave => {
                self.not_left();
                self.complain(at, &what);
            }
            action => {
                let window = self.window_for(&action);
                self.push(window, Entry::new(at, Kind::Error, &what));
            }
        }
        Vec::new()
    }

    /// What the user or the client had asked for, if that is it.
    pub(super) fn answered(&mut self, request: Option<RequestId>) -> Option<Open> {
        self.connection.answered(request?)
    }

    /// The same, if the user is to read the answer.
    fn was_asked_for(&mut self, request: Option<RequestId>) -> bool {
        let asked = self.answered(request);
        asked.is_some_and(|asked| asked.asker == Asker::User)
    }

    fn channels(
        &mut self,
        at: DateTime,
        rooms: Rooms,
        answers: Listing,
        request: Option<RequestId>,
    ) {
        let asked = self.answered(request);
        let was_asked_for = asked
            .as_ref()
            .is_some_and(|asked| asked.asker == Asker::User);
        let answers = match asked.as_ref().map(|asked| &asked.action) {
            Some(Action::Other(Command::Private { .. })) => Listing::Private,
            Some(Action::Other(Command::Public { .. })) => Listing::Public,
            _ => answers,
        };
        let about = asked.and_then(|asked| command::room_of(&asked.action));
        let room = about.or(self.connection.room().map(str::to_owned));
        let room = room.unwrap_or_default();
        let privacy = match answers {
            Listing::Private => Privacy::Private,
            Listing::Public => Privacy::Public,
            // Nobody but the owner is told, but a room that is hidden is in no list.
            Listing::Channels => rooms.privacy_of(&room),
        };
        let what = match answers {
            Listing::Private => closed(&format!("{room} is private now")),
            Listing::Public => opened(&format!("{room} is public now")),
            Listing::Channels if was_asked_for => {
                format!("Rooms: {}.", listed(&rooms.names, rooms.more))
            }
            Listing::Channels => String::new(),
        };
        let told = match answers {
            Listing::Private | Listing::Public => self.window_of(Some(&room)),
            Listing::Channels => self.windows.here().id(),
        };
        if !what.is_empty() {
            self.push(told, Entry::new(at, Kind::Info, &what));
        }
        self.rooms = rooms;
        let rooms = &self.rooms;
        let mut opened_meanwhile = Vec::new();
        let windows = self.windows.iter_mut();
        for window in windows.filter(|window| window.standing == Standing::In) {
            if let Some(room) = window.room().map(str::to_owned) {
                window.privacy = rooms.privacy_of(&room);
                let was_private = std::mem::take(&mut window.is_doubtful);
                if was_private && window.privacy == Privacy::Public {
                    opened_meanwhile.push(room);
                }
            }
        }
        for room in opened_meanwhile {
            self.warn_of_publicity(at, &room);
        }
        self.set_privacy(&room, privacy);
        if self.connection.set_privacy(privacy) {
            self.warn_of_publicity(at, &room);
        }
    }

    pub(super) fn forget_the_server(&mut self) {
        self.leave_the_rooms();
        self.rooms = Rooms::default();
    }

    /// The user is in, in this room, and was with a server of that version before.
    fn take_place(&mut self, before: Version, room: &str) -> Vec<Effect> {
        self.moved(room);
        let mut outputs = vec![self.ask_for_users()];
        // Nobody has asked the session to go there, for the server that was there could do more.
        if before == Version::Two
            && let Some(aim) = self.connection.on_the_way().map(str::to_owned)
        {
            outputs.push(self.connection.request(Action::Join(aim), Asker::Client));
        }
        effects(outputs)
    }

    fn ask_for_users(&mut self) -> Output {
        self.connection.request(Action::Users, Asker::Client)
    }

    pub(super) fn ask_for_channels(&mut self) -> Output {
        self.connection.request(Action::Channels, Asker::Client)
    }
}

/// The room that `action` is to enter, if it is.
fn is_join(action: &Action) -> Option<String> {
    match action {
        Action::Join(room) => Some(room.clone()),
        Action::Other(Command::Join { channel, .. }) => Some(channel.to_string()),
        _ => None,
    }
}

/// What an error of this type is about, as the user knows it.
fn about(error_type: &str) -> &str {
    match error_type {
        "message" => "Not delivered",
        "channels" => "/rooms",
        other => other,
    }
}
