//! The windows: one for each room the user is in, or was in and still has on the screen, and for each person
//! they talk with. Each has its own log and its own message box, so that text belongs to the room it was
//! typed in and goes nowhere else.
//!
//! Which of them is looked at changes by what the user does, never by what the server does: whoever types
//! while they are put out of a room types on where they were.

use chatmaster_core::RoomName;
use chatmaster_core::names::fold;

use super::backlog::Backlog;
use super::editor::Editor;
use super::log::{Focus, Log, MAX_ENTRIES};
use super::roster::Members;
use crate::client::connection::Privacy;

/// How many there are at most.
pub(super) const MAX_WINDOWS: usize = 50;

/// The windows of a server, in the order in which they were opened.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    /// At least one.
    list: Vec<Window>,
    /// Which of them is looked at.
    at: usize,
    /// Whether the terminal has the focus.
    focus: Focus,
    /// How many entries each log keeps.
    scrollback: usize,
    /// The identifier of the next.
    next: WindowId,
}

/// A window, whatever others come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WindowId(u64);

/// What one sees of a room, and what one writes to it.
#[derive(Clone, Debug)]
pub(super) struct Window {
    id: WindowId,
    /// The one that was looked at before.
    before: WindowId,
    subject: Subject,
    pub(super) standing: Standing,
    /// Whether newcomers can see and enter the room, as far as one can know.
    pub(super) privacy: Privacy,
    /// Whether it was private when the user had to leave it, and nobody knows yet what it is now.
    pub(super) is_doubtful: bool,
    pub(super) members: Members,
    /// What the room is about; nothing, if empty.
    pub(super) topic: String,
    pub(super) backlog: Backlog,
    pub(super) log: Log,
    pub(super) editor: Editor,
}

/// What a window is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Nothing yet: the first room one comes to has it.
    Nothing,
    /// A room, by its name.
    Room(String),
    /// A person, by theirs.
    Person(String),
}

/// How the user stands with the room of a window, or with the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In it; or the person has this name.
    In,
    /// On the way into it.
    Entering,
    /// Not in it; or the name is someone else's.
    Out,
}

impl Default for Windows {
    fn default() -> Self {
        let mut windows = Windows {
            list: Vec::new(),
            at: 0,
            focus: Focus::default(),
            scrollback: MAX_ENTRIES,
            next: WindowId(0),
        };
        windows.open(Subject::Nothing);
        windows
    }
}

impl Windows {
    /// Takes the place of others on the screen.
    pub(super) fn succeed(&mut self, others: &mut Windows) {
        self.keep(others.scrollback);
        self.focused(others.focus);
        let cut = others.here_mut().editor.give_cut();
        self.here_mut().editor.take_cut(cut);
    }

    /// The one that is looked at.
    pub(super) fn here(&self) -> &Window {
        &self.list[self.at]
    }

    pub(super) fn here_mut(&mut self) -> &mut Window {
        &mut self.list[self.at]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Window> {
        self.list.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Window> {
        self.list.iter_mut()
    }

    pub(super) fn get_mut(&mut self, id: WindowId) -> Option<&mut Window> {
        self.list.iter_mut().find(|window| window.id == id)
    }

    /// The window of a room.
    pub(super) fn room(&self, room: &str) -> Option<&Window> {
        self.list.iter().find(|window| window.is_of_room(room))
    }

    pub(super) fn room_mut(&mut self, room: &str) -> Option<&mut Window> {
        self.list.iter_mut().find(|window| window.is_of_room(room))
    }

    /// The window of a room, spelled like this from now on; a new one if there is none. A window that is
    /// about nothing yet is about that room then.
    pub(super) fn enter(&mut self, room: &str) -> &mut Window {
        let subject = Subject::Room(room.into());
        let at = match self.position(|window| window.is_of_room(room)) {
            Some(at) => at,
            None => match self.position(|window| window.subject == Subject::Nothing) {
                Some(at) => at,
                None => self.open(subject.clone()),
            },
        };
        let window = &mut self.list[at];
        window.subject = subject;
        window
    }

    /// The room that is entered as `wanted` is called `room`.
    pub(super) fn respell(&mut self, wanted: &str, room: &str) {
        if self.room(room).is_none()
            && let Some(window) = self.room_mut(wanted)
        {
            window.subject = Subject::Room(room.into());
        }
    }

    /// The window of a person.
    pub(super) fn person(&self, name: &str) -> Option<&Window> {
        self.list.iter().find(|window| window.is_of_person(name))
    }

    /// The window of a person, spelled like this from now on; a new one if there is none.
    pub(super) fn talk_with(&mut self, name: &str) -> &mut Window {
        let subject = Subject::Person(name.into());
        let at = match self.position(|window| window.is_of_person(name)) {
            Some(at) => at,
            None => {
                let at = self.open(subject.clone());
                self.list[at].log.be_direct();
                self.list[at].standing = Standing::In;
                at
            }
        };
        let window = &mut self.list[at];
        window.subject = subject;
        window
    }

    /// A person is called otherwise now: what is typed for them goes to them still.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        let Some(at) = self.position(|window| window.is_of_person(old)) else {
            return;
        };
        let id = self.list[at].id;
        // Someone else had that name and has it no more: what was typed for them is not for this one.
        let other = self.position(|window| window.is_of_person(new) && window.id != id);
        if let Some(other) = other {
            self.list[other].standing = Standing::Out;
        }
        if let Some(window) = self.get_mut(id) {
            window.subject = Subject::Person(new.into());
        }
    }

    fn position(&self, is_it: impl Fn(&Window) -> bool) -> Option<usize> {
        self.list.iter().position(is_it)
    }

