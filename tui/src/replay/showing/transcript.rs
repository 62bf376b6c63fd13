//! Who did and said what, where, and when: a line for each event.
//!
//! ```text
//!     12.000350  2026-11-24 12:00:12.000Z  #3 alice in dev: hello
//! ```
//!
//! The seconds since the start, the time on the wall, the connection, the user's name at that time,
//! and what happened: the facts of the replayed hub.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chatmaster_core::names::Name;
use chatmaster_core::recording::Record;
use chatmaster_core::{ConnId, Departure, Fact, Hub, HubFact, HubWhat, Input, RoomId, Time, What};

use crate::replay::reading::clock::Clock;
use crate::replay::reading::files::{Entry, RecordingFiles};
use crate::replay::reading::rerun::{Ending, Observer, rerun};
use crate::text::sanitise;

/// Prints the transcript of `recording`.
pub(in crate::replay) fn print(
    recording: &RecordingFiles,
    out: &mut impl Write,
) -> io::Result<Ending> {
    let mut transcript = Transcript {
        out,
        clock: Clock::new(recording.header().start),
        names: BTreeMap::new(),
        members: BTreeMap::new(),
    };
    Ok(rerun(recording, &mut transcript)?.ending)
}

struct Transcript<'a, W> {
    out: &'a mut W,
    clock: Clock,
    /// The user of each connection, until it is closed.
    names: BTreeMap<ConnId, String>,
    /// How many users there are in each room.
    members: BTreeMap<RoomId, usize>,
}

impl<W: Write> Observer for Transcript<'_, W> {
    const FACTS: bool = true;

    fn after(&mut self, _: &Hub, now: Time, entry: &Entry<'_>) -> io::Result<()> {
        if let Record::Input(_, Input::Shutdown) = entry.record {
            let stamp = self.clock.stamp(now);
            writeln!(self.out, "{stamp}  the server stops")?;
        }
        Ok(())
    }

    fn fact(&mut self, HubFact { time, conn, what }: HubFact) -> io::Result<()> {
        let line = match &what {
            HubWhat::Connected(address) => format!("connects from {address}"),
            HubWhat::World(fact) => match self.world(conn, fact) {
                Some(line) => line,
                None => return Ok(()),
            },
            HubWhat::Refused { error_type, reason }
                if error_type == "login" && !self.names.contains_key(&conn) =>
            {
                format!("is not let in: {reason}")
            }
            HubWhat::Refused { error_type, reason } => format!("error: {error_type}: {reason}"),
            HubWhat::Closed(Some(reason)) => format!("disconnected: {reason}"),
            HubWhat::Closed(None) => "disconnected: the connection broke".into(),
            HubWhat::Resumed(username) => {
                self.names.insert(conn, username.as_str().into());
                "is back".into()
            }
            HubWhat::Listed(_) | HubWhat::Leaving(_) => return Ok(()),
        };
        // Whose connection broke may come back for a while; only then they leave.
        let name = self.names.get(&conn).map(String::as_str);
        let name = match &what {
            HubWhat::World(fact) => name.or(Some(fact.username.as_str())),
            _ => name,
        };
        let name = name.map(|name| format!(" {name}"));
        let (ConnId(id), name) = (conn, name.unwrap_or_default());
        let stamp = self.clock.stamp(time);
        let line = sanitise(&format!("#{id}{name} {line}"));
        match what {
            HubWhat::Closed(_) => drop(self.names.remove(&conn)),
            HubWhat::World(Fact {
                what: What::Renamed { .. },
                username,
                ..
            }) => drop(self.names.insert(conn, username.as_str().into())),
            _ => {}
        }
        writeln!(self.out, "{stamp}  {line}")
    }
}

