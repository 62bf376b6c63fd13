//! Searching the log: in the place of the message box, as one types, in any spelling.

use std::collections::VecDeque;

use ratatui::style::Style;

use super::editor::Editor;
use super::keys::Key;
use super::log::{Bookmark, Log, Pane};
use super::palette::Palette;
use super::{App, Effect};
use crate::text::Needle;

/// A search that goes on.
#[derive(Debug)]
pub(super) struct Search {
    editor: Editor,
    /// What was looked for last, as it was typed.
    text: String,
    needle: Option<Needle>,
    /// The numbers of the entries that have it, from the oldest.
    found: VecDeque<u64>,
    /// The number of the first entry that was not looked at.
    next: u64,
    /// The entry one looks at.
    current: Option<u64>,
    /// Where the reader was, and the number of the last entry they saw.
    from: Bookmark,
    start: u64,
}

/// Which way to go through what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Older,
    Newer,
}

impl Search {
    fn new(log: &Log, pane: Pane) -> Self {
        Search {
            editor: Editor::default(),
            text: String::new(),
            needle: None,
            found: VecDeque::new(),
            next: 0,
            current: None,
            from: log.bookmark(),
            start: log.last_shown(pane).unwrap_or(0),
        }
    }

    pub(super) fn editor(&self) -> &Editor {
        &self.editor
    }

    pub(super) fn editor_mut(&mut self) -> &mut Editor {
        &mut self.editor
    }

    /// What is looked for, if anything.
    pub(super) fn needle(&self) -> Option<&Needle> {
        self.needle.as_ref()
    }

    /// What is added to the style of what was found in the entry `number`.
    pub(super) fn style(&self, palette: Palette, number: u64) -> Style {
        if self.current == Some(number) {
            palette.found_here()
        } else {
            palette.found()
        }
    }

    /// How it stands, for the line above the box.
    pub(super) fn words(&self) -> String {
        match (&self.needle, self.current) {
            (None, _) => "Search the log. Esc goes back.".into(),
            (Some(_), None) => "Nothing found. Esc goes back.".into(),
            (Some(_), Some(current)) => {
                let place = self.found.partition_point(|found| *found <= current);
                let total = self.found.len();
                format!("{place}/{total} · Up older, Down newer, Enter stays, Esc goes back")
            }
        }
    }

    /// Looks for what is in the box by now, in what is in the log by now. Returns whether the reader
    /// has to be shown another place.
    fn look(&mut self, log: &Log) -> bool {
        let is_new = self.editor.text() != self.text;
        if is_new {
            self.text = self.editor.text().to_owned();
            let before = std::mem::replace(&mut self.needle, Needle::new(&self.text));
            self.narrow(before.as_ref(), log);
        }
        while self.found.front().is_some_and(|found| *found < log.first()) {
            self.found.pop_front();
        }
        if let Some(needle) = &self.needle {
            let found = log.since(self.next).filter(|(_, entry)| entry.has(needle));
            self.found.extend(found.map(|(number, _)| number));
            self.next = log.end();
        }
        let before = self.current;
        let is_there = before.is_some_and(|current| current >= log.first());
        if is_new || !is_there {
            // The nearest above where the search began, or else below.
            let above = self.found.partition_point(|found| *found <= self.start);
            self.current = self.found.get(above.saturating_sub(1)).copied();
        }
        is_new || self.current != before
    }

    /// Keeps what is still right of what was found for another needle: what has the longer text has
    /// the shorter one, so that a longer text is not looked for all over again.
    fn narrow(&mut self, before: Option<&Needle>, log: &Log) {
        match (before, &self.needle) {
            (Some(before), Some(needle)) if needle.implies(before) => {
                let has_it = |number: &u64| log.get(*number).is_some_and(|entry| entry.has(needle));
                self.found.retain(has_it);
            }
            _ => {
                self.found.clear();
                self.next = 0;
            }
        }
    }

    /// Looks for it all over again, for entries have changed their numbers.
    fn restart(&mut self) {
        self.found.clear();
        self.next = 0;
        // Whatever comes of it is another text than none.
        self.text.clear();
        self.needle = None;
    }

    fn step(&mut self, way: Way) {
        let Some(current) = self.current else {
            return;
        };
        let next = match way {
            Way::Older => {
                let older = self.found.partition_point(|found| *found < current);
                older.checked_sub(1).and_then(|at| self.found.get(at))
            }
            Way::Newer => {
                let at = self.found.partition_point(|found| *found <= current);
                self.found.get(at)
            }
        };
        self.current = next.copied().or(self.current);
    }
}

impl App {
    pub(super) fn start_search(&mut self) {
        let pane = self.pane();
        self.search = Some(Search::new(&self.windows.here().log, pane));
    }

    /// What `key` means while one searches; none if it means what it always does, or if one does not.
    pub(super) fn search_key(&mut self, key: Key) -> Option<Vec<Effect>> {
        let search = self.search.as_mut()?;
        match key {
            Key::Older | Key::Reconnect | Key::Search => self.step_search(Way::Older),
            Key::Newer | Key::FindNewer => self.step_search(Way::Newer),
            Key::Enter | Key::NewLine => self.search = None,
            Key::Escape | Key::ClearOrQuit => self.cancel_search(),
            Key::DeleteOrQuit if search.editor.is_empty() => self.cancel_search(),
            Key::Complete(_) => {}
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Takes in what was pasted, as far as a line goes.
    pub(super) fn search_for_paste(&mut self, text: &str) {
        if let Some(search) = &mut self.search {
            search
                .editor
                .insert(text.split(['\r', '\n']).next().unwrap_or_default());
        }
    }

    /// Goes on with a search after anything has happened.
    pub(super) fn search_on(&mut self) {
        let Some(search) = &mut self.search else {
            return;
        };
        if search.look(&self.windows.here().log) {
            match search.current {
                Some(_) => self.show_found(),
                None => {
                    let from = search.from;
                    self.windows.here_mut().log.return_to(from);
                }
            }
        }
    }

    /// Goes on with it after the past has come to the log.
    pub(super) fn search_anew(&mut self) {
        if let Some(search) = &mut self.search {
            search.restart();
        }
    }

    fn step_search(&mut self, way: Way) {
        if let Some(search) = &mut self.search {
            search.step(way);
            self.show_found();
        }
    }

    fn show_found(&mut self) {
        let pane = self.pane();
        let log = &mut self.windows.here_mut().log;
        if let Some(search) = &self.search
            && let (Some(needle), Some(number)) = (&search.needle, search.current)
            && let Some(entry) = log.get(number)
        {
            let place = entry.find(needle, pane.names).unwrap_or_default();
            log.go_to_entry(number, place, pane);
        }
    }

    fn cancel_search(&mut self) {
        if let Some(search) = self.search.take() {
            self.windows.here_mut().log.return_to(search.from);
        }
    }
}
