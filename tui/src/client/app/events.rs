//! What becomes of the client by what its session tells.

use chatmaster_core::RoomName;
use chatmaster_core::session::{Action, End, Event, Listing};
use jiff::civil::DateTime;

use super::bell::Import;
use super::commands::in_our_words;
use super::log::{Entry, Kind, Speaker};
use super::roster::{Asker, Members, Rooms};
use super::{App, Effect, Phase, Privacy};
use crate::text::listed;

/// How much of a package that makes no sense is shown.
const MAX_UNKNOWN_CHARS: usize = 200;

impl App {
    pub(super) fn event(&mut self, at: DateTime, event: Event) -> Vec<Effect> {
        self.heard();
        self.look_for_company(&event);
        match event {
            Event::NameWanted { reason } => return self.name_wanted(at, reason),
            Event::LoggedIn {
                username,
                channel,
                channels,
                more,
            } => {
                self.arrived(at, &username, &channel);
                self.phase = Phase::Talking;
                self.take_name(username);
                self.rooms = Rooms {
                    names: channels,
                    more,
                };
                self.enter_room(channel);
                if self.on_the_way().is_none() {
                    self.bring_draft();
                }
                return vec![self.ask_for_users(), self.listen()];
            }
            Event::Message { username, message } => {
                let entry = Entry::said(at, &username, Speaker::Other, &message)
                    .to(self.name.as_deref().unwrap_or_default());
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
            } => {
                let asked = self.pending.commands.joined(&channel);
                // The one after a login tells nothing new.
                if self.room.as_ref() != Some(&channel) {
                    let aim = self.aim().map(str::to_owned);
                    let text = self.entered(&channel);
                    self.log.push(Entry::new(at, Kind::Joined, &text));
                    self.enter_room(channel.clone());
                    match aim {
                        Some(aim) if !asked && !RoomName::are_same(&aim, &channel) => {
                            self.divert(at, &aim);
                        }
                        _ => self.settle_in(),
                    }
                    return vec![self.ask_for_users(), self.ask_for_channels()];
                }
                self.members.join(&username);
            }
            Event::Joined {
                username,
                channel,
                me: false,
            } => {
                let text = format!("{username} joined {channel}.");
                self.log.push(Entry::new(at, Kind::Joined, &text));
                self.members.join(&username);
            }
            Event::Left {
                channel, me: true, ..
            } => {
                let asked = self.pending.commands.answered("leave").is_some();
                let general = RoomName::GENERAL;
                let text = format!("You left {channel} and are in {general} now.");
                self.log.push(Entry::new(at, Kind::Left, &text));
                self.enter_room(general.into());
                if asked {
                    self.settle_in();
                } else {
                    self.divert(at, &channel);
                }
                return vec![self.ask_for_users(), self.ask_for_channels()];
            }
            Event::Left {
                username,
                channel,
                me: false,
            } => {
                let text = format!("{username} left {channel}.");
                self.log.push(Entry::new(at, Kind::Left, &text));
                self.members.leave(&username);
            }
            Event::Renamed {
                old_username,
                new_username,
                me,
            } => {
                self.members.rename(&old_username, &new_username);
                if me {
                    self.pending.commands.answered("rename");
                    self.notice(at, &format!("You are {new_username} now."));
                    self.take_name(new_username);
                } else {
                    self.notice(at, &format!("{old_username} is {new_username} now."));
                }
            }
            Event::Channels {
                channels,
                more,
                answers,
            } => {
                self.channels(
                    at,
                    Rooms {
                        names: channels,
                        more,
                    },
                    answers,
                );
            }
            Event::Users {
                channel,
                users,
                more,
            } => {
                if self.pending.users.pop_front() == Some(Asker::User) {
                    self.notice(at, &format!("In {channel}: {}.", listed(&users, more)));
                }
                if self.room.as_ref() == Some(&channel) {
                    self.members = Members::listed(users, more);
                }
            }
            Event::Error {
                error_type,
                message,
            } => {
                let asker = match error_type.as_str() {
                    "users" => self.pending.users.pop_front(),
                    "channels" => self.pending.channels.pop_front(),
                    _ => None,
                };
                if asker == Some(Asker::Sync) {
                    // A server that has no such command answers in order all the same.
                    return self.synced();
                }
                let message = in_our_words(&message);
                if error_type == "join"
                    && let Some((room, text)) = self.shut_out(&message)
                {
                    self.complain(at, &text);
                    self.divert(at, &room);
                    return Vec::new();
                }
                if asker != Some(Asker::Client) {
                    let about = match self.pending.commands.answered(&error_type) {
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
            Event::Synced => return self.synced(),
            Event::Unsent { messages } => self.link.unsent = messages,
            Event::Ended(End::Quit) => return vec![Effect::Quit],
            Event::Ended(end) => return self.lost(at, &end),
        }
        Vec::new()
    }

    fn channels(&mut self, at: DateTime, rooms: Rooms, answers: Listing) {
        let room = self.room.clone().unwrap_or_default();
        self.privacy = match answers {
            Listing::Private => Privacy::Private,
            Listing::Public => Privacy::Public,
            // Nobody but the owner is told, but a room that is hidden is in no list.
            Listing::Channels if rooms.lack(&room) => Privacy::Private,
            Listing::Channels => Privacy::Public,
        };
        match answers {
            Listing::Private => {
                self.pending.commands.answered("private");
                self.notice(
                    at,
                    &format!("{room} is private now: hidden, and closed to newcomers."),
                );
            }
            Listing::Public => {
                self.pending.commands.answered("public");
                self.notice(
                    at,
                    &format!("{room} is public now: shown, and open to everyone."),
                );
            }
            Listing::Channels => {
                if self.pending.channels.pop_front() == Some(Asker::User) {
                    self.notice(at, &format!("Rooms: {}.", listed(&rooms.names, rooms.more)));
                }
            }
        }
        self.rooms = rooms;
        self.compare_privacy(at);
    }

    pub(super) fn forget_the_server(&mut self) {
        self.privacy = Privacy::Public;
        self.members = Members::default();
        self.rooms = Rooms::default();
        self.pending = Default::default();
    }

    fn enter_room(&mut self, room: String) {
        self.members = Members::only(self.name.as_deref().unwrap_or_default());
        self.privacy = Privacy::Public;
        self.room = Some(room);
    }

    fn ask_for_users(&mut self) -> Effect {
        self.pending.asks_for_users();
        Effect::Act(Action::Users)
    }

    fn ask_for_channels(&mut self) -> Effect {
        self.pending.asks_for_channels();
        Effect::Act(Action::Channels)
    }
}
