//! What a user saw: the session of that user's client, fed with the very bytes that were handed to
//! the network for it.
//!
//! What the client did is read from what it sent, so that the session knows what an answer is about.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::ops::ControlFlow;

use chatmaster_core::names::Name;
use chatmaster_core::recording::Record;
use chatmaster_core::session::{Action, ActionError, Event};
use chatmaster_core::wire::{ClientPackage, Decoder, Encoding, Inflaters};
use chatmaster_core::{
    ConnId, Hub, HubFact, HubWhat, Input, Output, Session, SessionConfig, SessionInput, Time,
    Username, What,
};

use crate::replay::reading::files::{Entry, RecordingFiles};
use crate::replay::reading::rerun::{Observer, Rerun, rerun};

/// Something a user saw or said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::replay) struct ViewEvent {
    pub(in crate::replay) time: Time,
    pub(in crate::replay) conn: ConnId,
    pub(in crate::replay) what: ViewEventKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::replay) enum ViewEventKind {
    /// The user said this: it is what the server got, when it got it.
    Said(String),
    Event(Event),
}

/// The connections that were ever logged in under `name`, caselessly; if there are none, the names
/// that there were.
pub(in crate::replay) fn connections_of(
    recording: &RecordingFiles,
    name: &str,
) -> io::Result<Result<BTreeSet<ConnId>, BTreeSet<String>>> {
    let mut search = Search {
        key: key(name),
        found: BTreeSet::new(),
        names: BTreeSet::new(),
    };
    // Where it ends is told when what was found is looked at.
    let _ = rerun(recording, &mut search)?;
    Ok(if search.found.is_empty() {
        Err(search.names)
    } else {
        Ok(search.found)
    })
}

/// What is equal for two spellings of one name.
fn key(name: &str) -> String {
    Username::parse(name).map_or_else(|_| name.to_lowercase(), |name| name.key().into())
}

struct Search {
    key: String,
    found: BTreeSet<ConnId>,
    names: BTreeSet<String>,
}

impl Observer for Search {
    const FACTS: bool = true;

    fn fact(&mut self, HubFact { conn, what, .. }: HubFact) -> io::Result<()> {
        let username = match what {
            HubWhat::Resumed(username) => username,
            HubWhat::World(fact) if matches!(fact.what, What::LoggedIn | What::Renamed { .. }) => {
                fact.username
            }
            _ => return Ok(()),
        };
        if *username.key() == *self.key {
            self.found.insert(conn);
        }
        self.names.insert(username.as_str().into());
        Ok(())
    }
}

/// Replays `recording` and shows what was seen and said at `conns`, in order.
///
/// # Errors
/// What `on_seen` says.
pub(in crate::replay) fn look(
    recording: &RecordingFiles,
    conns: &BTreeSet<ConnId>,
    on_seen: impl FnMut(ViewEvent) -> io::Result<()>,
) -> io::Result<Rerun> {
    let config = &recording.header().config;
    let mut view = ClientView {
        conns,
        max_package_bytes: config.max_package_bytes,
        // The hub has who is one too many wait.
        inflaters: Inflaters::new(usize::MAX),
        clients: BTreeMap::new(),
        now: Time::ZERO,
        handed: Vec::new(),
        on_seen,
    };
    rerun(recording, &mut view)
}

struct ClientView<'a, F> {
    conns: &'a BTreeSet<ConnId>,
    max_package_bytes: usize,
    inflaters: Inflaters,
    clients: BTreeMap<ConnId, Client>,
    now: Time,
    /// The bytes that the input under way hands to the network.
    handed: Vec<u8>,
    on_seen: F,
}

/// A client whose user is looked over the shoulder.
struct Client {
    session: Session,
    /// Reads what it sends.
    decoder: Decoder,
    /// What it did and the session was not ready for yet: clients may send ahead.
    ahead: VecDeque<Action>,
    stage: LoginState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LoginState {
    NotIn,
    LoggingIn,
    In,
}

impl<F: FnMut(ViewEvent) -> io::Result<()>> Observer for ClientView<'_, F> {
    fn before(&mut self, hub: &Hub, entry: &Entry<'_>) -> ControlFlow<()> {
        if let Record::Input(_, Input::Sent(conn, count)) = entry.record
            && self.conns.contains(&conn)
        {
            self.handed.clear();
            hub.pending(conn)
                .for_each(|slice| self.handed.extend_from_slice(slice));
            self.handed.truncate(count as usize);
        }
        ControlFlow::Continue(())
    }

