//! The command line.

use std::path::PathBuf;

use chatmaster_core::{Config, ConfigError, Encoding, recording};
use clap::builder::PossibleValue;
use clap::{Args, Parser, ValueEnum};

use crate::address::Address;
use crate::replay;
use crate::runtime::Runtime;
use crate::serve::memory;
use crate::settings::file::SettingsFile;
use crate::settings::{Bell, RawValue, Setting, Theme};
use crate::units::{Bytes, Span};

/// The command line of `chatmaster`.
#[derive(Debug, Parser)]
#[command(
    name = "chatmaster",
    version,
    about = "\
Chat in the terminal, and serve a chat.

Without ADDRESS it talks to the server on 127.0.0.1:9000, and becomes that server itself, for this \
machine alone, if nobody is listening there when it starts. Without a terminal it is a line client: \
each line of the input is sent, each event is printed as a line, and it is never a server.",
    after_help = "\
While you talk, /help lists the commands.
Exit status: 0 fine, 1 connection lost or refused, 2 wrong usage.",
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// What to do, if not to talk.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,
    /// How to talk.
    #[command(flatten)]
    pub talk: ClientArgs,
}

/// What `chatmaster` does besides talking.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Serve a chat until SIGTERM or SIGINT
    #[command(
        about = "Serve a chat until SIGTERM or SIGINT",
        after_help = "\
Prints `listening on ADDRESS:PORT (RUNTIME)` for each listener once it accepts connections.
Sizes are in bytes and may have a suffix: 16KiB, 256K. Durations are in seconds or have a unit: \
500ms, 30s, 2m."
    )]
    Serve(Serve),
    /// Replay a recording
    #[command(about = "Replay what `serve --record` recorded", after_help = replay::AFTER_HELP)]
    Replay(replay::Args),
}

/// The arguments of a client.
#[derive(Args, Debug)]
pub struct ClientArgs {
    /// The server.
    #[arg(help = "The server: host, host:port, [v6]:port or v6; port 9000 if none is given")]
    pub address: Option<Address>,
    /// Your name; without it you are asked, or get your login name where there is no terminal
    #[arg(long)]
    pub name: Option<String>,
    /// A room to enter right away
    #[arg(long)]
    pub room: Option<String>,
    /// Be a line client that prints each event as a JSON object on a line of its own
    #[arg(long)]
    pub json: bool,
    /// Without a terminal: when there is no connection, try again until there is. In a terminal that is
    /// always so
    #[arg(long)]
    pub reconnect: bool,
    /// How packages are sent [default: zlib]
    #[arg(long, value_name = "ENCODING")]
    encoding: Option<WireEncoding>,
    /// What moves the bytes.
    #[arg(
        long,
        value_name = "RUNTIME",
        help = format!("What moves the bytes [default: {}]", Runtime::default())
    )]
    runtime: Option<Runtime>,
    /// Where to keep settings; --no-config does without
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Have no settings but flags
    #[arg(long, conflicts_with = "config")]
    no_config: bool,
    #[command(flatten)]
    screen: Screen,
}

/// The arguments of a client in a terminal.
#[derive(Args, Debug)]
#[command(next_help_heading = "In a terminal")]
struct Screen {
    /// The background that the colours are for [default: auto]
    #[arg(long)]
    theme: Option<Theme>,
    /// What the bell rings for [default: mentions]
    #[arg(long)]
    bell: Option<Bell>,
    /// Leave the mouse to the terminal, for selecting text
    #[arg(long)]
    no_mouse: bool,
    /// Neither keep what you send for the next time, nor recall what you sent before
    #[arg(long)]
    no_history: bool,
    /// Write the chat log to this file too, or to chatmaster.log in this folder; off does not. Only you can read it
    #[arg(long, value_name = "PATH")]
    log: Option<PathBuf>,
    /// Entries of the chat log that are kept to scroll back to [default: 10000]
    #[arg(long, value_name = "N", value_parser = scrollback)]
    scrollback: Option<usize>,
}

impl ClientArgs {
    /// Where settings are kept.
    pub fn settings_file(&self) -> SettingsFile {
        match &self.config {
            _ if self.no_config => SettingsFile::None,
            Some(path) => SettingsFile::Path(path.clone()),
            None => SettingsFile::Default,
        }
    }

    /// What the flags set, which counts more than what a file does.
    pub fn settings(&self) -> impl Iterator<Item = Setting> {
        let screen = &self.screen;
        [
            self.name.clone().map(Setting::Name),
            self.room.clone().map(Setting::Room),
            self.address.clone().map(Setting::Address),
            self.encoding.map(Setting::Encoding),
            self.runtime.map(Setting::Runtime),
            screen.theme.map(Setting::Theme),
            screen.bell.map(Setting::Bell),
            screen.no_mouse.then_some(Setting::Mouse(false)),
            screen.no_history.then_some(Setting::History(false)),
            screen.log.clone().map(Setting::log),
            screen.scrollback.map(Setting::Scrollback),
        ]
        .into_iter()
        .flatten()
    }
}

