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

pub use args::{AFTER_HELP, ReplayArgs};

use crate::error::{CliError, tell};
use crate::text::sanitise_lines;
use reading::files::{self, ReadError, RecordingFiles, UnreadableFiles};
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
pub fn run(args: &ReplayArgs) -> ExitCode {
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
enum ReplayError {
    Cli(CliError),
    /// These lines say where and how.
    Diverged(String),
    Damaged(String),
    /// All was said on stdout.
    Said(Box<ReplayError>),
    /// Whatever read what is printed has read enough.
    Unread,
}

impl ReplayError {
    fn tell(&self) {
        match self {
            ReplayError::Cli(trouble) => tell(trouble),
            ReplayError::Diverged(what) | ReplayError::Damaged(what) => tell_lines(what),
            ReplayError::Said(_) | ReplayError::Unread => {}
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            ReplayError::Cli(trouble) => trouble.exit_code(),
            ReplayError::Diverged(_) => ExitCode::from(DIVERGED),
            ReplayError::Damaged(_) => ExitCode::from(DAMAGED),
            ReplayError::Said(stop) => stop.exit_code(),
            ReplayError::Unread => ExitCode::SUCCESS,
        }
    }
}

impl From<io::Error> for ReplayError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return ReplayError::Unread;
        }
        let why = files::reason(&error);
        ReplayError::Cli(CliError::Failed(format!("cannot write the output: {why}")))
    }
}

impl From<UnreadableFiles> for ReplayError {
    fn from(trouble: UnreadableFiles) -> Self {
        match trouble {
            UnreadableFiles::Failed(what) => ReplayError::Cli(CliError::Failed(what)),
            UnreadableFiles::Damaged(what) => ReplayError::Damaged(what),
        }
    }
}

fn play(args: &ReplayArgs) -> Result<(), ReplayError> {
    let recording = RecordingFiles::open(&args.files)?;
    if let Some(warning) = recording.warning() {
        tell(warning);
    }
    #[cfg(feature = "ui")]
    if let Some(name) = &args.view
        && !args.json
        && crate::client::terminal::is_there()
    {
        return judge(playback::play(&recording, name)?);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let ending = if let Some(name) = &args.view {
        view_as::show(&recording, name, args.json, &mut out)?
    } else if args.json {
        json::print(&recording, &mut out)?
    } else if args.transcript {
        transcript::print(&recording, &mut out)?
    } else if let (true, Some(path)) = (args.redact, &args.output) {
        redact::redact(&recording, path, &mut out)?
    } else if let (true, Some(path)) = (args.shrink, &args.output) {
        shrink::shrink(&recording, path, &mut out)?
    } else if args.what_if {
        let config = args.what_if(&recording.header().config);
        let config = config.map_err(|why| ReplayError::Cli(CliError::Usage(why)))?;
        what_if::print(&recording, &config, &mut out)?
    } else if let Some(at) = args.at {
        at::print(&recording, at.0, &mut out)?
    } else {
        let ending = verify::print(&recording, &mut out)?;
        return judge(ending).map_err(|stop| ReplayError::Said(Box::new(stop)));
    };
    out.flush()?;
    drop(out);
    judge(ending)
}

/// What an ending means for whoever asked for a replay.
fn judge(ending: Ending) -> Result<(), ReplayError> {
    match ending {
        Ending::Whole => Ok(()),
        Ending::Broken(torn @ ReadError::Torn { .. }) => {
            tell(torn);
            Ok(())
        }
        Ending::Broken(damaged @ (ReadError::Damaged { .. } | ReadError::Cut { .. })) => {
            Err(ReplayError::Damaged(damaged.to_string()))
        }
        Ending::Broken(unchained @ ReadError::Unchained { .. }) => {
            Err(ReplayError::Cli(CliError::Failed(unchained.to_string())))
        }
        Ending::Diverged(failure) => Err(ReplayError::Diverged(failure.to_string())),
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
