//! What one user saw and said, and nothing else: as lines, as JSON, or played back on a terminal.
//!
//! Lists of rooms and of members are left out: clients ask for them all the time by themselves, which
//! cannot be told from their users.
//!
//! A line has the times of a transcript before what the line client prints; an object has `time` (in
//! seconds since the start, a number) and `connection` (its identifier, a number) before the
//! attributes that the line client's `--json` prints, and `me` (true) behind those of a message that the
//! user said.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use chatmaster_core::session::{Event, Listing, Update};
use chatmaster_core::{ConnId, Time};
use serde::Serialize;
use serde_json::value::RawValue;

use super::client_view::{ViewEvent, ViewEventKind, connections_of, look};
use super::json::seconds;
use crate::client::line::{json, print};
use crate::error::CliError;
use crate::replay::ReplayError;
use crate::replay::reading::clock::Clock;
use crate::replay::reading::files::RecordingFiles;
use crate::replay::reading::rerun::Ending;
use crate::text::sanitise;

/// Shows what the user `name` saw and said.
pub(in crate::replay) fn show(
    recording: &RecordingFiles,
    name: &str,
    as_json: bool,
    out: &mut impl Write,
) -> Result<Ending, ReplayError> {
    let conns = connections(recording, name)?;
    let clock = Clock::new(recording.header().start);
    let mut names = BTreeMap::new();
    let rerun = look(recording, &conns, |seen| {
        let (time, conn) = (seen.time, seen.conn);
        let said = matches!(seen.what, ViewEventKind::Said(_));
        match shown(&mut names, seen) {
            Some(event) if as_json => write_json(out, time, conn, event, said),
            Some(event) => write_line(out, clock, time, &event),
            None => Ok(()),
        }
    })?;
    Ok(rerun.ending)
}

/// The event to show for what was seen or said, if any; `names` are those that the user has.
fn shown(names: &mut BTreeMap<ConnId, String>, seen: ViewEvent) -> Option<Event> {
    match seen.what {
        ViewEventKind::Said(message) => {
            // What comes before a login nobody said.
            let username = names.get(&seen.conn)?.clone();
            Some(Event::message(username, message))
        }
        ViewEventKind::Event(event) => {
            match &event {
                Event::LoggedIn { username: name, .. }
                | Event::Renamed {
                    new_username: name,
                    me: true,
                    ..
                } => drop(names.insert(seen.conn, name.clone())),
                Event::Users { .. }
                | Event::Channels {
                    answers: Listing::Channels,
                    ..
                } => return None,
                _ => {}
            }
            Some(event)
        }
    }
}

/// The connections of the user `name`.
pub(in crate::replay) fn connections(
    recording: &RecordingFiles,
    name: &str,
) -> Result<BTreeSet<ConnId>, ReplayError> {
    connections_of(recording, name)?.map_err(|others| {
        let others: Vec<_> = others.into_iter().take(MAX_NAMES).collect();
        let hint = match &others[..] {
            [] => "Nobody did.".into(),
            others => format!("These did: {}.", others.join(", ")),
        };
        ReplayError::Cli(CliError::Failed(format!(
            "nobody logged in as {name}. {hint}"
        )))
    })
}

/// How many names are listed when one is not found.
const MAX_NAMES: usize = 20;

fn write_line(out: &mut impl Write, clock: Clock, time: Time, event: &Event) -> io::Result<()> {
    match print::line(event, "") {
        Some(line) => writeln!(out, "{}  {}", clock.stamp(time), sanitise(&line)),
        None => Ok(()),
    }
}

