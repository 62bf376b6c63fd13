//! What the driver takes in, in two lanes: what the user does overtakes what comes from servers, so
//! that a flood of messages does not delay a key.

use std::time::Instant;

use chatmaster_core::session::Update;
use crossbeam_channel::{Receiver, Sender, at, bounded, never, select_biased};

use super::keyboard::TerminalEvent;
use super::sessions::Attempt;
use crate::client::connect::Connected;

/// What may wait to be taken in from the terminal. Over it nothing more is read from it.
const WAITING_KEYS: usize = 1024;
/// The same from the server: few, for each may be a list or a text of 64 KiB.
const WAITING_UPDATES: usize = 16;

/// Something for the driver to take in.
pub(super) enum Input {
    /// From the terminal.
    Event(TerminalEvent),
    /// A signal asks the program to end, or the terminal is gone.
    Terminate,
    /// From a session.
    Update(Attempt, Update),
    /// From the thread that connects anew.
    Connected(Attempt, Result<Connected, String>),
}

impl From<TerminalEvent> for Input {
    fn from(told: TerminalEvent) -> Self {
        match told {
            TerminalEvent::End => Input::Terminate,
            told => Input::Event(told),
        }
    }
}

/// The near end, where things happen.
pub(super) struct Senders {
    /// For what the user does.
    pub(super) urgent: Sender<Input>,
    /// For what comes from servers.
    pub(super) other: Sender<Input>,
}

/// The far end.
pub(super) struct Inbox {
    urgent: Receiver<Input>,
    other: Receiver<Input>,
}

/// Two lanes, each bounded.
pub(super) fn inbox() -> (Senders, Inbox) {
    let (urgent_in, urgent) = bounded(WAITING_KEYS);
    let (other_in, other) = bounded(WAITING_UPDATES);
    let senders = Senders {
        urgent: urgent_in,
        other: other_in,
    };
    (senders, Inbox { urgent, other })
}

impl Inbox {
    /// What comes next, the urgent first; none if nothing has come `until` then.
    pub(super) fn next(&self, until: Option<Instant>) -> Option<Input> {
        let late = until.map_or_else(never, at);
        // A lane without anyone to fill it has nothing more to say.
        select_biased! {
            recv(self.urgent) -> input => input.ok(),
            recv(self.other) -> input => input.ok(),
            recv(late) -> _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chatmaster_core::session::Event;

    use super::*;

    #[test]
    fn a_key_overtakes_all_the_messages_that_wait() {
        let (senders, inbox) = inbox();
        for _ in 0..WAITING_UPDATES {
            let update = Update::Event(Event::Synced { request: None });
            let sent = senders
                .other
                .try_send(Input::Update(Attempt::FIRST, update));
            assert!(sent.is_ok());
        }
        for _ in 0..3 {
            let key = Input::Event(TerminalEvent::Resized);
            assert!(senders.urgent.try_send(key).is_ok());
        }
        let keys = (0..3).filter(|_| matches!(inbox.next(None), Some(Input::Event(_))));
        assert_eq!(keys.count(), 3);
        assert!(matches!(
            inbox.next(None),
            Some(Input::Update(_, Update::Event(Event::Synced { .. })))
        ));
    }

    #[test]
    fn one_waits_no_longer_than_until_the_deadline() {
        let (_senders, inbox) = inbox();
        assert!(inbox.next(Some(Instant::now())).is_none());
    }

    #[test]
    fn a_server_that_says_more_than_can_wait_is_not_read_meanwhile() {
        let (senders, _inbox) = inbox();
        let flood = std::iter::repeat_with(|| {
            Input::Update(
                Attempt::FIRST,
                Update::Event(Event::Synced { request: None }),
            )
        });
        let taken = flood.map_while(|update| senders.other.try_send(update).ok());
        assert_eq!(taken.take(2 * WAITING_UPDATES).count(), WAITING_UPDATES);
    }
}
