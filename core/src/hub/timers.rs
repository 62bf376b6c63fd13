//! When each connection has something due, and whose turn it is of those who have.

use alloc::collections::BTreeSet;
use alloc::format;
use core::time::Duration;

use super::conn::{Phase, Reading};
use super::slots::Slot;
use super::{CloseReason, Hub};
use crate::time::Time;
use crate::wire::Violation;

/// The connections with a timer, by slot.
#[derive(Default)]
pub(super) struct Timers {
    /// Those whose time is to come.
    later: BTreeSet<(Time, Slot)>,
    /// Those whose time has come, by their [`Timer::order`].
    due: BTreeSet<(u64, Slot)>,
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
    pub(super) fn insert(&mut self, slot: Slot, timer: Timer) {
        self.later.insert((timer.at, slot));
    }

    pub(super) fn remove(&mut self, slot: Slot, timer: Timer) {
        if !self.later.remove(&(timer.at, slot)) {
            self.due.remove(&(timer.order, slot));
        }
    }

    /// Moves those who are due by `now` to the others who are; `order` says each one's place.
    pub(super) fn come_due(&mut self, now: Time, order: impl Fn(Slot) -> u64) {
        while let Some(&(at, slot)) = self.later.first()
            && at <= now
        {
            self.later.pop_first();
            self.due.insert((order(slot), slot));
        }
    }

    /// Whose turn it is.
    pub(super) fn first_due(&self) -> Option<Slot> {
        self.due.first().map(|(_, slot)| *slot)
    }

    /// When the next one comes due, if none is.
    pub(super) fn next(&self) -> Option<Time> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Whether `slot` is listed under `timer`, for checks.
    pub(super) fn has(&self, slot: Slot, timer: Timer) -> bool {
        let later = self.later.contains(&(timer.at, slot));
        let due = self.due.contains(&(timer.order, slot));
        later != due
    }

    pub(super) fn len(&self) -> usize {
        self.later.len() + self.due.len()
    }
}

/// How late a deadline may be noticed and still be one: as late as a busy machine may wake a process that
/// was not stopped.
const PUNCTUAL: Duration = Duration::from_millis(100);
/// How long one that was noticed later is put off: the adapter reads what has come meanwhile at once.
const SECOND_CHANCE: Duration = Duration::from_secs(1);

impl Hub {
    /// Does what is due, until the turn is over.
    pub(super) fn run_timers(&mut self) {
        while let Some(slot) = self.next_due() {
            let conn = self.conn(slot);
            let at = conn.timer.map(|timer| timer.at);
            if at.is_some_and(|at| self.was_slept_through(at) && self.put_off(slot, at)) {
                continue;
            }
            let conn = self.conn(slot);
            match (&conn.phase, conn.reading) {
                // Who is being closed is not read from: it is the deadline.
                (Phase::Closing { reason, .. }, _) => {
                    let reason = *reason;
                    self.close(slot, reason);
                }
                (Phase::Login { deadline, .. }, reading) if Some(*deadline) == at => {
                    let seconds = self.config.login_timeout.as_secs_f32();
                    let told = match reading {
                        Reading::Waiting(_) => format!("{}", Violation::TooManyStreams),
                        _ => format!("No login within {seconds} seconds."),
                    };
                    self.reply_error(slot, "login", &told);
                    self.begin_close(slot, CloseReason::LoginTimeout);
                }
                (_, Reading::PausedUntil(_)) => match self.may_take(slot) {
                    Ok(()) => self.read_on(slot),
                    Err(pause) => self.pause(slot, pause, false),
                },
                (_, Reading::Open | Reading::Waiting(_) | Reading::PausedUntilDrained) => {
                    unreachable!("a timer is a deadline or the end of a pause")
                }
            }
            self.close_overflowed();
        }
    }

    /// Whose timer is due, until the turn is over. What is done for one may be due at once, or be seen to
    /// have been due before.
    fn next_due(&mut self) -> Option<Slot> {
        if self.turn_is_over() {
            return None;
        }
        let conns = &self.conns;
        self.timers.come_due(self.now, |slot| {
            let timer = conns.get(slot).and_then(|conn| conn.timer);
            timer.map_or(0, |timer| timer.order)
        });
        self.timers.first_due()
    }

    /// Whether nobody was there when `at` came: the process was stopped, say. What came in time may
    /// wait in the sockets still.
    fn was_slept_through(&self, at: Time) -> bool {
        self.behaviour.puts_off_deadlines() && self.now.since(at) > PUNCTUAL
    }

    /// Puts the deadline of a connection off, if it is this one, until the adapter has had the time to
    /// read and write.
    fn put_off(&mut self, slot: Slot, at: Time) -> bool {
        let until = self.after(SECOND_CHANCE);
        let (Phase::Login { deadline, .. } | Phase::Closing { deadline, .. }) =
            &mut self.conn(slot).phase
        else {
            return false;
        };
        if *deadline != at {
            return false;
        }
        *deadline = until;
        self.set_timer(slot);
        true
    }

    /// Notes whether packages are taken from the connection, and since when it waits if not: it begins
    /// to wait anew if it had its turn.
    pub(super) fn pause(&mut self, slot: Slot, reading: Reading, had_its_turn: bool) {
        let next_ticket = self.tickets + 1;
        let conn = self.conn(slot);
        conn.reading = reading;
        if reading == Reading::Open {
            conn.ticket = 0;
        } else if had_its_turn || conn.ticket == 0 {
            conn.ticket = next_ticket;
            self.tickets = next_ticket;
        }
        self.set_timer(slot);
    }

    /// Lists the connection under the time its next timer is due.
    pub(super) fn set_timer(&mut self, slot: Slot) {
        let by_waiting = self.behaviour.serves_by_waiting();
        let conn = self.conns.get_mut(slot).expect("its caller holds the slot");
        let next = conn.next_timer().map(|at| Timer {
            at,
            order: if by_waiting {
                conn.ticket
            } else {
                at.as_micros()
            },
        });
        if conn.timer != next {
            if let Some(timer) = conn.timer {
                self.timers.remove(slot, timer);
            }
            if let Some(next) = next {
                self.timers.insert(slot, next);
            }
            conn.timer = next;
        }
    }
}
