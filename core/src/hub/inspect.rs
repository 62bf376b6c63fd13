//! A look at a hub from outside: who is connected, and which rooms there are.

use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use super::conn::Phase;
use super::slots::Slot;
use super::{CloseReason, ConnId, Hub};
use crate::names::Name;
use crate::world::{Privacy, UserId};

/// A connection as [`Hub::clients`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client<'a> {
    /// Its identifier.
    pub conn: ConnId,
    /// Its address, unless it is exempt from the limit for each address, or was refused.
    pub address: Option<IpAddr>,
    /// How far it is.
    pub state: ClientState<'a>,
    /// Bytes that wait to be sent to it.
    pub queued: usize,
    /// Bytes that came from it and wait for flood control.
    pub backlog: usize,
}

/// How far a [`Client`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState<'a> {
    /// It is to log in.
    LoggingIn,
    /// It is logged in.
    User {
        /// The user's name.
        username: &'a str,
        /// The room the user is in.
        channel: &'a str,
    },
    /// It is being closed.
    Closing(CloseReason),
}

/// A room as [`Hub::rooms`] shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomView<'a> {
    /// Its name.
    pub channel: &'a str,
    /// Whether it is in no list and closed to newcomers.
    pub private: bool,
    /// Who may hide and show it; nobody in the general room.
    pub owner: Option<ConnId>,
    /// Who is in it, in order of arrival.
    pub members: Vec<ConnId>,
}

impl Hub {
    /// All connections, in order of their identifiers.
    pub fn clients(&self) -> impl Iterator<Item = Client<'_>> {
        let slots = self.slots.in_order().into_iter();
        slots.filter_map(|(_, slot)| self.view(slot))
    }

    /// The connection `conn`, unless it is closed.
    pub fn client(&self, conn: ConnId) -> Option<Client<'_>> {
        self.view(self.slots.of(conn)?)
    }

    fn view(&self, slot: Slot) -> Option<Client<'_>> {
        let conn = self.conns.get(slot)?;
        Some(Client {
            conn: conn.id,
            address: conn.counted_address(),
            state: match &conn.phase {
                Phase::Login { .. } => ClientState::LoggingIn,
                Phase::User { user, room } => ClientState::User {
                    username: self.world.username(*user).as_str(),
                    channel: self.world.room(*room)?.name.as_str(),
                },
                Phase::Closing { reason, .. } => ClientState::Closing(*reason),
            },
            queued: self.outbox.pending(Some(slot)).map(<[u8]>::len).sum(),
            backlog: conn.waiting(),
        })
    }

    /// All rooms, the general one first.
    pub fn rooms(&self) -> impl Iterator<Item = RoomView<'_>> {
        self.world.rooms().map(|(id, room)| {
            let members = self.fanouts.members(id);
            let is = |user: UserId| {
                let slot = members.iter().find(|slot| self.user(**slot).0 == user);
                slot.and_then(|slot| self.id(*slot))
            };
            RoomView {
                channel: room.name.as_str(),
                private: room.privacy == Privacy::Private,
                owner: room.owner.and_then(is),
                members: members.iter().filter_map(|slot| self.id(*slot)).collect(),
            }
        })
    }

    fn id(&self, slot: Slot) -> Option<ConnId> {
        self.conns.get(slot).map(|conn| conn.id)
    }
}

/// Not all there is: a line for a log, or for a test that fails.
impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("now", &self.now)
            .field("stage", &self.stage)
            .field("connections", &self.connections())
            .field("rooms", &self.rooms().count())
            .field("due", &self.poll_timeout())
            .finish_non_exhaustive()
    }
}