impl<W> Transcript<'_, W> {
    /// What is told of a fact that is true for everyone, if anything is.
    fn world(&mut self, conn: ConnId, fact: &Fact<'_>) -> Option<String> {
        let (room, name) = (&fact.channel, fact.username.as_str());
        let members = self.members.entry(fact.room).or_default();
        Some(match &fact.what {
            What::LoggedIn => {
                self.names.insert(conn, name.into());
                "logs in".into()
            }
            What::Joined => {
                *members += 1;
                format!("joins {room}")
            }
            What::Left { why, .. } => {
                *members = members.saturating_sub(1);
                match why {
                    // There is nobody to notice.
                    Departure::Gone if *members == 0 => return None,
                    Departure::Kicked { .. } => format!("puts {name} out of {room}"),
                    _ => format!("leaves {room}"),
                }
            }
            What::Said(text) if *members < 2 => format!("in {room} (to nobody): {text}"),
            What::Said(text) => format!("in {room}: {text}"),
            What::Told { name, text, .. } => format!("to {name}: {text}"),
            What::Renamed { .. } => format!("is {name} now"),
            What::WentPrivate => format!("hides {room}"),
            What::WentPublic => format!("shows {room}"),
            What::Topic(text) => format!("says what {room} is about: {text}"),
            What::Invited { guest, may, .. } if *may => format!("invites {guest} to {room}"),
            What::Invited { guest, .. } => format!("invites {guest} to {room} no more"),
            What::Banned(whom) => format!("keeps {whom} out of {room}"),
            What::Unbanned(whom) => format!("lets {whom} into {room} again"),
            What::Muted { whom, muted: true } => format!("takes the word from {whom} in {room}"),
            What::Muted { whom, .. } => format!("gives {whom} the word in {room} again"),
            What::Owner(whom) => format!("gives {room} to {whom}"),
            What::Ignored {
                whom,
                ignored: true,
            } => format!("does not listen to {whom}"),
            What::Ignored { whom, .. } => format!("listens to {whom} again"),
            What::Switched | What::SaidBefore { .. } => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use chatmaster_tests::story::{RecordedHub, login, message, story};

    #[test]
    fn what_was_said_to_nobody_is_told_though_the_connection_breaks_right_after_it() {
        let mut hub = RecordedHub::new(chatmaster_core::Config::default());
        hub.after(100).opens(1, Ipv4Addr::LOCALHOST);
        hub.after(100).plain(1, &login("alice"));
        hub.after(100).plain(1, &message("is anyone here?"));
        hub.after(100).handle(Input::Closed(ConnId(1)));
        let mut out = Vec::new();
        print(&RecordingFiles::of(hub.bytes()), &mut out).expect("memory can be written");
        let text = String::from_utf8(out).expect("text is printed");
        let told: Vec<_> = text.lines().map(|line| &line[13 + 2 + 24 + 2..]).collect();
        let expected = [
            "#1 connects from 127.0.0.1",
            "#1 alice logs in",
            "#1 alice joins general",
            "#1 alice in general (to nobody): is anyone here?",
            "#1 alice disconnected: the connection broke",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_story_is_told_line_by_line() {
        let mut out = Vec::new();
        let ending =
            print(&RecordingFiles::of(story().bytes()), &mut out).expect("memory can be written");
        assert_eq!(ending, Ending::Whole);
        let text = String::from_utf8(out).expect("text is printed");
        let told: Vec<_> = text.lines().map(|line| &line[..13 + 2 + 24]).collect();
        assert_eq!(told[0], "     0.100000  2026-11-18 11:06:40.100Z");
        let told: Vec<_> = text.lines().map(|line| &line[13 + 2 + 24 + 2..]).collect();
        let expected = [
            "#1 connects from 127.0.0.1",
            "#1 alice logs in",
            "#1 alice joins general",
            "#2 connects from 203.0.113.7",
            "#2 bob logs in",
            "#2 bob joins general",
            "#3 connects from ::1",
            "#3 carol logs in",
            "#3 carol joins general",
            "#1 alice in general: hello everyone",
            "#2 bob leaves general",
            "#2 bob joins lair",
            "#3 carol leaves general",
            "#3 carol joins lair",
            "#2 bob hides lair",
            "#2 bob in lair: the secret plan",
            "#3 carol in lair: understood ␛[1m",
            "#1 alice error: join: Channel is private.",
            "#1 alice in general (to nobody): is anyone here?",
            "#1 alice is alicia now",
            "#2 bob leaves lair",
            "#2 bob joins general",
            "#2 bob in general: back again",
            "#3 carol shows lair",
            "#3 carol disconnected: the peer left",
            "#1 alicia error: package: A package must be a JSON object or a zlib stream of them; neither starts with the byte 0x6e.",
            "#1 alicia leaves general",
            "#1 alicia disconnected: the connection broke",
            "the server stops",
            "#2 bob error: shutdown: The server is shutting down.",
            "#2 bob disconnected: the server stops",
        ];
        assert_eq!(told, expected);
    }
}
