//! Who is logged in where, as the packages of a replayed hub tell it.

use std::collections::BTreeMap;

use chatmaster_core::wire::{Notification, ServerPackage};
use chatmaster_core::{ConnId, Emission, Hub};

use super::addressee::Addressees;

/// The users of a hub.
#[derive(Default)]
pub(in crate::replay) struct Roll {
    names: BTreeMap<ConnId, String>,
    conns: BTreeMap<String, ConnId>,
    addressees: Addressees,
}

impl Roll {
    /// An input comes.
    pub(in crate::replay) fn next_input(&mut self) {
        self.addressees.next_input();
    }

    /// Takes in that `emission`, which is `package`, was sent, and says whom it is about or for: the
    /// connection of the user it names first, or the only one it went to. `likely` is the connection
    /// of the input that caused it.
    pub(in crate::replay) fn take(
        &mut self,
        hub: &Hub,
        likely: Option<ConnId>,
        emission: &Emission,
        package: &ServerPackage<'_>,
    ) -> Option<ConnId> {
        match package {
            ServerPackage::Message { username, .. } => self.conn(username),
            ServerPackage::Notification(
                Notification::UserJoined { username, .. } | Notification::UserLeft { username, .. },
            ) => self.conn(username),
            ServerPackage::Notification(Notification::UserRename {
                old_username,
                new_username,
                ..
            }) => {
                let conn = self.conns.remove(&**old_username)?;
                self.enter(conn, new_username);
                Some(conn)
            }
            ServerPackage::Session(status) => {
                let conn = self.addressees.find(hub, likely, emission)?;
                if let (true, Some(username)) = (status.status, &status.username) {
                    self.enter(conn, username);
                }
                Some(conn)
            }
            _ => self.addressees.find(hub, likely, emission),
        }
    }

    /// Forgets a connection, which is closed.
    pub(in crate::replay) fn close(&mut self, conn: ConnId) {
        if let Some(name) = self.names.remove(&conn)
            // Someone else may have taken the name since.
            && self.conns.get(&name) == Some(&conn)
        {
            self.conns.remove(&name);
        }
    }

    /// The name of the user at `conn`; kept until the connection is closed.
    pub(in crate::replay) fn name(&self, conn: ConnId) -> Option<&str> {
        self.names.get(&conn).map(String::as_str)
    }

    /// Who has this name, exactly as it is spelled.
    pub(in crate::replay) fn conn(&self, name: &str) -> Option<ConnId> {
        self.conns.get(name).copied()
    }

    fn enter(&mut self, conn: ConnId, name: &str) {
        self.names.insert(conn, name.to_owned());
        self.conns.insert(name.to_owned(), conn);
    }
}
