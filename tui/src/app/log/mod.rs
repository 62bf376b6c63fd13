//! The chat log: what was said and what happened, within bounds, and which part of it is on the screen.

mod entry;
mod scroll;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub(super) use entry::{Entry, Kind, Speaker};
pub(super) use scroll::{Names, Row, Window};

use scroll::Place;

/// How many entries are kept.
pub(super) const MAX_ENTRIES: usize = 10_000;
/// How many bytes of text are kept, should the entries be long.
const MAX_BYTES: usize = 16 * 1024 * 1024;

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

    /// The number of the entry that comes next.
    fn end(&self) -> u64 {
        self.gone + self.entries.len() as u64
    }

    fn entry(&self, id: u64) -> &Entry {
        let at = usize::try_from(id - self.gone).expect("it is below the number of entries");
        &self.entries[at]
    }
}
