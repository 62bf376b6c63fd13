//! What the user writes, before it is sent: completion, and pastes of many lines.

use jiff::civil::DateTime;

use super::complete::{Completion, Turn, Words};
use super::editor::{Edit, MAX_BYTES};
use super::keys::Key;
use super::paste::{self, Choice, Paste};
use super::update::escaped;
use super::{App, Effect, Phase, limit};
use crate::text::{SafeText, sanitise};

/// How many messages back it matters who has said something.
const MAX_LOOKED_AT: usize = 200;

impl App {
    /// Completes the word before the cursor, or turns to the next candidate for it.
    pub(super) fn complete(&mut self, turn: Turn) {
        if self.connection.is_naming() {
            return;
        }
        match &mut self.completing {
            Some(completion) => completion.turn(turn),
            None => {
                let others = self.others();
                let own = self.windows.iter().filter_map(|window| window.room());
                let hidden = own.filter(|room| !self.rooms.names.iter().any(|name| name == room));
                let hidden = hidden.map(str::to_owned);
                let rooms: Vec<String> = self.rooms.names.iter().cloned().chain(hidden).collect();
                let words = Words {
                    members: &others,
                    rooms: &rooms,
                };
                let editor = &mut self.windows.here_mut().editor;
                let (before, after) = editor.around_cursor();
                self.completing = Completion::of(before, after, words);
                if self
                    .completing
                    .as_ref()
                    .is_some_and(Completion::ends_in_space)
                {
                    // The one there is, if there is one, is enough.
                    editor.take_in_space();
                }
                if let (Some(completion), Turn::Previous) = (&mut self.completing, turn) {
                    completion.turn(turn);
                }
            }
        }
        if let Some(completion) = &self.completing {
            let editor = &mut self.windows.here_mut().editor;
            editor.replace_from(completion.start, &completion.text());
        }
    }

    /// The members of the room but the user, who has said something last first.
    fn others(&self) -> Vec<String> {
        let here = self.windows.here();
        let mut speakers: Vec<&SafeText> = Vec::new();
        for speaker in here.log.speakers().take(MAX_LOOKED_AT) {
            if !speakers.contains(&speaker) {
                speakers.push(speaker);
            }
        }
        let rank = |name: &String| {
            let shown = sanitise(name);
            let rank = speakers.iter().position(|speaker| **speaker == shown);
            rank.unwrap_or(speakers.len())
        };
        let names = here.members.names().iter();
        let mut others: Vec<String> = names
            .filter(|name| Some(name.as_str()) != self.connection.name())
            .cloned()
            .collect();
        // With whom one talks, who may be in no room.
        let talks = self.windows.iter().filter_map(|window| window.person());
        for name in here.person().into_iter().chain(talks) {
            if !others.iter().any(|other| other == name) {
                others.push(name.into());
            }
        }
        others.sort_by_cached_key(rank);
        others
    }

    /// Takes in a paste: into the box, unless it is of more than one line, which is asked about.
    pub(super) fn paste(&mut self, at: DateTime, text: &str) {
        self.completing = None;
        let asked = self.asking.as_ref().map_or(0, |paste| paste.text().len());
        // A paste may be set off from another by a line break, and from a command by a slash.
        let bytes = self.active_editor().text().len() + asked + text.len() + 2;
        if bytes > MAX_BYTES {
            let why = format!(
                "Not pasted: with it there is more than the box takes ({MAX_BYTES} bytes)."
            );
            self.complain(at, &why);
            return;
        }
        let paste = match Paste::new(text) {
            Ok(paste) => paste,
            Err(line) => {
                match &mut self.asking {
                    Some(asked) => asked.add(&line),
                    None => self.active_editor().insert(&line),
                }
                return;
            }
        };
        match (&mut self.asking, self.connection.phase()) {
            (Some(asked), _) => asked.add(paste.text()),
            // A name has one line.
            (None, Phase::Naming(_)) => {
                let line = paste.text().split('\n').next().unwrap_or_default();
                self.name_prompt.editor.insert(line);
            }
            (None, _) => self.asking = Some(paste),
        }
    }

    /// What `key` means while something is asked; none if it means what it always does.
    pub(super) fn answer(&mut self, at: DateTime, key: Key) -> Option<Vec<Effect>> {
        let asked = self.asking.as_ref()?;
        let choice = match key {
            Key::Edit(Edit::Insert(c)) => asked.choice(c),
            Key::Escape | Key::ClearOrQuit => Some(Choice::Cancel),
            Key::PageUp
            | Key::PageDown
            | Key::LogStart
            | Key::LogEnd
            | Key::Redraw
            | Key::Suspend => {
                return None;
            }
            // Other keys would change what does not show.
            _ => None,
        };
        let Some(choice) = choice else {
            return Some(Vec::new());
        };
        let paste = self.asking.take().expect("it was there above");
        Some(self.decide(at, choice, paste.text()))
    }

    fn decide(&mut self, at: DateTime, choice: Choice, text: &str) -> Vec<Effect> {
        let editor = &mut self.windows.here_mut().editor;
        match choice {
            Choice::Edit => {
                editor.insert(text);
                Vec::new()
            }
            Choice::Cancel => {
                editor.keep(text);
                self.notice(at, "Not pasted. Ctrl-Y brings it into the box.");
                Vec::new()
            }
            Choice::OneMessage => {
                // It is text, even if it starts like a command.
                if editor.before_cursor().is_empty() {
                    editor.insert(&escaped(text));
                } else {
                    editor.insert(text);
                }
                self.enter(at)
            }
            Choice::EachLine => {
                editor.insert(text);
                let text = editor.text().to_owned();
                if self.connection.phase() != Phase::Talking {
                    self.complain(at, "Not yet: there is no connection so far.");
                    return Vec::new();
                }
                let over = |message: &str| message.len() > limit::most();
                if paste::messages(&text).any(over) {
                    self.complain(at, "Not sent: a line is longer than a message may be.");
                    return Vec::new();
                }
                if let Some(why) = self.obstacle() {
                    self.complain(at, &why);
                    return Vec::new();
                }
                let mut effects = self.sent_line();
                for message in paste::messages(&text) {
                    effects.extend(self.say(at, message.into()));
                }
                effects
            }
        }
    }
}
