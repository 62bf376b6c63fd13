//! Which slot each connection has.

use alloc::vec::Vec;
use core::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;

use super::ConnId;
use crate::slab::{KEPT, key};

/// The place of a connection in the lists of the hub, as long as it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub(super) u32);

key!(Slot);

/// The slots by identifier. To look one up takes a multiplication and a look; what order they lie in
/// is never seen.
#[derive(Default)]
pub(super) struct Slots(HashMap<ConnId, Slot, BuildHasherDefault<Spread>>);

impl Slots {
    pub(super) fn insert(&mut self, id: ConnId, slot: Slot) {
        self.0.insert(id, slot);
    }

    pub(super) fn remove(&mut self, id: ConnId) {
        self.0.remove(&id);
        if self.0.capacity() / 8 > self.0.len().max(KEPT) {
            self.0.shrink_to(self.0.len() * 2);
        }
    }

    pub(super) fn of(&self, id: ConnId) -> Option<Slot> {
        self.0.get(&id).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order of the identifiers.
    #[expect(clippy::disallowed_methods, reason = "what it comes in is sorted")]
    pub(super) fn in_order(&self) -> Vec<(ConnId, Slot)> {
        let mut all: Vec<_> = self.0.iter().map(|(id, slot)| (*id, *slot)).collect();
        all.sort_unstable();
        all
    }
}

/// Identifiers count up, and nobody outside can choose one: to spread them is enough. The same in
/// every run.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        // The odd number next to 2^64 divided by the golden ratio (Knuth, 6.4).
        self.0 = (self.0 ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
