//! The terminal client without a terminal: [`App`] is what it knows, [`update`] what becomes of it
//! and what is to be done, [`view()`] what is on the screen. No clock, no socket, no terminal: times
//! and sizes come in with messages, so that everything here can be tested by itself.

mod backlog;
mod bell;
mod chat_log;
mod complete;
mod connection;
mod editor;
mod events;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod history;
mod hosting;
mod keys;
mod layout;
mod limit;
mod log;
mod message_box;
mod mode;
mod order;
mod palette;
mod paste;
mod places;
mod roster;
mod search;
mod talk;
#[cfg(test)]
mod tests;
mod update;
mod view;
mod whereabouts;
mod windows;
mod words;
mod writing;

use std::time::Duration;

use chatmaster_core::session::{Action, RequestId, Update};
use chatmaster_core::wire::Version;
use crossterm::event::KeyEvent;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub use log::Focus;
pub use palette::Palette;
pub use update::update;
pub use view::{Drawn, Hyperlink, view};

use bell::Ringer;
use chat_log::ChatLog;
use complete::Completion;
use connection::NamePrompt;
use history::History;
use hosting::Leaving;
use layout::Layout;
use paste::Paste;
use places::{Agreement, SessionEntry};
use roster::Rooms;
use search::Search;
use windows::{Standing, Windows};

use crate::address::Address;
use crate::client::connection::{Connection, Phase};
use crate::settings::{Bell, Joins, Setting};

/// Everything the terminal client knows.
pub struct App {
    /// The columns and rows of the screen.
    size: (u16, u16),
    palette: Palette,
    ringer: Ringer,
    joins: Joins,
    mouse: Mouse,
    user: User,
    /// The server's address, as the user knows it.
    server: String,
    role: Role,
    /// Whether others may be on the server that is hosted here.
    company: bool,
    /// What the user wants, and has to confirm, for it takes the server from them.
    leaving: Option<Leaving>,
    connection: Connection,
    /// The version of the protocol that the server speaks, as far as one knows.
    version: Version,
    entry: SessionEntry,
    agreement: Agreement,
    /// The room that the user was invited into last.
    invitation: Option<String>,
    /// The rooms that are kept for the next time, if that is wanted.
    kept: Option<Vec<String>>,
    /// Where the user is, for the times of the server.
    zone: TimeZone,
    /// What was said to be wrong with it since the user was in last. Once is enough while it does not
    /// change.
    told: Vec<String>,
    /// In which a name is typed, while one is wanted.
    name_prompt: NamePrompt,
    /// The public rooms.
    rooms: Rooms,
    windows: Windows,
    /// Those of other servers, as they were left.
    elsewhere: Vec<(String, Windows)>,
    /// What of it is kept in a file, too.
    chat_log: ChatLog,
    search: Option<Search>,
    /// What Tab has found, until there is another key.
    completing: Option<Completion>,
    /// A paste of which the user has to say what is to become.
    asking: Option<Paste>,
    history: History,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse wheel was turned.
    Wheel(Wheel),
    /// The terminal has the focus now, or has not.
    Focus(Focus),
    /// The screen has so many columns and rows.
    Resized(u16, u16),
    /// The session has something to tell.
    Update(Update),
    /// The program begins.
    Start {
        /// The room to enter, if not the general one.
        room: Option<String>,
        /// What to offer to a user who has not said under which name to connect.
        login_name: Option<String>,
    },
    /// There is a connection.
    Connected(Role),
    /// There is none: a sentence that says why.
    NotConnected(String),
    /// The time of [`Effect::Wake`] is over.
    Woke,
    /// The user said this, and not here: a playback shows it.
    Said(String),
    /// A request was not handed over: a sentence that says why.
    NotDone(RequestId, String),
    /// Something beside the chat went wrong: a sentence.
    CliError(String),
    /// Something beside the chat to know: a sentence.
    Notice(String),
    /// The colours are to be these.
    Palette(Palette),
    /// The program is asked to end.
    Terminate,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell the session; answered by [`Msg::NotDone`] if that is not possible.
    Act(RequestId, Action),
    /// Leave the server if there is one, and connect anew: answered by [`Msg::Connected`] or
    /// [`Msg::NotConnected`].
    Connect {
        /// Where to; if there is none, to where it was before.
        address: Option<Address>,
        /// The name to log in under.
        name: Option<String>,
        /// The room to join.
        room: Option<String>,
        /// What takes the user's seat again, if one waits for them: then the server is not left, but the
        /// connection to it given up.
        resume: Option<String>,
    },
    /// Say [`Msg::Woke`] after this time, instead of what was asked for before.
    Wake(Duration),
    /// Leave the server, or give up connecting to it. Nothing more comes from it.
    Disconnect,
    /// Give up the connection without leaving: the server keeps the user's seat.
    Abandon,
    /// Let the terminal report the mouse, or keep it for selecting text.
    Mouse(Mouse),
    /// Ring the terminal's bell.
    Bell,
    /// Draw everything anew, for something else has written to the terminal.
    Redraw,
    /// Give the terminal back to the shell until it continues the program. Answered by
    /// [`Msg::Resized`].
    Suspend,
    /// Have something otherwise, and the next time too: answered by [`Msg::Notice`] or
    /// [`Msg::CliError`].
    Set(Setting),
    /// List what is set: answered by [`Msg::Notice`]s.
    Settings,
    /// Add a line to the file of the chat log.
    Log(String),
    /// Keep a line of the history, for the next time.
    Remember(String),
    /// Keep that the user is in these rooms of this server, for the next time.
    KeepRooms {
        /// The server's address, as the user knows it.
        server: String,
        /// The rooms' names.
        rooms: Vec<String>,
    },
    /// Leave.
    Quit,
}

