//! Sending packages: to one connection, or to a room. Each is encoded once for each encoding in use, and
//! the same bytes go to all.
//!
//! Queues that overflow by it are noted; [`Hub::close_overflowed`] closes their connections when the
//! package, timer or input that is being dealt with is done with.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::conn::Phase;
use super::fanout::Fanout;
use super::outbox::Pushed;
use super::outputs::Outputs;
use super::slots::Slot;
use super::{Hub, HubWhat, Output};
use crate::wire::{Encoder, Encoding, ServerPackage};
use crate::world::RoomId;

/// Who of a room is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// All of it.
    All,
    /// All but one.
    AllBut(Slot),
}

impl To {
    #[inline(always)]
    fn means(self, member: Slot) -> bool {
        self != To::AllBut(member)
    }
}

impl Hub {
    /// Sends `package` to one connection.
    pub(super) fn reply(&mut self, slot: Slot, package: &ServerPackage<'_>) {
        self.write(package);
        self.reply_written(slot);
    }

    /// Sends the package whose text is in `self.text` to one connection.
    pub(super) fn reply_written(&mut self, slot: Slot) {
        self.reply_encoded(slot, |encoder, text, encoding, out| {
            encoder.encode(text, encoding, out);
        });
    }

    /// Sends one connection an error.
    pub(super) fn reply_error(&mut self, slot: Slot, error_type: &str, message: &str) {
        let (now, id) = (self.now, self.conn(slot).id);
        self.facts.note(now, id, || HubWhat::Refused {
            error_type: error_type.into(),
            reason: message.into(),
        });
        let (error_type, message) = (error_type.into(), message.into());
        self.reply(
            slot,
            &ServerPackage::Error {
                error_type,
                message,
            },
        );
    }

    /// The same; `encode` says what its bytes are.
    pub(super) fn reply_encoded(
        &mut self,
        slot: Slot,
        encode: impl FnOnce(&mut Encoder, &[u8], Encoding, &mut Vec<u8>),
    ) {
        let tails = match self.conns.get(slot).map(|conn| &conn.phase) {
            Some(Phase::User { room, .. }) => &mut self.fanouts.of_mut(*room).tails,
            _ => &mut self.lobby,
        };
        let encoding = self.outbox.encoding(slot);
        let (encoder, text) = (&mut self.encoder, &self.text);
        let tail = &mut tails[encoding as usize];
        let frame = self
            .outbox
            .append(tail, text.len(), |out| encode(encoder, text, encoding, out));
        let pushed = self.outbox.push(slot, frame);
        note(pushed, slot, &mut self.outputs, &mut self.overflowed);
        self.trace.note(&self.outbox, &self.text, [frame], [slot]);
        self.outbox.handed_out(frame);
        // Who does not take answers slows down nobody else.
        self.outbox.take_lagging();
    }

    /// Sends `package` to members of a room. If one of them lags, the room waits a little.
    pub(super) fn broadcast(&mut self, room: RoomId, to: To, package: &ServerPackage<'_>) {
        self.write(package);
        let Fanout { members, tails, .. } = self.fanouts.of_mut(room);
        if !members.iter().any(|member| to.means(*member)) {
            return;
        }
        let mut frames = [None; Encoding::ALL.len()];
        for &member in &*members {
            if !to.means(member) {
                continue;
            }
            let encoding = self.outbox.encoding(member);
            let frame = *frames[encoding as usize].get_or_insert_with(|| {
                let (encoder, text) = (&mut self.encoder, &self.text);
                let tail = &mut tails[encoding as usize];
                self.outbox
                    .append(tail, text.len(), |out| encoder.encode(text, encoding, out))
            });
            let pushed = self.outbox.push(member, frame);
            note(pushed, member, &mut self.outputs, &mut self.overflowed);
        }
        let frames = frames.into_iter().flatten();
        let recipients = members.iter().copied().filter(|member| to.means(*member));
        self.trace
            .note(&self.outbox, &self.text, frames.clone(), recipients);
        for frame in frames {
            self.outbox.handed_out(frame);
        }
        if self.outbox.take_lagging() && !self.config.lag_pause.is_zero() {
            self.fanouts.of_mut(room).lagging_until = self.after(self.config.lag_pause);
        }
    }

    fn write(&mut self, package: &ServerPackage<'_>) {
        self.text.clear();
        package.write_with(self.behaviour.controls(), &mut self.text);
    }
}

/// Notes what follows from a frame's having been pushed to the queue in `slot`.
#[inline(always)]
fn note(pushed: Pushed, slot: Slot, outputs: &mut Outputs, overflowed: &mut VecDeque<Slot>) {
    match pushed {
        Pushed::Queued | Pushed::Refused => {}
        Pushed::First(conn) => outputs.push_back(Output::Write(conn)),
        Pushed::Overflowed => overflowed.push_back(slot),
    }
}
