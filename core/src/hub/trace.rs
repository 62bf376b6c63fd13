//! What the hub sends, package by package, for recordings.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::outbox::{Frame, Outbox};
use crate::recording::CRC32C;

/// A package that the hub sent to some connections at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    /// Its text, before it was encoded.
    pub text: Vec<u8>,
    /// To how many connections.
    pub recipients: u32,
    /// The CRC32C of its bytes in each encoding in use, and of each recipient's identifier and
    /// encoding, in order.
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
        recipients: impl IntoIterator<Item = u32>,
    ) {
        let Trace::On(emissions) = self else { return };
        let mut digest = CRC32C.digest();
        for frame in frames {
            digest.update(outbox.bytes(frame));
        }
        let mut count = 0;
        for slot in recipients {
            let (conn, encoding) = outbox.recipient(slot);
            digest.update(&conn.0.to_le_bytes());
            digest.update(&[encoding as u8]);
            count += 1;
        }
        emissions.push_back(Emission {
            text: text.to_vec(),
            recipients: count,
            digest: digest.finalize(),
        });
    }
}
