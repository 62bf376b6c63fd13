//! What a connection asked for and was not answered yet.
//!
//! The hub answers each package of a client in order, but for a message, which nobody hears of if
//! there is nobody else in the room. What was asked tells what an answer means.

use std::collections::{BTreeMap, VecDeque};

use chatmaster_core::ConnId;
use chatmaster_core::wire::{ClientPackage, Command, Decoder, Inflaters, PackageError};

/// The packages of all connections that wait for an answer.
pub(in crate::replay) struct Asked {
    max_package_bytes: usize,
    inflaters: Inflaters,
    conns: BTreeMap<ConnId, Conn>,
}

struct Conn {
    decoder: Decoder,
    waiting: VecDeque<Request>,
}

/// A package, as far as its answer needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::replay) enum Request {
    Message(String),
    /// A command, or what cannot be read, by the `error_type` of its error.
    Other(String),
}

impl Request {
    fn of(package: Result<ClientPackage<'_>, PackageError>) -> Self {
        match package {
            Ok(ClientPackage::Message { message, .. }) => Request::Message(message.into_owned()),
            Ok(ClientPackage::Command(command)) => Request::Other(command.name().into()),
            Err(error) => Request::Other(error.error_type),
        }
    }
}

impl Asked {
    pub(in crate::replay) fn new(max_package_bytes: usize) -> Self {
        Asked {
            max_package_bytes,
            // The hub has who is one too many wait.
            inflaters: Inflaters::new(usize::MAX),
            conns: BTreeMap::new(),
        }
    }

    /// Takes in bytes from `conn`, and shows each package of a client in them.
    pub(in crate::replay) fn receive(
        &mut self,
        conn: ConnId,
        mut bytes: &[u8],
        mut on_package: impl FnMut(&Result<ClientPackage<'_>, PackageError>),
    ) {
        let max = self.max_package_bytes;
        let conn = self.conns.entry(conn).or_insert_with(|| Conn {
            decoder: Decoder::new(max),
            waiting: VecDeque::new(),
        });
        // What follows a violation was never taken.
        while let Ok(Some(decoded)) = conn.decoder.decode(&mut self.inflaters, &mut bytes) {
            let package = ClientPackage::parse(decoded.text);
            on_package(&package);
            conn.waiting.push_back(Request::of(package));
        }
    }

    /// What `conn` asked for first.
    pub(in crate::replay) fn first(&self, conn: ConnId) -> Option<&Request> {
        self.conns.get(&conn)?.waiting.front()
    }

    /// Whether `conn` said something that was not accounted for yet.
    pub(in crate::replay) fn has_message(&self, conn: ConnId) -> bool {
        let waiting = self.conns.get(&conn).map(|conn| &conn.waiting);
        let mut waiting = waiting.into_iter().flatten();
        waiting.any(|request| matches!(request, Request::Message(_)))
    }

    /// Takes what was asked first.
    pub(in crate::replay) fn pop(&mut self, conn: ConnId) -> Option<Request> {
        self.conns.get_mut(&conn)?.waiting.pop_front()
    }

    /// Takes what is answered, the first request that `answered` is true of, and all before it, which
    /// were messages without an answer. None if nothing asked for it.
    pub(in crate::replay) fn answer(
        &mut self,
        conn: ConnId,
        answered: impl Fn(&Request) -> bool,
    ) -> Option<(Vec<String>, Request)> {
        let waiting = &mut self.conns.get_mut(&conn)?.waiting;
        let at = waiting.iter().position(answered)?;
        let before = waiting.drain(..at).filter_map(|request| match request {
            Request::Message(text) => Some(text),
            Request::Other(_) => None,
        });
        let before = before.collect();
        Some((before, waiting.pop_front()?))
    }

    /// Forgets a connection, which is closed.
    pub(in crate::replay) fn close(&mut self, conn: ConnId) {
        if let Some(mut conn) = self.conns.remove(&conn) {
            conn.decoder.release(&mut self.inflaters);
        }
    }
}

/// Whether an answer of this `error_type`, or to a command of this name, answers `request`.
pub(in crate::replay) fn is_about(request: &Request, error_type: &str) -> bool {
    match request {
        Request::Message(_) => error_type == "message",
        Request::Other(name) => name == error_type,
    }
}

/// The names of commands that a list of rooms answers.
pub(in crate::replay) const LISTED: [Command<'static>; 3] = [
    Command::Channels {},
    Command::Private { channel: None },
    Command::Public { channel: None },
];
