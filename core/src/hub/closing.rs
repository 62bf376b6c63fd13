//! The end of connections: the user leaves at once, the last packages are sent, the peer is given
//! time to take them, and then the connection is closed.

use super::conn::{Closing, PeerEnd, Phase, Reading};
use super::slots::Slot;
use super::{CloseReason, Hub, HubWhat, Output, Stage};

impl Hub {
    /// Ends what the connection does; what is queued for it is still sent.
    pub(super) fn begin_close(&mut self, slot: Slot, reason: CloseReason) {
        if !reason.keeps_seat() || !self.keep_seat(slot) {
            self.vacate(slot);
        }
        self.release_stream(slot);
        let deadline = self.after(self.config.linger);
        let (now, id) = (self.now, self.conn(slot).id);
        self.facts.note(now, id, || HubWhat::Leaving(reason));
        let conn = self.conn(slot);
        conn.phase = Phase::Closing {
            reason,
            deadline,
            stage: Closing::Flushing,
        };
        conn.backlog = None;
        if conn.reading != Reading::Open {
            conn.reading = Reading::Open;
            conn.ticket = 0;
            if conn.peer == PeerEnd::Open {
                self.outputs.push_back(Output::ResumeRead(id));
            }
        }
        self.set_timer(slot);
        self.flushed(slot);
    }

    /// Takes the next step of closing, if the connection is being closed and all is sent.
    pub(super) fn flushed(&mut self, slot: Slot) {
        if !self.outbox.is_empty(slot) {
            return;
        }
        // A stopping server did not wait for anyone to take leave once.
        let hasty = self.closes_hastily();
        let conn = self.conn(slot);
        let Phase::Closing { reason, stage, .. } = &mut conn.phase else {
            return;
        };
        if conn.peer == PeerEnd::Done || hasty {
            let reason = *reason;
            self.close(slot, reason);
        } else if *stage == Closing::Flushing {
            *stage = Closing::Finished;
            let id = conn.id;
            self.outputs.push_back(Output::Finish(id));
        }
    }

    /// Whether nobody is given time to close its half.
    pub(super) fn closes_hastily(&self) -> bool {
        self.stage == Stage::Stopping && !self.behaviour.takes_leave_when_stopping()
    }

    /// Closes the connection now.
    pub(super) fn close(&mut self, slot: Slot, reason: CloseReason) {
        let id = self.conn(slot).id;
        self.outputs.push_back(Output::Close(id, reason));
        self.facts
            .note(self.now, id, || HubWhat::Closed(Some(reason)));
        self.remove(slot);
    }

    /// Closes the connections whose queues have overflowed, and the heaviest ones while all queues
    /// together hold too much; each close is announced, which may make more overflow.
    #[inline]
    pub(super) fn close_overflowed(&mut self) {
        let is_within = self.outbox.held_bytes() <= self.config.total_queue_bytes;
        if !is_within || !self.overflowed.is_empty() {
            self.close_all_overflowed();
        }
    }

    #[cold]
    fn close_all_overflowed(&mut self) {
        loop {
            while let Some(slot) = self.overflowed.pop_front() {
                if !self.keep_seat(slot) {
                    self.vacate(slot);
                }
                self.close(slot, CloseReason::SlowConsumer);
            }
            if self.outbox.held_bytes() <= self.config.total_queue_bytes {
                return;
            }
            let Some(heaviest) = self.outbox.heaviest() else {
                return;
            };
            self.outbox.overflow(heaviest);
            self.overflowed.push_back(heaviest);
        }
    }

    /// The connection's user goes, if it has one.
    pub(super) fn vacate(&mut self, slot: Slot) {
        let Phase::User { user, .. } = self.conn(slot).phase else {
            return;
        };
        self.leave_phase(slot);
        self.log_out(user);
    }

    /// The connection has no user any more, and is about to be closed.
    pub(super) fn leave_phase(&mut self, slot: Slot) {
        let deadline = self.now;
        self.conn(slot).phase = Phase::Closing {
            reason: CloseReason::Left,
            deadline,
            stage: Closing::Flushing,
        };
    }

    /// Tells everyone that the server stops, and closes them.
    pub(super) fn shut_down(&mut self) {
        if self.stage == Stage::Stopping {
            return;
        }
        self.stage = Stage::Stopping;
        for (_, slot) in self.slots.in_order() {
            if self.conn(slot).is_closing() {
                self.flushed(slot);
            } else {
                self.reply_error(slot, "shutdown", "The server is shutting down.");
                self.begin_close(slot, CloseReason::Shutdown);
            }
        }
        self.close_overflowed();
    }
}
