//! The state at some time: who is connected, in which room, and what waits.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::IpAddr;
use std::ops::ControlFlow;

use chatmaster_core::recording::Record;
use chatmaster_core::{ClientState, ConnId, Hub, Input, Peer, Time};

use crate::replay::reading::clock::Clock;
use crate::replay::reading::files::{Entry, RecordingFiles};
use crate::replay::reading::rerun::{Ending, Observer, rerun};
use crate::text::sanitise;

/// Prints the state after all that was recorded up to `time`.
pub(in crate::replay) fn print(
    recording: &RecordingFiles,
    time: Time,
    out: &mut impl Write,
) -> io::Result<Ending> {
    let mut until = Until {
        time,
        addresses: BTreeMap::new(),
    };
    let rerun = rerun(recording, &mut until)?;
    if let Ending::Diverged(_) = rerun.ending {
        return Ok(rerun.ending);
    }
    let hub = rerun.replay.hub();
    let clock = Clock::new(recording.header().start);
    let records = rerun.replay.records();
    let last = rerun.time;
    writeln!(
        out,
        "at {time} s ({}), after {records} records, the last at {last} s",
        clock.wall(time)
    )?;
    connections(hub, &until.addresses, out)?;
    rooms(hub, out)?;
    Ok(rerun.ending)
}

struct Until {
    time: Time,
    /// Where the connections came from.
    addresses: BTreeMap<ConnId, IpAddr>,
}

impl Observer for Until {
    fn before(&mut self, _: &Hub, entry: &Entry<'_>) -> ControlFlow<()> {
        if let Record::Input(time, input) = entry.record {
            if time > self.time {
                return ControlFlow::Break(());
            }
            if let Input::Opened(conn, Peer(address)) = input {
                self.addresses.insert(conn, address);
            }
        }
        ControlFlow::Continue(())
    }
}

fn connections(
    hub: &Hub,
    addresses: &BTreeMap<ConnId, IpAddr>,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(out, "connections: {}", hub.connections())?;
    let (mut queued, mut backlog) = (0, 0);
    for client in hub.clients() {
        let ConnId(conn) = client.conn;
        let address = addresses[&client.conn];
        let state = match client.state {
            ClientState::LoggingIn => "not logged in".into(),
            ClientState::User { username, channel } => format!("{username} in {channel}"),
            ClientState::Closing(reason) => format!("being closed: {reason}"),
        };
        let state = sanitise(&state);
        let waits = match (client.queued, client.backlog) {
            (0, 0) => String::new(),
            (queued, backlog) => {
                format!(", {queued} bytes to send, {backlog} received and waiting")
            }
        };
        writeln!(out, "  #{conn} {state} ({address}){waits}")?;
        queued += client.queued;
        backlog += client.backlog;
    }
    writeln!(out, "waiting: {queued} bytes to send, {backlog} received")
}

fn rooms(hub: &Hub, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "rooms: {}", hub.rooms().count())?;
    for room in hub.rooms() {
        let name = |conn: ConnId| match hub.client(conn).map(|client| client.state) {
            Some(ClientState::User { username, .. }) => username.to_owned(),
            _ => format!("#{}", conn.0),
        };
        let members: Vec<_> = room.members.iter().copied().map(name).collect();
        let privacy = if room.private { ", private" } else { "" };
        let owner = room.owner.map(|owner| format!(", owner {}", name(owner)));
        let owner = owner.unwrap_or_default();
        let members = match &members[..] {
            [] => "nobody".into(),
            members => members.join(", "),
        };
        let line = format!("{}{privacy}{owner}: {members}", room.channel);
        writeln!(out, "  {}", sanitise(&line))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatmaster_tests::story::story;

    fn printed(micros: u64) -> Vec<String> {
        let recording = RecordingFiles::of(story().bytes());
        let mut out = Vec::new();
        let ending = print(&recording, Time::from_micros(micros), &mut out);
        assert_eq!(ending.expect("memory can be written"), Ending::Whole);
        let text = String::from_utf8(out).expect("text is printed");
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_state_in_the_middle_has_the_private_room_and_its_owner() {
        let lines = printed(1_100_000);
        assert!(
            lines[0].starts_with("at 1.100000 s (2026-11-18 11:06:41.100Z), after "),
            "{lines:?}"
        );
        let expected = [
            "connections: 3",
            "  #1 alice in general (127.0.0.1)",
            "  #2 bob in lair (203.0.113.7)",
            "  #3 carol in lair (::1)",
            "waiting: 0 bytes to send, 0 received",
            "rooms: 2",
            "  general: alice",
            "  lair, private, owner bob: bob, carol",
        ];
        assert_eq!(lines[1..], expected);
    }

    #[test]
    fn an_owner_who_leaves_has_an_heir() {
        let lines = printed(1_700_000);
        assert_eq!(
            lines.last().map(String::as_str),
            Some("  lair, private, owner carol: carol")
        );
        let before = printed(0);
        assert_eq!(
            before[1..],
            [
                "connections: 0",
                "waiting: 0 bytes to send, 0 received",
                "rooms: 1",
                "  general: nobody"
            ]
        );
    }
}
