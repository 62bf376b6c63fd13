//! Sending packages: to one connection, or to a room. Each is encoded once for each format in use, and
//! the same bytes go to all.
//!
//! Queues that overflow by it are noted; [`Hub::close_overflowed`] closes their connections when the
//! package, timer or input that is being dealt with is done with.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::conn::Phase;
use super::fanout::Fanout;
use super::format::Format;
use super::outbox::Pushed;
use super::outputs::Outputs;
use super::slots::Slot;
use super::{Hub, HubWhat, Output};
use crate::wire::{Encoder, Encoding, ServerPackage, Version};
use crate::world::RoomId;

/// The package that is being dealt with, if its answer is to carry a tag: the first reply to its
/// connection is the answer.
pub(super) struct Tag {
    pub(super) slot: Slot,
    pub(super) tag: Box<str>,
}

/// Who of a room is meant, to be asked of each member: all but one; and of these, unless `ALL` are, those
/// who speak one version.
#[derive(Clone, Copy)]
struct Meant<const ALL: bool> {
    but: Slot,
    version: Version,
}

impl<const ALL: bool> Meant<ALL> {
    #[inline(always)]
    fn is(self, member: Slot, format: Format) -> bool {
        member != self.but && (ALL || self.version == format.version())
    }
}

impl Hub {
    /// Sends `package` to one connection.
    pub(super) fn reply(&mut self, slot: Slot, package: &ServerPackage<'_>) {
        let tag = self.take_tag(slot);
        self.write(package, tag.as_deref());
        self.reply_written(slot);
    }

    /// Sends `package` to a connection that did not ask for it.
    pub(super) fn say_to(&mut self, slot: Slot, package: &ServerPackage<'_>) {
        self.write(package, None);
        self.reply_written(slot);
    }

    /// Adds the tag to the answer in `self.text`, if it is to carry one.
    pub(super) fn add_tag(&mut self, slot: Slot) {
        let tag = self.take_tag(slot);
        ServerPackage::add_tag(tag.as_deref(), &mut self.text);
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

    /// Sends the package whose text is in `self.text` to one connection.
    pub(super) fn reply_written(&mut self, slot: Slot) {
        self.reply_encoded(slot, |encoder, text, encoding, out| {
            encoder.encode(text, encoding, out);
        });
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
        let format = self.outbox.format(slot);
        let (encoder, text) = (&mut self.encoder, &self.text);
        let tail = &mut tails[format.index()];
        let frame = self.outbox.append(tail, text.len(), |out| {
            encode(encoder, text, format.encoding(), out);
        });
        let pushed = self.outbox.push(slot, frame);
        note(pushed, slot, &mut self.outputs, &mut self.overflowed);
        self.trace.note(&self.outbox, &self.text, [frame], [slot]);
        self.outbox.handed_out(frame);
        // Who does not take answers slows down nobody else.
        self.outbox.take_lagging();
    }

    /// Sends each member of a room but one what `package` makes for its version of the protocol. If one
    /// of them lags, the room waits a little.
    pub(super) fn broadcast<'a>(
        &mut self,
        room: RoomId,
        but: Option<Slot>,
        package: impl Fn(Version) -> Option<ServerPackage<'a>>,
    ) {
        let Some(Fanout { members, newer, .. }) = self.fanouts.of(room) else {
            return;
        };
        let (all, newer) = (members.len(), *newer);
        for (version, count) in [(Version::One, all - newer), (Version::Two, newer)] {
            if count > 0
                && let Some(package) = package(version)
            {
                self.write(&package, None);
                // Nobody has the last slot: so many connections do not fit.
                let but = but.unwrap_or(Slot(u32::MAX));
                if count == all {
                    self.broadcast_written(room, Meant::<true> { but, version });
                } else {
                    self.broadcast_written(room, Meant::<false> { but, version });
                }
            }
        }
    }

    /// Sends the package whose text is in `self.text` to each member of a room who is meant.
    fn broadcast_written<const ALL: bool>(&mut self, room: RoomId, is_meant: Meant<ALL>) {
        let Fanout { members, tails, .. } = self.fanouts.of_mut(room);
        let mut frames = [None; Format::COUNT];
        for &member in &*members {
            let format = self.outbox.format(member);
            if !is_meant.is(member, format) {
                continue;
            }
            let frame = *frames[format.index()].get_or_insert_with(|| {
                let (encoder, text) = (&mut self.encoder, &self.text);
                let tail = &mut tails[format.index()];
                self.outbox.append(tail, text.len(), |out| {
                    encoder.encode(text, format.encoding(), out);
                })
            });
            let pushed = self.outbox.push(member, frame);
            note(pushed, member, &mut self.outputs, &mut self.overflowed);
        }
        if frames.iter().all(Option::is_none) {
            return;
        }
        if self.trace.is_on() {
            let outbox = &self.outbox;
            let recipients = members.iter().copied();
            let recipients =
                recipients.filter(|member| is_meant.is(*member, outbox.format(*member)));
            let frames = frames.into_iter().flatten();
            self.trace.note(outbox, &self.text, frames, recipients);
        }
        for frame in &frames {
            if let Some(frame) = *frame {
                self.outbox.handed_out(frame);
            }
        }
        if self.outbox.take_lagging() && !self.config.lag_pause.is_zero() {
            self.fanouts.of_mut(room).lagging_until = self.after(self.config.lag_pause);
        }
    }

    /// Whether an answer to `slot` is to carry a tag.
    pub(super) fn is_tagged(&self, slot: Slot) -> bool {
        self.tag.as_ref().is_some_and(|tag| tag.slot == slot)
    }

    /// The tag that the next reply to `slot` is to carry, which is the answer by it.
    pub(super) fn take_tag(&mut self, slot: Slot) -> Option<Box<str>> {
        Some(self.tag.take_if(|tag| tag.slot == slot)?.tag)
    }

    fn write(&mut self, package: &ServerPackage<'_>, tag: Option<&str>) {
        self.text.clear();
        package.write_tagged(self.behaviour.controls(), tag, &mut self.text);
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
