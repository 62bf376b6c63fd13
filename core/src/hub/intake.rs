//! From bytes to packages, as fast as flood control allows.

use core::time::Duration;

use super::conn::{PeerEnd, Phase, Reading};
use super::{CloseReason, Hub, Output};
use crate::time::Time;
use crate::wire::{ClientPackage, Decoder, Unfinished};

impl Hub {
    pub(super) fn received(&mut self, slot: u32, bytes: &[u8]) {
        let backlog_bytes = self.config.backlog_bytes;
        let conn = self.conn(slot);
        if conn.is_closing() || conn.peer == PeerEnd::Done {
            return;
        }
        match conn.reading {
            Reading::Open => self.take_in(slot, bytes),
            Reading::PausedUntil(_) if conn.backlog.len() + bytes.len() <= backlog_bytes => {
                conn.backlog.extend_from_slice(bytes);
            }
            Reading::PausedUntil(_) => self.backlog_is_full(slot),
        }
    }

    /// More came than may wait.
    fn backlog_is_full(&mut self, slot: u32) {
        let told = "Too many bytes came while reading was paused.";
        self.reply_error(slot, "package", told);
        self.begin_close(slot, CloseReason::Backlog);
        self.close_burst();
    }

    /// Goes on with a connection whose pause is over.
    pub(super) fn resume(&mut self, slot: u32) {
        let conn = self.conn(slot);
        let id = conn.id;
        let backlog = core::mem::take(&mut conn.backlog);
        self.take_in(slot, &backlog);
        if !self.is_live(slot, id) {
            return;
        }
        let conn = self.conn(slot);
        match (conn.reading, conn.peer) {
            (Reading::Open, PeerEnd::Open) => self.outputs.push_back(Output::ResumeRead(id)),
            (Reading::Open, PeerEnd::Done) => self.peer_left(slot),
            (Reading::PausedUntil(_), _) => {}
        }
    }

    /// The peer sends nothing any more.
    pub(super) fn peer_done(&mut self, slot: u32) {
        let conn = self.conn(slot);
        conn.peer = PeerEnd::Done;
        match (&conn.phase, conn.reading) {
            (Phase::Closing { .. }, _) => self.flushed(slot),
            (_, Reading::Open) => self.peer_left(slot),
            // What it sent before is still to be dealt with.
            (_, Reading::PausedUntil(_)) => {}
        }
    }

    /// All that the peer sent is dealt with: it has left, but may still be receiving.
    fn peer_left(&mut self, slot: u32) {
        let told = match self.conn(slot).decoder.unfinished() {
            Some(Unfinished::Stream) if !self.behaviour.tells_of_unfinished_streams() => None,
            unfinished => unfinished,
        };
        if let Some(unfinished) = told {
            self.answer_in_kind(slot);
            self.reply_error(slot, "package", &alloc::format!("{unfinished}"));
        }
        self.begin_close(slot, CloseReason::Left);
        self.close_burst();
    }

    /// Takes packages from the decoder and `bytes`, until there are none or no more may be taken.
    /// What is left goes to the backlog.
    fn take_in(&mut self, slot: u32, bytes: &[u8]) {
        let id = self.conn(slot).id;
        // The decoder is lent to the package while that is dealt with.
        let fresh = self.decoder();
        let mut decoder = core::mem::replace(&mut self.conn(slot).decoder, fresh);
        let mut rest = bytes;
        let mut reading = Reading::Open;
        while !(rest.is_empty() && decoder.is_hungry()) {
            if let Err(until) = self.may_take(slot) {
                reading = Reading::PausedUntil(until);
                break;
            }
            match decoder.decode(&mut self.inflaters, &mut rest) {
                Ok(None) => break,
                Ok(Some(package)) => {
                    let (rate, now) = (self.rate, self.now);
                    self.conn(slot).pace.spend(rate, now);
                    self.outbox.set_encoding(slot, package.encoding);
                    let strictness = self.behaviour.strictness();
                    self.package(slot, ClientPackage::parse_with(strictness, package.text));
                    self.close_burst();
                    if !self.is_live(slot, id) {
                        return decoder.release(&mut self.inflaters);
                    }
                }
                Err(violation) => {
                    self.conn(slot).decoder = decoder;
                    self.answer_in_kind(slot);
                    self.reply_error(slot, "package", &alloc::format!("{violation}"));
                    self.begin_close(slot, CloseReason::Violation);
                    return self.close_burst();
                }
            }
        }
        decoder.trim();
        self.conn(slot).decoder = decoder;
        if rest.len() > self.config.backlog_bytes {
            return self.backlog_is_full(slot);
        }
        let conn = self.conn(slot);
        if let (Reading::Open, Reading::PausedUntil(_)) = (conn.reading, reading)
            && conn.peer == PeerEnd::Open
        {
            self.outputs.push_back(Output::PauseRead(id));
        }
        let conn = self.conn(slot);
        conn.backlog = rest.to_vec();
        conn.reading = reading;
        self.set_timer(slot);
    }

    /// A decoder for one more connection.
    pub(super) fn decoder(&self) -> Decoder {
        Decoder::with_framing(self.behaviour.framing(), self.config.max_package_bytes)
    }

    /// Whether one more package may be taken now.
    ///
    /// # Errors
    /// From when on, if not: for flood control, to let others have their turn, or to let someone in
    /// the room catch up.
    fn may_take(&mut self, slot: u32) -> Result<(), Time> {
        if self.turn_is_over() {
            return Err(self.after(Duration::ZERO));
        }
        let (rate, now) = (self.rate, self.now);
        let conn = self.conn(slot);
        conn.pace.ready(rate, now)?;
        match conn.phase {
            Phase::User { room, .. } => match self.rooms.get(room).lagging_until {
                until if until > now => Err(until),
                _ => Ok(()),
            },
            Phase::Login { .. } | Phase::Closing { .. } => Ok(()),
        }
    }

    /// Answers in the encoding of the unit that is under way, if there is one.
    fn answer_in_kind(&mut self, slot: u32) {
        if let Some(encoding) = self.conn(slot).decoder.under_way() {
            self.outbox.set_encoding(slot, encoding);
        }
    }
}
