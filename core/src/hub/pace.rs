//! Flood control: how fast a connection's packages are taken.

use core::time::Duration;

use crate::config::Config;
use crate::time::Time;

/// A rate with a burst: a bucket of tokens that fills by so many a second.
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

/// What was done for a connection since its last package, less what tokens were taken for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effort(usize);

impl Rate {
    /// The rate of packages, the same for all connections.
    pub(super) fn new(config: &Config) -> Self {
        Rate::of(config.message_rate, config.message_burst)
    }

    /// The rate of packages of a connection that is not logged in.
    pub(super) fn of_guests(config: &Config) -> Self {
        let burst = config.login_burst.min(config.message_burst);
        Rate::of(config.message_rate, burst)
    }

    /// So many a second, and so many at once; 0 a second is no limit.
    pub(super) fn of(per_second: u32, burst: u32) -> Self {
        let interval = match per_second {
            0 => Duration::ZERO,
            rate => Duration::from_micros(1_000_000 / u64::from(rate)),
        };
        Rate {
            interval,
            slack: interval * burst.saturating_sub(1),
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

    /// When the bucket is full.
    pub(super) fn full(self) -> Time {
        self.0
    }

    /// Takes tokens, more than there are if need be.
    pub(super) fn spend(&mut self, rate: Rate, now: Time, tokens: u32) {
        if tokens > 0 {
            self.0 = self.0.max(now) + rate.interval.saturating_mul(tokens);
        }
    }
}

impl Effort {
    /// Adds work, in bytes. How many tokens it takes beside the one of the package, which is for the
    /// first `per_token` of it; none if that is 0.
    pub(super) fn spend(&mut self, work: usize, per_token: usize) -> u32 {
        self.0 += work;
        let Some(tokens) = self.0.checked_div(per_token) else {
            self.0 = 0;
            return 0;
        };
        self.0 %= per_token;
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }
}
