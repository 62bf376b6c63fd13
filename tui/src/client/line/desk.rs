//! What the threads of the line client share: the session there is, what was handed to it, and whether
//! the input goes on. The printing thread owns the session; the sending thread has to wait for it, and
//! may have to do with several, one after the other.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use chatmaster_core::session::Action;
use chatmaster_io::Client;

use crate::client::underway::{Fate, Underway};

/// How soon it is to be known that what was sent was dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// Always, for the connection may be lost and the program goes on.
    Always,
    /// At the end.
    AtTheEnd,
}

pub(super) struct Desk {
    certainty: Certainty,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The connection there is.
    client: Option<Arc<Client>>,
    /// Whether what is said on it is said in the right room, under the right name.
    is_ready: bool,
    /// How many sessions have ended.
    ended: u64,
    underway: Underway,
    /// Whether the sending thread is handing over the last of what is underway.
    is_handing: bool,
    reading: Reading,
    /// Whether what happens cannot be printed any more.
    is_mute: bool,
    /// Why the input could not be read to its end.
    input_trouble: Option<String>,
}

/// What the sending thread does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    /// It has something to send, or to look whether it has.
    #[default]
    Busy,
    /// It waits for the input, which has nothing more as yet.
    Waiting,
    /// It is not waited for any more.
    Abandoned,
}

impl Desk {
    pub(super) fn new(certainty: Certainty) -> Self {
        Desk {
            certainty,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait(state);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    // What the printing thread tells.

    /// There is a connection.
    pub(super) fn connected(&self, client: &Arc<Client>) {
        self.lock().client = Some(client.clone());
    }

    /// What is said now is said in the right room, under the right name.
    pub(super) fn ready(&self) {
        self.lock().is_ready = true;
        self.changed.notify_all();
    }

    /// All before the sync was dealt with.
    pub(super) fn synced(&self) {
        let mut state = self.lock();
        state.underway.synced();
        // While the other thread is handing something over, that is for it to do.
        let client = state.client.clone().filter(|_| {
            let begins = self.certainty == Certainty::Always && !state.is_handing;
            begins && state.underway.begin_sync()
        });
        self.changed.notify_all();
        drop(state);
        // This thread must not wait for the session, which may wait for it.
        if client.is_some_and(|client| client.try_act(Action::Sync).is_err()) {
            self.lock().underway.not_synced();
            self.changed.notify_all();
        }
    }

    /// How many actions there are that the server is to have dealt with next, if it is to answer.
    pub(super) fn awaited(&self) -> Option<usize> {
        self.lock().underway.awaited()
    }

    /// The session did not take an action.
    pub(super) fn refused(&self, action: &Action) {
        self.lock().underway.refused(action);
        self.changed.notify_all();
    }

    /// The session is over, with so many of the last messages not sent: what is not known to have been
    /// dealt with.
    pub(super) fn disconnected(&self, unsent: usize) -> Vec<(Action, Fate)> {
        let mut state = self.lock();
        state.client = None;
        state.is_ready = false;
        state.ended += 1;
        self.changed.notify_all();
        state.underway.end(unsent)
    }

    /// What happens cannot be printed any more: what is in the input by now is sent still.
    pub(super) fn mute(self: &Arc<Self>) {
        let mut state = self.lock();
        state.is_mute = true;
        if state.reading == Reading::Waiting {
            state.reading = Reading::Abandoned;
            let desk = self.clone();
            std::thread::spawn(move || desk.finish());
        }
    }

    /// Why the input could not be read to its end, if it could not.
    pub(super) fn input_trouble(&self) -> Option<String> {
        self.lock().input_trouble.take()
    }

    // What a signal needs.

    /// The connection to leave, if there is one.
    pub(super) fn client(&self) -> Option<Arc<Client>> {
        self.lock().client.clone()
    }

    // What the sending thread does.

    fn ready_client(&self) -> (Arc<Client>, MutexGuard<'_, State>) {
        let mut state = self.lock();
        loop {
            match &state.client {
                Some(client) if state.is_ready => return (client.clone(), state),
                _ => state = self.wait(state),
            }
        }
    }

    /// Waits for a session that is ready.
    pub(super) fn wait_until_ready(&self) {
        let _ready = self.ready_client();
    }

    /// Hands an action to the session; to the next one if it did not take it. What becomes of it then
    /// is told by the other thread.
    pub(super) fn hand_over(&self, action: &Action) {
        loop {
            let (client, mut state) = self.ready_client();
            let session = state.ended;
            state.underway.push(action.clone());
            state.is_handing = true;
            drop(state);
            let taken = client.act(action.clone());
            let mut state = self.lock();
            state.is_handing = false;
            if state.ended != session {
                // It was among what was not known to have been dealt with.
                return;
            }
            if taken.is_ok() {
                let begins = self.certainty == Certainty::Always && state.underway.begin_sync();
                drop(state);
                if begins {
                    self.sync(&client);
                }
                return;
            }
            state.underway.refused(action);
            drop(self.wait_for_end(state, session));
        }
    }

    fn sync(&self, client: &Client) {
        if client.act(Action::Sync).is_err() {
            self.lock().underway.not_synced();
        }
    }

    /// About to read the input. False if it is at its end for this program: nothing can be printed,
    /// and nothing is there.
    pub(super) fn may_read(&self, has_some: bool) -> bool {
        let mut state = self.lock();
        if has_some {
            return true;
        }
        if !state.is_mute {
            state.reading = Reading::Waiting;
        }
        !state.is_mute
    }

    /// The input has something, or has ended. False if that is for nobody any more.
    pub(super) fn has_read(&self) -> bool {
        let mut state = self.lock();
        let goes_on = state.reading != Reading::Abandoned;
        if goes_on {
            state.reading = Reading::Busy;
        }
        goes_on
    }

    /// The input cannot be read any further.
    pub(super) fn cannot_read(&self, why: String) {
        self.lock().input_trouble = Some(why);
    }

    /// Waits until all was dealt with, and leaves.
    pub(super) fn finish(&self) {
        loop {
            let (client, mut state) = self.ready_client();
            let session = state.ended;
            while state.ended == session {
                let action = if state.underway.is_settled() {
                    Action::Quit
                } else if state.underway.begin_sync() {
                    Action::Sync
                } else {
                    state = self.wait(state);
                    continue;
                };
                drop(state);
                let taken = client.act(action.clone());
                state = self.lock();
                match (taken, action) {
                    (Ok(()), Action::Quit) => return,
                    (Ok(()), _) => {}
                    (Err(_), _) => {
                        state.underway.not_synced();
                        state = self.wait_for_end(state, session);
                    }
                }
            }
        }
    }

    fn wait_for_end<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        session: u64,
    ) -> MutexGuard<'a, State> {
        while state.ended == session {
            state = self.wait(state);
        }
        state
    }
}
