//! What the hub sends, package by package, for recordings.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::outbox::{Frame, Outbox};
use super::slots::Slot;
use crate::checksum::CRC32C;
use crate::fnv::fnv1a;

/// A package that the hub sent to some connections at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    /// Its text, before it was encoded.
    pub text: Vec<u8>,
    /// To how many connections.
    pub recipients: u32,
    /// What its bytes and its recipients come to: the CRC32C of its zlib stream (0 if nobody got one;
    /// plain text is the text), exclusive or both halves of the FNV-1a hash, over 64-bit words, of
    /// each recipient's identifier doubled, and one more for zlib, in order.
    pub digest: u32,
}

/// The emissions that were not taken yet, if anyone wants them.
#[derive(Default)]
pub(super) enum Trace {
    #[default]
    Off,
    On(VecDeque<Emission>),
}

impl Trace {
    pub(super) fn on() -> Self {
        Trace::On(VecDeque::new())
    }

    #[inline(always)]
    pub(super) fn is_on(&self) -> bool {
        matches!(self, Trace::On(_))
    }

    pub(super) fn poll(&mut self) -> Option<Emission> {
        match self {
            Trace::Off => None,
            Trace::On(emissions) => emissions.pop_front(),
        }
    }

    /// Notes that `text` went to `recipients` as `frames`, which are still being handed out.
    pub(super) fn note(
        &mut self,
        outbox: &Outbox,
        text: &[u8],
        frames: impl IntoIterator<Item = Frame>,
        recipients: impl IntoIterator<Item = Slot>,
    ) {
        let Trace::On(emissions) = self else { return };
        let stream = frames
            .into_iter()
            .map(|frame| outbox.bytes(frame))
            .find(|bytes| !bytes.starts_with(b"{"))
            .map_or(0, |stream| CRC32C.checksum(stream));
        let mut count = 0;
        let hash = fnv1a(recipients.into_iter().map(|slot| {
            count += 1;
            let (conn, encoding) = outbox.recipient(slot);
            conn.0 << 1 | encoding as u64
        }));
        emissions.push_back(Emission {
            text: text.to_vec(),
            recipients: count,
            digest: stream ^ hash as u32 ^ (hash >> 32) as u32,
        });
    }
}
