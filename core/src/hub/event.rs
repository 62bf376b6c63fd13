//! What goes into a hub and what comes out of it.

use core::fmt;
use core::net::IpAddr;

#[cfg(doc)]
use super::Hub;

/// The identifier of a connection: minted by the adapter, strictly increasing, never used again.
/// Internal: it is in no package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// What happens to the hub's connections. One variant is one record in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// A connection was accepted. Its identifier must be above every earlier one; it is ignored
    /// otherwise.
    Opened(ConnId, Peer),
    /// Bytes came.
    Received(ConnId, &'a [u8]),
    /// The peer sends nothing any more, but may still be receiving.
    Eof(ConnId),
    /// So many bytes of [`Hub::pending`] were handed to the network.
    Sent(ConnId, u32),
    /// The connection is gone: it broke, or was reset.
    Closed(ConnId),
    /// Time has passed.
    Tick,
    /// The server is to stop: everyone is told and closed.
    Shutdown,
}

impl Input<'_> {
    /// The connection that it happens to, if it is one.
    pub fn conn(&self) -> Option<ConnId> {
        match *self {
            Input::Opened(id, _)
            | Input::Received(id, _)
            | Input::Eof(id)
            | Input::Sent(id, _)
            | Input::Closed(id) => Some(id),
            Input::Tick | Input::Shutdown => None,
        }
    }
}

/// What the hub wants done to a connection. No output names a connection after its `Close`; nor after
/// its [`Input::Closed`], but for a `Close` that was decided before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// [`Hub::pending`] has bytes to send: write once, as much as goes, when the socket takes
    /// something, and say [`Input::Sent`]. There is no other `Write` for the connection until then;
    /// and there is one right after it if anything is pending still, whether it was left over or has
    /// come meanwhile. So an adapter need not look again at what is pending, nor remember whether
    /// anything is: only whether the socket takes nothing, and a write waits until it does.
    Write(ConnId),
    /// Stop reading from the connection, at the latest after the read under way.
    PauseRead(ConnId),
    /// Read from the connection again.
    ResumeRead(ConnId),
    /// Nothing more will be written: shut down the sending half, and go on reading. The hub waits
    /// for the peer to close its half, so that no reset overtakes the last package, and then closes.
    Finish(ConnId),
    /// Close the connection.
    Close(ConnId, CloseReason),
}

/// Why the hub closes a connection. Displays as a phrase for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CloseReason {
    /// The peer left.
    Left,
    /// It did not log in in time.
    LoginTimeout,
    /// Its logins failed too often.
    LoginTries,
    /// It does not speak the protocol.
    Violation,
    /// It did not read what it was sent, so that too much was waiting.
    SlowConsumer,
    /// There were as many connections as there may be.
    Full,
    /// There were as many connections from its address as there may be.
    AddressFull,
    /// More bytes came than may wait while its reading is paused.
    Backlog,
    /// The server stops.
    Shutdown,
    /// It stood still in an open zlib stream while others waited for one.
    Reclaimed,
    /// More connections came from its address than may in so short a time.
    AddressRate,
    /// Its user goes on with another connection.
    Resumed,
}

impl CloseReason {
    /// Every reason, in an order that recordings go by: new ones come last.
    pub const ALL: [CloseReason; 12] = [
        CloseReason::Left,
        CloseReason::LoginTimeout,
        CloseReason::LoginTries,
        CloseReason::Violation,
        CloseReason::SlowConsumer,
        CloseReason::Full,
        CloseReason::AddressFull,
        CloseReason::Backlog,
        CloseReason::Shutdown,
        CloseReason::Reclaimed,
        CloseReason::AddressRate,
        CloseReason::Resumed,
    ];

    /// Whether a user whose connection is closed for it did not mean to go.
    pub(super) fn keeps_seat(self) -> bool {
        matches!(
            self,
            CloseReason::SlowConsumer | CloseReason::Backlog | CloseReason::Reclaimed
        )
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CloseReason::Left => "the peer left",
            CloseReason::LoginTimeout => "no login in time",
            CloseReason::LoginTries => "too many failed logins",
            CloseReason::Violation => "protocol violation",
            CloseReason::SlowConsumer => "slow consumer",
            CloseReason::Full => "too many connections",
            CloseReason::AddressFull => "too many connections from its address",
            CloseReason::Backlog => "too many bytes while paused",
            CloseReason::Shutdown => "the server stops",
            CloseReason::Reclaimed => "an idle zlib stream while others wait for one",
            CloseReason::AddressRate => "too many new connections from its address",
            CloseReason::Resumed => "its user goes on with another connection",
        })
    }
}
