//! Several rooms at once, as version 2 of the protocol has them: what the server has the user in, and what
//! they come back into by themselves. One of them is the one looked at, here and there.

use chatmaster_core::RoomName;
use chatmaster_core::session::Action;
use chatmaster_core::wire::{Command, Version};
use jiff::civil::DateTime;

use super::connection::effects;
use super::log::{Entry, Kind};
use super::windows::{Standing, Window, WindowId};
use super::{App, Effect, Phase, User};
use crate::client::connection::{Arrival, Asker, Open, Output, Privacy};

/// What the client and the server agree on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Agreement {
    /// The window that the server was told of last.
    told: Option<WindowId>,
    /// Whether it has not answered yet.
    is_asked: bool,
}

impl App {
    /// The user is in, in these rooms; `resumed`, if they never were out of them. What was said between them
    /// and those in `with` alone may have been lost.
    pub(super) fn take_places(
        &mut self,
        channel: &str,
        joined: &[String],
        resumed: bool,
        with: Vec<String>,
    ) -> Vec<Effect> {
        self.agreement = Agreement::default();
        // The first room there is takes the window that was there before all rooms.
        self.windows.enter(channel);
        let is_joined = |room: &str| joined.iter().any(|other| RoomName::are_same(room, other));
        // The session enters one by itself where nobody knew yet what the server speaks.
        let by_session = match self.entry {
            SessionEntry::Asked => self.connection.on_the_way().map(str::to_owned),
            SessionEntry::None => {
                self.connection.shut_out();
                None
            }
        };
        let mut back = Vec::new();
        for window in self.windows.iter_mut() {
            let Some(room) = window.room().map(str::to_owned) else {
                continue;
            };
            if is_joined(&room) || window.standing == Standing::Out {
                continue;
            }
            window.standing = Standing::Entering;
            let by_session = by_session.as_deref();
            if !by_session.is_some_and(|other| RoomName::are_same(&room, other)) {
                back.push(room);
            }
        }
        let name = self.connection.name().unwrap_or_default().to_owned();
        let mut outputs = Vec::new();
        for room in joined {
            let window = self.windows.enter(room);
            if resumed {
                window.standing = Standing::In;
            } else {
                window.enter(&name);
            }
            let id = window.id();
            outputs.push(self.ask_for_members(room));
            outputs.extend(self.catch_up(id));
        }
        outputs.extend(with.into_iter().filter_map(|whom| self.catch_up_with(whom)));
        for room in back {
            let join = Command::Join {
                channel: room.into(),
                stay: true,
            };
            outputs.push(self.connection.request(Action::Other(join), Asker::Client));
        }
        if self.user == User::LooksOn
            && let Some(window) = self.windows.room(channel).map(Window::id)
        {
            self.look_at(window);
        }
        effects(outputs)
    }

    /// The user has come into `room`, and stays in the others.
    pub(super) fn came_into(
        &mut self,
        at: DateTime,
        asked: Option<&Open>,
        room: &str,
        topic: Option<String>,
    ) -> Vec<Effect> {
        if let Some(Action::Other(Command::Join { channel, .. })) = asked.map(|asked| &asked.action)
        {
            self.windows.respell(channel, room);
        }
        // What the session does by itself is a plain join, which leads out of the room before.
        let is_plain = asked.is_none()
            && self
                .connection
                .on_the_way()
                .is_some_and(|aim| RoomName::are_same(aim, room));
        if is_plain {
            self.leave_plainly(room);
        }
        let window = self.windows.enter(room);
        window.topic = topic.unwrap_or_default();
        let (id, about) = (window.id(), window.topic.clone());
        if window.standing == Standing::In {
            return Vec::new();
        }
        let name = self.connection.name().unwrap_or_default();
        let by_client = asked.is_some_and(|asked| asked.asker == Asker::Client);
        let window = self.windows.enter(room);
        window.is_doubtful = by_client && window.privacy == Privacy::Private;
        window.enter(name);
        let text = match self.connection.entered(room) {
            Arrival::First if !by_client => format!("You are in {room} now."),
            _ => format!("You are back in {room}."),
        };
        self.push(id, Entry::new(at, Kind::Joined, &text));
        if !about.is_empty() {
            self.tell_room(at, room, &format!("{room} is about: {about}"));
        }
        if self.user == User::LooksOn {
            self.look_at(id);
        }
        let mut outputs = vec![self.ask_for_members(room), self.ask_for_channels()];
        outputs.extend(self.catch_up(id));
        effects(outputs)
    }

    /// The user was in a room only until they entered `room`.
    fn leave_plainly(&mut self, room: &str) {
        let Some(left) = self
            .connection
            .room()
            .filter(|left| !RoomName::are_same(left, room))
        else {
            return;
        };
        if let Some(window) = self.windows.room_mut(left) {
            window.standing = Standing::Out;
            let (id, is_idle) = (window.id(), window.is_idle());
            if is_idle && self.windows.here().id() != id {
                self.windows.close(id);
            }
        }
    }

