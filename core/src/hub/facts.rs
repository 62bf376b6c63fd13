//! What happened at a hub, one by one, for whoever wants to know without reading packages.

use alloc::collections::VecDeque;
use alloc::string::String;
use core::net::IpAddr;

use super::{CloseReason, ConnId};
use crate::names::Username;
use crate::time::Time;
use crate::world::Fact;

/// Something that happened at a hub, by whose doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubFact {
    /// When.
    pub time: Time,
    /// Whose doing it was.
    pub conn: ConnId,
    /// What.
    pub what: HubWhat,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubWhat {
    /// It connected, from this address.
    Connected(IpAddr),
    /// An entry of the log had it as its author; or, if nobody had it, was about its user.
    World(Fact<'static>),
    /// It took this user's seat again: they go on by it.
    Resumed(Username),
    /// It asked for a list: the command that asks for it.
    Listed(&'static str),
    /// Something it wanted was not done.
    Refused {
        /// The command, or what else the error is about: an `error_type`.
        error_type: String,
        /// Why: a sentence for people.
        reason: String,
    },
    /// The hub began to close it: what is queued is still sent, and nothing more is taken.
    Leaving(CloseReason),
    /// The hub closed it; or, without a reason, it broke.
    Closed(Option<CloseReason>),
}

/// The facts that were not taken yet, if anyone wants them.
#[derive(Default)]
pub(super) struct Facts(Option<VecDeque<HubFact>>);

impl Facts {
    /// Keeps facts from now on, or none.
    pub(super) fn keep(&mut self, keep: bool) {
        self.0 = keep.then(VecDeque::new);
    }

    pub(super) fn poll(&mut self) -> Option<HubFact> {
        self.0.as_mut()?.pop_front()
    }

    /// Notes what happened, if anyone wants to know.
    #[inline(always)]
    pub(super) fn note(&mut self, time: Time, conn: ConnId, what: impl FnOnce() -> HubWhat) {
        if let Some(facts) = &mut self.0 {
            let what = what();
            facts.push_back(HubFact { time, conn, what });
        }
    }
}