fn scrollback(text: &str) -> Result<usize, String> {
    match Setting::parse("scrollback", RawValue::Typed(text)) {
        Ok(Setting::Scrollback(entries)) => Ok(entries),
        Ok(other) => unreachable!("{other} was not asked for"),
        Err(unfit) => Err(unfit.to_string()),
    }
}

/// The arguments of a server: every field of its [`Config`] is one.
#[derive(Args, Debug)]
pub struct Serve {
    /// Where to listen.
    #[arg(
        long,
        value_name = "ADDRESS",
        help = "Where to listen: host, host:port, [v6]:port or v6. May be given more than once. \
                Port 0 is a free port [default: port 9000 on all interfaces]"
    )]
    pub listen: Vec<Address>,
    /// What moves the bytes
    #[arg(long, value_name = "RUNTIME", default_value_t)]
    pub runtime: Runtime,
    /// How packages are sent to a client that has not shown its own way yet
    #[arg(long, value_name = "ENCODING", default_value = "zlib")]
    encoding: WireEncoding,
    /// Record everything that happens to a new file, for `chatmaster replay`. It holds what people
    /// write; only you can read it
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Begin a further file (FILE.1, FILE.2, …) whenever the recording has grown by this much
    #[arg(long, value_name = "SIZE", requires = "record")]
    pub record_max: Option<Bytes>,
    /// Refuse limits that allow more memory than this. What they allow is said at the start
    #[arg(long, value_name = "SIZE")]
    memory_max: Option<Bytes>,
    #[command(flatten)]
    limits: Limits,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// Packages per second from one connection; over it reading is delayed. 0: no limit
    #[arg(long, value_name = "N", default_value_t = Config::default().message_rate)]
    message_rate: u32,
    /// Packages from one connection at once before the rate counts
    #[arg(long, value_name = "N", default_value_t = Config::default().message_burst)]
    message_burst: u32,
    /// The same from a connection that has not logged in
    #[arg(long, value_name = "N", default_value_t = Config::default().login_burst)]
    login_burst: u32,
    /// Work that a package is taken for as one: bytes as they came and inflated, 512 for each block of a
    /// zlib stream. Each time as much again counts as one more package. 0: work does not count
    #[arg(long, value_name = "SIZE", default_value_t = Bytes(Config::default().package_work))]
    package_work: Bytes,
    /// Length of a message
    #[arg(long, value_name = "SIZE", default_value_t = Bytes(Config::default().max_message_bytes))]
    max_message_bytes: Bytes,
    /// Length of a package, decoded and encoded alike
    #[arg(long, value_name = "SIZE", default_value_t = Bytes(Config::default().max_package_bytes))]
    max_package_bytes: Bytes,
    /// Connections at the same time
    #[arg(long, value_name = "N", default_value_t = Config::default().max_connections)]
    max_connections: usize,
    /// Connections at the same time from one address; loopback is exempt
    #[arg(long, value_name = "N", default_value_t = Config::default().max_connections_per_address)]
    max_connections_per_address: usize,
    /// Connections per second from one address; over it they are refused. Loopback is exempt. 0: no limit
    #[arg(long, value_name = "N", default_value_t = Config::default().connect_rate)]
    connect_rate: u32,
    /// Logins per second from one address; over it they are delayed. Loopback is exempt. 0: no limit
    #[arg(long, value_name = "N", default_value_t = Config::default().login_rate)]
    login_rate: u32,
    /// Renames per second from one address; over it they are refused. Loopback is exempt. 0: no limit
    #[arg(long, value_name = "N", default_value_t = Config::default().rename_rate)]
    rename_rate: u32,
    /// Connections at the same time that are in the middle of a zlib stream; further ones wait
    #[arg(long, value_name = "N", default_value_t = Config::default().max_inflaters)]
    max_inflaters: usize,
    /// How long a zlib stream may stand still before its connection is closed if others wait for one
    #[arg(
        long,
        value_name = "TIME",
        default_value_t = Span(Config::default().stream_grace),
        value_parser = Span::parse_from_zero
    )]
    stream_grace: Span,
    /// Rooms at the same time
    #[arg(long, value_name = "N", default_value_t = Config::default().max_rooms)]
    max_rooms: usize,
    /// How long a connection may stay without a login
    #[arg(long, value_name = "TIME", default_value_t = Span(Config::default().login_timeout))]
    login_timeout: Span,
    /// Logins that may fail before the connection is closed
    #[arg(long, value_name = "N", default_value_t = Config::default().login_tries)]
    login_tries: u32,
    /// What may wait to be sent to one connection before it is closed as too slow
    #[arg(long, value_name = "SIZE", default_value_t = Bytes(Config::default().send_queue_bytes))]
    send_queue_bytes: Bytes,
    /// What may wait to be sent to all connections together
    #[arg(long, value_name = "SIZE", default_value_t = Bytes(Config::default().total_queue_bytes))]
    total_queue_bytes: Bytes,
    /// What was received from a connection and may wait while its reading is delayed
    #[arg(long, value_name = "SIZE", default_value_t = Bytes(Config::default().backlog_bytes))]
    backlog_bytes: Bytes,
    /// How long a room is quiet after a message while a member is slow to receive it. 0: not at all
    #[arg(
        long,
        value_name = "TIME",
        default_value_t = Span(Config::default().lag_pause),
        value_parser = Span::parse_from_zero
    )]
    lag_pause: Span,
    /// How long a member that is slow to receive may make its room quiet
    #[arg(long, value_name = "TIME", default_value_t = Span(Config::default().lag_limit))]
    lag_limit: Span,
    /// How long a connection that is being closed may take to receive its last packages
    #[arg(long, value_name = "TIME", default_value_t = Span(Config::default().linger))]
    linger: Span,
    /// Members above which a room does not announce joins, leaves and renames. 0: it always does
    #[arg(long, value_name = "N", default_value_t = Config::default().announce_limit)]
    announce_limit: usize,
}

