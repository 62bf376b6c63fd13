//! What becomes of the client by what its session tells.

use chatmaster_core::RoomName;
use chatmaster_core::session::{Action, End, Event, Listing, RequestId};
use jiff::civil::DateTime;

use super::bell::Import;
use super::connection::{effects, time};
use super::log::{Entry, Kind, Speaker};
use super::roster::{Members, Rooms};
use super::words::in_our_words;
use super::{App, Effect};
use crate::client::command;
use crate::client::connection::{Arrival, Asker, Open, Output, Privacy};
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
                request,
                ..
            } => {
                self.answered(request);
                let arrival = self.connection.logged_in(time(at), username, &channel);
                self.arrived(at, arrival, &channel);
                self.rooms = Rooms {
                    names: channels,
                    more,
                };
                self.enter_room(channel);
                if self.connection.on_the_way().is_none() {
                    self.bring_draft();
                }
                let listen = self.connection.listen();
                return effects([self.ask_for_users(), listen]);
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
                self.log.push(entry);
                if self.ringer.rings(at, import, self.log.focus()) {
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
                let asked = self.answered(request).is_some();
                // The one after a login tells nothing new.
                if self.connection.room() != Some(&channel) {
                    let aim = self.aim().map(str::to_owned);
                    let text = match self.connection.entered(&channel) {
                        Arrival::Back => format!("You are back in {channel}."),
                        Arrival::First => format!("You are in {channel} now."),
                    };
                    self.log.push(Entry::new(at, Kind::Joined, &text));
                    self.enter_room(channel.clone());
                    match aim {
                        Some(aim) if !asked && !RoomName::are_same(&aim, &channel) => {
                            self.divert(at, &aim);
                        }
                        _ => self.settle_in(),
                    }
                    return effects([self.ask_for_users(), self.ask_for_channels()]);
                }
                self.members.join(&username);
            }
            Event::Joined {
                username,
                channel,
                me: false,
                ..
            } => {
                let text = format!("{username} joined {channel}.");
                self.log.push(Entry::new(at, Kind::Joined, &text));
                self.members.join(&username);
            }
            Event::Left {
                channel,
                me: true,
                request,
                ..
            } => {
                let asked = self.answered(request).is_some();
                let general = RoomName::GENERAL;
                let text = format!("You left {channel} and are in {general} now.");
                self.log.push(Entry::new(at, Kind::Left, &text));
                self.enter_room(general.into());
                if asked {
                    self.settle_in();
                } else {
                    self.divert(at, &channel);
                }
                return effects([self.ask_for_users(), self.ask_for_channels()]);
            }
            Event::Left {
                username,
                channel,
                me: false,
                ..
            } => {
                let text = format!("{username} left {channel}.");
                self.log.push(Entry::new(at, Kind::Left, &text));
                self.members.leave(&username);
            }
            Event::Renamed {
                old_username,
                new_username,
                me,
                request,
                ..
            } => {
                self.answered(request);
                self.members.rename(&old_username, &new_username);
                if me {
                    self.notice(at, &format!("You are {new_username} now."));
                    self.connection.set_own_name(new_username);
                } else {
                    self.notice(at, &format!("{old_username} is {new_username} now."));
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
                if self.connection.room() == Some(&channel) {
                    self.members = Members::listed(users, more);
                }
            }
            Event::Error {
                error_type,
                message,
                request,
            } => {
                let refused = self.answered(request);
                let is_sync = |refused: &Open| refused.action == Action::Sync;
                if refused.as_ref().is_some_and(is_sync) {
                    // A server that has no such command answers in order all the same.
                    return effects(self.connection.sync());
                }
                let message = in_our_words(&message);
                if error_type == "join"
                    && refused.is_none()
                    && let Some((room, text)) = self.shut_out(&message)
                {
                    self.complain(at, &text);
                    self.divert(at, &room);
                    return Vec::new();
                }
                if refused
                    .as_ref()
                    .is_none_or(|refused| refused.asker == Asker::User)
                {
                    let about = match refused.and_then(|refused| command::typed(&refused.action)) {
                        Some(command) => command,
                        None if error_type == "message" => "Not delivered".into(),
                        None if error_type == "channels" => "/rooms".into(),
                        None => error_type,
                    };
                    self.complain_of_server(at, &format!("{about}: {message}"));
                }
            }
            Event::Unknown { package } => {
                let start: String = package.chars().take(MAX_UNKNOWN_CHARS).collect();
                self.complain(at, &format!("The server sent something unknown: {start}"));
            }
            Event::Synced { request } => {
                self.answered(request);
                return effects(self.connection.sync());
            }
            // They are of version 2, which is not asked for.
            Event::Sent { .. } | Event::History { .. } | Event::Notified { .. } => {}
            Event::Unsent { first, .. } => self.connection.unsent(first),
            Event::Ended(End::Quit) => return vec![Effect::Quit],
            Event::Ended(end) => return self.lost(at, &end),
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
        match answers {
            Listing::Private => {
                self.notice(
                    at,
                    &format!("{room} is private now: hidden, and closed to newcomers."),
                );
            }
            Listing::Public => {
                self.notice(
                    at,
                    &format!("{room} is public now: shown, and open to everyone."),
                );
            }
            Listing::Channels => {
                if was_asked_for {
                    self.notice(at, &format!("Rooms: {}.", listed(&rooms.names, rooms.more)));
                }
            }
        }
        self.rooms = rooms;
        if self.connection.set_privacy(privacy) {
            self.warn_of_publicity(at);
        }
    }

    pub(super) fn forget_the_server(&mut self) {
        self.members = Members::default();
        self.rooms = Rooms::default();
    }

    fn enter_room(&mut self, room: String) {
        self.members = Members::only(self.connection.name().unwrap_or_default());
        self.connection.set_room(room);
    }

    fn ask_for_users(&mut self) -> Output {
        self.connection.request(Action::Users, Asker::Client)
    }

    fn ask_for_channels(&mut self) -> Output {
        self.connection.request(Action::Channels, Asker::Client)
    }
}
