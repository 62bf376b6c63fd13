//! Who has an inflater, who waits for one, and from whom one is taken back (PROTOCOL.md, "Open
//! streams": a client may keep one zlib stream open for the whole connection).
//!
//! There are fewer inflaters than connections. A connection has one from the header of a zlib stream
//! to its end. When all are lent, whoever needs one is not read from until one is free: users before
//! who is not logged in, and of these whoever has waited longest. So that none waits for good, who
//! has one and stands still is closed then, no sooner than [`Config::stream_grace`]: first those that
//! are not logged in, by when they got theirs, then users, by when something came from them last. For
//! who is not logged in no user is closed. Nobody is closed while nobody waits.
//!
//! [`Config::stream_grace`]: crate::Config::stream_grace

use alloc::collections::{BTreeMap, BTreeSet};
use core::cmp::Reverse;
use core::time::Duration;

use super::conn::{Conn, Phase, Reading};
use super::slots::Slot;
use super::{CloseReason, Hub};
use crate::time::Time;

/// What a connection is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Its user is logged in.
    User,
    /// It is to log in.
    Guest,
}

/// A place among those who wait for an inflater; the lowest is the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(Standing, u64);

/// What a connection that has an inflater is listed under; the lowest gives way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hold(Reverse<Standing>, Time);

/// The connections that have an inflater or wait for one, by slot.
#[derive(Default)]
pub(super) struct Streams {
    holding: BTreeSet<(Hold, Slot)>,
    waiting: BTreeMap<Place, Slot>,
    /// How many have waited so far.
    waited: u64,
}

/// What is said to whom an inflater is taken from.
const RECLAIMED: &str = "Others wait for the room that this open zlib stream takes, and it stood still. \
     Connect again, with a stream for each package or with plain JSON.";

impl Hub {
    /// A place behind all others of the same standing who wait for an inflater.
    pub(super) fn draw_place(&mut self, slot: Slot) -> Place {
        self.streams.waited += 1;
        Place(self.conn(slot).standing(), self.streams.waited)
    }

    /// Has the connection wait in that place.
    pub(super) fn wait_for_inflater(&mut self, slot: Slot, place: Place) {
        self.streams.waiting.insert(place, slot);
        self.inflaters.set_aside(true);
    }

    /// Something came from the connection: it may have got an inflater by it, or given it back.
    pub(super) fn note_stream(&mut self, slot: Slot) {
        let now = self.now;
        let conn = self.conn(slot);
        let before = conn.hold;
        let standing = conn.standing();
        let hold = conn.decoder.holds_inflater().then(|| match before {
            Some(hold @ Hold(Reverse(Standing::Guest), _)) if standing == Standing::Guest => hold,
            _ => Hold(Reverse(standing), now),
        });
        if hold == before {
            return;
        }
        conn.hold = hold;
        if let Some(before) = before {
            self.streams.holding.remove(&(before, slot));
        }
        if let Some(hold) = hold {
            self.streams.holding.insert((hold, slot));
        }
    }

    /// Takes the inflater back that the connection has, or the place that it waits in.
    pub(super) fn release_stream(&mut self, slot: Slot) {
        let conn = self.conns.get_mut(slot).expect("its caller holds the slot");
        conn.decoder.release(&mut self.inflaters);
        if let Some(hold) = conn.hold.take() {
            self.streams.holding.remove(&(hold, slot));
        }
        if let Reading::Waiting(place) = conn.reading {
            self.streams.waiting.remove(&place);
        }
    }

    /// Gives inflaters to those who wait for one, as long as there are any. While anyone waits, they are
    /// set aside.
    #[inline(always)]
    pub(super) fn lend_inflaters(&mut self) {
        if self.inflaters.is_set_aside() {
            self.lend_to_waiting();
        }
    }

    #[cold]
    fn lend_to_waiting(&mut self) {
        while let Some((&Place(standing, _), &slot)) = self.streams.waiting.first_key_value() {
            if !self.inflaters.is_free() {
                if !self.reclaim(standing) {
                    break;
                }
                continue;
            }
            self.streams.waiting.pop_first();
            let until = self.after(Duration::ZERO);
            let conn = self.conns.get_mut(slot).expect("who waits is connected");
            conn.decoder.provide(&mut self.inflaters);
            conn.reading = Reading::PausedUntil(until);
            self.note_stream(slot);
            self.set_timer(slot);
        }
        let anyone_waits = !self.streams.waiting.is_empty();
        self.inflaters.set_aside(anyone_waits);
    }

    /// When an inflater is taken back, if nothing else happens.
    pub(super) fn next_reclaim(&self) -> Option<Time> {
        let (&Place(standing, _), _) = self.streams.waiting.first_key_value()?;
        self.first_to_give_way(standing).map(|(due, _)| due)
    }

    /// Closes the first that is to give way to one of this standing; whether there was one.
    fn reclaim(&mut self, standing: Standing) -> bool {
        let Some((due, slot)) = self.first_to_give_way(standing) else {
            return false;
        };
        if due > self.now || self.turn_is_over() {
            return false;
        }
        self.answer_in_kind(slot);
        self.reply_error(slot, "package", RECLAIMED);
        self.begin_close(slot, CloseReason::Reclaimed);
        self.close_overflowed();
        true
    }

    /// Which connection gives way first to one of this standing, and when.
    fn first_to_give_way(&self, waiting: Standing) -> Option<(Time, Slot)> {
        let &(Hold(Reverse(standing), since), slot) = self.streams.holding.first()?;
        (standing >= waiting).then(|| (since + self.config.stream_grace, slot))
    }

    /// Checks that all who have an inflater or wait for one are listed.
    pub(super) fn check_streams(&self) {
        let (mut holding, mut waiting) = (0, 0);
        for (_, slot) in self.slots.in_order() {
            let conn = self.conns.get(slot).expect("a known slot is taken");
            assert_eq!(
                conn.hold.is_some(),
                conn.decoder.holds_inflater(),
                "who has an inflater is listed"
            );
            if let Some(hold) = conn.hold {
                holding += 1;
                let listed = self.streams.holding.contains(&(hold, slot));
                assert!(listed, "who has an inflater is listed");
            }
            if let Reading::Waiting(place) = conn.reading {
                waiting += 1;
                let listed = self.streams.waiting.get(&place);
                assert_eq!(listed, Some(&slot), "who waits for an inflater is listed");
            }
        }
        assert_eq!(self.streams.holding.len(), holding, "nobody else is listed");
        assert_eq!(self.streams.waiting.len(), waiting, "nobody else is listed");
        assert_eq!(self.inflaters.lent(), holding, "who has none gave it back");
        assert!(
            waiting == 0 || !self.inflaters.is_free(),
            "nobody waits for what is there"
        );
        assert!(
            waiting == 0 || self.inflaters.is_set_aside(),
            "nobody overtakes who waits"
        );
    }
}

impl Conn {
    fn standing(&self) -> Standing {
        match self.phase {
            Phase::User { .. } => Standing::User,
            Phase::Login { .. } | Phase::Closing { .. } => Standing::Guest,
        }
    }
}
