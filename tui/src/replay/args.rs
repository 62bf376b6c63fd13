//! The arguments of `chatmaster replay`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use chatmaster_core::{Config, Time};
use clap::{ArgGroup, Args};

use crate::limits::{ChangedLimits, unfit};

/// What `chatmaster replay --help` ends with.
pub const AFTER_HELP: &str = "\
A recording is what `chatmaster serve --record FILE` wrote, with all files it went on in. Every input \
is run through the server's core once more, and what comes of it is held against what came of it \
then. All times are in UTC.

Examples:
  chatmaster replay monday.rec                        is it whole, and does it replay to the byte?
  chatmaster replay monday.rec --transcript           who did and said what, where and when
  chatmaster replay monday.rec --as alice             what alice saw and said; on a terminal, played back
  chatmaster replay monday.rec --at 2m                who was where, two minutes from the start
  chatmaster replay monday.rec --json | jq .          every input and output
  chatmaster replay monday.rec --what-if --message-rate 5
  chatmaster replay monday.rec --redact -o safe.rec   to attach to a report
  chatmaster replay broken.rec --shrink -o small.rec

On a terminal --as takes these keys: space pauses, → or n steps on, ← steps back, + and - change the \
speed, g goes to a time, q leaves.

Exit status: 0 fine (a torn end is reported, and is no fault), 1 a file is missing, no recording, too \
new, or not of this recording, 2 wrong usage, 3 the replay diverged, 4 a file is damaged.";

/// The arguments of a replay.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("task").args(["transcript", "view", "at", "what_if", "redact", "shrink"]))]
#[command(group = ArgGroup::new("writing").args(["redact", "shrink"]))]
pub struct ReplayArgs {
    /// The recording: its file, or all its files
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Print who did and said what, where, and when
    #[arg(long)]
    pub(super) transcript: bool,
    /// Show what the user NAME saw and said, nothing else; on a terminal, play it back
    #[arg(long = "as", id = "view", value_name = "NAME")]
    pub(super) view: Option<String>,
    /// Print every input and output as a JSON object; with --as, every event of that user
    #[arg(long, conflicts_with_all = ["transcript", "at", "what_if", "redact", "shrink"])]
    pub(super) json: bool,
    /// Print the state at TIME from the start, such as 12.5 or 2m
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<Offset>,
    /// Print what would have been delayed, refused or closed under other limits
    #[arg(long)]
    pub(super) what_if: bool,
    /// Write the recording to FILE with other names and texts, safe to give away
    #[arg(long, requires = "output")]
    pub(super) redact: bool,
    /// Write the smallest recording to FILE that still diverges or panics like this one
    #[arg(long, requires = "output")]
    pub(super) shrink: bool,
    /// Where to write; must not exist yet
    #[arg(short, long, value_name = "FILE", requires = "writing")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) changes: ChangedLimits,
}

impl ReplayArgs {
    /// The limits to try instead of the `recorded` ones, if they go together; or if those did not, either.
    ///
    /// # Errors
    /// A sentence that names the flag that does not fit.
    pub(super) fn what_if(&self, recorded: &Config) -> Result<Config, String> {
        let config = self.changes.apply(recorded);
        match config.check() {
            Ok(()) => Ok(config),
            Err(error) if recorded.check().as_ref() != Err(&error) => Err(unfit(&error)),
            // An earlier server was less strict.
            Err(_) => Ok(config),
        }
    }
}

/// A time from the start: `12.5` (seconds), `500ms`, `1.5s`, `2m` or `1h`, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset(pub(super) Time);

impl FromStr for Offset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a time; write it like 12.5, 500ms or 2m");
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let unit: u64 = match unit {
            "ms" => 1_000,
            "" | "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            _ => return Err(wrong()),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let places = u32::try_from(part.len())
            .ok()
            .filter(|places| (1..=6).contains(places));
        let scale = 10_u64.pow(places.ok_or_else(wrong)?);
        let digits = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        let micros = digits(whole)?.checked_mul(unit).ok_or_else(wrong)?;
        let part = digits(part)? * unit / scale;
        let micros = micros.checked_add(part).ok_or_else(wrong)?;
        Ok(Offset(Time::ZERO + Duration::from_micros(micros)))
    }
}

#[cfg(test)]
mod tests {
    use chatmaster_core::Config;
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        replay: ReplayArgs,
    }

    fn parsed(flags: &[&str]) -> Result<ReplayArgs, String> {
        let args = ["replay"].iter().chain(flags);
        let parsed = Line::try_parse_from(args).map(|line| line.replay);
        parsed.map_err(|error| error.to_string())
    }

    #[test]
    fn moments_are_read_in_seconds_or_with_a_unit() {
        for (text, micros) in [
            ("0", 0),
            ("12.5", 12_500_000),
            ("12.000350", 12_000_350),
            ("500ms", 500_000),
            ("1.5s", 1_500_000),
            ("2m", 120_000_000),
            ("0.5h", 1_800_000_000),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Offset(Time::from_micros(micros))),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_moment_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "1.2.3",
            "1d",
            "1 s",
            "0.0000001",
            "99999999999999h",
        ] {
            assert!(text.parse::<Offset>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_replay_does_one_thing_at_a_time() {
        for flags in [
            &["a.rec", "--transcript", "--as", "alice"][..],
            &["a.rec", "--at", "2", "--json"],
            &["a.rec", "--redact", "--shrink", "-o", "b"],
            &["a.rec", "--redact"],
            &["a.rec", "-o", "b"],
            &["a.rec", "--message-rate", "5"],
            &[],
        ] {
            assert!(parsed(flags).is_err(), "{flags:?}");
        }
        for flags in [
            &["a.rec", "b.rec"][..],
            &["a.rec", "--as", "alice", "--json"],
            &["a.rec", "--what-if", "--message-rate", "5"],
            &["a.rec", "--redact", "-o", "b"],
        ] {
            assert!(parsed(flags).is_ok(), "{flags:?}");
        }
    }

    #[test]
    fn what_is_not_changed_stays_as_it_was_recorded() {
        let flags = [
            "a",
            "--what-if",
            "--message-rate=5",
            "--linger=1s",
            "--send-queue-bytes=64K",
        ];
        let args = parsed(&flags).expect("the usage is right");
        let recorded = Config {
            message_burst: 77,
            ..Config::default()
        };
        let expected = Config {
            message_rate: 5,
            linger: Duration::from_secs(1),
            send_queue_bytes: 64 * 1024,
            ..recorded.clone()
        };
        assert_eq!(args.what_if(&recorded), Ok(expected));
        let args = parsed(&["a", "--what-if", "--login-tries=0"]).expect("it is a number");
        let refused = args.what_if(&recorded);
        assert_eq!(refused, Err("--login-tries must be at least 1".into()));
        let strange = Config {
            login_tries: 0,
            ..recorded
        };
        assert_eq!(args.what_if(&strange), Ok(strange));
    }
}
