//! The hub: told what may happen by an adapter that keeps the contract, and by a client that sends
//! whatever it likes.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use chatmaster_core::wire::{ClientPackage, Command, Version};
use chatmaster_core::{Config, ConnId, Encoding, Hub, Input, Peer, Start, Time};
use miniz_oxide::deflate::core::TDEFLFlush;

use super::host::Host;
use super::{bytes, choice, cut, deflated, pick, text};
use crate::memory;
use chatmaster_core::testing::packages::{command, login, message};
use chatmaster_core::testing::wire::Framing;

/// Connections that a run has at the same time.
const CONNS: u8 = 8;

/// What a hub has beside what it holds for its connections: a compressor, and buffers to spare.
const APART: usize = 640 * 1024;

/// Limits so tight that a short run reaches them.
fn tight(input: &mut Unstructured<'_>) -> Result<Config> {
    Ok(Config {
        encoding: pick(input, &Encoding::ALL)?,
        max_package_bytes: 1024,
        max_message_bytes: pick(input, &[100, 600])?,
        login_tries: 2,
        send_queue_bytes: 16 * 1024,
        total_queue_bytes: pick(input, &[16, 40, 1000])? * 1024,
        backlog_bytes: pick(input, &[1024, 4096])?,
        max_connections: 6,
        max_connections_per_address: 2,
        max_inflaters: pick(input, &[1, 2, 8])?,
        max_rooms: pick(input, &[1, 2, 4])?,
        message_rate: pick(input, &[0, 1, 10, 1000])?,
        message_burst: pick(input, &[1, 4])?,
        lag_pause: Duration::from_millis(pick(input, &[0, 2])?),
        announce_limit: pick(input, &[0, 2, 500])?,
        max_user_rooms: 2,
        max_room_list: 2,
        history_messages: 4,
        history_bytes: 2 * 1024,
        total_history_bytes: 4 * 1024,
        max_tags: 3,
        resume_window: Duration::from_secs(5),
        ..Config::default()
    })
}

/// Connections, packages, bytes, stalls, breaks and time in any order, in an adapter's turns.
pub fn hub_operations(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(config) = tight(&mut input) else {
        return;
    };
    let mut run = Run {
        host: Host::new(config),
        ids: [None; CONNS as usize],
        next_id: 1,
    };
    while run.operation(&mut input).is_ok() {}
    run.host.end();
}

struct Run {
    host: Host,
    /// The connections by the numbers that operations know them by.
    ids: [Option<ConnId>; CONNS as usize],
    next_id: u64,
}

impl Run {
    fn operation(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let operation = choice(input, 32)?;
        match operation {
            0..=3 => self.open(input)?,
            4..=15 => {
                let id = self.conn(input)?;
                let package = match operation {
                    12..=15 => newer_package(input, &self.host.tokens)?,
                    _ => package(input)?,
                };
                let times = pick(input, &[1, 1, 1, 2, 5, 40])?;
                self.host.say(id, &package, times);
            }
            16 | 17 => {
                let id = self.conn(input)?;
                self.host.send(id, bytes(input)?);
            }
            18 => {
                let id = self.conn(input)?;
                self.host.hang_up(id);
            }
            19 => {
                let id = self.conn(input)?;
                self.host.break_off(id);
            }
            20..=22 => {
                let id = self.conn(input)?;
                let room = pick(input, &[0, 0, 1, 100, 5000, usize::MAX, usize::MAX])?;
                self.host.set_room(id, room);
            }
            23..=26 => {
                let micros = pick(
                    input,
                    &[1, 100, 2000, 50_000, 1_000_000, 6_000_000, 31_000_000],
                )?;
                self.host.wait(Duration::from_micros(micros));
            }
            27 => self.host.read_bytes = pick(input, &[1, 7, 60, 500, 1024])?,
            28 => {
                let id = self.conn(input)?;
                self.host.read_paused(id);
            }
            29 => {
                let micros = pick(input, &[0, 1, 50, 3000, 200_000])?;
                self.host.delay = Duration::from_micros(micros);
            }
            30 if choice(input, 8)? == 0 => self.host.shut_down(),
            // Several things happen before the adapter's next turn.
            _ => {
                self.host.hold();
                return Ok(());
            }
        }
        self.host.turn();
        Ok(())
    }

    fn open(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let place = usize::from(choice(input, CONNS)?);
        let address = match choice(input, 4)? {
            0 => Ipv4Addr::LOCALHOST,
            host => Ipv4Addr::new(203, 0, 113, host),
        };
        let framing = pick(input, &Framing::ALL)?;
        if self.ids[place].is_none_or(|id| !self.host.is_open(id)) {
            let id = ConnId(self.next_id);
            self.next_id += 1;
            self.ids[place] = Some(id);
            self.host.open(id, IpAddr::V4(address), framing);
        }
        Ok(())
    }

