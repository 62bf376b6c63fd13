//! Flood control: how fast a connection's packages are taken.

use core::time::Duration;

use crate::config::Config;
use crate::time::Time;

/// A rate with a burst, the same for all connections: a bucket of `message_burst` tokens that fills
/// by `message_rate` a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// What one token takes to come back; zero if there is no limit.
    interval: Duration,
    /// What a full bucket without one token takes.
    slack: Duration,
}

/// How far ahead of its rate a connection is: when its bucket will be full again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace(Time);

impl Rate {
    pub(super) fn new(config: &Config) -> Self {
        let interval = match config.message_rate {
            0 => Duration::ZERO,
            rate => Duration::from_micros(1_000_000 / u64::from(rate)),
        };
        Rate {
            interval,
            slack: interval * config.message_burst.saturating_sub(1),
        }
    }
}

impl Pace {
    /// Whether a package may be taken.
    ///
    /// # Errors
    /// From when on, if not now; later than `now`.
    pub(super) fn ready(self, rate: Rate, now: Time) -> Result<(), Time> {
        if self.0 <= now + rate.slack {
            return Ok(());
        }
        Err(Time::ZERO + (self.0.since(Time::ZERO) - rate.slack))
    }

    /// Takes the token for one package.
    pub(super) fn spend(&mut self, rate: Rate, now: Time) {
        self.0 = self.0.max(now) + rate.interval;
    }
}
