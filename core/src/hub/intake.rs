//! From bytes to packages, as fast as flood control allows.

use core::time::Duration;

use super::addresses::Limited;
use super::conn::{PeerEnd, Phase, Reading};
use super::gcra::Effort;
use super::slots::Slot;
use super::{CloseReason, Hub, Output};
use crate::wire::{ClientPackage, Decoder, Step, Unfinished};

/// What came of taking packages from bytes.
struct Taken {
    /// How many of the bytes were taken.
    bytes: usize,
    /// How to go on.
    reading: Reading,
    /// Whether anything was done for the connection.
    had_its_turn: bool,
}

impl Hub {
    pub(super) fn received(&mut self, slot: Slot, bytes: &[u8]) {
        let most = self.config.backlog_bytes;
        let conn = self.conn(slot);
        if conn.is_closing() || conn.peer == PeerEnd::Done {
            return;
        }
        match conn.reading {
            Reading::Open => {
                let Some(taken) = self.take_in(slot, [bytes, &[]]) else {
                    return;
                };
                let rest = &bytes[taken.bytes..];
                if rest.len() > most {
                    return self.backlog_is_full(slot);
                }
                self.conn(slot).keep(rest, most);
                self.go_on(slot, &taken);
            }
            _ if conn.waiting() + bytes.len() <= most => conn.keep(bytes, most),
            _ => self.backlog_is_full(slot),
        }
    }

    /// More came than may wait.
    fn backlog_is_full(&mut self, slot: Slot) {
        let told = "Too many bytes came while reading was paused.";
        self.reply_error(slot, "package", told);
        self.begin_close(slot, CloseReason::Backlog);
    }

    /// Goes on with a connection whose pause is over.
    pub(super) fn read_on(&mut self, slot: Slot) {
        let conn = self.conn(slot);
        let id = conn.id;
        let mut backlog = conn.backlog.take().unwrap_or_default();
        let (front, back) = backlog.as_slices();
        let Some(taken) = self.take_in(slot, [front, back]) else {
            return;
        };
        backlog.drain(..taken.bytes);
        if !backlog.is_empty() {
            self.conn(slot).backlog = Some(backlog);
        }
        self.go_on(slot, &taken);
        match (taken.reading, self.conn(slot).peer) {
            (Reading::Open, PeerEnd::Open) => self.outputs.push_back(Output::ResumeRead(id)),
            (Reading::Open, PeerEnd::Done) => self.peer_left(slot),
            _ => {}
        }
    }

    /// Reads on, or not, with what is left in the backlog.
    fn go_on(&mut self, slot: Slot, taken: &Taken) {
        let reading = taken.reading;
        let conn = self.conn(slot);
        let (id, peer) = (conn.id, conn.peer);
        let pauses = conn.reading == Reading::Open && reading != Reading::Open;
        if let Reading::Waiting(place) = reading {
            self.wait_for_inflater(slot, place);
        }
        if pauses && peer == PeerEnd::Open {
            self.outputs.push_back(Output::PauseRead(id));
        }
        self.pause(slot, reading, taken.had_its_turn);
    }

    /// The peer sends nothing any more.
    pub(super) fn peer_done(&mut self, slot: Slot) {
        let conn = self.conn(slot);
        conn.peer = PeerEnd::Done;
        match (&conn.phase, conn.reading) {
            (Phase::Closing { .. }, _) => self.flushed(slot),
            (_, Reading::Open) => self.peer_left(slot),
            // What it sent before is still to be dealt with.
            _ => {}
        }
    }

    /// All that the peer sent is dealt with: it has left, but may still be receiving.
    fn peer_left(&mut self, slot: Slot) {
        let told = match self.conn(slot).decoder.unfinished() {
            Some(Unfinished::Stream) if !self.behaviour.tells_of_unfinished_streams() => None,
            unfinished => unfinished,
        };
        if let Some(unfinished) = told {
            self.answer_in_kind(slot);
            self.reply_error(slot, "package", &alloc::format!("{unfinished}"));
        }
        self.begin_close(slot, CloseReason::Left);
    }