/// Whether the chat log is kept in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFile {
    /// Each entry is a [`Effect::Log`].
    Kept,
    /// It is on the screen alone.
    #[default]
    None,
}

/// Which way the wheel was turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wheel {
    /// Towards what was before.
    Up,
    /// Towards what came after.
    Down,
}

/// What the mouse is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The wheel scrolls; selecting takes the Shift key in most terminals.
    Scrolls,
    /// The terminal has it.
    Selects,
}

impl Mouse {
    /// What it is for if it is to scroll, or not.
    pub fn scrolling(scrolls: bool) -> Self {
        if scrolls {
            Mouse::Scrolls
        } else {
            Mouse::Selects
        }
    }
}

/// What this process is to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One of its clients.
    Guest,
    /// The server is in this process.
    Host,
}

/// Who looks at the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    /// The one whose client it is.
    TakesPart,
    /// Another one, of whom nothing comes.
    LooksOn,
}

impl App {
    /// A client of `server` that is being connected to under `name`.
    pub fn new(server: String, name: Option<String>, size: (u16, u16), palette: Palette) -> Self {
        App {
            size,
            palette,
            ringer: Ringer::default(),
            joins: Joins::All,
            mouse: Mouse::Scrolls,
            user: User::TakesPart,
            server,
            role: Role::Guest,
            company: false,
            leaving: None,
            connection: Connection::new(name),
            version: Version::One,
            entry: SessionEntry::None,
            agreement: Agreement::default(),
            invitation: None,
            kept: None,
            zone: TimeZone::UTC,
            told: Vec::new(),
            name_prompt: NamePrompt::default(),
            rooms: Rooms::default(),
            windows: Windows::default(),
            elsewhere: Vec::new(),
            chat_log: ChatLog::default(),
            search: None,
            completing: None,
            asking: None,
            history: History::default(),
        }
    }

    /// Rings the bell for something else than mentions.
    pub fn set_bell(&mut self, bell: Bell) {
        self.ringer.bell = bell;
    }

    /// Enters these rooms, in which the user was the last time, and has those kept in which they are.
    pub fn remember_rooms(&mut self, rooms: Vec<String>) {
        if !rooms.is_empty() {
            // Such a server is asked by the client for each of them.
            self.version = Version::Two;
        }
        for room in &rooms {
            self.windows.enter(room).standing = Standing::Entering;
        }
        self.kept = Some(rooms);
    }

    /// Shows the times of the server as they are in this zone.
    pub fn set_zone(&mut self, zone: TimeZone) {
        self.zone = zone;
    }

    /// Tells of the coming and going of others than all.
    pub fn set_joins(&mut self, joins: Joins) {
        self.joins = joins;
    }

    /// Keeps so many entries to scroll back to.
    pub fn set_scrollback(&mut self, entries: usize) {
        self.windows.keep(entries);
    }

    /// Has the mouse for something else than to scroll. The terminal is to be told, too.
    pub fn set_mouse(&mut self, mouse: Mouse) {
        self.mouse = mouse;
    }

    /// Shows what someone else did: a playback has nobody who types, and nothing to connect to.
    pub fn look_on(&mut self) {
        self.user = User::LooksOn;
    }

    /// Has the log kept in a file, or not.
    pub fn set_log_file(&mut self, log_file: LogFile) {
        self.chat_log.keep(log_file);
    }

    /// Has the lines at hand that were sent in other runs, the oldest first.
    pub fn recall(&mut self, lines: Vec<String>) {
        for line in lines {
            self.history.push(&line);
        }
    }

    /// Draws the pauses between tries to connect from `seed`, so that not every client has the same.
    pub fn set_seed(&mut self, seed: u64) {
        self.connection.set_seed(seed);
    }

    /// Whether there is no connection, though the user wants one.
    pub fn is_lost(&self) -> bool {
        matches!(self.connection.phase(), Phase::Lost(_))
    }

    /// What goes where on the screen.
    fn layout(&self) -> Layout {
        Layout::of(self.size, message_box::rows(self, self.size.0))
    }

    /// Says something in the window that is looked at.
    fn notice(&mut self, at: DateTime, text: &str) {
        let here = self.windows.here().id();
        self.push(here, log::Entry::new(at, log::Kind::Info, text));
    }

    /// Says there that something is wrong.
    fn complain(&mut self, at: DateTime, text: &str) {
        let here = self.windows.here().id();
        self.push(here, log::Entry::new(at, log::Kind::Error, text));
    }
}
