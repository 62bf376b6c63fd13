//! The chat log: what was said and what happened, and which part of it is on the screen.

use std::collections::VecDeque;

use jiff::civil::DateTime;

use crate::command;
use crate::text::{Shown, sanitise, sanitise_lines, wrap};

/// How many entries are kept.
pub(super) const MAX_ENTRIES: usize = 10_000;
/// How many bytes of text are kept, should the entries be long.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Something in the log. Its text is harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) at: DateTime,
    pub(super) kind: Kind,
    /// At least one.
    lines: Vec<Shown>,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Someone said something.
    Said { name: Shown, speaker: Speaker },
    /// Someone did something, as the text says after the name (`/me`).
    Did { name: Shown, speaker: Speaker },
    /// Someone came.
    Joined,
    /// Someone went.
    Left,
    /// Something to know.
    Info,
    /// Something went wrong.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    User,
    Other,
}

impl Entry {
    pub(super) fn new(at: DateTime, kind: Kind, text: &str) -> Self {
        Entry {
            at,
            kind,
            lines: sanitise_lines(text),
        }
    }

    /// A message, of words or of a deed.
    pub(super) fn said(at: DateTime, name: &str, speaker: Speaker, text: &str) -> Self {
        let shown = sanitise(name);
        match command::deed(text) {
            None => {
                let kind = Kind::Said {
                    name: shown,
                    speaker,
                };
                Entry::new(at, kind, text)
            }
            Some(deed) => {
                let kind = Kind::Did {
                    name: shown,
                    speaker,
                };
                Entry::new(at, kind, &format!("{name} {deed}"))
            }
        }
    }

    /// The rows of the text, at least one.
    fn rows(&self, window: Window) -> Vec<Shown> {
        let wrap = |line: &Shown| wrap(line, window.columns);
        match (&self.kind, window.names) {
            (Kind::Said { name, .. }, Names::Inline) => {
                let named = sanitise(&format!("{name}: {}", self.lines[0]));
                wrap(&named)
                    .into_iter()
                    .chain(self.lines[1..].iter().flat_map(wrap))
                    .collect()
            }
            _ => self.lines.iter().flat_map(wrap).collect(),
        }
    }

    fn bytes(&self) -> usize {
        self.lines
            .iter()
            .map(|line| line.as_str().len() + size_of::<Shown>())
            .sum()
    }
}

/// The part of the screen that the log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The columns of the text.
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) names: Names,
}

/// Where the names are of those who say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Before the text, in a column of their own.
    Column,
    /// In the text, for want of room.
    Inline,
}

/// A row on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) entry: &'a Entry,
    /// Whether it is the entry's first, with the time and the name.
    pub(super) first: bool,
    pub(super) text: Shown,
}

/// The entries of the last hours or days, within bounds, and where the reader is.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// How many entries went before the first that is kept.
    gone: u64,
    /// The last row on the screen; none if it is to be the last there is.
    reading: Option<Place>,
}

/// A row of the log: of which entry, counted from the first there ever was, and which of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    entry: u64,
    row: usize,
}

impl Log {
    /// Adds an entry. The reader stays where they are, unless that was at the end.
    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        while self.entries.len() > 1
            && (self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES)
            && let Some(gone) = self.entries.pop_front()
        {
            self.bytes -= gone.bytes();
            self.gone += 1;
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        *self = Log::default();
    }

    /// How many entries there are after the last on the screen.
    pub(super) fn below(&self) -> u64 {
        match self.reading {
            None => 0,
            Some(place) => self.end() - 1 - place.entry.max(self.gone),
        }
    }