impl Serve {
    /// The limits, if they go together and fit into the memory there is.
    ///
    /// # Errors
    /// A sentence that names the flag that does not fit.
    pub fn config(&self) -> Result<Config, String> {
        let limits = &self.limits;
        let config = Config {
            encoding: self.encoding.into(),
            max_package_bytes: limits.max_package_bytes.0,
            max_message_bytes: limits.max_message_bytes.0,
            login_timeout: limits.login_timeout.0,
            login_tries: limits.login_tries,
            send_queue_bytes: limits.send_queue_bytes.0,
            total_queue_bytes: limits.total_queue_bytes.0,
            backlog_bytes: limits.backlog_bytes.0,
            max_connections: limits.max_connections,
            max_connections_per_address: limits.max_connections_per_address,
            connect_rate: limits.connect_rate,
            login_rate: limits.login_rate,
            rename_rate: limits.rename_rate,
            max_inflaters: limits.max_inflaters,
            stream_grace: limits.stream_grace.0,
            max_rooms: limits.max_rooms,
            message_rate: limits.message_rate,
            message_burst: limits.message_burst,
            login_burst: limits.login_burst,
            package_work: limits.package_work.0,
            lag_pause: limits.lag_pause.0,
            lag_limit: limits.lag_limit.0,
            linger: limits.linger.0,
            announce_limit: limits.announce_limit,
        };
        config.check().map_err(|error| unfit(&error))?;
        if self.record.is_some() && recording::check(&config).is_err() {
            return Err(format!(
                "--max-message-bytes must be at most {} with --record",
                recording::MAX_MESSAGE_BYTES
            ));
        }
        if let Some(most) = self.memory_max {
            memory::check(&config, most)?;
        }
        Ok(config)
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

/// An [`Encoding`] as the command line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireEncoding {
    /// Compressed JSON.
    Zlib,
    /// JSON text.
    Plain,
}

impl ValueEnum for WireEncoding {
    fn value_variants<'a>() -> &'a [Self] {
        &[WireEncoding::Zlib, WireEncoding::Plain]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            WireEncoding::Zlib => "zlib",
            WireEncoding::Plain => "plain",
        }))
    }
}

