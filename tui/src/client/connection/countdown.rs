//! A pause whose end the user sees come.

use std::time::Duration;

/// A time to wait, in steps short enough to show each second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Countdown(Duration);

impl Countdown {
    /// From so much on.
    pub(super) fn of(pause: Duration) -> Self {
        Countdown(pause)
    }

    /// How long to wait before the next step.
    pub(crate) fn step(self) -> Duration {
        match self.0.subsec_nanos() {
            0 => self.0.min(Duration::from_secs(1)),
            rest => Duration::from_nanos(rest.into()),
        }
    }

    /// What is left after the step; none if it was the last.
    pub(super) fn next(self) -> Option<Self> {
        let left = self.0 - self.step();
        (!left.is_zero()).then_some(Countdown(left))
    }

    /// What is left.
    pub(crate) fn left(self) -> Duration {
        self.0
    }

    /// The seconds to show.
    pub(crate) fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}