    /// The rows on the screen, from the top.
    pub(super) fn rows(&self, window: Window) -> Vec<Row<'_>> {
        let Some(last) = self.bottom(window) else {
            return Vec::new();
        };
        let mut rows = Vec::new();
        let mut id = last.entry;
        let mut skipped_below = Some(last.row + 1);
        while rows.len() < window.rows {
            let entry = self.entry(id);
            let mut texts = entry.rows(window);
            if let Some(shown) = skipped_below.take() {
                texts.truncate(shown);
            }
            let texts = texts.into_iter().enumerate().rev();
            rows.extend(texts.map(|(row, text)| Row {
                entry,
                first: row == 0,
                text,
            }));
            if id == self.gone {
                break;
            }
            id -= 1;
        }
        rows.truncate(window.rows);
        rows.reverse();
        rows
    }

    /// Goes back by so many rows, but not beyond the start.
    pub(super) fn up(&mut self, window: Window, mut by: usize) {
        let Some(mut place) = self.bottom(window) else {
            return;
        };
        while by > place.row && place.entry > self.gone {
            by -= place.row + 1;
            place.entry -= 1;
            place.row = self.height(place.entry, window) - 1;
        }
        place.row = place.row.saturating_sub(by);
        self.go(place, window);
    }

    /// Goes on by so many rows, but not beyond the end.
    pub(super) fn down(&mut self, window: Window, by: usize) {
        if self.reading.is_some()
            && let Some(place) = self.bottom(window)
        {
            let place = self.after(place, window, by);
            self.go(place, window);
        }
    }

    /// Goes to the start.
    pub(super) fn go_to_start(&mut self, window: Window) {
        if !self.entries.is_empty() {
            self.go(
                Place {
                    entry: self.gone,
                    row: 0,
                },
                window,
            );
        }
    }

    /// Goes to the end, and stays there as it moves.
    pub(super) fn go_to_end(&mut self) {
        self.reading = None;
    }

    fn go(&mut self, place: Place, window: Window) {
        let place = place.max(self.highest(window));
        self.reading = (Some(place) < self.last(window)).then_some(place);
    }

    /// The last row on the screen: where the reader is, but that after a change of size, or when old
    /// entries go, there may be less above it than the screen has room for.
    fn bottom(&self, window: Window) -> Option<Place> {
        let last = self.last(window)?;
        let Some(mut place) = self.reading else {
            return Some(last);
        };
        if place.entry >= self.gone {
            place.row = place.row.min(self.height(place.entry, window) - 1);
        }
        Some(place.max(self.highest(window)).min(last))
    }

    /// The last row on the screen when the first on it is the first there is.
    fn highest(&self, window: Window) -> Place {
        let start = Place {
            entry: self.gone,
            row: 0,
        };
        self.after(start, window, window.rows.saturating_sub(1))
    }

    /// The last row there is.
    fn last(&self, window: Window) -> Option<Place> {
        let entry = self
            .end()
            .checked_sub(1)
            .filter(|entry| *entry >= self.gone)?;
        Some(Place {
            entry,
            row: self.height(entry, window) - 1,
        })
    }

    /// The row so many after `place`, or the last.
    fn after(&self, mut place: Place, window: Window, mut by: usize) -> Place {
        loop {
            let rest = self.height(place.entry, window) - 1 - place.row;
            if by <= rest {
                place.row += by;
                return place;
            }
            if place.entry + 1 == self.end() {
                place.row += rest;
                return place;
            }
            by -= rest + 1;
            place = Place {
                entry: place.entry + 1,
                row: 0,
            };
        }
    }

    /// The number of the entry that comes next.
    fn end(&self) -> u64 {
        self.gone + self.entries.len() as u64
    }

    fn height(&self, entry: u64, window: Window) -> usize {
        self.entry(entry).rows(window).len()
    }

    fn entry(&self, id: u64) -> &Entry {
        let at = usize::try_from(id - self.gone).expect("it is below the number of entries");
        &self.entries[at]
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const WINDOW: Window = Window {
        columns: 10,
        rows: 3,
        names: Names::Column,
    };

    fn push(log: &mut Log, text: &str) {
        log.push(Entry::new(
            date(2026, 11, 24).at(12, 0, 0, 0),
            Kind::Info,
            text,
        ));
    }

    fn log(texts: &[&str]) -> Log {
        let mut log = Log::default();
        texts.iter().for_each(|text| push(&mut log, text));
        log
    }

    fn shown(log: &Log, window: Window) -> Vec<String> {
        log.rows(window)
            .iter()
            .map(|row| row.text.to_string())
            .collect()
    }

    #[test]
    fn the_end_shows_and_moves_as_entries_come() {
        let mut log = log(&["1", "2"]);
        assert_eq!(shown(&log, WINDOW), ["1", "2"]);
        push(&mut log, "three four five");
        assert_eq!(shown(&log, WINDOW), ["2", "three four", "five"]);
        assert_eq!(log.below(), 0);
    }

    #[test]
    fn a_row_tells_whether_it_is_the_first_of_its_entry() {
        let log = log(&["three four five", "6"]);
        let first: Vec<_> = log.rows(WINDOW).iter().map(|row| row.first).collect();
        assert_eq!(first, [true, false, true]);
    }

    #[test]
    fn the_reader_stays_where_they_are_while_entries_come() {
        let mut log = log(&["1", "2", "3", "4", "5"]);
        log.up(WINDOW, 1);
        assert_eq!(shown(&log, WINDOW), ["2", "3", "4"]);
        assert_eq!(log.below(), 1);
        push(&mut log, "6");
        push(&mut log, "7");
        assert_eq!(shown(&log, WINDOW), ["2", "3", "4"]);
        assert_eq!(log.below(), 3);
        log.go_to_end();
        assert_eq!(shown(&log, WINDOW), ["5", "6", "7"]);
    }

    #[test]
    fn one_scrolls_by_rows_not_by_entries() {
        let mut log = log(&["1", "2", "aaaaaaaaaa bbbbbbbbbb cccccccccc", "4"]);
        assert_eq!(shown(&log, WINDOW), ["bbbbbbbbbb", "cccccccccc", "4"]);
        log.up(WINDOW, 2);
        assert_eq!(shown(&log, WINDOW), ["2", "aaaaaaaaaa", "bbbbbbbbbb"]);
        log.down(WINDOW, 1);
        assert_eq!(
            shown(&log, WINDOW),
            ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"]
        );
        log.down(WINDOW, 100);
        assert_eq!(shown(&log, WINDOW), ["bbbbbbbbbb", "cccccccccc", "4"]);
        push(&mut log, "5");
        assert_eq!(shown(&log, WINDOW), ["cccccccccc", "4", "5"]);
    }

    #[test]
    fn one_does_not_scroll_beyond_the_start() {
        let mut log = log(&["1", "2", "3", "4", "5"]);
        log.up(WINDOW, 100);
        assert_eq!(shown(&log, WINDOW), ["1", "2", "3"]);
        log.down(WINDOW, 1);
        assert_eq!(shown(&log, WINDOW), ["2", "3", "4"]);
        log.go_to_start(WINDOW);
        assert_eq!(shown(&log, WINDOW), ["1", "2", "3"]);
    }

    #[test]
    fn what_fits_does_not_scroll() {
        let mut log = log(&["1", "2", "3"]);
        log.up(WINDOW, 1);
        log.go_to_start(WINDOW);
        push(&mut log, "4");
        assert_eq!(shown(&log, WINDOW), ["2", "3", "4"]);
    }

    #[test]
    fn a_change_of_size_keeps_the_place() {
        let mut log = log(&["1", "2", "aaaa bbbb cccc", "4", "5", "6"]);
        log.up(WINDOW, 3);
        assert_eq!(shown(&log, WINDOW), ["2", "aaaa bbbb", "cccc"]);
        let wide = Window {
            columns: 40,
            rows: 2,
            ..WINDOW
        };
        assert_eq!(shown(&log, wide), ["2", "aaaa bbbb cccc"]);
        let tall = Window {
            columns: 40,
            rows: 5,
            ..WINDOW
        };
        assert_eq!(shown(&log, tall), ["1", "2", "aaaa bbbb cccc", "4", "5"]);
    }

    #[test]
    fn the_oldest_entries_go_when_there_are_too_many() {
        let mut log = Log::default();
        for n in 0..MAX_ENTRIES + 5 {
            push(&mut log, &n.to_string());
        }
        log.go_to_start(WINDOW);
        assert_eq!(shown(&log, WINDOW), ["5", "6", "7"]);
        for n in 0..10 {
            push(&mut log, &n.to_string());
        }
        assert_eq!(
            shown(&log, WINDOW),
            ["15", "16", "17"],
            "what was read is gone"
        );
    }

    #[test]
    fn long_entries_go_sooner() {
        let mut log = Log::default();
        let long = "x".repeat(MAX_BYTES / 4);
        for _ in 0..10 {
            push(&mut log, &long);
        }
        assert!(
            log.bytes <= MAX_BYTES && log.entries.len() == 3,
            "{}",
            log.entries.len()
        );
    }

    #[test]
    fn nothing_scrolls_in_an_empty_log_or_without_room() {
        let none = Window {
            columns: 1,
            rows: 0,
            ..WINDOW
        };
        for texts in [&[][..], &["1", "2"]] {
            let mut log = log(texts);
            for window in [WINDOW, none] {
                log.up(window, 5);
                log.down(window, 5);
                log.go_to_start(window);
                log.go_to_end();
                assert!(shown(&log, none).is_empty());
            }
        }
    }

    #[test]
    fn names_are_in_the_text_where_they_have_no_column() {
        let mut log = Log::default();
        let at = date(2026, 11, 24).at(12, 0, 0, 0);
        log.push(Entry::said(at, "bob", Speaker::Other, "hello\nall"));
        assert_eq!(shown(&log, WINDOW), ["hello", "all"]);
        let inline = Window {
            names: Names::Inline,
            ..WINDOW
        };
        assert_eq!(shown(&log, inline), ["bob: hello", "all"]);
    }

    #[test]
    fn nothing_is_left_after_clearing() {
        let mut log = log(&["1", "2", "3", "4", "5"]);
        log.up(WINDOW, 1);
        log.clear();
        assert!(shown(&log, WINDOW).is_empty());
        push(&mut log, "6");
        assert_eq!(shown(&log, WINDOW), ["6"]);
    }
}