impl From<WireEncoding> for Encoding {
    fn from(encoding: WireEncoding) -> Self {
        match encoding {
            WireEncoding::Zlib => Encoding::Zlib,
            WireEncoding::Plain => Encoding::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory;

    use super::*;

    fn serve(flags: &[&str]) -> Serve {
        let args = ["chatmaster", "serve"].iter().chain(flags);
        match Cli::try_parse_from(args).map(|cli| cli.subcommand) {
            Ok(Some(Subcommand::Serve(serve))) => serve,
            other => panic!("{other:?} is not a server"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_defaults_of_a_server_are_those_of_the_core() {
        assert_eq!(serve(&[]).config(), Ok(Config::default()));
    }

    #[test]
    fn each_limit_is_set_by_its_flag() {
        let config = serve(&[
            "--encoding=plain",
            "--max-package-bytes=1KiB",
            "--max-message-bytes=2",
            "--login-timeout=3s",
            "--login-tries=4",
            "--send-queue-bytes=50KiB",
            "--total-queue-bytes=6MiB",
            "--backlog-bytes=7KiB",
            "--max-connections=8",
            "--max-connections-per-address=9",
            "--connect-rate=16",
            "--login-rate=17",
            "--rename-rate=18",
            "--max-inflaters=10",
            "--max-rooms=11",
            "--message-rate=0",
            "--message-burst=13",
            "--lag-pause=0",
            "--lag-limit=19s",
            "--linger=14ms",
            "--announce-limit=15",
            "--stream-grace=16s",
            "--login-burst=17",
            "--package-work=18KiB",
        ])
        .config();
        let expected = Config {
            encoding: Encoding::Plain,
            max_package_bytes: 1 << 10,
            max_message_bytes: 2,
            login_timeout: Duration::from_secs(3),
            login_tries: 4,
            send_queue_bytes: 50 << 10,
            total_queue_bytes: 6 << 20,
            backlog_bytes: 7 << 10,
            max_connections: 8,
            max_connections_per_address: 9,
            connect_rate: 16,
            login_rate: 17,
            rename_rate: 18,
            max_inflaters: 10,
            max_rooms: 11,
            message_rate: 0,
            message_burst: 13,
            lag_pause: Duration::ZERO,
            lag_limit: Duration::from_secs(19),
            linger: Duration::from_millis(14),
            announce_limit: 15,
            stream_grace: Duration::from_secs(16),
            login_burst: 17,
            package_work: 18 << 10,
        };
        assert_eq!(config, Ok(expected));
    }

    #[test]
    fn a_limit_that_is_too_low_is_refused_by_the_name_of_its_flag() {
        let refused = serve(&["--send-queue-bytes=1K", "--max-message-bytes=100"]).config();
        assert_eq!(
            refused,
            Err("--send-queue-bytes must be at least 8192".into())
        );
    }

    #[test]
    fn limits_that_contradict_are_refused_and_the_one_to_raise_is_named_with_what_it_needs() {
        for (flags, refusal) in [
            (
                &["--send-queue-bytes=8KiB"][..],
                "--send-queue-bytes must be at least 49664 for this --max-message-bytes: raise it, or \
                 lower --max-message-bytes",
            ),
            (
                &[
                    "--max-message-bytes=1MiB",
                    "--max-package-bytes=2MiB",
                    "--backlog-bytes=4MiB",
                ],
                "--send-queue-bytes must be at least 12583424 for this --max-message-bytes: raise it, \
                 or lower --max-message-bytes",
            ),
            (
                &["--send-queue-bytes=200MiB"],
                "--total-queue-bytes must be at least 419430400 for this --send-queue-bytes: raise \
                 it, or lower --send-queue-bytes",
            ),
            (
                &["--max-package-bytes=1MiB"],
                "--backlog-bytes must be at least 1048576 for this --max-package-bytes: raise it, or \
                 lower --max-package-bytes",
            ),
        ] {
            assert_eq!(serve(flags).config(), Err(refusal.into()));
        }
    }

    #[test]
    fn flags_set_what_they_are_called() {
        let args = [
            "chatmaster",
            "--name=bob",
            "--room=tea",
            "--encoding=plain",
            "--theme=light",
            "--bell=all",
            "--no-mouse",
            "--no-history",
            "--log=chat",
            "--scrollback=100",
            "localhost",
        ];
        let cli = Cli::try_parse_from(args).expect("the usage is right");
        let set: Vec<_> = cli.talk.settings().map(|set| set.to_string()).collect();
        assert_eq!(
            set,
            [
                "name = \"bob\"",
                "room = \"tea\"",
                "address = \"localhost:9000\"",
                "encoding = \"plain\"",
                "theme = \"light\"",
                "bell = \"all\"",
                "mouse = false",
                "history = false",
                "log = \"chat\"",
                "scrollback = 100",
            ]
        );
        let cli = Cli::try_parse_from(["chatmaster"]).expect("the usage is right");
        assert_eq!(cli.talk.settings().count(), 0);
        assert!(Cli::try_parse_from(["chatmaster", "--scrollback=5"]).is_err());
    }

    #[test]
    fn a_client_takes_an_address_and_flags_in_any_order() {
        let cli = Cli::try_parse_from(["chatmaster", "localhost:9100", "--name", "bob", "--json"])
            .expect("the usage is right");
        assert_eq!(
            cli.talk.address,
            Some("localhost:9100".parse().expect("it is an address"))
        );
        assert_eq!(cli.talk.name.as_deref(), Some("bob"));
        assert!(cli.talk.json && cli.subcommand.is_none());
    }
}
