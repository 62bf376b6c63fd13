//! Who is let in: connections as they come, by the limits on them (PROTOCOL.md, "Limits"), and as they go.

use alloc::boxed::Box;
use alloc::format;

use super::conn::{Admission, Closing, Conn, Phase};
use super::slots::Slot;
use super::{CloseReason, ConnId, Hub, HubWhat, Output, Peer, Stage};
use crate::wire::ServerPackage;

/// Connections beyond `max_connections` that are told so; further ones are closed without a word. Each
/// takes what a connection takes, for up to the linger: enough for a crowd that comes by mistake, and
/// nothing to attack with.
pub(crate) const MAX_REFUSED: usize = 256;

impl Hub {
    pub(super) fn opened(&mut self, id: ConnId, Peer(address): Peer) {
        if self.last_id.is_some_and(|last| id <= last) {
            return;
        }
        self.last_id = Some(id);
        let address = address.to_canonical();
        self.facts
            .note(self.now, id, || HubWhat::Connected(address));
        let admitted = if self.stage == Stage::Stopping {
            Err(CloseReason::Shutdown)
        } else if self.admitted >= self.config.max_connections {
            Err(CloseReason::Full)
        } else if address.is_loopback() {
            Ok(Admission::Loopback)
        } else {
            let admitted = self.addresses.admit(address, self.now);
            admitted.map(|()| Admission::Counted(address))
        };
        let admission = match admitted {
            Ok(admission) => admission,
            Err(reason) => return self.refuse(id, reason),
        };
        self.admitted += 1;
        let deadline = self.after(self.config.login_timeout);
        let slot = self.add(
            id,
            admission,
            Phase::Login {
                deadline,
                failed: 0,
            },
        );
        self.reply(
            slot,
            &ServerPackage::Request {
                request: "login".into(),
            },
        );
    }

    /// Tells a connection that is one too many so, and closes it.
    fn refuse(&mut self, id: ConnId, reason: CloseReason) {
        let refused = self.slots.len() - self.admitted;
        if reason == CloseReason::Shutdown || refused >= MAX_REFUSED {
            self.outputs.push_back(Output::Close(id, reason));
            self.facts
                .note(self.now, id, || HubWhat::Closed(Some(reason)));
            return;
        }
        let phase = Phase::Closing {
            reason,
            deadline: self.after(self.config.linger),
            stage: Closing::Flushing,
        };
        let slot = self.add(id, Admission::Refused, phase);
        self.reply_error(
            slot,
            "login",
            &format!("Not admitted: {reason}. Try again later."),
        );
    }

    fn add(&mut self, id: ConnId, admission: Admission, phase: Phase) -> Slot {
        let conn = Conn::new(id, admission, phase, self.decoder());
        let slot = self.conns.insert(Box::new(conn));
        self.slots.insert(id, slot);
        self.outbox.open(slot, id, self.config.encoding);
        self.set_timer(slot);
        slot
    }

    /// Forgets the connection.
    pub(super) fn remove(&mut self, slot: Slot) {
        self.outbox.clear(slot);
        self.overflowed.retain(|other| *other != slot);
        self.release_stream(slot);
        let conn = self.conns.remove(slot).expect("its caller holds the slot");
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
        self.outbox.trim(self.conns.places());
    }
}
