//! The limits of a server as flags: one for each of [`Config::LIMITS`], named after its field.

use std::time::Duration;

use chatmaster_core::{Config, ConfigError, Limit, Unit};
use clap::builder::{RangedI64ValueParser, ValueParser};
use clap::{Arg, ArgMatches, Command, FromArgMatches};

use crate::units::{Bytes, Span};

/// The limits that flags have set.
#[derive(Clone, Debug, Default)]
pub(crate) struct LimitArgs<const OF_WHAT_IF: bool>(Vec<(&'static Limit, u64)>);

/// The limits of `serve`: those not given are the default.
pub(crate) type ServerLimits = LimitArgs<false>;
/// The limits that `replay --what-if` changes.
pub(crate) type ChangedLimits = LimitArgs<true>;

impl<const OF_WHAT_IF: bool> LimitArgs<OF_WHAT_IF> {
    /// `config` with these limits.
    pub(crate) fn apply(&self, config: &Config) -> Config {
        let mut config = config.clone();
        for (limit, number) in &self.0 {
            limit.set(&mut config, *number);
        }
        config
    }
}

impl<const OF_WHAT_IF: bool> clap::Args for LimitArgs<OF_WHAT_IF> {
    fn augment_args(command: Command) -> Command {
        let heading = if OF_WHAT_IF {
            "Limits for --what-if (those not given are as recorded)"
        } else {
            "Limits"
        };
        command
            .next_help_heading(heading)
            .args(Config::LIMITS.iter().map(|limit| {
                let arg = Arg::new(limit.name)
                    .long(limit.name.replace('_', "-"))
                    .help(limit.help.trim_end_matches('.'))
                    .value_name(match limit.unit {
                        Unit::Count => "N",
                        Unit::Bytes => "SIZE",
                        Unit::Time => "TIME",
                    })
                    .value_parser(parser(limit));
                if OF_WHAT_IF {
                    arg.requires("what_if")
                } else {
                    arg.default_value(in_words(limit))
                }
            }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const OF_WHAT_IF: bool> FromArgMatches for LimitArgs<OF_WHAT_IF> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let set = |limit: &'static Limit| Some((limit, *matches.get_one(limit.name)?));
        Ok(LimitArgs(Config::LIMITS.iter().filter_map(set).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Reads the number of a limit.
fn parser(limit: &Limit) -> ValueParser {
    let micros = |Span(time)| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    match limit.unit {
        Unit::Count => {
            let most = i64::try_from(limit.most).unwrap_or(i64::MAX);
            RangedI64ValueParser::<u64>::new().range(0..=most).into()
        }
        Unit::Bytes => ValueParser::new(|text: &str| text.parse().map(|Bytes(size)| size as u64)),
        Unit::Time if limit.least == 0 => {
            ValueParser::new(move |text: &str| Span::parse_from_zero(text).map(micros))
        }
        Unit::Time => ValueParser::new(move |text: &str| text.parse().map(micros)),
    }
}

/// The default of a limit, as it is typed.
fn in_words(limit: &Limit) -> String {
    let number = limit.get(&Config::default());
    match limit.unit {
        Unit::Count => number.to_string(),
        Unit::Bytes => Bytes(number as usize).to_string(),
        Unit::Time => Span(Duration::from_micros(number)).to_string(),
    }
}

/// The flag of a limit.
pub(crate) fn flag(field: &str) -> String {
    format!("--{}", field.replace('_', "-"))
}

/// The flag that does not fit, what it needs to be, and because of which other.
pub(crate) fn unfit(error: &ConfigError) -> String {
    let needs = format!("{} must be at least {}", flag(error.field), error.least);
    match error.because {
        None => needs,
        Some(because) => {
            let other = flag(because);
            format!("{needs} for this {other}: raise it, or lower {other}")
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        limits: ServerLimits,
    }

    #[test]
    fn each_limit_is_set_by_its_flag_and_no_other_is() {
        for limit in &Config::LIMITS {
            let (typed, number) = match limit.unit {
                Unit::Count => ("7", 7),
                Unit::Bytes => ("7KiB", 7 << 10),
                Unit::Time => ("7s", 7_000_000),
            };
            let flag = format!("{}={typed}", flag(limit.name));
            let line = Line::try_parse_from(["serve", &flag]).expect("the usage is right");
            let config = line.limits.apply(&Config::default());
            for other in &Config::LIMITS {
                let is_it = other.name == limit.name;
                let expected = if is_it {
                    number
                } else {
                    other.get(&Config::default())
                };
                assert_eq!(other.get(&config), expected, "{flag}: {}", other.name);
            }
        }
    }
}
