//! What the hub knows of one connection.

use alloc::vec::Vec;
use core::net::IpAddr;

use super::pace::Pace;
use super::{CloseReason, ConnId};
use crate::names::Username;
use crate::time::Time;
use crate::wire::Decoder;

pub(super) struct Conn {
    pub(super) id: ConnId,
    pub(super) admission: Admission,
    pub(super) phase: Phase,
    pub(super) peer: PeerEnd,
    pub(super) reading: Reading,
    pub(super) pace: Pace,
    pub(super) decoder: Decoder,
    /// Bytes that came and wait for `reading` to go on.
    pub(super) backlog: Vec<u8>,
    /// The time it is listed under among the timers.
    pub(super) timer: Option<Time>,
}

/// Where a connection stands. It only ever moves down this list.
pub(super) enum Phase {
    /// It is to log in.
    Login { deadline: Time, failed: u32 },
    /// Its user is logged in, and in a room.
    User { name: Username, room: u32 },
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
}

impl Conn {
    pub(super) fn new(id: ConnId, admission: Admission, phase: Phase, decoder: Decoder) -> Self {
        Conn {
            id,
            admission,
            phase,
            peer: PeerEnd::Open,
            reading: Reading::Open,
            pace: Pace::default(),
            decoder,
            backlog: Vec::new(),
            timer: None,
        }
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
            Reading::Open => None,
            Reading::PausedUntil(until) => Some(until),
        };
        [phase, reading].into_iter().flatten().min()
    }
}
