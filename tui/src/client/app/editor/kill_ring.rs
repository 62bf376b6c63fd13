//! What was cut last, to be pasted again, as readline keeps it.

use std::collections::VecDeque;

/// How many cuts are kept.
const MAX_KILLS: usize = 32;

/// What was cut, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::client::app) struct KillRing {
    kills: VecDeque<String>,
}

/// Where a cut joins the one just before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// It was before the cursor.
    Before,
    /// It was after the cursor.
    After,
}

impl KillRing {
    /// Keeps a cut as one of its own.
    pub(super) fn push(&mut self, text: &str) {
        self.kills.push_front(text.into());
        self.kills.truncate(MAX_KILLS);
    }

    /// Joins a cut to the newest, as if both had been cut at once.
    pub(super) fn join(&mut self, text: &str, side: Side) {
        match (self.kills.front_mut(), side) {
            (None, _) => self.push(text),
            (Some(newest), Side::Before) => newest.insert_str(0, text),
            (Some(newest), Side::After) => newest.push_str(text),
        }
    }

    /// The newest, if there is one.
    pub(super) fn newest(&self) -> Option<&str> {
        self.kills.front().map(String::as_str)
    }

    /// Turns the ring by one, so that what was cut before the newest is the newest.
    pub(super) fn rotate(&mut self) {
        if !self.kills.is_empty() {
            self.kills.rotate_left(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_turns_through_all_that_was_cut() {
        let mut ring = KillRing::default();
        ring.rotate();
        assert_eq!(ring.newest(), None);
        for text in ["one", "two", "three"] {
            ring.push(text);
        }
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(ring.newest().map(str::to_owned).unwrap_or_default());
            ring.rotate();
        }
        assert_eq!(seen, ["three", "two", "one", "three"]);
    }

    #[test]
    fn only_so_many_cuts_are_kept() {
        let mut ring = KillRing::default();
        (0..MAX_KILLS + 5).for_each(|n| ring.push(&n.to_string()));
        (1..MAX_KILLS).for_each(|_| ring.rotate());
        assert_eq!(ring.newest(), Some("5"));
    }
}
