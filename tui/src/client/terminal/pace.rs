//! When the screen is drawn: at once if nothing was drawn lately, and never more often than a screen
//! shows it, however much happens.

use std::time::{Duration, Instant};

/// The least time from the end of one draw to the next: 60 times in a second are as smooth as it gets,
/// and between two draws there is always time for what happens, however slow the terminal is.
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

    /// Takes in that all there is was drawn, which was done at `now`.
    pub(super) fn drew(&mut self, now: Instant) {
        self.stale = false;
        self.next = now + FRAME;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws if it is time to, which takes none.
    fn draws(pace: &mut Pace, now: Instant) -> bool {
        let draws = pace.due().is_some_and(|due| due <= now);
        if draws {
            pace.drew(now);
        }
        draws
    }

    #[test]
    fn a_flood_is_drawn_sixty_times_a_second() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        // 2,000 messages in a second, each half a millisecond after the one before.
        let draws = (0..2000).filter(|n| {
            pace.touch();
            draws(&mut pace, start + Duration::from_micros(500) * *n)
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
        assert!(draws(&mut pace, start));
        assert_eq!(pace.due(), None);
        let later = start + Duration::from_secs(1);
        assert!(!draws(&mut pace, later), "there is nothing new");
        pace.touch();
        assert!(draws(&mut pace, later));
        assert!(!draws(&mut pace, later));
    }

    #[test]
    fn a_terminal_that_is_slower_than_that_leaves_time_between_two_draws() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let done = start + Duration::from_millis(300);
        pace.drew(done);
        pace.touch();
        assert_eq!(pace.due(), Some(done + FRAME));
    }
}