    /// The user has left `room`, as they asked for or not.
    pub(super) fn left_one(&mut self, at: DateTime, room: &str, asked: bool) {
        let Some(window) = self.windows.room_mut(room) else {
            return;
        };
        window.standing = Standing::Out;
        window.members = Default::default();
        let id = window.id();
        if asked && window.editor.is_empty() {
            self.close(id);
        } else {
            self.push(id, Entry::new(at, Kind::Left, &format!("You left {room}.")));
        }
    }

    /// The server has the user look at another of their rooms.
    pub(super) fn switched(&mut self, room: &str) {
        self.agreement.is_asked = false;
        self.connection.set_room(room.to_owned());
        let window = self.windows.enter(room);
        window.standing = Standing::In;
        let id = window.id();
        if self.user == User::LooksOn {
            self.look_at(id);
        }
    }

    /// The server does not switch to the room it was told of.
    pub(super) fn not_switched(&mut self) {
        self.agreement.is_asked = false;
    }

    /// Has the rooms kept for the next time in which the user is, if they are others than before.
    pub(super) fn keep_rooms(&mut self) -> Option<Effect> {
        let kept = self.kept.as_mut()?;
        if self.version == Version::One || self.connection.phase() != Phase::Talking {
            return None;
        }
        let windows = self.windows.iter();
        let in_them = windows.filter(|window| window.standing != Standing::Out);
        let rooms = in_them.filter_map(|window| window.room().map(str::to_owned));
        let rooms: Vec<String> = rooms.collect();
        if *kept == rooms {
            return None;
        }
        kept.clone_from(&rooms);
        let server = self.server.clone();
        Some(Effect::KeepRooms { server, rooms })
    }

    /// Tells the server which room is looked at, if it does not know. It is told one at a time, however
    /// fast one goes through the windows.
    pub(super) fn agree(&mut self) -> Vec<Effect> {
        let here = self.windows.here();
        let id = here.id();
        let (Some(room), Standing::In) = (here.room(), here.standing) else {
            return Vec::new();
        };
        let is_known = self
            .connection
            .room()
            .is_some_and(|current| RoomName::are_same(current, room));
        if is_known {
            self.agreement.told = None;
        }
        let is_told = self.agreement.is_asked || self.agreement.told == Some(id);
        let is_possible = self.version == Version::Two
            && self.connection.phase() == Phase::Talking
            && self.user == User::TakesPart;
        if is_known || is_told || !is_possible {
            return Vec::new();
        }
        let switch = Command::Switch {
            channel: room.to_owned().into(),
        };
        self.agreement = Agreement {
            told: Some(id),
            is_asked: true,
        };
        effects([self
            .connection
            .request(Action::Other(switch), Asker::Client)])
    }

    /// Leaves the room of the window that is looked at, and looks at the one before.
    pub(super) fn leave_one(&mut self, at: DateTime, room: String) -> Vec<Effect> {
        let here = self.windows.here().id();
        let is_other = |window: &&Window| window.id() != here && window.standing == Standing::In;
        let others: Vec<&Window> = self.windows.iter().filter(is_other).collect();
        let before = self.windows.before();
        let to = others.iter().find(|window| Some(window.id()) == before);
        let to = to.or_else(|| others.iter().find(|window| window.room().is_some()));
        let general = RoomName::GENERAL;
        match to.map(|window| window.id()) {
            Some(to) => self.look_at(to),
            None if !RoomName::are_same(&room, general) => {
                let window = self.windows.enter(general);
                window.standing = Standing::Entering;
                let general = window.id();
                self.look_at(general);
            }
            // There is nowhere to go, as the server will say.
            None => {}
        }
        let channel = Some(room.into());
        self.act(at, Action::Other(Command::Leave { channel }))
    }

    fn ask_for_members(&mut self, room: &str) -> Output {
        let channel = Some(room.to_owned().into());
        let users = Action::Other(Command::Users { channel });
        self.connection.request(users, Asker::Client)
    }
}

/// Whether the session enters a room by itself when it is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SessionEntry {
    /// It does not.
    #[default]
    None,
    /// It was asked to.
    Asked,
}

impl SessionEntry {
    /// What it is asked for, on the way to a server that may speak `version`. One of version 2 is asked by
    /// the client, for each of the rooms.
    pub(super) fn ask(&mut self, version: Version, room: Option<String>) -> Option<String> {
        let room = room.filter(|_| version == Version::One);
        *self = match room {
            Some(_) => SessionEntry::Asked,
            None => SessionEntry::None,
        };
        room
    }
}