    fn after(&mut self, _: &Hub, now: Time, entry: &Entry<'_>) -> io::Result<()> {
        self.now = now;
        match &entry.record {
            Record::Input(_, input) => match input.conn() {
                Some(conn) if self.conns.contains(&conn) => self.input(conn, input),
                _ => Ok(()),
            },
            Record::Emission(_) => Ok(()),
            Record::Drained(outputs) => outputs.iter().try_for_each(|output| match *output {
                Output::Finish(conn) | Output::Close(conn, _) if self.conns.contains(&conn) => {
                    self.session(conn, SessionInput::Eof)
                }
                _ => Ok(()),
            }),
        }
    }
}

impl<F: FnMut(ViewEvent) -> io::Result<()>> ClientView<'_, F> {
    fn input(&mut self, conn: ConnId, input: &Input<'_>) -> io::Result<()> {
        match *input {
            Input::Opened(..) => {
                let max = self.max_package_bytes;
                self.clients.entry(conn).or_insert_with(|| Client::new(max));
                Ok(())
            }
            Input::Received(_, bytes) => self.sent_by(conn, bytes),
            Input::Sent(..) => {
                let handed = std::mem::take(&mut self.handed);
                let seen = self.session(conn, SessionInput::Received(&handed));
                self.handed = handed;
                seen
            }
            Input::Eof(_) => {
                if let Some(client) = self.clients.get_mut(&conn) {
                    client.ahead.push_back(Action::Quit);
                }
                self.go_on(conn)
            }
            Input::Closed(_) => self.session(conn, SessionInput::Closed),
            Input::Tick | Input::Shutdown => Ok(()),
        }
    }

    /// Takes in what the client sent.
    fn sent_by(&mut self, conn: ConnId, mut bytes: &[u8]) -> io::Result<()> {
        let mut said = Vec::new();
        if let Some(client) = self.clients.get_mut(&conn) {
            // What follows a violation was never taken.
            while let Ok(Some(decoded)) = client.decoder.decode(&mut self.inflaters, &mut bytes) {
                match ClientPackage::parse(decoded.text) {
                    Ok(ClientPackage::Message { message, .. }) => said.push(message.to_string()),
                    Ok(ClientPackage::Command(command)) => client.ahead.push_back(command.into()),
                    // What makes no sense to the server makes none here; the error shows.
                    Err(_) => {}
                }
            }
        }
        self.go_on(conn)?;
        for text in said.into_iter().filter(|text| !text.is_empty()) {
            self.see(conn, ViewEventKind::Said(text))?;
        }
        Ok(())
    }

    fn session(&mut self, conn: ConnId, input: SessionInput<'_>) -> io::Result<()> {
        if let Some(client) = self.clients.get_mut(&conn) {
            client.session.handle(self.now, input);
        }
        self.go_on(conn)
    }

    /// Shows what the session has to tell, and does what the client did ahead as soon as it can be.
    fn go_on(&mut self, conn: ConnId) -> io::Result<()> {
        loop {
            let Some(client) = self.clients.get_mut(&conn) else {
                return Ok(());
            };
            client.act(self.now);
            let Some(event) = client.poll() else {
                return Ok(());
            };
            self.see(conn, ViewEventKind::Event(event))?;
        }
    }

    fn see(&mut self, conn: ConnId, what: ViewEventKind) -> io::Result<()> {
        (self.on_seen)(ViewEvent {
            time: self.now,
            conn,
            what,
        })
    }
}

impl Client {
    fn new(max_package_bytes: usize) -> Self {
        Client {
            decoder: Decoder::new(max_package_bytes),
            session: Session::new(SessionConfig {
                encoding: Encoding::Plain,
                // The server decided what was too long.
                max_sent_bytes: usize::MAX,
                send_queue_bytes: usize::MAX,
                max_received_bytes: usize::MAX,
                ..SessionConfig::default()
            }),
            ahead: VecDeque::new(),
            stage: LoginState::NotIn,
        }
    }

    fn poll(&mut self) -> Option<Event> {
        let event = self.session.poll_event()?;
        match event {
            Event::LoggedIn { .. } => self.stage = LoginState::In,
            Event::NameWanted { .. } => self.stage = LoginState::NotIn,
            _ => {}
        }
        Some(event)
    }

    fn act(&mut self, now: Time) {
        while let Some(action) = self.ahead.front() {
            match self.session.act(now, action.clone()) {
                Err(ActionError::LoginNotWanted) if self.stage == LoginState::NotIn => return,
                Err(ActionError::NotLoggedIn) if self.stage == LoginState::LoggingIn => return,
                // What the session would not have done is answered by the server.
                Err(_) => {}
                Ok(_) if matches!(action, Action::Login(_)) => self.stage = LoginState::LoggingIn,
                Ok(_) => {}
            }
            self.ahead.pop_front();
        }
        while self.session.poll_output().is_some() {}
        let sent = u32::try_from(self.session.pending().len()).unwrap_or(u32::MAX);
        self.session.handle(now, SessionInput::Sent(sent));
    }
}
