//! Time as the core knows it: a number that comes in with each input.

use core::fmt;
use core::ops::Add;
use core::time::Duration;

/// A moment: microseconds since [`Start`]. It is ours, and not the operating system's, so that a
/// recording can build one. Wraps after 584,000 years; arithmetic saturates instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The moment of [`Start`].
    pub const ZERO: Time = Time(0);
    /// Later than every moment that can be reached.
    pub const MAX: Time = Time(u64::MAX);

    /// The moment `micros` microseconds after [`Start`].
    pub const fn from_micros(micros: u64) -> Self {
        Time(micros)
    }

    /// Microseconds since [`Start`].
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this moment is; zero if it is not after it.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, after: Duration) -> Time {
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        Time(self.0.saturating_add(micros))
    }
}

impl fmt::Display for Time {
    /// Seconds with six decimals: `12.000350`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// What a hub is told when it starts: what [`Time::ZERO`] was on the wall, for the times that people are
/// told, and what nobody else is to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Microseconds since 1970-01-01 00:00 UTC.
    pub unix_micros: u64,
    /// What the tokens of seats are made from: random, and different each time a server starts.
    pub seed: u128,
}
