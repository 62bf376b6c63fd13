//! What was handed to the session, until it is known that the server has dealt with it.
//!
//! A server answers commands, not messages. So a [`Sync`](Action::Sync) follows what the user does:
//! its answer comes after all before it was dealt with. One at most is on its way at a time, so that
//! many lines cost no more than one of them.

use std::collections::VecDeque;

use chatmaster_core::session::{Action, RequestId};

/// How much is remembered, should a server never answer.
const MOST: usize = 1000;

/// Requests without an answer.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    /// The number of the next. Those of one session are not given out in another.
    next: RequestId,
    /// In the order in which they were handed over.
    open: VecDeque<Open>,
}

/// A request without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    id: RequestId,
    pub(crate) action: Action,
    pub(crate) asker: Asker,
}

/// Who wants something of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The user, who wants to know what comes of it.
    User,
    /// The client, which wants to know for itself.
    Client,
}

/// What is known of a request when the connection ends before it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It never left this machine.
    Unsent,
    /// The server may have dealt with it, or not.
    Unknown,
}

impl Default for Requests {
    fn default() -> Self {
        Requests {
            next: RequestId(0),
            open: VecDeque::new(),
        }
    }
}

impl Open {
    fn is_sync(&self) -> bool {
        self.action == Action::Sync
    }
}

impl Requests {
    /// Gives a number to a request that is handed to the session.
    pub(crate) fn push(&mut self, action: Action, asker: Asker) -> RequestId {
        let id = self.next;
        self.next = RequestId(id.0 + 1);
        self.open.push_back(Open { id, action, asker });
        if self.open.len() > MOST
            && let Some(oldest) = self.open.iter().position(|open| !open.is_sync())
        {
            self.open.remove(oldest);
        }
        id
    }

    /// Begins a sync, if something is to be found out and none is on its way.
    pub(crate) fn begin_sync(&mut self) -> Option<RequestId> {
        let is_user = |open: &Open| open.asker == Asker::User;
        self.open.iter().any(is_user).then(|| self.ask_anything())?
    }

    /// Begins a sync to hear from the server, if none is on its way.
    pub(crate) fn ask_anything(&mut self) -> Option<RequestId> {
        let is_under_way = self.open.iter().any(Open::is_sync);
        (!is_under_way).then(|| self.push(Action::Sync, Asker::Client))
    }

    /// Whether all was dealt with.
    pub(crate) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// How many requests the sync that is on its way comes after, if one is.
    pub(crate) fn before_sync(&self) -> Option<usize> {
        self.open.iter().position(Open::is_sync)
    }

    /// Whether one of them leads into another room.
    pub(crate) fn lead_elsewhere(&self) -> bool {
        let leads = |open: &Open| matches!(open.action, Action::Join(_) | Action::Leave);
        self.open.iter().any(leads)
    }

    /// The request was answered; with a sync all before it was dealt with.
    pub(crate) fn answered(&mut self, id: RequestId) -> Option<Open> {
        let at = self.open.iter().position(|open| open.id == id)?;
        let answered = self.open.remove(at)?;
        if answered.is_sync() {
            self.open.drain(..at);
        }
        Some(answered)
    }

    /// The session did not take the request.
    pub(crate) fn refused(&mut self, id: RequestId) -> Option<Open> {
        let at = self.open.iter().position(|open| open.id == id)?;
        self.open.remove(at)
    }

    /// The session has ended; of the messages those from `unsent` on were not sent. What the user
    /// wanted and is not known to have been dealt with comes back, in order.
    pub(crate) fn end(&mut self, unsent: Option<RequestId>) -> Vec<(Action, Delivery)> {
        let open = std::mem::take(&mut self.open).into_iter();
        open.filter(|open| open.asker == Asker::User)
            .map(|Open { id, action, .. }| {
                let is_message = matches!(action, Action::Say(_));
                let delivery = match unsent {
                    Some(first) if is_message && first <= id => Delivery::Unsent,
                    _ => Delivery::Unknown,
                };
                (action, delivery)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &str) -> Action {
        Action::Say(text.into())
    }

    fn join(channel: &str) -> Action {
        Action::Join(channel.into())
    }

    fn requests(texts: &[&str]) -> Requests {
        let mut requests = Requests::default();
        for text in texts {
            requests.push(say(text), Asker::User);
        }
        requests
    }

    #[test]
    fn what_was_said_before_a_sync_is_known_to_have_arrived_when_it_is_answered() {
        let mut requests = requests(&["one", "two"]);
        let sync = requests
            .begin_sync()
            .expect("there is something to find out");
        requests.push(say("three"), Asker::User);
        assert_eq!(requests.begin_sync(), None, "one at a time");
        requests.answered(sync);
        assert_eq!(
            requests.clone().end(None),
            [(say("three"), Delivery::Unknown)]
        );
        let sync = requests.begin_sync().expect("there is something again");
        requests.answered(sync);
        assert_eq!(requests.begin_sync(), None, "there is nothing to find out");
        assert_eq!(requests.end(None), []);
    }

    #[test]
    fn a_command_that_was_answered_is_known_to_have_been_done() {
        let mut requests = Requests::default();
        let first = requests.push(join("a"), Asker::User);
        requests.push(join("a"), Asker::User);
        assert!(requests.lead_elsewhere());
        assert_eq!(
            requests.answered(first).map(|open| open.action),
            Some(join("a"))
        );
        assert_eq!(requests.answered(first), None, "once");
        assert_eq!(requests.end(None), [(join("a"), Delivery::Unknown)]);
        assert!(!requests.lead_elsewhere());
    }

    #[test]
    fn of_what_has_no_answer_at_the_end_the_last_messages_may_not_have_left() {
        let mut requests = requests(&["one"]);
        let two = requests.push(say("two"), Asker::User);
        requests.push(Action::Leave, Asker::User);
        requests.push(Action::Users, Asker::Client);
        requests.push(say("three"), Asker::User);
        let expected = [
            (say("one"), Delivery::Unknown),
            (say("two"), Delivery::Unsent),
            (Action::Leave, Delivery::Unknown),
            (say("three"), Delivery::Unsent),
        ];
        assert_eq!(requests.end(Some(two)), expected);
        assert_eq!(requests.end(None), [], "it is told once");
    }

    #[test]
    fn what_the_session_did_not_take_has_no_answer() {
        let mut requests = requests(&["one"]);
        let two = requests.push(say("two"), Asker::User);
        let sync = requests
            .begin_sync()
            .expect("there is something to find out");
        requests.push(say("three"), Asker::User);
        requests.refused(two);
        requests.answered(sync);
        assert_eq!(requests.end(None), [(say("three"), Delivery::Unknown)]);
    }

    #[test]
    fn a_sync_that_was_not_sent_is_sent_later() {
        let mut requests = requests(&["one"]);
        let sync = requests
            .begin_sync()
            .expect("there is something to find out");
        requests.refused(sync);
        assert!(requests.begin_sync().is_some());
    }

    #[test]
    fn a_server_that_answers_nothing_fills_no_memory() {
        let mut requests = requests(&["one"]);
        assert!(requests.begin_sync().is_some());
        for n in 0..MOST + 5 {
            requests.push(say(&n.to_string()), Asker::User);
        }
        assert_eq!(requests.begin_sync(), None, "it is not asked again");
        let left = requests.end(None);
        assert_eq!(left.len(), MOST - 1);
        assert_eq!(left[0], (say("6"), Delivery::Unknown));
    }
}
