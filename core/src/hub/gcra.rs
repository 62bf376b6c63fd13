//! Flood control: how fast a connection's packages are taken, by the generic cell rate algorithm.

use crate::config::Config;
use crate::time::Time;

/// So many packages a second, and so many at once. All in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quota {
    /// The time between two packages that keep to the rate; zero if there is no limit.
    interval: u64,
    /// How much earlier than that a package may come.
    tolerance: u64,
}

/// The theoretical arrival time: when the next package would come, if all had kept to the rate. All
/// of the burst may be used again from then on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrival(Time);

/// What was done for a connection since its last package, less what was counted as packages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effort(usize);

impl Quota {
    /// That of packages, the same for all users.
    pub(super) fn new(config: &Config) -> Self {
        Quota::of(config.message_rate, config.message_burst)
    }

    /// That of packages of a connection that is not logged in.
    pub(super) fn of_guests(config: &Config) -> Self {
        let burst = config.login_burst.min(config.message_burst);
        Quota::of(config.message_rate, burst)
    }

    /// So many a second, and so many at once; 0 a second is no limit.
    pub(super) fn of(per_second: u32, burst: u32) -> Self {
        let interval = match per_second {
            0 => 0,
            rate => 1_000_000 / u64::from(rate),
        };
        Quota {
            interval,
            tolerance: interval * u64::from(burst.saturating_sub(1)),
        }
    }
}

impl Arrival {
    /// Whether a package may be taken.
    ///
    /// # Errors
    /// From when on, if not now; later than `now`.
    pub(super) fn ready(self, quota: Quota, now: Time) -> Result<(), Time> {
        let due = self.0.as_micros().saturating_sub(quota.tolerance);
        if due <= now.as_micros() {
            return Ok(());
        }
        Err(Time::from_micros(due))
    }

    /// When all of the burst may be used again.
    pub(super) fn caught_up(self) -> Time {
        self.0
    }

    /// Counts so many packages, more than there may be now if need be.
    pub(super) fn spend(&mut self, quota: Quota, now: Time, packages: u32) {
        if packages > 0 {
            let spent = quota.interval.saturating_mul(packages.into());
            self.0 = Time::from_micros(self.0.max(now).as_micros().saturating_add(spent));
        }
    }
}

impl Effort {
    /// Adds work, in bytes. How many packages it counts as beside its own, which is for the first
    /// `per_package` of it; none if that is 0.
    pub(super) fn spend(&mut self, work: usize, per_package: usize) -> u32 {
        self.0 += work;
        let Some(packages) = self.0.checked_div(per_package) else {
            self.0 = 0;
            return 0;
        };
        self.0 %= per_package;
        u32::try_from(packages).unwrap_or(u32::MAX)
    }
}