    /// A connection; one that never was, if there is none in its place.
    fn conn(&self, input: &mut Unstructured<'_>) -> Result<ConnId> {
        let place = usize::from(choice(input, CONNS)?);
        Ok(self.ids[place].unwrap_or(ConnId(0)))
    }
}

/// A package of a client, nearly always one that can be read.
fn package(input: &mut Unstructured<'_>) -> Result<String> {
    let simple = |name: &str| format!(r#"{{"type":"command","data":{{"command":"{name}"}}}}"#);
    Ok(match choice(input, 16)? {
        0 | 1 => login(&name(input)?),
        2 => command("rename", "username", &name(input)?),
        3 | 4 => command("join", "channel", &name(input)?),
        5 => simple("leave"),
        6 => simple("private"),
        7 => simple("public"),
        8 => simple("channels"),
        9 => simple("users"),
        10 => simple(&text(input)?.replace(['"', '\\'], "")),
        11 => text(input)?,
        12 => message(&text(input)?),
        13 => message(&"\u{1}".repeat(usize::from(choice(input, 200)?))),
        _ => message(&"x".repeat(usize::from(choice(input, 200)?) * 6)),
    })
}

/// A package of version 2, under a tag or not, with one of these tokens where there is one.
fn newer_package(input: &mut Unstructured<'_>, tokens: &[String]) -> Result<String> {
    let choice_of = choice(input, 32)?;
    let who: Cow<'static, str> = name(input)?.into();
    let room: Cow<'static, str> = name(input)?.into();
    let channel = (choice(input, 3)? == 0).then(|| room.clone());
    let username = who.clone();
    let id = (choice(input, 2)? == 0).then_some(u64::from(choice(input, 60)?));
    let (before, after) = if choice_of < 16 {
        (id, None)
    } else {
        (None, id)
    };
    let command = match choice_of {
        0..=5 => {
            let resume = match tokens.len() {
                0 => None,
                len => Some(
                    tokens[usize::from(choice(input, 255)?) % len]
                        .clone()
                        .into(),
                ),
            };
            Command::Login {
                username,
                version: Version::Two,
                resume,
            }
        }
        6..=9 => Command::Join {
            channel: room,
            stay: choice(input, 4)? > 0,
        },
        10 => Command::Switch { channel: room },
        11 => Command::Leave { channel },
        12 => Command::Private { channel },
        13 => Command::Invite { username, channel },
        14 => Command::Uninvite { username, channel },
        15 | 16 => Command::History {
            channel,
            with: (choice(input, 3)? == 0).then_some(username),
            before,
            after,
            limit: id,
        },
        17 => Command::Topic {
            topic: text(input)?.into(),
            channel,
        },
        18 => Command::Kick {
            username,
            reason: Some(room),
            channel,
        },
        19 => Command::Ban {
            username,
            reason: None,
            channel,
        },
        20 => Command::Unban { username, channel },
        21 => Command::Bans { channel },
        22 => Command::Mute { username, channel },
        23 => Command::Unmute { username, channel },
        24 => Command::Owner { username, channel },
        25 => Command::Ignore { username },
        26 => Command::Ping {},
        27 => Command::Quit {},
        _ => {
            let package = ClientPackage::Message {
                message: text(input)?.into(),
                username: "".into(),
                to: (choice(input, 3)? == 0).then_some(username),
                channel,
            };
            return tagged(input, &package);
        }
    };
    tagged(input, &ClientPackage::Command(command))
}

fn tagged(input: &mut Unstructured<'_>, package: &ClientPackage<'_>) -> Result<String> {
    let tag = match choice(input, 6)? {
        0 | 1 => None,
        2 => Some("x".repeat(65)),
        tag => Some(tag.to_string()),
    };
    let mut text = Vec::new();
    package.write_tagged(tag.as_deref(), &mut text);
    Ok(String::from_utf8(text).expect("JSON is UTF-8"))
}

/// The login of one who speaks version 2.
fn newer_login(name: &str) -> String {
    let login = Command::Login {
        username: name.into(),
        version: Version::Two,
        resume: None,
    };
    let mut text = Vec::new();
    ClientPackage::Command(login).write(&mut text);
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// A name, of a few most of the time, so that they meet.
fn name(input: &mut Unstructured<'_>) -> Result<String> {
    const NAMES: [&str; 10] = [
        "a", "A", "\u{430}", "b", "c", "general", "", "d e", "e\u{301}", "\u{e9}",
    ];
    match choice(input, 16)? {
        at @ 0..10 => Ok(NAMES[usize::from(at)].into()),
        10 => Ok("n".repeat(usize::from(choice(input, 100)?))),
        _ => text(input),
    }
}

/// Any bytes from a client that somebody listens to: what comes of them does not depend on how they
/// come; and what is held for them is bounded.
pub fn hub_bytes(data: &[u8]) {
    let Some((&[choices, seed], payload)) = data.split_first_chunk() else {
        return;
    };
    let stream = match choices % 4 {
        0 | 1 => payload.to_vec(),
        2 => deflated(payload, TDEFLFlush::Finish),
        _ => deflated(payload, TDEFLFlush::Sync),
    };
    // Who listens speaks the one version or the other, and so does the client.
    let versions = [choices & 64 != 0, choices & 32 != 0];
    let whole = heard(versions, &[&stream]);
    let longest = [1, 3, 40, 1000][usize::from(choices / 4 % 4)];
    assert_eq!(whole, heard(versions, &cut(&stream, seed, longest)));
    hold(&stream);
    pass_by(choices, &stream);
}

/// What two others hear of one who is logged in and sends these pieces, and what that one does.
fn heard([listens, speaks]: [bool; 2], pieces: &[&[u8]]) -> Vec<String> {
    let config = Config {
        encoding: Encoding::Plain,
        message_rate: 0,
        backlog_bytes: 1 << 20,
        ..Config::default()
    };
    let mut hub = Hub::new(config, Start::default());
    let names = [
        ("watcher", false),
        ("listener", listens),
        ("client", speaks),
    ];
    let client = ConnId(names.len() as u64);
    for (id, (name, is_newer)) in (1..).map(ConnId).zip(names) {
        let peer = Peer(Ipv4Addr::LOCALHOST.into());
        hub.handle(Time::ZERO, Input::Opened(id, peer));
        let login = if is_newer {
            newer_login(name)
        } else {
            login(name)
        };
        hub.handle(Time::ZERO, Input::Received(id, login.as_bytes()));
    }
    for piece in pieces {
        hub.handle(Time::ZERO, Input::Received(client, piece));
        hub.check_invariants();
    }
    // However long the room waits for those who read nothing.
    for _ in 0..200 {
        let Some(due) = hub.poll_timeout() else { break };
        hub.handle(due, Input::Tick);
    }
    hub.check_invariants();
    (1..=client.0)
        .map(|id| hub.pending(ConnId(id)).collect::<Vec<_>>().concat())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}

/// Two who log in and two who do not send the same, and nobody reads.
fn hold(stream: &[u8]) {
    let config = Config {
        max_package_bytes: 4 * 1024,
        send_queue_bytes: 8 * 1024,
        total_queue_bytes: 16 * 1024,
        backlog_bytes: 4 * 1024,
        max_connections: 4,
        max_inflaters: 2,
        ..Config::default()
    };
    let bound = (config.memory_bound() + APART) as isize;
    let before = memory::live();
    let mut hub = Hub::new(config, Start::default());
    for id in 1..=4 {
        let peer = Peer(Ipv4Addr::LOCALHOST.into());
        hub.handle(Time::ZERO, Input::Opened(ConnId(id), peer));
        if id <= 2 {
            let name = format!("user-{id}");
            let login = if id == 1 {
                login(&name)
            } else {
                newer_login(&name)
            };
            hub.handle(Time::ZERO, Input::Received(ConnId(id), login.as_bytes()));
        }
        for piece in stream.chunks(4 * 1024) {
            hub.handle(Time::ZERO, Input::Received(ConnId(id), piece));
            hub.check_invariants();
            let held = memory::live() - before;
            assert!(held <= bound, "{held} bytes are held, of {bound}");
            while hub.poll_output().is_some() {}
        }
    }
}

/// The same bytes, through an adapter and with tight limits.
fn pass_by(choices: u8, stream: &[u8]) {
    let settings = [choices; 16];
    let Ok(config) = tight(&mut Unstructured::new(&settings)) else {
        return;
    };
    let mut host = Host::new(config);
    for id in [ConnId(1), ConnId(2)] {
        host.open(id, Ipv4Addr::LOCALHOST.into(), Framing::Plain);
        let name = format!("user-{}", id.0);
        host.say(
            id,
            &if choices & 32 == 0 {
                login(&name)
            } else {
                newer_login(&name)
            },
            1,
        );
        host.turn();
    }
    host.send(ConnId(2), stream);
    host.turn();
    host.wait(Duration::from_secs(1));
    host.end();
}
