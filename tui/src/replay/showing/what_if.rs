//! The same clients under other limits: who would have been delayed, refused or closed.
//!
//! Two hubs run side by side: one as recorded, and one with the other limits, around which the
//! clients of the recording are imagined:
//! - While the other hub does not want to read from a connection, what came from it then waits, in
//!   order, until it does; the recorded clients would have been held up by their sockets.
//! - Whoever had taken all that was waiting in the recording takes all that is waiting here; whoever
//!   had not takes as many bytes as then. (So the recorded counts are never more than there is.)
//! - Timers run on time, also where the recording has no input.
//!
//! What the people would have said instead nobody can know: they say what they said.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Write};

use chatmaster_core::recording::{Header, Record};
use chatmaster_core::{CloseReason, Config, ConnId, Hub, Input, Output, Time};

use crate::replay::reading::files::{Entry, RecordingFiles};
use crate::replay::reading::rerun::{Ending, Observer, rerun, username};
use crate::text::sanitise;

/// Prints what `config` would have changed.
pub(in crate::replay) fn print(
    recording: &RecordingFiles,
    config: &Config,
    out: &mut impl Write,
) -> io::Result<Ending> {
    let other = Header {
        config: config.clone(),
        ..recording.header().clone()
    };
    let mut stages = Comparison {
        recorded: Outcomes::default(),
        other: Alternative::new(other.hub()),
    };
    let rerun = rerun(recording, &mut stages)?;
    stages.other.tick_until(rerun.time);
    if !matches!(rerun.ending, Ending::Diverged(_)) {
        report(&stages.recorded, &stages.other.outcomes, out)?;
    }
    Ok(rerun.ending)
}

