//! Running a recording through the core once more, while something watches.

use std::fmt;
use std::io;
use std::ops::ControlFlow;

use chatmaster_core::recording::{Divergence, Outcome, Record, Replay};
use chatmaster_core::{ClientState, ConnId, Hub, HubFact, Output, Time};

use super::files::{Entry, ReadError, RecordingFiles};
use crate::panics::{Panic, caught};

/// Something that watches a recording being replayed.
pub(in crate::replay) trait Observer {
    /// The hub as it is before `entry`. May stop the replay there.
    fn before(&mut self, _hub: &Hub, _entry: &Entry<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Whether it wants [facts](Observer::fact).
    const FACTS: bool = false;

    /// Something that an input has brought about, once all that was recorded of it has come again.
    ///
    /// # Errors
    /// If it cannot write what it has to say.
    fn fact(&mut self, _fact: HubFact) -> io::Result<()> {
        Ok(())
    }

    /// The hub after `entry`, at the time of the last input.
    ///
    /// # Errors
    /// If it cannot write what it has to say.
    fn after(&mut self, _hub: &Hub, _now: Time, _entry: &Entry<'_>) -> io::Result<()> {
        Ok(())
    }
}

/// What came of replaying a recording.
pub(in crate::replay) struct Rerun {
    pub(in crate::replay) ending: Ending,
    /// The hub as it was left.
    pub(in crate::replay) replay: Replay,
    /// The time of the last input.
    pub(in crate::replay) time: Time,
    /// The checksum of the records read.
    pub(in crate::replay) checksum: u32,
}

/// How a replay ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::replay) enum Ending {
    /// All records were replayed, or as many as were wanted.
    Whole,
    /// There are no further records that are good.
    Broken(ReadError),
    /// The hub did not do what it had done.
    Diverged(Box<Failure>),
}

/// The first difference between a recording and its replay. Displays as lines for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::replay) struct Failure {
    /// The number of the record, from 1.
    pub(in crate::replay) record: u64,
    /// Where that record is.
    place: String,
    time: Time,
    conn: Option<ConnId>,
    /// Who that is, if logged in.
    username: Option<String>,
    pub(in crate::replay) what: Cause,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::replay) enum Cause {
    /// This was recorded, and that came of it now.
    Divergence(Outcome, Outcome),
    /// The hub panicked.
    Panic(Panic),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "diverged at record {} ({}), {} s",
            self.record, self.place, self.time
        )?;
        if let Some(ConnId(conn)) = self.conn {
            write!(f, ", connection #{conn}")?;
        }
        if let Some(username) = &self.username {
            write!(f, " ({username})")?;
        }
        match &self.what {
            Cause::Divergence(expected, actual) => write!(
                f,
                "\n  expected: {}\n  actual:   {}",
                in_words(expected),
                in_words(actual)
            ),
            Cause::Panic(panic) => write!(f, "\n  {panic}"),
        }
    }
}

/// What a hub did, for people.
fn in_words(deed: &Outcome) -> String {
    let Outcome::Drained(outputs) = deed else {
        return deed.to_string();
    };
    if outputs.is_empty() {
        return "nothing to be done to any connection".into();
    }
    let words = outputs.iter().map(|output| match output {
        Output::Write(ConnId(conn)) => format!("write to #{conn}"),
        Output::PauseRead(ConnId(conn)) => format!("pause reading from #{conn}"),
        Output::ResumeRead(ConnId(conn)) => format!("resume reading from #{conn}"),
        Output::Finish(ConnId(conn)) => format!("finish writing to #{conn}"),
        Output::Close(ConnId(conn), reason) => format!("close #{conn} ({reason})"),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Replays `recording` until its end, a difference, a fault, or until `watch` has seen enough.
///
/// # Errors
/// If `watch` cannot write.
pub(in crate::replay) fn rerun<O: Observer>(
    recording: &RecordingFiles,
    watch: &mut O,
) -> io::Result<Rerun> {
    let mut replay = Replay::new(recording.header());
    if O::FACTS {
        replay.keep_facts();
    }
    let mut entries = recording.entries();
    let mut time = Time::ZERO;
    let mut conn = None;
    let mut facts = Vec::new();
    let ending = loop {
        let entry = match entries.next() {
            Ok(Some(entry)) => entry,
            Ok(None) => {
                break match replay.settled() {
                    Ok(()) => Ending::Whole,
                    Err(divergence) => diverged(&replay, &divergence, "the last".into()),
                };
            }
            Err(why) => break Ending::Broken(why),
        };
        if watch.before(replay.hub(), &entry).is_break() {
            break Ending::Whole;
        }
        if let Record::Input(at, input) = &entry.record {
            time = *at;
            conn = input.conn();
        }
        let here = || format!("{} byte {}", entry.path.display(), entry.offset);
        match caught(|| replay.take(&entry.record)) {
            Ok(Ok(())) => {
                if let Record::Input(..) = &entry.record {
                    // What the input before was to come to, it has come to.
                    facts.drain(..).try_for_each(|fact| watch.fact(fact))?;
                    facts.extend(std::iter::from_fn(|| replay.poll_fact()));
                }
                watch.after(replay.hub(), time, &entry)?;
            }
            Ok(Err(divergence)) => break diverged(&replay, &divergence, here()),
            Err(panic) => {
                break Ending::Diverged(Box::new(Failure {
                    record: entry.number,
                    place: here(),
                    time,
                    conn,
                    username: None,
                    what: Cause::Panic(panic),
                }));
            }
        }
    };
    if !matches!(ending, Ending::Diverged(_)) {
        facts.drain(..).try_for_each(|fact| watch.fact(fact))?;
    }
    Ok(Rerun {
        ending,
        replay,
        time,
        checksum: entries.checksum(),
    })
}

fn diverged(replay: &Replay, divergence: &Divergence, place: String) -> Ending {
    let hub = replay.hub();
    let username = divergence.conn.and_then(|conn| username(hub, conn));
    Ending::Diverged(Box::new(Failure {
        record: divergence.record,
        place,
        time: divergence.time,
        conn: divergence.conn,
        username: username.map(str::to_owned),
        what: Cause::Divergence(divergence.expected.clone(), divergence.actual.clone()),
    }))
}

/// Who is logged in at `conn`.
pub(in crate::replay) fn username(hub: &Hub, conn: ConnId) -> Option<&str> {
    match hub.client(conn)?.state {
        ClientState::User { username, .. } => Some(username),
        ClientState::LoggingIn | ClientState::Closing(_) => None,
    }
}
