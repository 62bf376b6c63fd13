//! Which version of the rules a hub goes by.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::names::Rules;
use crate::slab::Free;
use crate::wire::{Codes, Controls, Dialect, Framing, Version};

/// A version of what the core does with the same inputs. A rule that changes asks it, so that a
/// recording replays by the rules it was made under; each question is a method here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Behaviour(u32);

/// How long the token of a seat counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasting {
    /// Until the seat is taken with it: whoever does not get to know the next one has none.
    ForOnce,
    /// As long as there is the seat.
    ForSeat,
}

impl Behaviour {
    /// The rules of today. [`BEHAVIOUR`](crate::recording::BEHAVIOUR) lists what changed in which version.
    pub(crate) const LATEST: Behaviour = Behaviour(5);

    /// The rules of `version`; of a later version than this core knows, today's.
    pub(crate) fn version(version: u32) -> Self {
        Behaviour(version).min(Behaviour::LATEST)
    }

    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    /// The Huffman codes of zlib packages.
    pub(crate) fn codes(self) -> Codes {
        match self.0 {
            ..=1 => Codes::Own,
            2.. => Codes::FixedIfShort,
        }
    }

    /// The rules of names: what can be one, what is taken, and what is said of it.
    pub(crate) fn names(self) -> Rules {
        match self.0 {
            ..=2 => Rules::Former,
            3.. => Rules::Today,
        }
    }

    /// Whether [`Input::Sent`](crate::Input::Sent) takes its bytes out of the queue before the timers
    /// that are due run; they ran first once, and what they queued was never written.
    pub(crate) fn takes_sent_first(self) -> bool {
        self.0 >= 3
    }

    /// Whether a deadline that nobody was there to keep, for the process was stopped, is put off, so that
    /// what came in time still counts.
    pub(crate) fn puts_off_deadlines(self) -> bool {
        self.0 >= 3
    }

    /// How the JSON of clients is read, and what is told of what is wrong with it.
    /// What a connection speaks of which that is known: who is to log in may say either.
    pub(crate) fn dialect(self, version: Option<Version>) -> Dialect {
        match self.0 {
            ..=2 => Dialect::Lenient,
            3 => Dialect::Strict,
            4.. if version == Some(Version::One) => Dialect::Open,
            4.. => Dialect::Extended,
        }
    }

    /// How the controls that JSON lets pass are written.
    pub(crate) fn controls(self) -> Controls {
        match self.0 {
            ..=2 => Controls::Raw,
            3.. => Controls::Escaped,
        }
    }

    /// How units are told apart.
    pub(crate) fn framing(self) -> Framing {
        match self.0 {
            ..=2 => Framing::ByFirstByte,
            3..=4 => Framing::ByHeader,
            5.. => Framing::AtOnce,
        }
    }

    /// Whether a connection that ends in a zlib stream before any package is told so.
    pub(crate) fn tells_of_unfinished_streams(self) -> bool {
        self.0 >= 3
    }

    /// Whether flood control and turns count what was done, beside the packages.
    pub(crate) fn counts_work(self) -> bool {
        self.0 >= 3
    }

    /// Whether of all whose pause is over the one who has waited longest goes first. The lowest slot
    /// of those whose pause ended at the same time did once, and some never got their turn.
    pub(crate) fn serves_by_waiting(self) -> bool {
        self.0 >= 3
    }

    /// Whether a connection is not read from while its own queue is more than half full.
    pub(crate) fn waits_for_own_queue(self) -> bool {
        self.0 >= 3
    }

    /// Whether a server that stops waits for its peers to close their half, up to the linger, so that
    /// no reset overtakes what they are sent.
    pub(crate) fn takes_leave_when_stopping(self) -> bool {
        self.0 >= 3
    }

    /// Whether IPv6 addresses are counted by their /64.
    pub(crate) fn counts_ipv6_by_network(self) -> bool {
        self.0 >= 3
    }

    /// Whether all that the send queues take counts, and not only the capacity of their segments.
    pub(crate) fn counts_all_of_queues(self) -> bool {
        self.0 >= 3
    }

    /// Which slot a new connection gets: the lowest that is free, so that the highest ones can be given
    /// back. It got the one that was freed last once.
    pub(crate) fn free_slots(self) -> Free {
        match self.0 {
            ..=2 => Free::Last(Vec::new()),
            3.. => Free::Lowest(BTreeSet::new()),
        }
    }

    /// How long the token of a seat counts. The next one got lost with its connection once, and the
    /// seat with it.
    pub(crate) fn tokens(self) -> Lasting {
        match self.0 {
            ..=4 => Lasting::ForOnce,
            5.. => Lasting::ForSeat,
        }
    }

    /// Whether who speaks version 1 and kicks someone is answered by that, and not by a leave.
    pub(crate) fn answers_who_kicks(self) -> bool {
        self.0 >= 5
    }

    /// Whether the session of who takes their seat again says so.
    pub(crate) fn tells_who_resumed(self) -> bool {
        self.0 >= 5
    }
}