/// What became of each connection.
#[derive(Default)]
struct Outcomes(BTreeMap<ConnId, Outcome>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Outcome {
    username: Option<String>,
    /// How often its reading was paused, and when first.
    pauses: u32,
    first_pause: Option<Time>,
    closed: Option<(Time, CloseReason)>,
}

impl Outcome {
    /// Whether it was told that there is no room for it.
    fn is_refused(&self) -> bool {
        let refusals = [
            CloseReason::Full,
            CloseReason::AddressFull,
            CloseReason::AddressRate,
        ];
        self.closed
            .is_some_and(|(_, reason)| refusals.contains(&reason))
    }

    fn in_words(&self) -> String {
        let mut words = Vec::new();
        if let Some(first) = self.first_pause {
            let count = match self.pauses {
                1 => "once".into(),
                pauses => format!("{pauses} times"),
            };
            words.push(format!("delayed {count}, first at {first} s"));
        }
        if let Some((time, reason)) = self.closed {
            words.push(format!("closed at {time} s: {reason}"));
        }
        if words.is_empty() {
            words.push("neither delayed nor closed".into());
        }
        words.join("; ")
    }
}

impl Outcomes {
    fn note(&mut self, now: Time, output: Output) {
        match output {
            Output::PauseRead(conn) => {
                let outcome = self.of(conn);
                outcome.pauses += 1;
                outcome.first_pause.get_or_insert(now);
            }
            Output::Close(conn, reason) => self.of(conn).closed = Some((now, reason)),
            Output::Write(_) | Output::ResumeRead(_) | Output::Finish(_) => {}
        }
    }

    fn of(&mut self, conn: ConnId) -> &mut Outcome {
        self.0.entry(conn).or_default()
    }

    /// Notes who it is, if that is known and new.
    fn name(&mut self, hub: &Hub, conn: ConnId) {
        if let Some(name) = username(hub, conn) {
            let known = &mut self.of(conn).username;
            if known.as_deref() != Some(name) {
                *known = Some(name.to_owned());
            }
        }
    }
}

struct Comparison {
    recorded: Outcomes,
    other: Alternative,
}

impl Observer for Comparison {
    fn after(&mut self, hub: &Hub, now: Time, entry: &Entry<'_>) -> io::Result<()> {
        match &entry.record {
            Record::Input(_, input) => {
                if let Some(conn) = input.conn() {
                    self.recorded.of(conn);
                    self.recorded.name(hub, conn);
                }
                self.other.take(now, input, hub);
            }
            Record::Emission(_) => {}
            Record::Drained(outputs) => {
                for output in outputs {
                    self.recorded.note(now, *output);
                }
            }
        }
        Ok(())
    }
}

/// The hub with the other limits, and the clients around it.
struct Alternative {
    hub: Hub,
    now: Time,
    outcomes: Outcomes,
    /// Connections that the hub does not want to read from.
    paused: BTreeSet<ConnId>,
    /// Connections that it wants to read from again.
    resumed: VecDeque<ConnId>,
    /// What has come from connections and waits to be read.
    held: BTreeMap<ConnId, VecDeque<Held>>,
    /// Connections that something may wait for.
    queued: BTreeSet<ConnId>,
}

/// What has come from a connection and was not read.
enum Held {
    Bytes(Vec<u8>),
    Eof,
}

impl Alternative {
    fn new(hub: Hub) -> Self {
        Alternative {
            hub,
            now: Time::ZERO,
            outcomes: Outcomes::default(),
            paused: BTreeSet::new(),
            resumed: VecDeque::new(),
            held: BTreeMap::new(),
            queued: BTreeSet::new(),
        }
    }

    /// Takes in an input of the recording, which the `recorded` hub has taken.
    fn take(&mut self, now: Time, input: &Input<'_>, recorded: &Hub) {
        self.tick_until(now);
        self.now = now;
        match *input {
            Input::Received(conn, bytes) if self.paused.contains(&conn) => {
                self.hold(conn, Held::Bytes(bytes.to_vec()));
            }
            Input::Eof(conn) if self.paused.contains(&conn) => self.hold(conn, Held::Eof),
            // Who has taken all is dealt with below.
            Input::Sent(conn, _) if is_idle(recorded, conn) => {}
            Input::Closed(conn) => {
                self.forget(conn);
                self.handle(*input);
            }
            _ => self.handle(*input),
        }
        if let Some(conn) = input.conn() {
            self.outcomes.of(conn);
            self.outcomes.name(&self.hub, conn);
        }
        self.write(recorded);
    }

    /// Lets time pass up to `now`, and all happen that is due before.
    fn tick_until(&mut self, now: Time) {
        while let Some(due) = self.hub.poll_timeout().filter(|due| *due <= now) {
            self.now = due;
            self.handle(Input::Tick);
        }
    }

    /// Hands over what waits for connections that take all they are sent.
    fn write(&mut self, recorded: &Hub) {
        for conn in std::mem::take(&mut self.queued) {
            let waiting: usize = self.hub.pending(conn).map(<[u8]>::len).sum();
            if waiting > 0 && is_idle(recorded, conn) {
                let count = u32::try_from(waiting).unwrap_or(u32::MAX);
                self.handle(Input::Sent(conn, count));
            } else if waiting > 0 {
                self.queued.insert(conn);
            }
        }
    }

    /// Has the hub take `input`, and what comes to be read by it.
    fn handle(&mut self, input: Input<'_>) {
        self.step(input);
        while let Some(conn) = self.resumed.pop_front() {
            while !self.paused.contains(&conn)
                && let Some(came) = self.held.get_mut(&conn).and_then(VecDeque::pop_front)
            {
                match came {
                    Held::Bytes(bytes) => self.step(Input::Received(conn, &bytes)),
                    Held::Eof => self.step(Input::Eof(conn)),
                }
            }
        }
    }

    fn step(&mut self, input: Input<'_>) {
        self.hub.handle(self.now, input);
        while let Some(output) = self.hub.poll_output() {
            self.outcomes.note(self.now, output);
            match output {
                Output::Write(conn) => {
                    self.queued.insert(conn);
                }
                Output::PauseRead(conn) => {
                    self.paused.insert(conn);
                }
                Output::ResumeRead(conn) => {
                    self.paused.remove(&conn);
                    self.resumed.push_back(conn);
                }
                Output::Close(conn, _) => self.forget(conn),
                Output::Finish(_) => {}
            }
        }
    }

    fn hold(&mut self, conn: ConnId, came: Held) {
        self.held.entry(conn).or_default().push_back(came);
    }

    fn forget(&mut self, conn: ConnId) {
        self.paused.remove(&conn);
        self.held.remove(&conn);
        self.queued.remove(&conn);
    }
}

/// Whether nothing waits for `conn`.
fn is_idle(hub: &Hub, conn: ConnId) -> bool {
    hub.pending(conn).all(<[u8]>::is_empty)
}

fn report(recorded: &Outcomes, other: &Outcomes, out: &mut impl Write) -> io::Result<()> {
    let row = |name: &str, count: &dyn Fn(&Outcomes) -> u64| {
        format!("{name:<28}{:>10}{:>10}", count(recorded), count(other))
    };
    let outcomes = |of: &Outcomes, is: &dyn Fn(&Outcome) -> bool| {
        of.0.values().filter(|outcome| is(outcome)).count() as u64
    };
    writeln!(
        out,
        "{:<28}{:>10}{:>10}",
        "connections", "recorded", "what if"
    )?;
    writeln!(
        out,
        "{}",
        row("delayed", &|of| outcomes(of, &|outcome| outcome.pauses > 0))
    )?;
    writeln!(
        out,
        "{}",
        row("  times", &|of| {
            of.0.values().map(|outcome| u64::from(outcome.pauses)).sum()
        })
    )?;
    writeln!(
        out,
        "{}",
        row("refused", &|of| outcomes(of, &Outcome::is_refused))
    )?;
    writeln!(
        out,
        "{}",
        row("closed", &|of| outcomes(of, &|outcome| outcome
            .closed
            .is_some()))
    )?;
    for reason in CloseReason::ALL {
        let closed = |outcome: &Outcome| outcome.closed.is_some_and(|(_, other)| other == reason);
        let count = |of: &Outcomes| outcomes(of, &closed);
        if count(recorded) + count(other) > 0 {
            writeln!(out, "{}", row(&format!("  {reason}"), &count))?;
        }
    }
    let mut differs = false;
    for (conn, outcome) in &other.0 {
        let before = recorded.0.get(conn).cloned().unwrap_or_default();
        if outcome.pauses == before.pauses
            && outcome.closed.map(|(_, reason)| reason) == before.closed.map(|(_, reason)| reason)
        {
            continue;
        }
        if !differs {
            writeln!(out)?;
        }
        differs = true;
        let name = outcome.username.as_ref().or(before.username.as_ref());
        let name = name.map(|name| format!(" {name}")).unwrap_or_default();
        let (is, was) = (outcome.in_words(), before.in_words());
        let line = format!("#{}{name}: {is} (recorded: {was})", conn.0);
        writeln!(out, "{}", sanitise(&line))?;
    }
    if !differs {
        writeln!(
            out,
            "\nNobody would have been delayed, refused or closed otherwise."
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use chatmaster_tests::story::{RecordedHub, login, message, story};

    fn printed(hub: &RecordedHub, config: &Config) -> Vec<String> {
        let mut out = Vec::new();
        let ending = print(&RecordingFiles::of(hub.bytes()), config, &mut out);
        assert_eq!(ending.expect("memory can be written"), Ending::Whole);
        let text = String::from_utf8(out).expect("text is printed");
        text.lines().map(str::to_owned).collect()
    }

    /// Alice logs in and says a dozen things, one in a tenth of a second; then she leaves.
    fn chatter() -> RecordedHub {
        let mut hub = RecordedHub::new(Config::default());
        hub.opens(1, Ipv4Addr::LOCALHOST);
        hub.plain(1, &login("alice"));
        hub.opens(2, Ipv4Addr::LOCALHOST);
        hub.plain(2, &login("bob"));
        for number in 0..12 {
            hub.after(100).plain(1, &message(&format!("{number}")));
        }
        hub.after(60_000).handle(Input::Eof(ConnId(1)));
        hub
    }

    #[test]
    fn the_same_limits_change_nothing() {
        let lines = printed(&story(), &Config::default());
        let expected = [
            "connections                   recorded   what if",
            "delayed                              0         0",
            "  times                              0         0",
            "refused                              0         0",
            "closed                               2         2",
            "  the peer left                      1         1",
            "  the server stops                   1         1",
            "",
            "Nobody would have been delayed, refused or closed otherwise.",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn whoever_says_too_much_would_have_been_delayed() {
        let config = Config {
            message_rate: 1,
            message_burst: 4,
            ..Config::default()
        };
        let lines = printed(&chatter(), &config);
        assert_eq!(lines[1], "delayed                              0         1");
        assert_eq!(
            lines.last().map(String::as_str),
            Some(
                "#1 alice: delayed 9 times, first at 0.400000 s; closed at 61.200000 s: the peer \
                 left (recorded: closed at 61.200000 s: the peer left)"
            )
        );
    }

    #[test]
    fn whoever_comes_too_late_would_have_been_refused() {
        let config = Config {
            max_connections: 1,
            ..Config::default()
        };
        let lines = printed(&chatter(), &config);
        assert_eq!(lines[3], "refused                              0         1");
        let last = lines.last().map(String::as_str);
        assert_eq!(
            last,
            Some(
                "#2 bob: closed at 5.000000 s: too many connections (recorded: neither delayed nor \
                 closed)"
            )
        );
    }

    #[test]
    fn who_would_have_to_log_in_sooner_is_closed_without_an_input_at_that_time() {
        let mut hub = RecordedHub::new(Config::default());
        hub.opens(1, Ipv4Addr::LOCALHOST);
        hub.after(20_000).plain(1, &login("alice"));
        let config = Config {
            login_timeout: std::time::Duration::from_secs(3),
            ..Config::default()
        };
        let lines = printed(&hub, &config);
        assert_eq!(
            lines.last().map(String::as_str),
            Some(
                "#1 alice: closed at 8.000000 s: no login in time (recorded: neither delayed nor \
                 closed)"
            )
        );
    }
}
