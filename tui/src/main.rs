//! The `chatmaster` command.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::ExitCode;

use chatmaster::address::LOOPBACK;
use chatmaster::cli::{Cli, ClientArgs, Subcommand};
use chatmaster::client::connect::Destination;
use chatmaster::client::line::{self, Form, Persistence};
use chatmaster::error::{CliError, tell};
use chatmaster::panics;
use chatmaster::replay;
use chatmaster::serve::serve;
use clap::Parser;
use clap::error::ErrorKind;

fn main() -> ExitCode {
    panics::end_the_process();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    let done = match &cli.subcommand {
        Some(Subcommand::Serve(args)) => serve(args),
        Some(Subcommand::Replay(args)) => return replay::run(args),
        None => talk(&cli.talk),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            tell(&trouble);
            trouble.exit_code()
        }
    }
}

fn talk(args: &ClientArgs) -> Result<(), CliError> {
    let settings_file = args.settings_file();
    let (mut settings, doubts) = settings_file.load();
    for setting in args.settings() {
        settings.apply(setting);
    }
    let destination = settings
        .address
        .clone()
        .map_or(Destination::Here(LOOPBACK), Destination::Given);
    #[cfg(feature = "ui")]
    if !args.json && chatmaster::client::terminal::is_there() {
        return chatmaster::client::terminal::run(settings, settings_file, &doubts, &destination);
    }
    doubts.iter().for_each(tell);
    let form = if args.json { Form::Json } else { Form::Text };
    let persistence = if args.reconnect {
        Persistence::Reconnects
    } else {
        Persistence::Ends
    };
    let task = line::Task {
        form,
        persistence,
        history: args.history,
    };
    line::run(&settings, task, &destination)
}

/// Prints help, the version, or what is wrong with the arguments.
fn explain(error: &clap::Error) -> ExitCode {
    let asked = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if asked {
        // Whoever reads only the start of it has what they want.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    // Nobody is left to be told if this fails.
    let _ = write!(io::stderr(), "chatmaster: {text}");
    ExitCode::from(2)
}
