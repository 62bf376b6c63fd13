//! What was handed to the session, until it is known that the server has dealt with it.
//!
//! A server of version 1 answers commands, not messages. So a [`Sync`](Action::Sync) follows what the user
//! does: its answer comes after all before it was dealt with. One at most is on its way at a time, so that
//! many lines cost no more than one of them. One of version 2 answers each request.
//!
//! If the connection breaks and the user keeps their seat, what has no answer waits for the next one: the
//! messages are sent again then, under the same numbers, by which the server knows those that it has.

use std::collections::VecDeque;

use chatmaster_core::session::{Action, RequestId};
use chatmaster_core::wire::Version;

/// How much is remembered, should a server never answer.
pub(crate) const MOST: usize = 1000;

/// Requests without an answer.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    /// The number of the next. Those of one session are not given out in another.
    next: RequestId,
    /// In the order in which they were handed over.
    open: VecDeque<Open>,
    answered: Answered,
    /// What the sessions before were not known to have dealt with, and whose user has a seat still.
    held: VecDeque<(Open, Delivery)>,
    /// What is to be handed over before all else, in this order: of these what is to be sent again, and
    /// before it what the client asks for.
    due: VecDeque<Open>,
}

/// Which requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    /// All but messages: version 1.
    Commands,
    /// All: version 2.
    Each,
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
            answered: Answered::Commands,
            held: VecDeque::new(),
            due: VecDeque::new(),
        }
    }
}

impl Open {
    fn is_sync(&self) -> bool {
        self.action == Action::Sync
    }

    fn is_message(&self) -> bool {
        use Action::{Say, SayIn, Tell};
        matches!(self.action, Say(_) | SayIn { .. } | Tell { .. })
    }
}

impl Requests {
    /// Gives a number to a request that is handed to the session.
    pub(crate) fn push(&mut self, action: Action, asker: Asker) -> RequestId {
        let id = self.next;
        self.next = RequestId(id.0 + 1);
        self.remember(Open { id, action, asker });
        id
    }

    fn remember(&mut self, open: Open) {
        self.open.push_back(open);
        if self.open.len() > MOST
            && let Some(oldest) = self.open.iter().position(|open| !open.is_sync())
        {
            self.open.remove(oldest);
        }
    }

    /// The user is in, at a server of this version.
    pub(crate) fn logged_in(&mut self, version: Version) {
        self.answered = match version {
            Version::One => Answered::Commands,
            Version::Two => Answered::Each,
        };
    }

    /// Begins a sync, if something is to be found out and none is on its way.
    pub(crate) fn begin_sync(&mut self) -> Option<RequestId> {
        let is_user = |open: &Open| open.asker == Asker::User;
        let is_unknown = self.answered == Answered::Commands && self.open.iter().any(is_user);
        is_unknown.then(|| self.ask_anything())?
    }

    /// Begins a sync to hear from the server, if none is on its way.
    pub(crate) fn ask_anything(&mut self) -> Option<RequestId> {
        let is_under_way = self.open.iter().any(Open::is_sync);
        (!is_under_way).then(|| self.push(Action::Sync, Asker::Client))
    }

    /// Whether all was dealt with.
    pub(crate) fn is_settled(&self) -> bool {
        self.open.is_empty() && self.due.is_empty()
    }

