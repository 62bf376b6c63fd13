//! What came since the reader looked away.
//!
//! They look away when the terminal loses the focus, or by scrolling up. The line stays where it is
//! until they write something, so that they can go back to it, or until they have seen all there is
//! and leave for something else.

/// Whether the terminal has the focus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// It has never told.
    #[default]
    Unknown,
    /// It has.
    Here,
    /// Something else has.
    Elsewhere,
}

/// Where the reader is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// At the end, which moves.
    End,
    /// Further up, which stays.
    Above,
}

/// How many messages one has not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::client::app) struct Count {
    pub(in crate::client::app) messages: u64,
    /// How many of them mention the user.
    pub(in crate::client::app) mentions: u64,
}

/// What came since the reader looked away.
#[derive(Clone, Debug, Default)]
pub(super) struct Unread {
    focus: Focus,
    /// The number of the first entry that came.
    line: Option<u64>,
    count: Count,
}

impl Unread {
    /// The number of the entry that the line is above.
    pub(super) fn line(&self) -> Option<u64> {
        self.line
    }

    pub(super) fn count(&self) -> Count {
        self.count
    }

    /// The entry `number` has come.
    pub(super) fn came(&mut self, number: u64, count: Count, reading: Reading) {
        if self.is_away(reading) {
            self.line = Some(self.line.map_or(number, |line| line.min(number)));
            self.count.messages += count.messages;
            self.count.mentions += count.mentions;
        }
    }

    /// The numbers of entries change like this.
    pub(super) fn shift(&mut self, moves: impl Fn(&mut u64)) {
        self.line.iter_mut().for_each(moves);
    }

    /// The terminal has the focus now, or has not.
    pub(super) fn focused(&mut self, focus: Focus, reading: Reading) {
        if focus == Focus::Elsewhere && !self.is_away(reading) {
            // All there is was seen: the line is for what comes next.
            self.line = None;
        }
        self.focus = focus;
        self.moved(reading);
    }

    /// The reader has scrolled.
    pub(super) fn moved(&mut self, reading: Reading) {
        if !self.is_away(reading) {
            self.count = Count::default();
        }
    }

    /// The reader has written something.
    pub(super) fn wrote(&mut self) {
        self.line = None;
        self.count = Count::default();
    }

    fn is_away(&self, reading: Reading) -> bool {
        self.focus == Focus::Elsewhere || reading == Reading::Above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: Count = Count {
        messages: 1,
        mentions: 0,
    };

    /// What came before `number`, while the reader was away or not.
    fn told(unread: &Unread) -> (Option<u64>, u64) {
        (unread.line(), unread.count().messages)
    }

    #[test]
    fn what_comes_while_one_looks_is_not_unread() {
        let mut unread = Unread::default();
        unread.came(0, MESSAGE, Reading::End);
        unread.focused(Focus::Here, Reading::End);
        unread.came(1, MESSAGE, Reading::End);
        assert_eq!(told(&unread), (None, 0));
    }

    #[test]
    fn the_line_is_above_the_first_that_came_and_stays_when_one_is_back() {
        let mut unread = Unread::default();
        unread.focused(Focus::Elsewhere, Reading::End);
        unread.came(5, Count::default(), Reading::End);
        unread.came(6, MESSAGE, Reading::End);
        unread.came(7, MESSAGE, Reading::End);
        assert_eq!(told(&unread), (Some(5), 2));
        unread.focused(Focus::Here, Reading::End);
        assert_eq!(told(&unread), (Some(5), 0));
        unread.came(8, MESSAGE, Reading::End);
        assert_eq!(told(&unread), (Some(5), 0));
        unread.wrote();
        assert_eq!(told(&unread), (None, 0));
    }

    #[test]
    fn scrolling_up_is_looking_away_but_does_not_move_the_line() {
        let mut unread = Unread::default();
        unread.moved(Reading::Above);
        unread.came(5, MESSAGE, Reading::Above);
        assert_eq!(told(&unread), (Some(5), 1));
        unread.moved(Reading::End);
        assert_eq!(told(&unread), (Some(5), 0));
        unread.moved(Reading::Above);
        unread.came(9, MESSAGE, Reading::Above);
        assert_eq!(told(&unread), (Some(5), 1));
    }

    #[test]
    fn who_leaves_having_seen_everything_finds_the_line_at_what_came_then() {
        let mut unread = Unread::default();
        unread.focused(Focus::Elsewhere, Reading::End);
        unread.came(5, MESSAGE, Reading::End);
        unread.focused(Focus::Here, Reading::End);
        unread.focused(Focus::Elsewhere, Reading::End);
        assert_eq!(told(&unread), (None, 0));
        unread.came(9, MESSAGE, Reading::End);
        assert_eq!(told(&unread), (Some(9), 1));
    }

    #[test]
    fn who_leaves_in_the_middle_of_reading_finds_the_line_where_it_was() {
        let mut unread = Unread::default();
        unread.moved(Reading::Above);
        unread.came(5, MESSAGE, Reading::Above);
        unread.focused(Focus::Elsewhere, Reading::Above);
        unread.came(6, MESSAGE, Reading::Above);
        unread.focused(Focus::Here, Reading::Above);
        assert_eq!(told(&unread), (Some(5), 2));
    }
}
