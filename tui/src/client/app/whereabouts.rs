//! Where the user is, and where what they type can go: what is typed in a window is said in its room, or
//! not at all.

use chatmaster_core::RoomName;
use chatmaster_core::session::Action;
use chatmaster_core::wire::{Command, Version};
use jiff::civil::DateTime;

use super::log::{Entry, Kind};
use super::windows::{Standing, Window, WindowId, Windows};
use super::{App, Effect, User};
use crate::client::command;
use crate::client::connection::{Arrival, Open};
use crate::settings::Joins;
use crate::text::sanitise;

/// How many servers' windows are kept while one is elsewhere.
const MAX_ELSEWHERE: usize = 4;

impl App {
    /// Adds an entry to the log of a window, and to the file if there is one.
    pub(super) fn push(&mut self, to: WindowId, entry: Entry) {
        let Some(window) = self.windows.get_mut(to) else {
            return;
        };
        self.chat_log.add(&entry, window);
        window.log.add(entry);
    }

    /// Tells in the window of `room` that someone came or went, as far as the user wants to read of it.
    pub(super) fn tell_of_passing(&mut self, room: &str, name: &str, entry: Entry) {
        let window = self.window_of(Some(room));
        let is_told = match (self.joins, self.windows.get_mut(window)) {
            (Joins::All, _) => true,
            (Joins::Talkers, Some(window)) => {
                let name = sanitise(name);
                window.log.speakers().any(|speaker| *speaker == name)
            }
            (Joins::Talkers | Joins::None, _) => false,
        };
        if is_told {
            self.push(window, entry);
        }
    }

    /// Looks at another window, as the user wants it.
    pub(super) fn look_at(&mut self, window: WindowId) {
        if self.windows.here().id() == window {
            return;
        }
        self.settle();
        self.windows.look_at(window);
    }

    /// The same, if there is such a window and no name is wanted before all else.
    pub(super) fn turn(&mut self, to: Option<WindowId>) {
        if let Some(window) = to
            && !self.connection.is_naming()
        {
            self.look_at(window);
        }
    }

    /// Ends what goes on in the window that is looked at. What was typed there stays in its box.
    fn settle(&mut self) {
        self.completing = None;
        self.search = None;
        let editor = &mut self.windows.here_mut().editor;
        if let Some(paste) = self.asking.take() {
            editor.insert(paste.text());
        }
        if let Some(draft) = self.history.leave(editor.text()) {
            editor.set(&draft);
        }
    }

    /// The window that `room` has, or else the one that is looked at.
    pub(super) fn window_of(&self, room: Option<&str>) -> WindowId {
        let window = room.and_then(|room| self.windows.room(room));
        window.unwrap_or(self.windows.here()).id()
    }

    /// The window that `action` is about, if there is one.
    pub(super) fn place_of(&self, action: &Action) -> Option<WindowId> {
        let window = match action {
            Action::Tell { to, .. } => self.windows.person(to),
            Action::Other(Command::History {
                with: Some(with), ..
            }) => self.windows.person(with),
            Action::Say(_) | Action::Leave | Action::Private | Action::Public | Action::Users => {
                self.windows.room(self.connection.room()?)
            }
            action => self.windows.room(&command::room_of(action)?),
        };
        Some(window?.id())
    }

    /// The same, or else the one that is looked at.
    pub(super) fn window_for(&self, action: &Action) -> WindowId {
        let here = self.windows.here().id();
        self.place_of(action).unwrap_or(here)
    }

    /// Why nothing can be said in the window that is looked at, if that is so.
    pub(super) fn obstacle(&self) -> Option<String> {
        let here = self.windows.here();
        if let Some(name) = here.person() {
            return match here.standing {
                Standing::In => None,
                _ => Some(format!("Not sent: {name} is somebody else now.")),
            };
        }
        let Some(room) = here.room() else {
            return Some("Not sent: this is no room. /join ROOM enters one.".into());
        };
        match here.standing {
            // It says which room it is for, and comes behind what leads there.
            Standing::Entering if self.version == Version::Two => None,
            Standing::Out => Some(format!(
                "Not sent: you are not in {room}. /join {room} enters it."
            )),
            Standing::Entering => Some(format!(
                "Not sent yet: you are still on the way into {room}."
            )),
            // It would be said where the user is then.
            Standing::In if self.connection.is_leaving() => Some(format!(
                "Not sent yet: you are still on the way out of {room}."
            )),
            Standing::In => None,
        }
    }

    /// What one has to know of where the next line goes, if anything.
    pub(super) fn whereabouts(&self) -> Option<String> {
        let here = self.windows.here();
        let room = here.room().filter(|_| self.user == User::TakesPart)?;
        match here.standing {
            Standing::In => None,
            Standing::Entering => Some(format!("On the way into {room}.")),
            Standing::Out => Some(format!("You are not in {room}.")),
        }
    }

    /// Enters a room, whose window is looked at from now on: what is typed next is for it.
    pub(super) fn join(&mut self, at: DateTime, room: String) -> Vec<Effect> {
        let window = self.windows.enter(&room);
        let was = window.standing;
        if was == Standing::Out {
            window.standing = Standing::Entering;
        }
        let id = window.id();
        self.look_at(id);
        match (self.version, was) {
            // Looking at it is all there is to do.
            (Version::Two, Standing::In) => Vec::new(),
            (Version::Two, _) => self.act(at, command::within(Action::Join(room.clone()), &room)),
            (Version::One, _) => self.act(at, Action::Join(room)),
        }
    }

