//! The clock that the core does not have.

use std::time::{Duration, Instant, SystemTime};

use chatmaster_core::{Start, Time};

/// Tells the time since it was started, which is a machine's [`Time::ZERO`].
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    start: Start,
}

impl Clock {
    /// A clock that starts now.
    pub fn start_now() -> Self {
        // A wall clock set before 1970 is wrong in any case, and nothing is decided by it.
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let unix_micros = micros(since_1970.unwrap_or_default());
        Clock {
            started: Instant::now(),
            start: Start {
                unix_micros,
                seed: seed(),
            },
        }
    }

    /// What a machine is told that starts with it.
    pub fn start(&self) -> Start {
        self.start
    }

    /// The time now, rounded down: what is due at `now` is due.
    pub fn now(&self) -> Time {
        Time::from_micros(micros(self.started.elapsed()))
    }

    /// How long it is until `at`; zero if it has come. Not rounded: after a sleep at least as long as
    /// this, [`now`](Clock::now) has reached `at`.
    pub fn until(&self, at: Time) -> Duration {
        Duration::from_micros(at.as_micros()).saturating_sub(self.started.elapsed())
    }

    /// The instant at which [`now`](Clock::now) reaches `at`; none if no clock gets there.
    pub fn instant(&self, at: Time) -> Option<Instant> {
        self.started
            .checked_add(Duration::from_micros(at.as_micros()))
    }
}

/// What nobody can guess.
fn seed() -> u128 {
    let mut seed = [0; 16];
    getrandom::fill(&mut seed).expect("the system has random numbers");
    u128::from_le_bytes(seed)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_waited_for_has_come_after_the_wait() {
        let clock = Clock::start_now();
        for micros in 1..500 {
            let at = clock.now() + Duration::from_micros(micros);
            let (until, asked) = (clock.until(at), Instant::now());
            while asked.elapsed() < until {
                std::hint::spin_loop();
            }
            assert!(clock.now() >= at);
            assert_eq!(clock.until(at), Duration::ZERO);
            let at = clock.now() + Duration::from_micros(micros);
            let instant = clock.instant(at).unwrap();
            while Instant::now() < instant {
                std::hint::spin_loop();
            }
            assert!(clock.now() >= at);
        }
    }

    #[test]
    fn the_end_of_time_is_far_away() {
        let clock = Clock::start_now();
        assert!(clock.until(Time::MAX) > Duration::from_secs(1 << 40));
    }
}
