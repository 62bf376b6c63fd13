//! Which part of the log is on the screen, and how one moves in it.
//!
//! What is drawn or passed is wrapped, and little else: the cost of a key or a drawing is that of a
//! few screens, however much is in the log.

use jiff::civil::Date;

use super::unread::Reading;
use super::{Entry, Log};
use crate::text::SafeText;

/// The part of the screen that the log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client::app) struct Pane {
    /// The columns of the text.
    pub(in crate::client::app) columns: usize,
    pub(in crate::client::app) rows: usize,
    pub(in crate::client::app) names: Names,
}

/// Where the names are of those who say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client::app) enum Names {
    /// Before the text, in a column of their own.
    Column,
    /// In the text, for want of room.
    Inline,
}

/// A row on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client::app) enum Row<'a> {
    /// What follows is of this day.
    Day(Date),
    /// What follows came since the reader looked away.
    Unread,
    /// Some of an entry.
    Text(TextRow<'a>),
}

/// A row of an entry's text.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client::app) struct TextRow<'a> {
    /// The entry's number, which it keeps.
    pub(in crate::client::app) number: u64,
    pub(in crate::client::app) entry: &'a Entry,
    /// Whether it is the entry's first, with the time and the name.
    pub(in crate::client::app) first: bool,
    /// In which of the entry's lines it is, and where it starts there.
    pub(in crate::client::app) line: usize,
    pub(in crate::client::app) start: usize,
    pub(in crate::client::app) text: SafeText,
}

/// A row of the log: of which entry, counted from the first there ever was, and which of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) entry: u64,
    row: usize,
}

/// Where a reader was, to return to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client::app) struct Bookmark(Option<Place>);

impl Log {
    /// How many entries there are after the last on the screen.
    pub(in crate::client::app) fn below(&self) -> u64 {
        let Some(place) = self.reading else {
            return 0;
        };
        let last = place.entry.max(self.gone);
        // Of the entry there may be no more on the screen than the lines above it.
        let lines = self.lines_above(last).count();
        self.end() - last - u64::from(place.row >= lines)
    }

