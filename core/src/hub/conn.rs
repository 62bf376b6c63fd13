//! What the hub knows of one connection.
//!
//! Three things of it change, and go together like this:
//!
//! | phase | may become | while in it | [`Reading`] may be |
//! | --- | --- | --- | --- |
//! | [`Login`](Phase::Login) | `User`, `Closing` | has no user; closed at its deadline | all |
//! | [`User`](Phase::User) | `Closing` | its user is in the world, and in a room | all |
//! | [`Closing`](Phase::Closing), flushing | finished, closed | sends what is queued; closed at its deadline | `Open`: what comes is dropped |
//! | `Closing`, finished | closed | waits for the peer to close its half; closed at its deadline | `Open` |
//!
//! | [`Reading`] | becomes | when |
//! | --- | --- | --- |
//! | `Open` | `PausedUntil` | flood control, others' turn, or a room that lags says so ([`Hub::may_take`]) |
//! | `Open` | `PausedUntilDrained` | more than half of its own queue is full |
//! | `Open` | `Waiting` | it needs an inflater and there is none |
//! | `PausedUntilDrained` | `PausedUntil` | its queue is half empty |
//! | `Waiting` | `PausedUntil` | it was lent an inflater |
//! | `PausedUntil` | any | its time has come, and it is its turn |
//!
//! The peer's half ([`PeerEnd`]) is `Open`, then `Done`: what it sent before is dealt with first, and
//! then the connection is closed. Whenever the peer breaks the connection, it is gone at once.
//!
//! [`Hub::may_take`]: super::Hub::may_take

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::net::IpAddr;

use super::gcra::{Arrival, Effort};
use super::streams::{Hold, Place};
use super::timers::Timer;
use super::{CloseReason, ConnId};
use crate::time::Time;
use crate::wire::Decoder;
use crate::world::{RoomId, UserId};

pub(super) struct Conn {
    pub(super) id: ConnId,
    pub(super) admission: Admission,
    pub(super) phase: Phase,
    pub(super) peer: PeerEnd,
    pub(super) reading: Reading,
    pub(super) arrival: Arrival,
    pub(super) effort: Effort,
    pub(super) decoder: Decoder,
    /// What it is listed under while its decoder has an inflater.
    pub(super) hold: Option<Hold>,
    /// Bytes that came and wait for `reading` to go on.
    #[expect(clippy::box_collection, reason = "most connections have none")]
    pub(super) backlog: Option<Box<VecDeque<u8>>>,
    /// What it is listed under among the timers.
    pub(super) timer: Option<Timer>,
    /// Drawn when its pause began or it had its turn: who waits longest has the lowest. 0: it does
    /// not wait.
    pub(super) ticket: u64,
}

/// Where a connection stands. It only ever moves down this list.
pub(super) enum Phase {
    /// It is to log in.
    Login { deadline: Time, failed: u32 },
    /// Its user is logged in, and hears that room.
    User { user: UserId, room: RoomId },
    /// Its user is gone; the last packages are on their way.
    Closing {
        reason: CloseReason,
        deadline: Time,
        stage: Closing,
    },
}

/// How far the closing of a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// The last packages are being sent.
    Flushing,
    /// All is sent; the peer is to close its half, so that no reset can overtake what was sent.
    Finished,
}

/// Whether a connection counts towards the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It counts, for this address too.
    Counted(IpAddr),
    /// It counts, but is exempt from the limit for each address.
    Loopback,
    /// It was refused for a limit and stays only to be told so.
    Refused,
}

/// What is known of the peer's sending half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerEnd {
    /// It may send more.
    Open,
    /// It sends nothing any more.
    Done,
}

/// Whether packages are being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// As they come.
    Open,
    /// Not before this time: flood control.
    PausedUntil(Time),
    /// Not before there is an inflater for it.
    Waiting(Place),
    /// Not before it has taken more of its answers.
    PausedUntilDrained,
}

impl Conn {
    pub(super) fn new(id: ConnId, admission: Admission, phase: Phase, decoder: Decoder) -> Self {
        Conn {
            id,
            admission,
            phase,
            peer: PeerEnd::Open,
            reading: Reading::Open,
            arrival: Arrival::default(),
            effort: Effort::default(),
            decoder,
            hold: None,
            backlog: None,
            timer: None,
            ticket: 0,
        }
    }

    /// Its address, if that counts.
    pub(super) fn counted_address(&self) -> Option<IpAddr> {
        match self.admission {
            Admission::Counted(address) => Some(address),
            Admission::Loopback | Admission::Refused => None,
        }
    }

    /// How many bytes wait in the backlog.
    pub(super) fn waiting(&self) -> usize {
        self.backlog.as_ref().map_or(0, |backlog| backlog.len())
    }

    /// Adds to the backlog, which takes `most` bytes at most; its memory does not grow beyond them.
    pub(super) fn keep(&mut self, bytes: &[u8], most: usize) {
        if bytes.is_empty() {
            return;
        }
        let backlog = self.backlog.get_or_insert_default();
        let needed = backlog.len() + bytes.len();
        if needed > backlog.capacity() {
            let target = (2 * backlog.len()).min(most).max(needed);
            backlog.reserve_exact(target - backlog.len());
        }
        backlog.extend(bytes);
    }

    pub(super) fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. })
    }

    /// The next time something is due without input.
    pub(super) fn next_timer(&self) -> Option<Time> {
        let phase = match self.phase {
            Phase::Login { deadline, .. } | Phase::Closing { deadline, .. } => Some(deadline),
            Phase::User { .. } => None,
        };
        let reading = match self.reading {
            Reading::Open | Reading::Waiting(_) | Reading::PausedUntilDrained => None,
            Reading::PausedUntil(until) => Some(until),
        };
        [phase, reading].into_iter().flatten().min()
    }
}
