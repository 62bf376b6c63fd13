//! What was sent before, to be sent again.

use std::collections::VecDeque;

/// How many lines are remembered.
const MAX_LINES: usize = 500;

/// The lines sent, and which of them is in the message box.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    lines: VecDeque<String>,
    /// The line being looked at, and what was in the box before.
    browsing: Option<(usize, String)>,
}

impl History {
    /// Remembers a line that was sent. False if it was there already, as the last one.
    pub(super) fn push(&mut self, line: &str) -> bool {
        self.browsing = None;
        if self.lines.back().is_some_and(|last| last == line) {
            return false;
        }
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line.into());
        true
    }

    /// The line before the one in the box, which is `current`.
    pub(super) fn older(&mut self, current: &str) -> Option<&str> {
        let (at, draft) = match self.browsing.take() {
            Some((at, draft)) => (at.saturating_sub(1), draft),
            None => (self.lines.len().checked_sub(1)?, current.to_owned()),
        };
        self.browsing = Some((at, draft));
        self.lines.get(at).map(String::as_str)
    }

    /// Ends the browsing. Returns what was in the box at first, if the line in it, `current`, is one of
    /// those that were sent.
    pub(super) fn leave(&mut self, current: &str) -> Option<String> {
        let (at, draft) = self.browsing.take()?;
        let is_sent = self.lines.get(at).is_some_and(|line| line == current);
        is_sent.then_some(draft)
    }

    /// The line after the one in the box; after the last one, what was in the box at first.
    pub(super) fn newer(&mut self) -> Option<String> {
        let (at, draft) = self.browsing.take()?;
        match self.lines.get(at + 1) {
            Some(line) => {
                self.browsing = Some((at + 1, draft));
                Some(line.clone())
            }
            None => Some(draft),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(lines: &[&str]) -> History {
        let mut history = History::default();
        for line in lines {
            history.push(line);
        }
        history
    }

    #[test]
    fn one_goes_back_line_by_line_and_returns_to_what_one_was_writing() {
        let mut history = history(&["one", "two"]);
        assert_eq!(history.older("draft"), Some("two"));
        assert_eq!(history.older("two"), Some("one"));
        assert_eq!(history.older("one"), Some("one"));
        assert_eq!(history.newer().as_deref(), Some("two"));
        assert_eq!(history.newer().as_deref(), Some("draft"));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn there_is_nothing_before_the_first_line_is_sent() {
        assert_eq!(history(&[]).older("draft"), None);
    }

    #[test]
    fn a_line_sent_twice_in_a_row_is_remembered_once() {
        let mut history = history(&["one", "two"]);
        assert!(!history.push("two"));
        assert_eq!(history.older(""), Some("two"));
        assert_eq!(history.older(""), Some("one"));
    }

    #[test]
    fn only_so_many_lines_are_remembered() {
        let mut history = History::default();
        for n in 0..MAX_LINES + 10 {
            assert!(history.push(&n.to_string()));
        }
        let mut oldest = String::new();
        for _ in 0..MAX_LINES + 10 {
            oldest = history.older("").expect("there are lines").to_owned();
        }
        assert_eq!(oldest, "10");
    }
}