    /// The rows on the screen, from the top.
    pub(in crate::client::app) fn rows(&self, pane: Pane) -> Vec<Row<'_>> {
        let Some(last) = self.bottom(pane) else {
            return Vec::new();
        };
        let mut rows = Vec::new();
        let mut number = last.entry;
        let mut shown = last.row + 1;
        while rows.len() < pane.rows {
            let mut of_entry = self.rows_of(number, pane);
            of_entry.truncate(shown);
            rows.extend(of_entry.into_iter().rev());
            if number == self.gone {
                break;
            }
            number -= 1;
            shown = usize::MAX;
        }
        rows.truncate(pane.rows);
        rows.reverse();
        rows
    }

    /// Whether the line above what is not read is further up than `rows`, which are on the screen.
    pub(in crate::client::app) fn is_unread_above(&self, rows: &[Row<'_>]) -> bool {
        let first = rows.iter().find_map(|row| match row {
            Row::Text(text) => Some(text.number),
            Row::Day(_) | Row::Unread => None,
        });
        match (self.unread_line(), first) {
            (Some(line), Some(first)) => line <= first && !rows.contains(&Row::Unread),
            _ => false,
        }
    }

    /// Goes back by so many rows, but not beyond the start.
    pub(in crate::client::app) fn up(&mut self, pane: Pane, mut by: usize) {
        let Some(mut place) = self.bottom(pane) else {
            return;
        };
        while by > place.row && place.entry > self.gone {
            by -= place.row + 1;
            place.entry -= 1;
            place.row = self.last_row(place.entry, pane);
        }
        place.row = place.row.saturating_sub(by);
        self.go(place, pane);
    }

    /// Goes on by so many rows, but not beyond the end.
    pub(in crate::client::app) fn down(&mut self, pane: Pane, by: usize) {
        if self.reading.is_some()
            && let Some(place) = self.bottom(pane)
        {
            let place = self.after(place, pane, by);
            self.go(place, pane);
        }
    }

    /// Goes to the start.
    pub(in crate::client::app) fn go_to_start(&mut self, pane: Pane) {
        if !self.entries.is_empty() {
            self.go(self.start(), pane);
        }
    }

    /// Goes to the end, and stays there as it moves.
    pub(in crate::client::app) fn go_to_end(&mut self) {
        self.read(None);
    }

    /// Goes where what is not read starts, if there is such a line.
    pub(in crate::client::app) fn go_to_unread(&mut self, pane: Pane) {
        if let Some(line) = self.unread_line() {
            let place = Place {
                entry: line,
                row: 0,
            };
            self.go(self.after(place, pane, pane.rows.saturating_sub(1)), pane);
        }
    }

    /// Goes where one sees what is at `start` in the line `line` of the entry `number`, which is one of
    /// those kept, or its first row. One stays where that is on the screen already.
    pub(in crate::client::app) fn go_to_entry(
        &mut self,
        number: u64,
        (line, start): (usize, usize),
        pane: Pane,
    ) {
        let rows = self.rows_of(number, pane);
        let has_it = |row: &Row<'_>| match row {
            Row::Text(row) => row.line == line && row.start + row.text.as_str().len() > start,
            Row::Day(_) | Row::Unread => false,
        };
        let row = rows.iter().position(has_it).unwrap_or(rows.len() - 1);
        let is_shown = self.rows(pane).contains(&rows[row]);
        if !is_shown {
            let place = Place { entry: number, row };
            let place = self.after(place, pane, pane.rows / 2);
            self.go(place, pane);
        }
    }

    /// Whether there is nothing above what is on the screen.
    pub(in crate::client::app) fn is_at_start(&self, pane: Pane) -> bool {
        match self.rows(pane).first() {
            None | Some(Row::Day(_) | Row::Unread) => true,
            Some(Row::Text(row)) => row.number == self.gone && row.first,
        }
    }

    /// Where the reader is.
    pub(in crate::client::app) fn bookmark(&self) -> Bookmark {
        Bookmark(self.reading)
    }

    /// Goes where the reader was.
    pub(in crate::client::app) fn return_to(&mut self, Bookmark(place): Bookmark) {
        // What was there may be gone by now.
        self.read(place.filter(|_| !self.entries.is_empty()));
    }

    /// The number of the last entry on the screen, if there is any.
    pub(in crate::client::app) fn last_shown(&self, pane: Pane) -> Option<u64> {
        self.bottom(pane).map(|place| place.entry)
    }

    pub(super) fn reader(&self) -> Reading {
        match self.reading {
            None => Reading::End,
            Some(_) => Reading::Above,
        }
    }

    fn go(&mut self, place: Place, pane: Pane) {
        let place = self.settled(place, pane);
        let is_last =
            place.entry + 1 == self.end() && place.row == self.last_row(place.entry, pane);
        self.read((!is_last).then_some(place));
    }

    fn read(&mut self, place: Option<Place>) {
        self.reading = place;
        self.unread.moved(self.reader());
    }

    /// The last row on the screen, if there is any.
    fn bottom(&self, pane: Pane) -> Option<Place> {
        let entry = self
            .end()
            .checked_sub(1)
            .filter(|last| *last >= self.gone)?;
        Some(match self.reading {
            Some(place) => self.settled(place, pane),
            None => Place {
                entry,
                row: self.last_row(entry, pane),
            },
        })
    }

    /// The last row on the screen of a reader of `place`: that, but after a change of size its entry
    /// may have less rows, and when old entries go, there may be less above it than the screen has
    /// room for.
    fn settled(&self, mut place: Place, pane: Pane) -> Place {
        if place.entry < self.gone {
            place = self.start();
        }
        place.row = place.row.min(self.last_row(place.entry, pane));
        // An entry has a row at least.
        if place.entry - self.gone < pane.rows as u64 {
            place = place.max(self.after(self.start(), pane, pane.rows.saturating_sub(1)));
        }
        place
    }

    /// The row so many after `place`, or the last.
    fn after(&self, mut place: Place, pane: Pane, mut by: usize) -> Place {
        loop {
            let rest = self.last_row(place.entry, pane) - place.row;
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

    /// The first row there is.
    fn start(&self) -> Place {
        Place {
            entry: self.gone,
            row: 0,
        }
    }

    fn last_row(&self, number: u64, pane: Pane) -> usize {
        self.rows_of(number, pane).len() - 1
    }

    /// The rows of an entry, at least one, with the lines above it.
    fn rows_of(&self, number: u64, pane: Pane) -> Vec<Row<'_>> {
        let entry = self.entry(number);
        let texts = entry.rows(pane).into_iter().enumerate();
        let texts = texts.map(|(row, (line, start, text))| {
            Row::Text(TextRow {
                number,
                entry,
                first: row == 0,
                line,
                start,
                text,
            })
        });
        self.lines_above(number).chain(texts).collect()
    }

    /// The lines above an entry.
    fn lines_above(&self, number: u64) -> impl Iterator<Item = Row<'_>> {
        let day = self.entry(number).at.date();
        let before = number.checked_sub(1).and_then(|before| self.get(before));
        let is_new = before.is_some_and(|before| before.at.date() != day);
        let day = is_new.then_some(Row::Day(day));
        let unread = (self.unread_line() == Some(number)).then_some(Row::Unread);
        day.into_iter().chain(unread)
    }

    /// The number of the entry that the line above what is not read is above.
    fn unread_line(&self) -> Option<u64> {
        let line = self.unread.line()?.max(self.gone);
        (line < self.end()).then_some(line)
    }
}
