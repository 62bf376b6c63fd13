//! The one timer of a server or session.

use chatmaster_core::Time;
use smol::Timer;

use crate::clock::Clock;

/// Rings when something is due. To set a timer is dear, for it interrupts whoever waits for the
/// operating system; so it is not set anew for what is due later than it rings, and may ring for
/// nothing.
pub(crate) struct Alarm {
    timer: Timer,
    /// When it rings.
    set: Option<Time>,
}

impl Alarm {
    pub(crate) fn new() -> Self {
        Alarm {
            timer: Timer::never(),
            set: None,
        }
    }

    /// Waits until `due`, or less.
    pub(crate) async fn wait(&mut self, clock: &Clock, due: Option<Time>) {
        if let Some(due) = due
            && self.set.is_none_or(|set| due < set)
            && let Some(instant) = clock.instant(due)
        {
            self.timer.set_at(instant);
            self.set = Some(due);
        }
        (&mut self.timer).await;
        self.set = None;
    }
}
