//! When each connection has something due, and whose turn it is of those who have.

use alloc::collections::BTreeSet;

use crate::time::Time;

/// The connections with a timer, by slot.
#[derive(Default)]
pub(super) struct Timers {
    /// Those whose time is to come.
    later: BTreeSet<(Time, u32)>,
    /// Those whose time has come, by their [`Timer::order`].
    due: BTreeSet<(u64, u32)>,
}

/// What one connection is listed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timer {
    /// When it is due.
    pub(super) at: Time,
    /// Its place among all that are due then: the lowest comes first.
    pub(super) order: u64,
}

impl Timers {
    pub(super) fn insert(&mut self, slot: u32, timer: Timer) {
        self.later.insert((timer.at, slot));
    }

    pub(super) fn remove(&mut self, slot: u32, timer: Timer) {
        if !self.later.remove(&(timer.at, slot)) {
            self.due.remove(&(timer.order, slot));
        }
    }

    /// Moves those who are due by `now` to the others who are; `order` says each one's place.
    pub(super) fn come_due(&mut self, now: Time, order: impl Fn(u32) -> u64) {
        while let Some(&(at, slot)) = self.later.first()
            && at <= now
        {
            self.later.pop_first();
            self.due.insert((order(slot), slot));
        }
    }

    /// Whose turn it is.
    pub(super) fn first_due(&self) -> Option<u32> {
        self.due.first().map(|(_, slot)| *slot)
    }

    /// When the next one comes due, if none is.
    pub(super) fn next(&self) -> Option<Time> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Whether `slot` is listed under `timer`, for checks.
    pub(super) fn has(&self, slot: u32, timer: Timer) -> bool {
        let later = self.later.contains(&(timer.at, slot));
        let due = self.due.contains(&(timer.order, slot));
        later != due
    }

    pub(super) fn len(&self) -> usize {
        self.later.len() + self.due.len()
    }
}
