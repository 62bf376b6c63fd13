//! Sizes and durations as people write them on a command line.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A size: `4096`, `16K`, `16KiB`, `1M`, `1MiB`, `1G` or `1GiB`, of 1024 bytes each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub usize);

/// A duration: `30s`, `500ms`, `2m` or `1h`; a number alone is seconds. [`FromStr`] takes none of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

const SIZE_UNITS: [(&str, usize); 4] = [("", 1), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)];
const TIME_UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a size; write it like 4096, 16KiB or 256K");
        let (number, unit) = split(text);
        let unit = unit.to_ascii_uppercase();
        let unit = unit
            .strip_suffix("IB")
            .or(unit.strip_suffix('B'))
            .unwrap_or(&unit);
        let (_, bytes) = SIZE_UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        let number: usize = number.parse().map_err(|_| wrong())?;
        number.checked_mul(*bytes).map(Bytes).ok_or_else(wrong)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, bytes): &&(&str, usize)| self.0 >= *bytes && self.0.is_multiple_of(*bytes);
        match SIZE_UNITS.iter().rev().find(whole) {
            Some((unit, bytes)) if !unit.is_empty() => write!(f, "{}{unit}iB", self.0 / bytes),
            _ => write!(f, "{}", self.0),
        }
    }
}

impl Span {
    /// Reads a duration that may be zero.
    ///
    /// # Errors
    /// A sentence, if it is no duration.
    pub fn parse_from_zero(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a duration; write it like 30s, 500ms or 2m");
        let (number, unit) = split(text);
        let unit = if unit.is_empty() { "s" } else { unit };
        let (_, millis) = TIME_UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        number
            .checked_mul(*millis)
            .map(|millis| Span(Duration::from_millis(millis)))
            .ok_or_else(wrong)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Span::parse_from_zero(text) {
            Ok(Span(Duration::ZERO)) => Err("it must be above zero".into()),
            parsed => parsed,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if millis.is_multiple_of(1000) {
            write!(f, "{}s", millis / 1000)
        } else {
            write!(f, "{millis}ms")
        }
    }
}

/// A size as people say it: `512 B`, `44.1 KiB`, `27.9 GiB`.
pub fn roughly(bytes: usize) -> String {
    let unit = SIZE_UNITS.iter().rev().find(|(_, unit)| bytes >= *unit);
    match unit {
        Some((name, unit)) if *unit > 1 => format!("{:.1} {name}iB", bytes as f64 / *unit as f64),
        _ => format!("{bytes} B"),
    }
}

fn split(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_with_a_decimal() {
        for (bytes, said) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (44 * 1024 + 100, "44.1 KiB"),
            (256 << 20, "256.0 MiB"),
            (30_000_000_000, "27.9 GiB"),
        ] {
            assert_eq!(roughly(bytes), said);
        }
    }

    #[test]
    fn sizes_are_read_with_and_without_a_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("4096B", 4096),
            ("16K", 16 << 10),
            ("16k", 16 << 10),
            ("16KB", 16 << 10),
            ("16KiB", 16 << 10),
            ("16kib", 16 << 10),
            ("256M", 256 << 20),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        for text in [
            "",
            "K",
            "-1",
            "1.5K",
            "16X",
            "16 K",
            "99999999999999999999",
            "99999999999G",
        ] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_in_the_largest_whole_unit() {
        for (bytes, text) in [
            (0, "0"),
            (1000, "1000"),
            (4096, "4KiB"),
            (16 << 10, "16KiB"),
            (3 << 30, "3GiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }

    #[test]
    fn durations_are_read_with_and_without_a_unit() {
        for (text, millis) in [
            ("30", 30_000),
            ("30s", 30_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Span(Duration::from_millis(millis))),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_duration_above_zero_is_refused() {
        for text in [
            "",
            "0",
            "0s",
            "s",
            "-1s",
            "1.5s",
            "1d",
            "1 s",
            "18446744073709551615h",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_may_be_zero_where_that_means_off() {
        assert_eq!(Span::parse_from_zero("0"), Ok(Span(Duration::ZERO)));
        assert_eq!(
            Span::parse_from_zero("2ms"),
            Ok(Span(Duration::from_millis(2)))
        );
        assert!(Span::parse_from_zero("off").is_err());
    }

    #[test]
    fn a_duration_is_shown_as_it_can_be_read() {
        for text in ["30s", "500ms", "1500ms"] {
            let span: Span = text.parse().expect("it is a duration");
            assert_eq!(span.to_string(), text);
        }
    }
}
