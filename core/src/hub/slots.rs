//! Which slot each connection has.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::hash::{BuildHasherDefault, Hasher};

use hashbrown::HashMap;

use super::ConnId;

/// The slots by identifier. To look one up takes a multiplication and a look; what order they lie in
/// is never seen.
#[derive(Default)]
pub(super) struct Slots(HashMap<ConnId, u32, BuildHasherDefault<Spread>>);

impl Slots {
    pub(super) fn insert(&mut self, id: ConnId, slot: u32) {
        self.0.insert(id, slot);
    }

    pub(super) fn remove(&mut self, id: ConnId) {
        self.0.remove(&id);
        if self.0.capacity() / 8 > self.0.len().max(KEPT) {
            self.0.shrink_to(self.0.len() * 2);
        }
    }

    pub(super) fn of(&self, id: ConnId) -> Option<u32> {
        self.0.get(&id).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order of the identifiers.
    pub(super) fn in_order(&self) -> Vec<(ConnId, u32)> {
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

/// Slots that nobody has, below the highest one that somebody has had.
pub(super) enum Free {
    /// The last one given back is taken first.
    Last(Vec<u32>),
    /// The lowest one is taken first.
    Lowest(BTreeSet<u32>),
}

impl Free {
    pub(super) fn new(lowest: bool) -> Self {
        if lowest {
            Free::Lowest(BTreeSet::new())
        } else {
            Free::Last(Vec::new())
        }
    }

    /// The one that is taken next.
    pub(super) fn first(&self) -> Option<u32> {
        match self {
            Free::Last(slots) => slots.last().copied(),
            Free::Lowest(slots) => slots.first().copied(),
        }
    }

    pub(super) fn take(&mut self) -> Option<u32> {
        match self {
            Free::Last(slots) => slots.pop(),
            Free::Lowest(slots) => slots.pop_first(),
        }
    }

    pub(super) fn give_back(&mut self, slot: u32) {
        match self {
            Free::Last(slots) => slots.push(slot),
            Free::Lowest(slots) => drop(slots.insert(slot)),
        }
    }

    /// Forgets `slot`, which is the highest, if it is free and can be forgotten.
    pub(super) fn take_back(&mut self, slot: usize) -> bool {
        match self {
            Free::Last(_) => false,
            Free::Lowest(slots) => {
                let is_last = slots.last().is_some_and(|last| *last as usize == slot);
                is_last && slots.pop_last().is_some()
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Free::Last(slots) => slots.len(),
            Free::Lowest(slots) => slots.len(),
        }
    }
}

/// Places that a list keeps in any case.
const KEPT: usize = 64;

/// Gives the room back that a list took when it was more than four times as long.
pub(super) fn shrink<T>(list: &mut Vec<T>) {
    if list.capacity() / 4 > list.len().max(KEPT) {
        list.shrink_to(list.len() * 2);
    }
}
