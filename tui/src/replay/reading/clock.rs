//! When things happened, as it is shown.

use chatmaster_core::{Start, Time};
use jiff::Timestamp;

/// The wall clock of a recording, in UTC, so that the same recording reads the same everywhere.
#[derive(Clone, Copy, Debug)]
pub(in crate::replay) struct Clock(Start);

impl Clock {
    pub(in crate::replay) fn new(start: Start) -> Self {
        Clock(start)
    }

    /// Seconds since the start and the time on the wall, in columns:
    /// `    12.000350  2026-11-24 12:00:12.000Z`.
    pub(in crate::replay) fn stamp(self, time: Time) -> String {
        format!("{:>13}  {}", time.to_string(), self.wall(time))
    }

    /// The time on the wall: `2026-11-24 12:00:12.000Z`.
    pub(in crate::replay) fn wall(self, time: Time) -> String {
        let at = self.timestamp(time);
        at.strftime("%Y-%m-%d %H:%M:%S%.3fZ").to_string()
    }

    /// The time on the wall, as a date and a time of day.
    #[cfg(feature = "ui")]
    pub(in crate::replay) fn date_time(self, time: Time) -> jiff::civil::DateTime {
        self.timestamp(time)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .datetime()
    }

    fn timestamp(self, time: Time) -> Timestamp {
        let micros = self.0.unix_micros.saturating_add(time.as_micros());
        // What is after the year 9999 was no wall clock.
        i64::try_from(micros)
            .ok()
            .and_then(|micros| Timestamp::from_microsecond(micros).ok())
            .unwrap_or(Timestamp::MAX)
    }
}

/// A duration for people: `61.800 s`.
pub(in crate::replay) fn seconds(duration: std::time::Duration) -> String {
    format!("{}.{:03} s", duration.as_secs(), duration.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_seconds_and_the_wall_clock_in_utc() {
        let clock = Clock::new(Start {
            unix_micros: 1_795_000_000_000_000,
            ..Start::default()
        });
        assert_eq!(
            clock.stamp(Time::from_micros(61_800_250)),
            "    61.800250  2026-11-18 11:07:41.800Z"
        );
        #[cfg(feature = "ui")]
        assert_eq!(
            clock.date_time(Time::ZERO),
            jiff::civil::date(2026, 11, 18).at(11, 6, 40, 0)
        );
    }

    #[test]
    fn a_start_that_no_calendar_has_does_no_harm() {
        let clock = Clock::new(Start {
            unix_micros: u64::MAX,
            ..Start::default()
        });
        assert_eq!(clock.wall(Time::MAX), "9999-12-30 22:00:00.999Z");
    }
}