    /// Takes packages from the decoder and `pieces`, one behind the other, until there are none or no
    /// more may be taken. Nothing if the connection is at its end.
    fn take_in(&mut self, slot: Slot, pieces: [&[u8]; 2]) -> Option<Taken> {
        let id = self.conn(slot).id;
        // The decoder is lent to the package while that is dealt with.
        let fresh = self.decoder();
        let mut decoder = core::mem::replace(&mut self.conn(slot).decoder, fresh);
        let [mut rest, mut behind] = pieces;
        let mut reading = Reading::Open;
        let mut had_its_turn = false;
        loop {
            if rest.is_empty() {
                rest = core::mem::take(&mut behind);
            }
            if rest.is_empty() && decoder.is_hungry() {
                break;
            }
            if let Err(pause) = self.may_take(slot) {
                reading = pause;
                break;
            }
            let mut work = 0;
            match decoder.step(&mut self.inflaters, &mut rest, &mut work) {
                Ok(Step::Taken | Step::Hungry) => {
                    self.spend_work(slot, work);
                    had_its_turn = true;
                }
                Ok(Step::NoInflater) => {
                    reading = Reading::Waiting(self.draw_place(slot));
                    break;
                }
                Ok(Step::Package(package)) => {
                    self.spend_work(slot, work);
                    self.spend_package(slot);
                    self.spend_login(slot);
                    had_its_turn = true;
                    self.outbox.set_encoding(slot, package.encoding);
                    let version = self.version(slot);
                    let dialect = self.behaviour.dialect(version);
                    self.package(slot, ClientPackage::read(dialect, package));
                    self.close_overflowed();
                    if !self.is_live(slot, id) {
                        decoder.release(&mut self.inflaters);
                        return None;
                    }
                }
                Err(violation) => {
                    self.conn(slot).decoder = decoder;
                    self.answer_in_kind(slot);
                    self.reply_error(slot, "package", &alloc::format!("{violation}"));
                    self.begin_close(slot, CloseReason::Violation);
                    return None;
                }
            }
        }
        decoder.trim();
        self.conn(slot).decoder = decoder;
        self.note_stream(slot);
        let [front, back] = pieces;
        Some(Taken {
            bytes: front.len() + back.len() - rest.len() - behind.len(),
            reading,
            had_its_turn,
        })
    }

    /// Counts work that was done for the connection: for flood control, and for its turn.
    pub(super) fn spend_work(&mut self, slot: Slot, work: usize) {
        if !self.behaviour.counts_work() {
            return;
        }
        self.turn_work += work;
        let (quota, now, per_package) = (self.quota, self.now, self.config.package_work);
        let conn = self.conn(slot);
        let packages = conn.effort.spend(work, per_package);
        conn.arrival.spend(quota, now, packages);
    }

    /// Counts a package that came whole.
    fn spend_package(&mut self, slot: Slot) {
        let (quota, now) = (self.quota, self.now);
        let conn = self.conn(slot);
        conn.effort = Effort::default();
        conn.arrival.spend(quota, now, 1);
    }

    /// A decoder for one more connection.
    pub(super) fn decoder(&self) -> Decoder {
        Decoder::with_framing(self.behaviour.framing(), self.config.max_package_bytes)
    }

    /// Whether more may be taken now: a step of the decoder, and the package that may come of it.
    ///
    /// # Errors
    /// Until when not, if not: for flood control, to let others have their turn, to let someone in the
    /// room catch up, or because it does not take its answers.
    pub(super) fn may_take(&mut self, slot: Slot) -> Result<(), Reading> {
        if self.turn_is_over() {
            return Err(Reading::PausedUntil(self.after(Duration::ZERO)));
        }
        if self.behaviour.waits_for_own_queue() && self.outbox.is_half_full(slot) {
            return Err(Reading::PausedUntilDrained);
        }
        let (quota, guest_quota, now) = (self.quota, self.guest_quota, self.now);
        let conn = self.conn(slot);
        let quota = match conn.phase {
            Phase::Login { .. } => guest_quota,
            Phase::User { .. } | Phase::Closing { .. } => quota,
        };
        conn.arrival
            .ready(quota, now)
            .map_err(Reading::PausedUntil)?;
        match conn.phase {
            Phase::User { room, .. } => match self.fanouts.of(room) {
                Some(fanout) if fanout.lagging_until > now => {
                    Err(Reading::PausedUntil(fanout.lagging_until))
                }
                _ => Ok(()),
            },
            Phase::Login { .. } => match conn.counted_address() {
                Some(address) => {
                    let ready = self.addresses.ready(address, Limited::LogIn, now);
                    ready.map_err(Reading::PausedUntil)
                }
                None => Ok(()),
            },
            Phase::Closing { .. } => Ok(()),
        }
    }

    /// Counts a package of a connection that is to log in for its address.
    fn spend_login(&mut self, slot: Slot) {
        let now = self.now;
        let conn = self.conn(slot);
        if let (Phase::Login { .. }, Some(address)) = (&conn.phase, conn.counted_address()) {
            self.addresses.spend(address, Limited::LogIn, now);
        }
    }

    /// Answers in the encoding of the unit that is under way, if there is one.
    pub(super) fn answer_in_kind(&mut self, slot: Slot) {
        if let Some(encoding) = self.conn(slot).decoder.under_way() {
            self.outbox.set_encoding(slot, encoding);
        }
    }
}
