//! The chat log: what was said and what happened, within bounds, and which part of it is on the screen.

mod entry;
mod scroll;
#[cfg(test)]
mod tests;
mod unread;

use std::collections::VecDeque;

pub(super) use entry::{Entry, Kind, Speaker};
pub(super) use scroll::{Bookmark, Names, Pane, Row, TextRow};
pub(super) use unread::Count;
pub use unread::Focus;

use scroll::Place;
use unread::Unread;

use crate::text::SafeText;

/// How many entries are kept, if nobody wants it otherwise.
pub(super) const MAX_ENTRIES: usize = 10_000;
/// How many bytes of text and of what is known of it are kept, should the entries be long.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The entries of the last hours or days, within bounds, and where the reader is.
#[derive(Clone, Debug)]
pub(super) struct Log {
    /// How many entries are kept.
    most: usize,
    entries: VecDeque<Entry>,
    bytes: usize,
    /// How many entries went before the first that is kept. An entry's number is how many came
    /// before it.
    gone: u64,
    /// The last row on the screen; none if it is to be the last there is.
    reading: Option<Place>,
    unread: Unread,
}

impl Default for Log {
    fn default() -> Self {
        Log {
            most: MAX_ENTRIES,
            entries: VecDeque::new(),
            bytes: 0,
            gone: 0,
            reading: None,
            unread: Unread::default(),
        }
    }
}

impl Log {
    /// Keeps so many entries from now on, at least one.
    pub(super) fn keep(&mut self, most: usize) {
        self.most = most.max(1);
        self.drop_oldest();
    }

    /// Adds an entry. The reader stays where they are, unless that was at the end.
    pub(super) fn push(&mut self, mut entry: Entry) {
        let day = entry.at.date();
        let before = self.entries.back().map(|before| before.at.date());
        entry.new_day = before.is_some_and(|before| before != day).then_some(day);
        let count = match entry.speaker() {
            Some(Speaker::User) => None,
            Some(Speaker::Other) => Some(Count {
                messages: 1,
                mentions: u64::from(entry.mentions_user()),
            }),
            None => Some(Count::default()),
        };
        if let Some(count) = count {
            self.unread.came(self.end(), count, self.reader());
        }
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        self.drop_oldest();
    }

    fn drop_oldest(&mut self) {
        while self.entries.len() > 1
            && (self.entries.len() > self.most || self.bytes > MAX_BYTES)
            && let Some(gone) = self.entries.pop_front()
        {
            self.bytes -= gone.bytes();
            self.gone += 1;
        }
    }

    /// Forgets every entry.
    pub(super) fn clear(&mut self) {
        self.gone = self.end();
        self.entries.clear();
        self.bytes = 0;
        self.go_to_end();
        self.unread.wrote();
    }

    /// The reader has written something: they have seen what there is, and see what comes.
    pub(super) fn wrote(&mut self) {
        self.go_to_end();
        self.unread.wrote();
    }

    /// The terminal has the focus now, or has not.
    pub(super) fn focused(&mut self, focus: Focus) {
        self.unread.focused(focus, self.reader());
    }

    /// Who has said something, from the last one to do so on, each as often as they did.
    pub(super) fn speakers(&self) -> impl Iterator<Item = &SafeText> {
        self.entries
            .iter()
            .rev()
            .filter_map(|entry| match &entry.kind {
                Kind::Said {
                    name,
                    speaker: Speaker::Other,
                }
                | Kind::Did {
                    name,
                    speaker: Speaker::Other,
                } => Some(name),
                _ => None,
            })
    }

    /// Whether someone has said something.
    pub(super) fn has_messages(&self) -> bool {
        self.entries.iter().any(|entry| entry.speaker().is_some())
    }

    /// The entries there are.
    pub(super) fn into_entries(self) -> impl Iterator<Item = Entry> {
        self.entries.into_iter()
    }

    /// What came since the reader looked away.
    pub(super) fn unread(&self) -> Count {
        self.unread.count()
    }

    /// The entries with their numbers, from the number `from` on, as far as they are kept.
    pub(super) fn since(&self, from: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let from = from.clamp(self.gone, self.end());
        let skipped = usize::try_from(from - self.gone).expect("it is a number of entries");
        (from..).zip(self.entries.range(skipped..))
    }

    /// The entry `number`, if it is kept.
    pub(super) fn get(&self, number: u64) -> Option<&Entry> {
        let at = usize::try_from(number.checked_sub(self.gone)?).ok()?;
        self.entries.get(at)
    }

    /// The number of the first entry that is kept, or would be.
    pub(super) fn first(&self) -> u64 {
        self.gone
    }

    /// The number of the entry that comes next.
    pub(super) fn end(&self) -> u64 {
        self.gone + self.entries.len() as u64
    }

    fn entry(&self, number: u64) -> &Entry {
        self.get(number).expect("it is the number of an entry")
    }
}
