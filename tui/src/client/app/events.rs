//! What becomes of the client by what its session tells.

use chatmaster_core::session::{Action, End, Event, Listing, RequestId};
use jiff::civil::DateTime;

use super::bell::Import;
use super::connection::{effects, time};
use super::log::{Entry, Kind, Speaker};
use super::roster::{Members, Rooms};
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
                request,
                ..
            } => {
                self.answered(request);
                let welcome = Welcome {
                    username,
                    channel: channel.clone(),
                    joined,
                    version,
                    resume,
                    resumed,
                };
                let (arrival, doubtful) = self.connection.logged_in(time(at), welcome);
                if arrival != Arrival::Resumed {
                    self.forget_the_server();
                    self.moved(&channel);
                }
                self.arrived(at, arrival, &channel);
                self.tell_doubtful(at, doubtful);
                self.rooms = Rooms {
                    names: channels,
                    more,
                };
                let listen = self.connection.listen().into();
                let mut effects = self.say_again();
                effects.extend([self.ask_for_users().into(), listen]);
                return effects;
            }
            Event::Message {
                username, message, ..
            } => {
                let entry = Entry::said(at, &username, Speaker::Other, &message)
                    .to(self.connection.name().unwrap_or_default());
                let import = if entry.mentions_user() {
                    Import::Mention
                } else {
                    Import::Message
                };
                let window = self.window_of(self.connection.room());
                self.push(window, entry);
                let focus = self.windows.focus_on(window);
                if self.ringer.rings(at, import, focus) {
                    return vec![Effect::Bell];
                }
            }
            Event::Joined {
                username,
                channel,
                me: true,
                request,
                ..
            } => {
                let asked = self.answered(request);
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
                let window = self.window_of(Some(&channel));
                self.push(window, Entry::new(at, Kind::Joined, &text));
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
                let window = self.window_of(Some(&channel));
                self.push(window, Entry::new(at, Kind::Left, &text));
                if let Some(window) = self.windows.room_mut(&channel) {
                    window.members.leave(&username);
                }
            }
            Event::Renamed {
                old_username,
                new_username,
                me,
                request,
                ..
            } => {
                self.answered(request);
                let what = if me {
                    format!("You are {new_username} now.")
                } else {
                    format!("{old_username} is {new_username} now.")
                };
                let current = self.window_of(self.connection.room());
                self.push(current, Entry::new(at, Kind::Info, &what));
                if let Some(window) = self.windows.get_mut(current) {
                    window.members.rename(&old_username, &new_username);
                }
                if me {
                    self.connection.set_own_name(new_username);
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
            Event::Sent { request, .. }
            | Event::History { request, .. }
            | Event::Notified { request, .. } => {
                self.answered(request);
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
        if asker == Asker::Client {
            return Vec::new();
        }
        let about = command::typed(&action).unwrap_or_else(|| about(error_type).into());
        let what = format!("{about}: {message}");
        match action {
            Action::Join(room) => self.kept_out(at, &room, &what),
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
    fn answered(&mut self, request: Option<RequestId>) -> Option<Open> {
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
        let was_asked_for = self.was_asked_for(request);
        let room = self.connection.room().unwrap_or_default().to_owned();
        let privacy = match answers {
            Listing::Private => Privacy::Private,
            Listing::Public => Privacy::Public,
            // Nobody but the owner is told, but a room that is hidden is in no list.
            Listing::Channels if rooms.lack(&room) => Privacy::Private,
            Listing::Channels => Privacy::Public,
        };
        let what = match answers {
            Listing::Private => format!("{room} is private now: hidden, and closed to newcomers."),
            Listing::Public => format!("{room} is public now: shown, and open to everyone."),
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
        if let Some(window) = self.windows.room_mut(&room) {
            window.privacy = privacy;
        }
        if self.connection.set_privacy(privacy) {
            self.warn_of_publicity(at, &room);
        }
    }

    pub(super) fn forget_the_server(&mut self) {
        self.leave_the_rooms();
        self.rooms = Rooms::default();
    }

    fn ask_for_users(&mut self) -> Output {
        self.connection.request(Action::Users, Asker::Client)
    }

    fn ask_for_channels(&mut self) -> Output {
        self.connection.request(Action::Channels, Asker::Client)
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