fn write_json(
    out: &mut impl Write,
    time: Time,
    conn: ConnId,
    event: Event,
    said: bool,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        time: &'a RawValue,
        connection: u64,
        #[serde(flatten)]
        event: json::Object<'a>,
        /// Of a message that the user said.
        #[serde(skip_serializing_if = "Option::is_none")]
        me: Option<bool>,
    }
    // The client asks for it by itself, or is told by what comes next.
    if let Event::NameWanted { .. } = event {
        return Ok(());
    }
    let update = Update::Event(event);
    let Some(event) = json::object(&update) else {
        return Ok(());
    };
    let line = Line {
        time: &seconds(time),
        connection: conn.0,
        event,
        me: said.then_some(true),
    };
    json::write_line(out, &line)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use chatmaster_core::{Config, Input};

    use super::*;
    use chatmaster_tests::story::{RecordedHub, login, message, rename, story};

    fn seen_by(name: &str, as_json: bool) -> Vec<String> {
        let mut out = Vec::new();
        let shown = show(
            &RecordingFiles::of(story().bytes()),
            name,
            as_json,
            &mut out,
        );
        assert_eq!(shown.expect("there is such a user"), Ending::Whole);
        let text = String::from_utf8(out).expect("text is printed");
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn alice_sees_what_she_was_sent_and_nothing_of_the_private_room() {
        let lines = seen_by("Alice", false);
        assert_eq!(
            lines[0],
            "     0.200000  2026-11-18 11:06:40.200Z  * you are alice, in general; rooms: general"
        );
        let lines: Vec<_> = lines.iter().map(|line| &line[13 + 2 + 24 + 2..]).collect();
        let expected = [
            "* you are alice, in general; rooms: general",
            "* you joined general",
            "* bob joined general",
            "* carol joined general",
            "<alice> hello everyone",
            "* bob left general",
            "* carol left general",
            "! join: Channel is private.",
            "<alice> is anyone here?",
            "* you are now alicia",
            "* bob joined general",
            "<bob> back again",
            "! package: A package must be a JSON object or a zlib stream of them; neither starts with the byte 0x6e.",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_user_is_found_by_every_name_and_followed_through_all_rooms() {
        assert_eq!(seen_by("ALICIA", false), seen_by("alice", false));
        let carol: Vec<_> = seen_by("carol", false);
        let carol: Vec<_> = carol.iter().map(|line| &line[13 + 2 + 24 + 2..]).collect();
        let expected = [
            "* you are carol, in general; rooms: general",
            "* you joined general",
            "<alice> hello everyone",
            "* bob left general",
            "* you joined lair",
            "<bob> the secret plan",
            "<carol> understood ␛[1m",
            "* bob left lair",
            "* the room is public now; rooms: general, lair",
        ];
        assert_eq!(carol, expected);
    }

    #[test]
    fn a_package_is_seen_when_its_last_byte_was_handed_over() {
        let mut hub = RecordedHub::new(Config::default());
        let s = &mut hub;
        s.opens(1, Ipv4Addr::LOCALHOST);
        s.plain(1, &login("alice"));
        s.opens(2, Ipv4Addr::LOCALHOST);
        s.plain(2, &login("bob"));
        // Her peer takes all of it but the last byte, and that one never.
        s.after(1000);
        let input = message("psst");
        let input = Input::Received(ConnId(2), input.as_bytes());
        s.recorder.handle(&mut s.hub, s.now, input);
        let pending: usize = s.hub.pending(ConnId(1)).map(<[u8]>::len).sum();
        let most = u32::try_from(pending).expect("it is short") - 2;
        s.recorder
            .handle(&mut s.hub, s.now, Input::Sent(ConnId(1), most));
        let seen = |hub: &RecordedHub| {
            let mut out = Vec::new();
            show(&RecordingFiles::of(hub.bytes()), "alice", false, &mut out).expect("she is there");
            String::from_utf8(out).expect("text is printed")
        };
        assert!(!seen(&hub).contains("psst"));
        let s = hub.after(1000);
        s.recorder
            .handle(&mut s.hub, s.now, Input::Sent(ConnId(1), 2));
        let seen = seen(&hub);
        let last = seen.lines().last();
        assert_eq!(
            last,
            Some("     2.000000  2026-11-18 11:06:42.000Z  <bob> psst")
        );
    }

    #[test]
    fn objects_have_the_time_and_the_attributes_of_the_line_client() {
        let lines = seen_by("carol", true);
        assert_eq!(
            lines[2],
            r#"{"time":0.700000,"connection":3,"event":"message","username":"alice","message":"hello everyone"}"#
        );
        assert_eq!(
            lines.last().map(String::as_str),
            Some(
                r#"{"time":61.800000,"connection":3,"event":"ended","reason":"quit","message":"You left."}"#
            )
        );
    }

    #[test]
    fn what_a_client_asks_for_by_itself_is_not_shown() {
        let mut hub = RecordedHub::new(Config::default());
        let s = &mut hub;
        s.opens(1, Ipv4Addr::LOCALHOST);
        s.plain(1, &login("alice"));
        s.plain(1, &rename("carol"));
        // What the terminal client sends for a line, and before.
        for command in ["users", "channels"] {
            s.plain(1, &chatmaster_tests::story::command(command));
        }
        s.plain(1, &message("/me waves"));
        s.plain(1, &chatmaster_tests::story::command("channels"));
        for as_json in [false, true] {
            let mut out = Vec::new();
            let shown = show(&RecordingFiles::of(hub.bytes()), "alice", as_json, &mut out);
            shown.expect("she is there");
            let text = String::from_utf8(out).expect("text is printed");
            let lines: Vec<_> = text.lines().collect();
            assert_eq!(lines.len(), 4, "{text}");
            let waved = if as_json {
                r#""username":"carol","message":"/me waves","action":true,"me":true}"#
            } else {
                "* carol waves"
            };
            assert!(lines[3].ends_with(waved), "{text}");
        }
    }

    #[test]
    fn a_name_that_nobody_had_is_refused_with_those_there_were() {
        let shown = show(
            &RecordingFiles::of(story().bytes()),
            "dave",
            false,
            &mut Vec::new(),
        );
        let Err(ReplayError::Cli(CliError::Failed(why))) = shown else {
            panic!("{shown:?}");
        };
        assert_eq!(
            why,
            "nobody logged in as dave. These did: alice, alicia, bob, carol."
        );
    }
}
