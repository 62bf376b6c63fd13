//! When the screen is drawn: at once if nothing was drawn lately, and never more often than a screen
//! shows it, however much happens.

use std::time::{Duration, Instant};

/// The least time from one draw to the next: 60 times in a second are as smooth as it gets.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);

/// Whether the screen is up to date, and when it may be drawn again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    stale: bool,
    /// Not before this.
    next: Instant,
}

impl Pace {
    /// A screen on which nothing was drawn so far.
    pub(super) fn new(now: Instant) -> Self {
        Pace {
            stale: true,
            next: now,
        }
    }

    /// Takes in that there is something new to show.
    pub(super) fn touch(&mut self) {
        self.stale = true;
    }

    /// When to draw, if there is something to.
    pub(super) fn due(&self) -> Option<Instant> {
        self.stale.then_some(self.next)
    }

    /// Whether to draw now; it is taken to be done.
    pub(super) fn draws(&mut self, now: Instant) -> bool {
        let draws = self.stale && self.next <= now;
        if draws {
            self.stale = false;
            self.next = now + FRAME;
        }
        draws
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_drawn_sixty_times_a_second() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        // 2,000 messages in a second, each half a millisecond after the one before.
        let draws = (0..2000).filter(|n| {
            pace.touch();
            pace.draws(start + Duration::from_micros(500) * *n)
        });
        // Each draw is at the first message after 16.67 ms: every 17 ms, from 0 to 986.
        assert_eq!(draws.count(), 59);
        assert_eq!(
            pace.due(),
            Some(start + Duration::from_millis(986) + FRAME),
            "the last messages are drawn, too"
        );
    }

    #[test]
    fn a_single_key_is_drawn_at_once_and_once() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(pace.draws(start));
        assert_eq!(pace.due(), None);
        let later = start + Duration::from_secs(1);
        assert!(!pace.draws(later), "there is nothing new");
        pace.touch();
        assert!(pace.draws(later));
        assert!(!pace.draws(later));
    }
}
