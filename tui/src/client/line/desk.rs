//! What the threads of the line client share: the session there is, what was handed to it, and whether
//! the input goes on. The printing thread owns the session; the sending thread has to wait for it, and
//! may have to do with several, one after the other.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use chatmaster_core::Time;
use chatmaster_core::session::{Action, Request, RequestId};
use chatmaster_io::Client;

use crate::client::connection::{Asker, Connection, Delivery};

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

struct State {
    /// The connection there is.
    client: Option<Arc<Client>>,
    /// How many sessions have ended.
    ended: u64,
    connection: Connection,
    /// Whether the sending thread is handing over the last of the requests.
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
    pub(super) fn new(certainty: Certainty, connection: Connection) -> Self {
        Desk {
            certainty,
            state: Mutex::new(State {
                client: None,
                ended: 0,
                connection,
                is_handing: false,
                reading: Reading::default(),
                is_mute: false,
                input_trouble: None,
            }),
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

    /// Something about the connection. Once the user is where they want to be, the input is sent.
    pub(super) fn with_connection<T>(&self, change: impl FnOnce(&mut Connection) -> T) -> T {
        let changed = change(&mut self.lock().connection);
        self.changed.notify_all();
        changed
    }

    /// Asks for something that the client itself wants to know, before all else.
    pub(super) fn ask(&self, actions: impl IntoIterator<Item = Action>) {
        let mut state = self.lock();
        for action in actions {
            state.connection.ask_first(action);
        }
        drop(state);
        self.hand_over_due();
    }

    /// The server has answered: what, if that is known.
    pub(super) fn answered(&self, request: RequestId) -> Option<Action> {
        let mut state = self.lock();
        let answered = state.connection.answered(request);
        // While the other thread is handing something over, that is for it to do.
        let begins = self.certainty == Certainty::Always && !state.is_handing;
        let client = state.client.clone().filter(|_| begins);
        let sync = client.and_then(|client| Some((client, state.connection.begin_sync()?)));
        self.changed.notify_all();
        drop(state);
        // This thread must not wait for the session, which may wait for it.
        if let Some((client, id)) = sync
            && client.try_act((id, Action::Sync)).is_err()
        {
            self.refused(id);
        }
        self.hand_over_due();
        answered.map(|open| open.action)
    }

    /// Hands over what comes before all else, as far as the session takes it: what was said before the
    /// connection broke and may not have arrived, and what the client asks for.
    pub(super) fn hand_over_due(&self) {
        let mut state = self.lock();
        let Some(client) = state.client.clone() else {
            return;
        };
        // In one go, so that the other thread's come behind; it waits for that.
        while let Some((id, action)) = state.connection.next_due() {
            // This thread must not wait for the session, which may wait for it.
            if client.try_act((id, action)).is_err() {
                return state.connection.put_off(id);
            }
        }
        self.changed.notify_all();
    }

    /// How many actions there are that the server is to have dealt with next, if it is to answer.
    pub(super) fn awaited(&self) -> Option<usize> {
        let state = self.lock();
        if state.connection.is_there() {
            state.connection.before_answer()
        } else {
            // It is to say who and where the user is.
            Some(0)
        }
    }

    /// The session did not take a request.
    pub(super) fn refused(&self, request: RequestId) {
        self.lock().connection.refused(request);
        self.changed.notify_all();
    }

    /// The session is over: what is not known to have been dealt with.
    pub(super) fn disconnected(&self, now: Time) -> Vec<(Action, Delivery)> {
        let mut state = self.lock();
        state.client = None;
        state.ended += 1;
        self.changed.notify_all();
        state.connection.ended(now)
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
                // What was said before the connection broke comes first.
                Some(client) if state.connection.is_there() && !state.connection.has_due() => {
                    return (client.clone(), state);
                }
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
            let id = state.connection.number(action.clone(), Asker::User);
            state.is_handing = true;
            drop(state);
            let taken = client.act((id, action.clone()));
            let mut state = self.lock();
            state.is_handing = false;
            if state.ended != session {
                // It was among what was not known to have been dealt with.
                return;
            }
            if taken.is_ok() {
                let begins = self.certainty == Certainty::Always;
                let sync = begins.then(|| state.connection.begin_sync()).flatten();
                drop(state);
                if let Some(id) = sync
                    && client.act((id, Action::Sync)).is_err()
                {
                    self.refused(id);
                }
                return;
            }
            state.connection.refused(id);
            drop(self.wait_for_end(state, session));
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
                let sync = state.connection.begin_sync();
                let request = match sync {
                    Some(id) => Request::from((id, Action::Sync)),
                    None if state.connection.is_settled() => Action::Quit.into(),
                    None => {
                        state = self.wait(state);
                        continue;
                    }
                };
                drop(state);
                let taken = client.act(request);
                state = self.lock();
                match (taken, sync) {
                    (Ok(()), None) => return,
                    (Ok(()), Some(_)) => {}
                    (Err(_), sync) => {
                        sync.map(|id| state.connection.refused(id));
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
