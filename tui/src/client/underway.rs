//! What the user said and asked for, until it is known that the server has dealt with it.
//!
//! A server answers commands, not messages. So a [`Sync`](Action::Sync) follows what is said: its
//! answer comes after all before it was dealt with. One at most is on its way at a time, so that many
//! lines cost no more than one of them.

use std::collections::VecDeque;

use chatmaster_core::session::Action;

/// How much is remembered, should a server never answer a sync.
const MOST: usize = 1000;

/// Actions that were handed to the session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Underway {
    /// In the order in which they were.
    actions: VecDeque<Action>,
    sync: Sync,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sync {
    #[default]
    None,
    /// One is on its way, after so many of the first actions.
    After(usize),
}

/// What is known of an action when the connection ends before it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It never left this machine.
    Unsent,
    /// The server may have dealt with it, or not.
    Unknown,
}

impl Underway {
    /// Takes in an action that is handed to the session.
    pub(crate) fn push(&mut self, action: Action) {
        self.actions.push_back(action);
        if self.actions.len() > MOST {
            self.forget(0);
        }
    }

    /// Whether a sync is to be sent now; it is taken to be.
    pub(crate) fn begin_sync(&mut self) -> bool {
        !self.actions.is_empty() && self.begin_any_sync()
    }

    /// Whether a sync can be sent now, to hear from the server; it is taken to be.
    pub(crate) fn begin_any_sync(&mut self) -> bool {
        let begins = self.sync == Sync::None;
        if begins {
            self.sync = Sync::After(self.actions.len());
        }
        begins
    }

    /// Whether all was dealt with.
    pub(crate) fn is_settled(&self) -> bool {
        self.actions.is_empty() && self.sync == Sync::None
    }

    /// How many actions the sync that is on its way comes after, if one is.
    pub(crate) fn awaited(&self) -> Option<usize> {
        match self.sync {
            Sync::None => None,
            Sync::After(count) => Some(count),
        }
    }

    /// Takes in the answer to the sync: what came before it was dealt with.
    pub(crate) fn synced(&mut self) {
        if let Sync::After(count) = std::mem::take(&mut self.sync) {
            self.actions.drain(..count);
        }
    }

    /// Takes in that the sync was not sent.
    pub(crate) fn not_synced(&mut self) {
        self.sync = Sync::None;
    }

    /// Takes in that the session did not take an action.
    pub(crate) fn refused(&mut self, action: &Action) {
        // What was handed over last is refused first, or is the same to the letter.
        if let Some(at) = self.actions.iter().rposition(|other| other == action) {
            self.forget(at);
        }
    }

    /// Takes in the end of the session, before which so many of the last messages were not sent. What
    /// is not known to have been dealt with comes back, in order.
    pub(crate) fn end(&mut self, unsent: usize) -> Vec<(Action, Fate)> {
        let Underway { actions, .. } = std::mem::take(self);
        let is_message = |action: &Action| matches!(action, Action::Say(_));
        let messages = actions.iter().filter(|action| is_message(action)).count();
        let mut sent = messages.saturating_sub(unsent);
        actions
            .into_iter()
            .map(|action| {
                let fate = if !is_message(&action) {
                    Fate::Unknown
                } else if sent == 0 {
                    Fate::Unsent
                } else {
                    sent -= 1;
                    Fate::Unknown
                };
                (action, fate)
            })
            .collect()
    }

    fn forget(&mut self, at: usize) {
        self.actions.remove(at);
        if let Sync::After(count) = &mut self.sync
            && at < *count
        {
            *count -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &str) -> Action {
        Action::Say(text.into())
    }

    fn underway(texts: &[&str]) -> Underway {
        let mut underway = Underway::default();
        texts.iter().for_each(|text| underway.push(say(text)));
        underway
    }

    #[test]
    fn what_was_said_before_a_sync_is_known_to_have_arrived_when_it_is_answered() {
        let mut underway = underway(&["one", "two"]);
        assert!(underway.begin_sync());
        underway.push(say("three"));
        assert!(!underway.begin_sync(), "one at a time");
        underway.synced();
        assert_eq!(underway.clone().end(0), [(say("three"), Fate::Unknown)]);
        assert!(underway.begin_sync());
        underway.synced();
        assert!(!underway.begin_sync(), "there is nothing to find out");
        assert_eq!(underway.end(0), []);
    }

    #[test]
    fn of_what_is_underway_at_the_end_the_last_may_not_have_left() {
        let mut underway = underway(&["one", "two"]);
        underway.push(Action::Leave);
        underway.push(say("three"));
        let expected = [
            (say("one"), Fate::Unknown),
            (say("two"), Fate::Unsent),
            (Action::Leave, Fate::Unknown),
            (say("three"), Fate::Unsent),
        ];
        assert_eq!(underway.end(2), expected);
        assert_eq!(underway.end(0), [], "it is told once");
    }

    #[test]
    fn what_the_session_did_not_take_is_not_underway() {
        let mut underway = underway(&["one", "two"]);
        assert!(underway.begin_sync());
        underway.push(say("three"));
        underway.refused(&say("two"));
        underway.synced();
        assert_eq!(underway.end(0), [(say("three"), Fate::Unknown)]);
    }

    #[test]
    fn a_sync_that_was_not_sent_is_sent_later() {
        let mut underway = underway(&["one"]);
        assert!(underway.begin_sync());
        underway.not_synced();
        assert!(underway.begin_sync());
    }

    #[test]
    fn a_server_that_answers_no_sync_fills_no_memory() {
        let mut underway = underway(&["one"]);
        assert!(underway.begin_sync());
        (0..MOST + 5).for_each(|n| underway.push(say(&n.to_string())));
        let left = underway.end(0);
        assert_eq!(left.len(), MOST);
        assert_eq!(left[0], (say("5"), Fate::Unknown));
    }
}
