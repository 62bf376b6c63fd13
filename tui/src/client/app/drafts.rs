//! Text belongs to the room it was typed in, and goes nowhere else. Whoever is moved without having asked
//! for it finds a box of that room, and has to say once that what is in it is meant for it.

use chatmaster_core::RoomName;
use jiff::civil::DateTime;

use super::{App, User};

/// What was typed in rooms that the user was moved out of, at most one text for each.
#[derive(Clone, Debug, Default)]
pub(super) struct Drafts(Vec<Draft>);

#[derive(Clone, Debug)]
struct Draft {
    server: String,
    room: String,
    text: String,
}

/// The user was moved, and has not said yet that it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diversion {
    /// The room that the user was in, or on the way to.
    from: String,
    /// Whether the user has tried to say something, and was asked whether it is meant for this room.
    pub(super) asked: bool,
}

impl Drafts {
    fn keep(&mut self, server: &str, room: &str, text: String) {
        self.take(server, room);
        self.0.push(Draft {
            server: server.into(),
            room: room.into(),
            text,
        });
    }

    fn take(&mut self, server: &str, room: &str) -> Option<String> {
        let is_it = |draft: &Draft| draft.server == server && RoomName::are_same(&draft.room, room);
        let at = self.0.iter().position(is_it)?;
        Some(self.0.remove(at).text)
    }
}

impl App {
    /// The room that what is in the box is for: the one on whose way the user is, or is in.
    pub(super) fn aim(&self) -> Option<&str> {
        self.connection.on_the_way().or(self.connection.room())
    }

    /// The user has entered a room, as wanted. What was typed since that was asked for comes along.
    pub(super) fn settle_in(&mut self) {
        self.diversion = None;
        self.bring_draft();
    }

    /// Has in the box what was typed in this room before, unless there is something else in it.
    pub(super) fn bring_draft(&mut self) {
        if self.editor.is_empty()
            && !self.connection.is_leaving()
            && let Some(room) = self.connection.room()
            && let Some(text) = self.drafts.take(&self.server, room)
        {
            self.editor.set(&text);
        }
    }

    /// The user is in another room than `from`, and had not asked for it.
    pub(super) fn divert(&mut self, at: DateTime, from: &str) {
        self.completing = None;
        if let Some(paste) = self.asking.take() {
            self.editor.insert(paste.text());
        }
        let draft = self.history.leave(self.editor.text());
        let text = draft.unwrap_or_else(|| self.editor.text().to_owned());
        self.editor.take();
        if !text.is_empty() {
            let notice = format!("What you typed in {from} is kept for it; Ctrl-Y brings it here.");
            self.complain(at, &notice);
            self.editor.keep(&text);
            self.drafts.keep(&self.server, from, text);
        }
        self.bring_draft();
        self.diversion = Some(Diversion {
            from: from.into(),
            asked: false,
        });
    }

    /// Whether what is about to be said might not go where the user thinks. Says so, and where.
    pub(super) fn might_misplace(&mut self, at: DateTime) -> bool {
        if let Some(room) = self.connection.on_the_way() {
            let why = format!("Not sent yet: you are still on the way into {room}.");
            self.complain(at, &why);
            return true;
        }
        let room = self.connection.room().unwrap_or_default().to_owned();
        match &mut self.diversion {
            None => false,
            Some(Diversion { asked: true, .. }) => {
                self.diversion = None;
                false
            }
            Some(Diversion { from, asked }) => {
                *asked = true;
                let why = format!("Not sent: this is {room}, not {from}. Enter sends it here.");
                self.complain(at, &why);
                true
            }
        }
    }

    /// What one has to know of where the next line goes, if anything.
    pub(super) fn whereabouts(&self) -> Option<String> {
        if self.user == User::LooksOn {
            return None;
        }
        if let Some(room) = self.connection.on_the_way() {
            return Some(format!("On the way into {room}."));
        }
        let room = self.connection.room().unwrap_or_default();
        self.diversion.as_ref().map(|Diversion { from, asked }| {
            if *asked {
                format!("Enter sends this into {room}, not into {from}.")
            } else {
                format!("You are in {room} now, not in {from}.")
            }
        })
    }
}
