//! The end of connections: the user leaves at once, the last packages are sent, the peer is given
//! time to take them, and then the connection is closed.

use alloc::collections::VecDeque;

use super::conn::{Admission, Closing, PeerEnd, Phase, Reading};
use super::{CloseReason, Hub, Output, Stage};

impl Hub {
    /// Ends what the connection does; what is queued for it is still sent.
    pub(super) fn begin_close(&mut self, slot: u32, reason: CloseReason) {
        self.vacate(slot);
        self.release_stream(slot);
        let deadline = self.after(self.config.linger);
        let conn = self.conns[slot as usize]
            .as_mut()
            .expect("its caller holds the slot");
        conn.phase = Phase::Closing {
            reason,
            deadline,
            stage: Closing::Flushing,
        };
        conn.backlog = VecDeque::new();
        if conn.reading != Reading::Open {
            conn.reading = Reading::Open;
            conn.ticket = 0;
            if conn.peer == PeerEnd::Open {
                self.outputs.push_back(Output::ResumeRead(conn.id));
            }
        }
        self.set_timer(slot);
        self.flushed(slot);
    }

    /// Takes the next step of closing, if the connection is being closed and all is sent.
    pub(super) fn flushed(&mut self, slot: u32) {
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
    pub(super) fn close(&mut self, slot: u32, reason: CloseReason) {
        let id = self.conn(slot).id;
        self.outputs.push_back(Output::Close(id, reason));
        self.remove(slot);
    }

    /// Closes the connections whose queues have burst, and the heaviest ones while all queues
    /// together hold too much; each close is announced, which may burst more.
    pub(super) fn close_burst(&mut self) {
        loop {
            while let Some(slot) = self.burst.pop_front() {
                self.vacate(slot);
                self.close(slot, CloseReason::SlowConsumer);
            }
            if self.outbox.held_bytes() <= self.config.total_queue_bytes {
                return;
            }
            let Some(heaviest) = self.outbox.heaviest() else {
                return;
            };
            self.outbox.burst(heaviest);
            self.burst.push_back(heaviest);
        }
    }

    /// Takes the user out of the room and gives the name back.
    pub(super) fn vacate(&mut self, slot: u32) {
        let deadline = self.now;
        let conn = self.conn(slot);
        if !matches!(conn.phase, Phase::User { .. }) {
            return;
        }
        let gone = Phase::Closing {
            reason: CloseReason::Left,
            deadline,
            stage: Closing::Flushing,
        };
        let Phase::User { name, room } = core::mem::replace(&mut conn.phase, gone) else {
            unreachable!("it was checked above");
        };
        self.usernames.release(&name);
        self.rooms.leave(room, slot);
        if self.stage == Stage::Serving {
            self.announce_left(room, &name, None);
        }
    }

    /// Forgets the connection.
    pub(super) fn remove(&mut self, slot: u32) {
        self.outbox.clear(slot);
        self.burst.retain(|burst| *burst != slot);
        self.release_stream(slot);
        let conn = self.conns[slot as usize]
            .take()
            .expect("its caller holds the slot");
        if let Some(timer) = conn.timer {
            self.timers.remove(slot, timer);
        }
        match conn.admission {
            Admission::Counted(address) => {
                self.admitted -= 1;
                self.addresses.leave(address, self.now);
            }
            Admission::Loopback => self.admitted -= 1,
            Admission::Refused => {}
        }
        self.slots.remove(conn.id);
        self.free.give_back(slot);
        self.trim_slots();
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
        self.close_burst();
    }
}
