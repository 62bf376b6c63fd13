//! Small worlds, all of them: every interleaving of two or three clients' short sequences of deeds is
//! played on a hub, and what each client hears is compared with the reference model. Nothing is left
//! out: no two interleavings are taken for the same.
//!
//! Each world is a hub of its own, from its first connection. Where sequences share a beginning, the
//! model is not asked twice.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Instant;

use chatmaster_core::testing::ClientId;
use chatmaster_core::{ConnId, Hub, Input, Output, Peer, Start, Time};
use chatmaster_tests::history::{Ask, Event, parse, unhurried};
use chatmaster_tests::model::Model;
use serde_json::Value;

/// One thing that a player does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Connect,
    Login(&'static str),
    Rename(&'static str),
    Join(&'static str),
    Leave,
    Private,
    Public,
    Channels,
    Users,
    Say,
    /// Goes for good.
    Go,
}

use Deed::{Channels, Connect, Go, Join, Leave, Login, Private, Public, Rename, Say, Users};

/// Names that players fight over, and one that looks like the first of them.
const TWIN: &str = "carol";
const LOOKS_LIKE_ALICE: &str = "aIice";

#[test]
fn two_users_each_doing_any_two_things_in_any_order() {
    let deeds = [
        Join("den"),
        Leave,
        Private,
        Public,
        Rename(TWIN),
        Users,
        Channels,
        Say,
    ];
    let mut worlds = Worlds::new(&[login("alice"), login("bob")]);
    let mut sequences = Vec::new();
    for first in deeds {
        sequences.extend(deeds.into_iter().chain([Go]).map(|second| [first, second]));
    }
    for one in &sequences {
        for other in &sequences {
            worlds.explore(&[one, other]);
        }
    }
    worlds.report(
        "two users, two of 8 deeds each, or one and gone",
        8 * 9 * 8 * 9 * 6,
    );
}

#[test]
fn a_host_a_guest_and_a_third_racing_for_a_private_room() {
    let mut worlds = Worlds::new(&[login("alice"), login("bob"), login("dave")]);
    let hosts = [Go, Leave, Public, Join("lair")].map(|last| [Join("den"), Private, last]);
    let guests = [
        [Join("den"), Say, Go],
        [Join("den"), Private, Leave],
        [Join("DEN"), Users, Rename(TWIN)],
    ];
    let thirds = [
        [Join("den"), Leave, Channels],
        [Rename(TWIN), Join("den"), Public],
    ];
    for host in &hosts {
        for guest in &guests {
            for third in &thirds {
                worlds.explore(&[host, guest, third]);
            }
        }
    }
    worlds.report(
        "a host, a guest and a third, three deeds each",
        4 * 3 * 2 * 1680,
    );
}

#[test]
fn two_who_come_under_one_name_while_a_third_has_it_or_gives_it_up() {
    let mut worlds = Worlds::new(&[login("alice")]);
    let holders = [Go, Rename("bob"), Rename(LOOKS_LIKE_ALICE)].map(|last| [Join("den"), last]);
    let newcomers = ["alice", LOOKS_LIKE_ALICE].map(|name| {
        [
            [Connect, Login(name), Go],
            [Connect, Login(name), Say],
            [Connect, Login("bob"), Rename(name)],
        ]
    });
    for holder in &holders {
        for one in newcomers.as_flattened() {
            for other in newcomers.as_flattened() {
                worlds.explore(&[holder, one, other]);
            }
        }
    }
    worlds.report("a holder of a name and two newcomers", 3 * 6 * 6 * 560);
}

fn login(name: &'static str) -> Vec<Deed> {
    vec![Connect, Login(name)]
}

/// Explores worlds that begin alike, and counts them.
struct Worlds {
    /// What has happened already, by player; one player after the other.
    beginning: Vec<(usize, Deed)>,
    count: usize,
    began: Instant,
    /// The packages there are, by their text: few are ever new.
    parsed: BTreeMap<Vec<u8>, Value>,
}

impl Worlds {
    fn new(beginnings: &[Vec<Deed>]) -> Self {
        let by_player = beginnings.iter().enumerate();
        let beginning =
            by_player.flat_map(|(player, deeds)| deeds.iter().map(move |deed| (player, *deed)));
        Worlds {
            beginning: beginning.collect(),
            count: 0,
            began: Instant::now(),
            parsed: BTreeMap::new(),
        }
    }

    /// Every order in which these sequences can be done, one for each player.
    fn explore(&mut self, sequences: &[&[Deed]]) {
        let mut story = Story {
            model: Model::default(),
            events: Vec::new(),
            clients: BTreeMap::new(),
        };
        for (player, deed) in self.beginning.clone() {
            story = story.and_then(player, deed);
        }
        self.go_on(&story, sequences);
    }

    fn go_on(&mut self, story: &Story, rest: &[&[Deed]]) {
        if rest.iter().all(|deeds| deeds.is_empty()) {
            return self.end(story);
        }
        for (player, deeds) in rest.iter().enumerate() {
            if let Some((next, later)) = deeds.split_first() {
                let mut rest = rest.to_vec();
                rest[player] = later;
                self.go_on(&story.and_then(player, *next), &rest);
            }
        }
    }

    /// Plays the story on a hub, and compares what everybody hears.
    fn end(&mut self, story: &Story) {
        self.count += 1;
        let heard = play(&story.events);
        for (client, heard) in heard.iter().enumerate() {
            let mut expected = story.model.heard(client);
            for line in heard.split_inclusive(|byte| *byte == b'\n') {
                if !self.parsed.contains_key(line) {
                    let text = str::from_utf8(line).expect("a package is UTF-8");
                    self.parsed.insert(line.into(), parse(text));
                }
                let (heard, expected) = (&self.parsed[line], expected.next());
                assert_eq!(
                    Some(heard),
                    expected,
                    "client {client} in {:#?}",
                    story.events
                );
            }
            assert_eq!(
                expected.next(),
                None,
                "client {client} in {:#?}",
                story.events
            );
        }
    }

    fn report(&self, what: &str, expected: usize) {
        let took = self.began.elapsed().as_secs_f32();
        println!("{what}: {} worlds in {took:.1} s", self.count);
        assert_eq!(self.count, expected, "every interleaving was played");
    }
}

/// What has happened so far, and what the model says of it.
#[derive(Clone)]
struct Story {
    model: Model,
    events: Vec<Event>,
    /// The players' connections, in the order of connecting.
    clients: BTreeMap<usize, ClientId>,
}

impl Story {
    fn and_then(&self, player: usize, deed: Deed) -> Story {
        let mut story = self.clone();
        if deed == Connect {
            story.clients.insert(player, self.clients.len());
        }
        let event = event(story.clients[&player], deed);
        story.model.take(&event);
        story.events.push(event);
        story
    }
}

fn event(client: ClientId, deed: Deed) -> Event {
    let ask = match deed {
        Connect => return Event::Connect(client),
        Go => return Event::Leave(client),
        Login(name) => Ask::Login(name.into()),
        Rename(name) => Ask::Rename(name.into()),
        Join(room) => Ask::Join(room.into()),
        Leave => Ask::Leave,
        Private => Ask::Private,
        Public => Ask::Public,
        Channels => Ask::Channels,
        Users => Ask::Users,
        Say => Ask::Say("hello".into()),
    };
    Event::Ask(client, ask)
}

/// What each client of a hub of its own hears, as lines of JSON.
fn play(events: &[Event]) -> Vec<Vec<u8>> {
    let mut hub = Hub::new(unhurried(), Start::default());
    let mut heard: Vec<Vec<u8>> = Vec::new();
    for event in events {
        let id = id(event.client());
        match event {
            Event::Connect(_) => {
                heard.push(Vec::new());
                hub.handle(
                    Time::ZERO,
                    Input::Opened(id, Peer(Ipv4Addr::LOCALHOST.into())),
                );
            }
            Event::Ask(_, ask) => {
                hub.handle(Time::ZERO, Input::Received(id, ask.text().as_bytes()));
            }
            Event::Leave(_) => hub.handle(Time::ZERO, Input::Closed(id)),
            Event::HangUp(_) | Event::Wait => unreachable!("nobody does that here"),
        }
        while let Some(output) = hub.poll_output() {
            if let Output::Write(id) = output {
                let heard = &mut heard[id.0 as usize - 1];
                let before = heard.len();
                hub.pending(id)
                    .for_each(|slice| heard.extend_from_slice(slice));
                let sent = (heard.len() - before) as u32;
                hub.handle(Time::ZERO, Input::Sent(id, sent));
            }
        }
    }
    hub.check_invariants();
    heard
}

fn id(client: ClientId) -> ConnId {
    ConnId(client as u64 + 1)
}
