//! The one timer of a server or session.

use chatmaster_core::Time;
use chatmaster_io::Clock;

/// Fires when something is due. To set a timer is dear, for it interrupts whoever waits for the
/// operating system; so it is not set anew for what is due later than it fires, and may fire for
/// nothing.
pub(crate) struct Timer {
    timer: smol::Timer,
    /// When it fires.
    set: Option<Time>,
}

impl Timer {
    pub(crate) fn new() -> Self {
        Timer {
            timer: smol::Timer::never(),
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
