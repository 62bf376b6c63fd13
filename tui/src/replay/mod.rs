//! `chatmaster replay`: what a recorded server did, once more.
//!
//! Every way of looking at a recording runs its inputs through the core and holds what comes of them
//! against what was recorded; what is shown is therefore what the hub does, or the replay
//! says where it differs. What is printed on stdout depends on the recording alone, and is the same
//! each time; how long it took is said on stderr.

mod args;
mod reading;
mod rewriting;
mod showing;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

pub use args::{AFTER_HELP, Args};

use crate::error::{CliError, tell};
use crate::text::sanitise_lines;
use reading::reel::{self, Break, OpenTrouble, Reel};
use reading::rerun::Ending;
use rewriting::{redact, shrink};
#[cfg(feature = "ui")]
use showing::playback;
use showing::{at, json, transcript, verify, view_as, what_if};

/// The replay came to something else than what was recorded.
const DIVERGED: u8 = 3;
/// A file is not what was written.
const DAMAGED: u8 = 4;

/// Replays a recording, and says how that went.
pub fn run(args: &Args) -> ExitCode {
    match play(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            stop.tell();
            stop.exit_code()
        }
    }
}

/// Why a replay ends without having done what it was asked to.
#[derive(Debug)]
enum Stop {
    CliError(CliError),
    /// These lines say where and how.
    Diverged(String),
    Damaged(String),
    /// All was said on stdout.
    Said(Box<Stop>),
    /// Whatever read what is printed has read enough.
    Unread,
}

impl Stop {
    fn tell(&self) {
        match self {
            Stop::CliError(trouble) => tell(trouble),
            Stop::Diverged(what) | Stop::Damaged(what) => tell_lines(what),
            Stop::Said(_) | Stop::Unread => {}
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Stop::CliError(trouble) => trouble.exit_code(),
            Stop::Diverged(_) => ExitCode::from(DIVERGED),
            Stop::Damaged(_) => ExitCode::from(DAMAGED),
            Stop::Said(stop) => stop.exit_code(),
            Stop::Unread => ExitCode::SUCCESS,
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Stop::Unread;
        }
        let why = reel::reason(&error);
        Stop::CliError(CliError::Failed(format!("cannot write the output: {why}")))
    }
}

impl From<OpenTrouble> for Stop {
    fn from(trouble: OpenTrouble) -> Self {
        match trouble {
            OpenTrouble::Failed(what) => Stop::CliError(CliError::Failed(what)),
            OpenTrouble::Damaged(what) => Stop::Damaged(what),
        }
    }
}

fn play(args: &Args) -> Result<(), Stop> {
    let reel = Reel::open(&args.files)?;
    if let Some(warning) = reel.warning() {
        tell(warning);
    }
    #[cfg(feature = "ui")]
    if let Some(name) = &args.view
        && !args.json
        && crate::client::terminal::is_there()
    {
        return judge(playback::play(&reel, name)?);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let ending = if let Some(name) = &args.view {
        view_as::show(&reel, name, args.json, &mut out)?
    } else if args.json {
        json::print(&reel, &mut out)?
    } else if args.transcript {
        transcript::print(&reel, &mut out)?
    } else if let (true, Some(path)) = (args.redact, &args.output) {
        redact::redact(&reel, path, &mut out)?
    } else if let (true, Some(path)) = (args.shrink, &args.output) {
        shrink::shrink(&reel, path, &mut out)?
    } else if args.what_if {
        let config = args.changes.apply(&reel.header().config);
        let config = config.map_err(|why| Stop::CliError(CliError::Usage(why)))?;
        what_if::print(&reel, &config, &mut out)?
    } else if let Some(at) = args.at {
        at::print(&reel, at.0, &mut out)?
    } else {
        let ending = verify::print(&reel, &mut out)?;
        return judge(ending).map_err(|stop| Stop::Said(Box::new(stop)));
    };
    out.flush()?;
    drop(out);
    judge(ending)
}

/// What an ending means for whoever asked for a replay.
fn judge(ending: Ending) -> Result<(), Stop> {
    match ending {
        Ending::Whole => Ok(()),
        Ending::Broken(torn @ Break::Torn { .. }) => {
            tell(torn);
            Ok(())
        }
        Ending::Broken(damaged @ (Break::Damaged { .. } | Break::Cut { .. })) => {
            Err(Stop::Damaged(damaged.to_string()))
        }
        Ending::Broken(unchained @ Break::Unchained { .. }) => {
            Err(Stop::CliError(CliError::Failed(unchained.to_string())))
        }
        Ending::Diverged(difference) => Err(Stop::Diverged(difference.to_string())),
    }
}

/// Tells something of several lines, each of them harmless.
fn tell_lines(what: &str) {
    // Nobody is left to be told if this fails.
    let mut lead = "chatmaster: ";
    for line in sanitise_lines(what) {
        let _ = writeln!(io::stderr(), "{lead}{line}");
        lead = "";
    }
}

fn cannot(act: &str, path: &Path, why: &dyn fmt::Display) -> CliError {
    CliError::Failed(format!("cannot {act} {}: {why}", path.display()))
}
