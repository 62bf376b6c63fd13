//! The chat log: what was said and what happened, within bounds, and which part of it is on the screen.

mod entry;
mod past;
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

use jiff::civil::DateTime;

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
    /// The number of the first entry that is kept. Those after it have the numbers after it, and there
    /// are numbers for older ones that come later.
    gone: u64,
    /// The last row on the screen; none if it is to be the last there is.
    reading: Option<Place>,
    unread: Unread,
    /// The highest number that the server gave to one of its messages.
    last_id: Option<u64>,
    /// Whether each message in it is for the user alone.
    is_direct: bool,
}

/// The number of the first entry that is pushed.
const FIRST: u64 = 1 << 32;

impl Default for Log {
    fn default() -> Self {
        Log {
            most: MAX_ENTRIES,
            entries: VecDeque::new(),
            bytes: 0,
            gone: FIRST,
            reading: None,
            unread: Unread::default(),
            last_id: None,
            is_direct: false,
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
    pub(super) fn push(&mut self, entry: Entry) {
        if let Some(count) = self.count(&entry) {
            self.unread.came(self.end(), count, self.reader());
        }
        self.last_id = self.last_id.max(entry.id);
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        self.drop_oldest();
    }

    /// Adds an entry where it belongs: at the end, unless it is a message before the last that is there.
    pub(super) fn add(&mut self, entry: Entry) {
        match (entry.id, self.last_id) {
            (Some(id), Some(last)) if id <= last => {
                let count = self.count(&entry);
                self.insert(entry, count);
            }
            _ => self.push(entry),
        }
    }

    /// What an entry adds to what the reader has not seen; nothing, if it is their own.
    pub(super) fn count(&self, entry: &Entry) -> Option<Count> {
        match entry.speaker() {
            Some(Speaker::User) => None,
            Some(Speaker::Other) => Some(Count {
                messages: 1,
                mentions: u64::from(self.is_direct || entry.mentions_user()),
            }),
            None => Some(Count::default()),
        }
    }

    /// Counts each message as one that mentions the user.
    pub(super) fn be_direct(&mut self) {
        self.is_direct = true;
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

    /// When the message with this number of the server's was said.
    pub(super) fn time_of(&self, id: u64) -> Option<DateTime> {
        let is_it = |entry: &&Entry| entry.id == Some(id);
        self.entries.iter().find(is_it).map(|entry| entry.at)
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
