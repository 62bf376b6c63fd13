//! The clock that the core does not have.

use std::time::{Duration, Instant, SystemTime};

use chatmaster_core::{Start, Time};

/// Tells the time since it was started.
pub(crate) struct Clock {
    started: Instant,
}

impl Clock {
    /// A clock that starts now, and what now is on the wall.
    pub(crate) fn start() -> (Self, Start) {
        // A wall clock set before 1970 is wrong in any case, and nothing is decided by it.
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let unix_micros = micros(since_1970.unwrap_or_default());
        (
            Clock {
                started: Instant::now(),
            },
            Start { unix_micros },
        )
    }

    /// The time now, rounded down: what is due at `now` is due.
    pub(crate) fn now(&self) -> Time {
        Time::from_micros(micros(self.started.elapsed()))
    }

    /// The instant at which `now` reaches `at`; none if no clock gets there.
    pub(crate) fn instant(&self, at: Time) -> Option<Instant> {
        self.started
            .checked_add(Duration::from_micros(at.as_micros()))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_waited_for_has_come_after_the_wait() {
        let (clock, _) = Clock::start();
        for micros in 1..500 {
            let at = clock.now() + Duration::from_micros(micros);
            let instant = clock.instant(at).unwrap();
            while Instant::now() < instant {
                std::hint::spin_loop();
            }
            assert!(clock.now() >= at);
        }
    }
}
