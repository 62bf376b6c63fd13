//! Who did and said what, where, and when: a line for each event.
//!
//! ```text
//!     12.000350  2026-11-24 12:00:12.000Z  #3 alice in dev: hello
//! ```
//!
//! The seconds since the start, the time on the wall, the connection, the user's name at that time,
//! and what happened. It is made of what the replayed hub sent; a message that nobody else was there
//! to hear, and so was not sent on, is made of what came in.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use chatmaster_core::recording::Record;
use chatmaster_core::wire::{Notification, ServerPackage};
use chatmaster_core::{ClientState, ConnId, Emission, Hub, Input, Output, Peer, Time};

use crate::replay::reading::asked::{Asked, LISTED, Request, is_about};
use crate::replay::reading::clock::Clock;
use crate::replay::reading::files::{Entry, RecordingFiles};
use crate::replay::reading::rerun::{Ending, Observer, connection, rerun, username};
use crate::replay::reading::roll::Roll;
use crate::text::sanitise;

/// Prints the transcript of `recording`.
pub(in crate::replay) fn print(
    recording: &RecordingFiles,
    out: &mut impl Write,
) -> io::Result<Ending> {
    let config = &recording.header().config;
    let mut transcript = Transcript {
        out,
        clock: Clock::new(recording.header().start),
        now: Time::ZERO,
        conn: None,
        alone: false,
        roll: Roll::default(),
        asked: Asked::new(config.max_package_bytes),
        open: BTreeSet::new(),
        rooms: BTreeMap::new(),
    };
    let rerun = rerun(recording, &mut transcript)?;
    transcript.nobody_heard()?;
    Ok(rerun.ending)
}

struct Transcript<'a, W> {
    out: &'a mut W,
    clock: Clock,
    /// The time of the last input.
    now: Time,
    /// The connection of the last input.
    conn: Option<ConnId>,
    /// Whether all that came from it was dealt with then, and nobody else was in its room.
    alone: bool,
    roll: Roll,
    asked: Asked,
    /// The connections that were opened and not closed.
    open: BTreeSet<ConnId>,
    /// The room that each user is in.
    rooms: BTreeMap<ConnId, String>,
}

impl<W: Write> Observer for Transcript<'_, W> {
    fn after(&mut self, hub: &Hub, now: Time, entry: &Entry<'_>) -> io::Result<()> {
        match &entry.record {
            Record::Input(_, input) => {
                // All that the input before was answered with has been seen.
                self.nobody_heard()?;
                self.roll.next_input();
                self.now = now;
                self.conn = connection(input);
                self.input(input)?;
                self.alone = self
                    .conn
                    .is_some_and(|conn| self.asked.has_message(conn) && is_alone(hub, conn));
                Ok(())
            }
            Record::Emission(emission) => match ServerPackage::parse(&emission.text) {
                Ok(package) => self.sent(hub, emission, &package),
                Err(_) => Ok(()),
            },
            Record::Drained(outputs) => outputs.iter().try_for_each(|output| match *output {
                Output::Close(conn, reason) => {
                    self.nobody_heard()?;
                    self.closed(conn, &format!("disconnected: {reason}"))
                }
                _ => Ok(()),
            }),
        }
    }
}

