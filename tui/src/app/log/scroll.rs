//! Which part of the log is on the screen, and how one moves in it.

use super::{Entry, Log};
use crate::text::Shown;

/// The part of the screen that the log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct Window {
    /// The columns of the text.
    pub(in crate::app) columns: usize,
    pub(in crate::app) rows: usize,
    pub(in crate::app) names: Names,
}

/// Where the names are of those who say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Names {
    /// Before the text, in a column of their own.
    Column,
    /// In the text, for want of room.
    Inline,
}

/// A row on the screen.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::app) struct Row<'a> {
    pub(in crate::app) entry: &'a Entry,
    /// Whether it is the entry's first, with the time and the name.
    pub(in crate::app) first: bool,
    pub(in crate::app) text: Shown,
}

/// A row of the log: of which entry, counted from the first there ever was, and which of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    entry: u64,
    row: usize,
}

impl Log {
    /// How many entries there are after the last on the screen.
    pub(in crate::app) fn below(&self) -> u64 {
        match self.reading {
            None => 0,
            Some(place) => self.end() - 1 - place.entry.max(self.gone),
        }
    }

    /// The rows on the screen, from the top.
    pub(in crate::app) fn rows(&self, window: Window) -> Vec<Row<'_>> {
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
    pub(in crate::app) fn up(&mut self, window: Window, mut by: usize) {
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
    pub(in crate::app) fn down(&mut self, window: Window, by: usize) {
        if self.reading.is_some()
            && let Some(place) = self.bottom(window)
        {
            let place = self.after(place, window, by);
            self.go(place, window);
        }
    }

    /// Goes to the start.
    pub(in crate::app) fn go_to_start(&mut self, window: Window) {
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
    pub(in crate::app) fn go_to_end(&mut self) {
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

    fn height(&self, entry: u64, window: Window) -> usize {
        self.entry(entry).rows(window).len()
    }
}