    /// Opens a window, in place of another if there are too many. Returns where it is.
    fn open(&mut self, subject: Subject) -> usize {
        if self.list.len() == MAX_WINDOWS {
            self.make_room();
        }
        let id = self.next;
        self.next.0 += 1;
        let mut log = Log::default();
        log.keep(self.scrollback);
        if !self.list.is_empty() {
            log.focused(Focus::Elsewhere);
        }
        self.list.push(Window {
            id,
            before: id,
            subject,
            standing: Standing::Out,
            privacy: Privacy::Public,
            is_doubtful: false,
            members: Members::default(),
            topic: String::new(),
            backlog: Backlog::default(),
            log,
            editor: Editor::default(),
        });
        self.list.len() - 1
    }

    /// Closes the window that will be missed least.
    fn make_room(&mut self) {
        let others = self
            .list
            .iter()
            .filter(|window| window.id != self.here().id);
        let least = others.min_by_key(|window| {
            let is_in = window.room().is_some() && window.standing != Standing::Out;
            let is_read = window.log.unread().messages == 0;
            (is_in, !window.editor.is_empty(), !is_read, window.id)
        });
        if let Some(id) = least.map(|window| window.id) {
            self.close(id);
        }
    }

    /// Closes a window. If it is looked at, one looks at the one before.
    pub(super) fn close(&mut self, id: WindowId) -> Option<Window> {
        if self.list.len() == 1 {
            self.open(Subject::Room(RoomName::GENERAL.into()));
        }
        if self.here().id == id {
            let before = self.here().before;
            let others = |window: &Window| window.id != id;
            let before = self
                .position(|window| window.id == before && others(window))
                .or_else(|| self.position(others))?;
            self.look_at(self.list[before].id);
        }
        let here = self.here().id;
        let at = self.position(|window| window.id == id)?;
        let closed = self.list.remove(at);
        self.at = self.position(|window| window.id == here)?;
        Some(closed)
    }

    /// Looks at another window.
    pub(super) fn look_at(&mut self, id: WindowId) {
        let Some(to) = self.position(|window| window.id == id) else {
            return;
        };
        if to == self.at {
            return;
        }
        let here = self.here_mut();
        let before = here.id;
        here.log.focused(Focus::Elsewhere);
        let cut = here.editor.give_cut();
        self.at = to;
        let focus = self.focus;
        let here = self.here_mut();
        here.before = before;
        here.log.focused(focus);
        here.editor.take_cut(cut);
    }

    /// The one that was looked at before, if it is there still.
    pub(super) fn before(&self) -> Option<WindowId> {
        let before = self.here().before;
        self.position(|window| window.id == before && before != self.here().id)?;
        Some(before)
    }

    /// The window so many places after the one that is looked at, or before it; round and round.
    pub(super) fn beside(&self, by: isize) -> WindowId {
        let count = self.list.len() as isize;
        let at = (self.at as isize + by).rem_euclid(count);
        self.list[at as usize].id
    }

    /// The window with this number, counted from 1.
    pub(super) fn numbered(&self, number: usize) -> Option<WindowId> {
        Some(self.list.get(number.checked_sub(1)?)?.id)
    }

    /// The next window in which something came that one has not seen: one with a mention before all
    /// others.
    pub(super) fn next_active(&self) -> Option<WindowId> {
        let (before, after) = self.list.split_at(self.at);
        let mut others = after[1..].iter().chain(before);
        let unread = |window: &&Window| window.log.unread().messages > 0;
        let mentions = |window: &&Window| window.log.unread().mentions > 0;
        let next = others.clone().find(mentions);
        Some(next.or_else(|| others.find(unread))?.id)
    }

    /// The terminal has the focus now, or has not.
    pub(super) fn focused(&mut self, focus: Focus) {
        self.focus = focus;
        self.here_mut().log.focused(focus);
    }

    /// Whether the user looks at the window, as far as one can know.
    pub(super) fn focus_on(&self, id: WindowId) -> Focus {
        if self.here().id == id {
            self.focus
        } else {
            Focus::Elsewhere
        }
    }

    /// Keeps so many entries in each log.
    pub(super) fn keep(&mut self, entries: usize) {
        self.scrollback = entries;
        self.iter_mut().for_each(|window| window.log.keep(entries));
    }
}

impl Window {
    pub(super) fn id(&self) -> WindowId {
        self.id
    }

    /// The user, called `name`, is in its room now, of which nothing is known as yet but what it is about.
    pub(super) fn enter(&mut self, name: &str) {
        self.standing = Standing::In;
        self.privacy = Privacy::Public;
        self.members = Members::only(name);
    }

    /// The room it is about.
    pub(super) fn room(&self) -> Option<&str> {
        match &self.subject {
            Subject::Room(room) => Some(room),
            Subject::Nothing | Subject::Person(_) => None,
        }
    }

    /// The person it is about.
    pub(super) fn person(&self) -> Option<&str> {
        match &self.subject {
            Subject::Person(name) => Some(name),
            Subject::Nothing | Subject::Room(_) => None,
        }
    }

    /// What it is called on the screen.
    pub(super) fn name(&self) -> String {
        match &self.subject {
            Subject::Nothing => "-".into(),
            Subject::Room(room) => room.clone(),
            Subject::Person(name) => format!("@{name}"),
        }
    }

    fn is_of_person(&self, name: &str) -> bool {
        self.standing == Standing::In
            && self
                .person()
                .is_some_and(|person| fold(person) == fold(name))
    }

    fn is_of_room(&self, name: &str) -> bool {
        self.room()
            .is_some_and(|room| RoomName::are_same(room, name))
    }

    /// Whether nothing would be lost with it but notices.
    pub(super) fn is_idle(&self) -> bool {
        self.editor.is_empty() && !self.log.has_messages()
    }
}