impl<W: Write> Transcript<'_, W> {
    fn input(&mut self, input: &Input<'_>) -> io::Result<()> {
        match *input {
            Input::Opened(conn, Peer(address)) => {
                self.open.insert(conn);
                self.line(conn, &format!("connects from {address}"))
            }
            Input::Received(conn, bytes) => {
                self.asked.receive(conn, bytes, |_| {});
                Ok(())
            }
            Input::Closed(conn) if self.open.contains(&conn) => {
                self.closed(conn, "disconnected: the connection broke")
            }
            Input::Shutdown => {
                let stamp = self.clock.stamp(self.now);
                writeln!(self.out, "{stamp}  the server stops")
            }
            Input::Eof(_) | Input::Sent(..) | Input::Closed(_) | Input::Tick => Ok(()),
        }
    }

    fn sent(
        &mut self,
        hub: &Hub,
        emission: &Emission,
        package: &ServerPackage<'_>,
    ) -> io::Result<()> {
        // A rename is told by the old name.
        if let ServerPackage::Notification(Notification::UserRename {
            old_username,
            new_username,
            ..
        }) = package
        {
            let conn = self.roll.conn(old_username);
            self.before(conn, |request| is_about(request, "rename"))?;
            if let Some(conn) = conn {
                self.line(conn, &format!("is {new_username} now"))?;
            }
        }
        let Some(conn) = self.roll.take(hub, self.conn, emission, package) else {
            return Ok(());
        };
        match package {
            ServerPackage::Message { message, .. } => {
                let is_it = |request: &Request| *request == Request::Message(message.to_string());
                self.before(Some(conn), is_it)?;
                self.says(conn, message, "")
            }
            ServerPackage::Session(status) => {
                self.before(Some(conn), |request| is_about(request, "login"))?;
                match (status.status, &status.reason) {
                    (true, _) => self.line(conn, "logs in"),
                    (false, Some(reason)) => self.line(conn, &format!("is not let in: {reason}")),
                    (false, None) => self.line(conn, "is not let in"),
                }
            }
            ServerPackage::Notification(Notification::UserJoined { channel, .. }) => {
                self.before(Some(conn), |request| {
                    is_about(request, "join") || is_about(request, "leave")
                })?;
                let channel = channel.as_deref().unwrap_or_default();
                // Nobody who stays is told, if nobody stays.
                if let Some(room) = self.rooms.remove(&conn) {
                    self.line(conn, &format!("leaves {room}"))?;
                }
                self.rooms.insert(conn, channel.to_owned());
                self.line(conn, &format!("joins {channel}"))
            }
            ServerPackage::Notification(Notification::UserLeft { channel, .. }) => {
                // Who was thrown out may have had more to say, which was never taken.
                if username(hub, conn).is_some() {
                    self.unheard_before_leaving(conn)?;
                }
                self.rooms.remove(&conn);
                let channel = channel.as_deref().unwrap_or_default();
                self.line(conn, &format!("leaves {channel}"))
            }
            ServerPackage::Notification(Notification::ChannelList { .. }) => {
                let answered = self.before(Some(conn), |request| {
                    LISTED
                        .iter()
                        .any(|command| is_about(request, command.name()))
                })?;
                let room = self.rooms.get(&conn).cloned().unwrap_or_default();
                match answered {
                    Some(Request::Other(name)) if name == "private" => {
                        self.line(conn, &format!("hides {room}"))
                    }
                    Some(Request::Other(name)) if name == "public" => {
                        self.line(conn, &format!("shows {room}"))
                    }
                    _ => Ok(()),
                }
            }
            ServerPackage::Notification(Notification::UserList { .. }) => {
                self.before(Some(conn), |request| is_about(request, "users"))?;
                Ok(())
            }
            ServerPackage::Error {
                error_type,
                message,
            } => {
                self.before(Some(conn), |request| is_about(request, error_type))?;
                self.line(conn, &format!("error: {error_type}: {message}"))
            }
            ServerPackage::Notification(_) | ServerPackage::Request { .. } => Ok(()),
        }
    }

    /// Takes what an answer to `conn` answers; what was said before it and had no answer, nobody
    /// heard.
    fn before(
        &mut self,
        conn: Option<ConnId>,
        answered: impl Fn(&Request) -> bool,
    ) -> io::Result<Option<Request>> {
        let Some(conn) = conn else { return Ok(None) };
        let Some((unheard, request)) = self.asked.answer(conn, answered) else {
            return Ok(None);
        };
        for text in unheard {
            self.says(conn, &text, " (to nobody)")?;
        }
        Ok(Some(request))
    }

    /// What the connection of the last input said and nobody was there to hear.
    fn nobody_heard(&mut self) -> io::Result<()> {
        let Some(conn) = self.conn else { return Ok(()) };
        while self.alone
            && let Some(Request::Message(_)) = self.asked.first(conn)
            && let Some(Request::Message(text)) = self.asked.pop(conn)
        {
            self.says(conn, &text, " (to nobody)")?;
        }
        Ok(())
    }

    /// What was said in a room before it is left was said there.
    fn unheard_before_leaving(&mut self, conn: ConnId) -> io::Result<()> {
        while let Some(Request::Message(_)) = self.asked.first(conn)
            && let Some(Request::Message(text)) = self.asked.pop(conn)
        {
            self.says(conn, &text, " (to nobody)")?;
        }
        Ok(())
    }

    fn says(&mut self, conn: ConnId, text: &str, aside: &str) -> io::Result<()> {
        let room = self.rooms.get(&conn).map_or("", String::as_str);
        let line = format!("in {room}{aside}: {text}");
        self.line(conn, &line)
    }

    fn closed(&mut self, conn: ConnId, what: &str) -> io::Result<()> {
        self.line(conn, what)?;
        self.open.remove(&conn);
        self.rooms.remove(&conn);
        self.roll.close(conn);
        self.asked.close(conn);
        Ok(())
    }

    fn line(&mut self, conn: ConnId, what: &str) -> io::Result<()> {
        let stamp = self.clock.stamp(self.now);
        let ConnId(id) = conn;
        let name = self.roll.name(conn).map(|name| format!(" {name}"));
        let name = name.unwrap_or_default();
        let line = sanitise(&format!("#{id}{name} {what}"));
        writeln!(self.out, "{stamp}  {line}")
    }
}

/// Whether all that came from `conn` was dealt with, and nobody else is in its room.
fn is_alone(hub: &Hub, conn: ConnId) -> bool {
    let Some(client) = hub.client(conn) else {
        return false;
    };
    let ClientState::User { channel, .. } = client.state else {
        return false;
    };
    client.backlog == 0
        && hub
            .rooms()
            .find(|room| room.channel == channel)
            .is_some_and(|room| room.members.len() == 1)
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