    /// Leaves the room of the window that is looked at, or closes it if it is about none: what is typed next is for where one is then.
    pub(super) fn leave_room(&mut self, at: DateTime) -> Vec<Effect> {
        let here = self.windows.here();
        let id = here.id();
        let general = RoomName::GENERAL;
        match (here.room(), here.standing) {
            (Some(room), Standing::In) if self.version == Version::Two => {
                let room = room.to_owned();
                self.leave_one(at, room)
            }
            (Some(room), Standing::In) => {
                if !RoomName::are_same(room, general) {
                    let window = self.windows.enter(general);
                    window.standing = Standing::Entering;
                    let general = window.id();
                    self.look_at(general);
                }
                self.act(at, Action::Leave)
            }
            _ => {
                self.close(id);
                Vec::new()
            }
        }
    }

    pub(super) fn close(&mut self, window: WindowId) -> Option<Window> {
        if self.windows.here().id() == window {
            self.settle();
        }
        self.windows.close(window)
    }

    /// The server has the user in `room`, and in no other.
    pub(super) fn moved(&mut self, room: &str) -> WindowId {
        let aim = self.connection.on_the_way().map(str::to_owned);
        let is_aim = |window: &Window| {
            window
                .room()
                .zip(aim.as_deref())
                .is_some_and(|(one, other)| RoomName::are_same(one, other))
        };
        for window in self
            .windows
            .iter_mut()
            .filter(|window| window.room().is_some())
        {
            window.standing = if is_aim(window) {
                Standing::Entering
            } else {
                Standing::Out
            };
        }
        let name = self.connection.name().unwrap_or_default();
        let window = self.windows.enter(room);
        window.enter(name);
        let id = window.id();
        if self.user == User::LooksOn {
            self.look_at(id);
        }
        id
    }

    /// The user has entered `room`, having asked for `asked`, or for nothing.
    pub(super) fn entered(&mut self, at: DateTime, asked: Option<&Open>, room: &str) {
        if let Some(Action::Join(wanted)) = asked.map(|asked| &asked.action) {
            self.windows.respell(wanted, room);
        }
        let left = self.connection.room().map(str::to_owned);
        let text = match self.connection.entered(room) {
            Arrival::Back | Arrival::Resumed => format!("You are back in {room}."),
            Arrival::First => format!("You are in {room} now."),
        };
        let to = self.moved(room);
        self.push(to, Entry::new(at, Kind::Joined, &text));
        if let Some(left) = left
            && let Some(from) = self.windows.room(&left).map(Window::id)
            && from != to
        {
            let text = format!("You left {left} and are in {room} now.");
            self.push(from, Entry::new(at, Kind::Left, &text));
        }
    }

    /// The user has left `room`, as they asked for or not, and is in the general one.
    pub(super) fn left(&mut self, at: DateTime, room: &str, asked: bool) {
        let general = RoomName::GENERAL;
        let text = format!("You left {room} and are in {general} now.");
        let left = self.windows.room(room).map(Window::id);
        self.connection.set_room(general.into());
        let to = self.moved(general);
        self.push(to, Entry::new(at, Kind::Left, &text));
        match left.filter(|left| *left != to) {
            Some(left) if asked => drop(self.close(left)),
            Some(left) => self.push(left, Entry::new(at, Kind::Left, &text)),
            None => {}
        }
    }

    /// `room` could not be entered, which is said. Its window is closed if nothing would be lost with it.
    pub(super) fn kept_out(&mut self, at: DateTime, room: &str, what: &str) {
        let mut told = self.windows.here().id();
        if let Some(window) = self.windows.room_mut(room)
            && window.standing != Standing::In
        {
            window.standing = Standing::Out;
            window.members = Default::default();
            let (id, is_idle) = (window.id(), window.is_idle());
            let is_written_to = id == told && self.asking.is_some();
            told = id;
            if is_idle && !is_written_to {
                let closed = self.close(id);
                let here = self.windows.here_mut();
                // What else there is to know is not lost with it.
                let notices = closed.map(|closed| closed.log.into_entries());
                notices
                    .into_iter()
                    .flatten()
                    .for_each(|notice| here.log.push(notice));
                told = here.id();
            }
        }
        self.push(told, Entry::new(at, Kind::Error, what));
    }

    /// A leave was refused: the user is where they were.
    pub(super) fn not_left(&mut self) {
        if self.version == Version::One
            && let Some(room) = self.connection.room().map(str::to_owned)
        {
            self.moved(&room);
        }
    }

    /// The connection is lost, or left: nobody is in a room any more, and the user wants back.
    pub(super) fn leave_the_rooms(&mut self) {
        for window in self
            .windows
            .iter_mut()
            .filter(|window| window.room().is_some())
        {
            if self.version == Version::One {
                window.members = Default::default();
            }
            if window.standing == Standing::In {
                window.standing = Standing::Entering;
            }
        }
    }

    /// Has the windows of another server, as they were left.
    pub(super) fn turn_to(&mut self, server: String) {
        self.settle();
        let is_there = |(known, _): &(String, Windows)| *known == server;
        let mut windows = match self.elsewhere.iter().position(is_there) {
            Some(at) => self.elsewhere.remove(at).1,
            None => Windows::default(),
        };
        windows.succeed(&mut self.windows);
        let left = (
            std::mem::replace(&mut self.server, server),
            std::mem::replace(&mut self.windows, windows),
        );
        self.elsewhere.push(left);
        if self.elsewhere.len() > MAX_ELSEWHERE {
            self.elsewhere.remove(0);
        }
    }
}
