//! The command line.

use std::path::PathBuf;

use chatmaster_core::wire::MAX_HISTORY;
use clap::{Args, Parser};

use crate::address::Address;
use crate::encoding::WireEncoding;
use crate::replay::{self, ReplayArgs};
use crate::runtime::Runtime;
use crate::serve::args::ServeArgs;
use crate::settings::file::SettingsFile;
use crate::settings::{Bell, RawValue, Setting, Theme};

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
    Serve(ServeArgs),
    /// Replay a recording
    #[command(about = "Replay what `serve --record` recorded", after_help = replay::AFTER_HELP)]
    Replay(ReplayArgs),
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
    /// Without a terminal: the last so many messages of each room that you enter come first, at most 200
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MAX_HISTORY as u64))]
    pub history: Option<u64>,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
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