    /// How many requests come before the next that is answered, if one is.
    pub(crate) fn before_answer(&self) -> Option<usize> {
        match self.answered {
            Answered::Commands => self.open.iter().position(Open::is_sync),
            Answered::Each => (!self.open.is_empty()).then_some(0),
        }
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
    /// wanted and is not known to have been dealt with is held.
    pub(crate) fn end(&mut self, unsent: Option<RequestId>) {
        for open in std::mem::take(&mut self.due) {
            self.hold(open, Delivery::Unknown);
        }
        for open in std::mem::take(&mut self.open) {
            let delivery = match unsent {
                Some(first) if open.is_message() && first <= open.id => Delivery::Unsent,
                _ => Delivery::Unknown,
            };
            self.hold(open, delivery);
        }
        self.held.make_contiguous().sort_by_key(|(open, _)| open.id);
    }

    fn hold(&mut self, open: Open, delivery: Delivery) {
        if open.asker == Asker::User && !matches!(open.action, Action::Login(_)) {
            self.held.push_back((open, delivery));
        }
    }

    /// The user has their seat again: the messages that were held are to be sent again. The rest is not
    /// known to have been done.
    pub(crate) fn take_up(&mut self) -> Vec<(Action, Delivery)> {
        let held = std::mem::take(&mut self.held).into_iter();
        let (again, doubtful): (Vec<_>, Vec<_>) = held.partition(|(open, _)| open.is_message());
        self.due = again.into_iter().map(|(open, _)| open).collect();
        told(doubtful)
    }

    /// The user has no seat any more: what becomes of what was held, in order.
    pub(crate) fn give_up(&mut self) -> Vec<(Action, Delivery)> {
        told(std::mem::take(&mut self.held))
    }

    /// Has the client ask for something before all else: what is sent again may take the place of what is
    /// asked for, where a server remembers only so much.
    pub(crate) fn ask_first(&mut self, action: Action) {
        let (id, asker) = (self.next, Asker::Client);
        self.next = RequestId(id.0 + 1);
        self.due.push_front(Open { id, action, asker });
    }

    /// Whether something is due.
    pub(crate) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// The session did not take what was due: it is the next one still.
    pub(crate) fn put_off(&mut self, id: RequestId) {
        if let Some(open) = self.refused(id) {
            self.due.push_front(open);
        }
    }

    /// The next that is due, if something is.
    pub(crate) fn next_due(&mut self) -> Option<(RequestId, Action)> {
        let open = self.due.pop_front()?;
        let due = (open.id, open.action.clone());
        self.remember(open);
        Some(due)
    }
}

fn told(held: impl IntoIterator<Item = (Open, Delivery)>) -> Vec<(Action, Delivery)> {
    let told = held.into_iter();
    told.map(|(open, delivery)| (open.action, delivery))
        .collect()
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

    fn ended(requests: &mut Requests, unsent: Option<RequestId>) -> Vec<(Action, Delivery)> {
        requests.end(unsent);
        requests.give_up()
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
            ended(&mut requests.clone(), None),
            [(say("three"), Delivery::Unknown)]
        );
        let sync = requests.begin_sync().expect("there is something again");
        requests.answered(sync);
        assert_eq!(requests.begin_sync(), None, "there is nothing to find out");
        assert_eq!(ended(&mut requests, None), []);
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
        assert_eq!(ended(&mut requests, None), [(join("a"), Delivery::Unknown)]);
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
        assert_eq!(ended(&mut requests, Some(two)), expected);
        assert_eq!(ended(&mut requests, None), [], "it is told once");
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
        assert_eq!(
            ended(&mut requests, None),
            [(say("three"), Delivery::Unknown)]
        );
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
        let left = ended(&mut requests, None);
        assert_eq!(left.len(), MOST - 1);
        assert_eq!(left[0], (say("6"), Delivery::Unknown));
    }

    #[test]
    fn who_has_their_seat_again_sends_what_has_no_answer_again_under_its_number() {
        let mut requests = Requests::default();
        requests.logged_in(Version::Two);
        let ids = ["one", "two", "three"].map(|text| requests.push(say(text), Asker::User));
        assert_eq!(requests.begin_sync(), None, "each is answered by itself");
        requests.push(join("den"), Asker::User);
        requests.answered(ids[0]);
        // It breaks, and again before all was sent again.
        requests.end(Some(ids[2]));
        assert_eq!(requests.take_up(), [(join("den"), Delivery::Unknown)]);
        assert_eq!(requests.next_due(), Some((ids[1], say("two"))));
        assert!(!requests.is_settled(), "there is another one");
        let four = requests.push(say("four"), Asker::User);
        requests.end(None);
        assert_eq!(requests.take_up(), []);
        requests.ask_first(Action::Users);
        let again: Vec<_> = std::iter::from_fn(|| requests.next_due()).collect();
        let expected = [(ids[1], "two"), (ids[2], "three"), (four, "four")];
        let (asked, again) = again.split_first().expect("there are some");
        assert_eq!(again, expected.map(|(id, text)| (id, say(text))));
        assert_eq!(asked.1, Action::Users, "before what is said again");
        // Their seat is gone: it is told.
        requests.end(None);
        let told = ["two", "three", "four"].map(|text| (say(text), Delivery::Unknown));
        assert_eq!(requests.give_up(), told);
    }
}
