//! Small worlds of version 2 of the protocol, all of them: every interleaving of three clients' short
//! sequences of invitations, kicks, departures, and connections that break and are taken again is played
//! on a hub, and what each client hears is compared with the reference model.

use std::time::Instant;

use chatmaster_core::testing::ClientId;
use chatmaster_core::wire::{ClientPackage, Command, Version};
use chatmaster_tests::duel::Duel;
use chatmaster_tests::history::{Ask, Event};
use chatmaster_tests::model::Limits;

/// One thing that a player does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Goes into a room, and stays in the others.
    Enter(&'static str),
    Leave,
    Private,
    Invite(&'static str),
    Uninvite(&'static str),
    Kick(&'static str),
    Ban(&'static str),
    Mute(&'static str),
    Owner(&'static str),
    Rename(&'static str),
    /// Says something under a tag, always the same.
    Say,
    /// Tells someone alone.
    Tell(&'static str),
    History,
    /// The connection breaks.
    Break,
    /// Connects anew, whether the old connection broke or hangs, and takes the seat again.
    Return,
    /// Goes for good.
    HangUp,
    /// Those whose connections broke are gone.
    Wait,
}

use Deed::{
    Ban, Break, Enter, HangUp, History, Invite, Kick, Leave, Mute, Owner, Private, Rename, Return,
    Say, Tell, Uninvite, Wait,
};

const NAMES: [&str; 3] = ["alice", "bob", "carol"];

/// Plays every interleaving of these, one sequence for each player; how many there were.
fn explore(what: &str, sequences: &[[&[Deed]; 3]]) -> usize {
    let began = Instant::now();
    let mut count = 0;
    for sequences in sequences {
        go_on(*sequences, &mut Vec::new(), &mut count);
    }
    let took = began.elapsed().as_secs_f32();
    println!("{what}: {count} worlds in {took:.1} s");
    count
}

fn go_on(rest: [&[Deed]; 3], done: &mut Vec<(usize, Deed)>, count: &mut usize) {
    let mut is_over = true;
    for (player, deeds) in rest.iter().enumerate() {
        if let Some((next, later)) = deeds.split_first() {
            is_over = false;
            let mut rest = rest;
            rest[player] = later;
            done.push((player, *next));
            go_on(rest, done, count);
            done.pop();
        }
    }
    if is_over {
        *count += 1;
        play(done);
    }
}

/// Alice has a room of her own, and all three are in.
fn play(deeds: &[(usize, Deed)]) {
    let mut duel = Duel::new(Limits::default());
    let mut clients: Vec<ClientId> = vec![0, 1, 2];
    let mut events: Vec<Event> = (0..3)
        .flat_map(|player| come(player, player, None))
        .collect();
    let mut connected = 3;
    for &(player, deed) in [(0, Enter("den"))].iter().chain(deeds) {
        let client = clients[player];
        match deed {
            Return => {
                events.extend(come(player, connected, Some(player)));
                clients[player] = connected;
                connected += 1;
            }
            Break => events.push(Event::Leave(client)),
            HangUp => events.push(Event::HangUp(client)),
            Wait => events.push(Event::Wait),
            deed => events.push(Event::Ask(client, ask(deed))),
        }
    }
    for event in &events {
        if let Err(what) = duel.take(event) {
            panic!("{what}\nin {events:#?}");
        }
    }
}

/// Connects and logs in, with the token of the client of that number.
fn come(player: usize, client: ClientId, token: Option<ClientId>) -> [Event; 2] {
    let login = Command::Login {
        username: NAMES[player].into(),
        version: Version::Two,
        resume: token.map(|client| format!("token-{client}").into()),
    };
    let login = Ask::Package(Some("login".into()), ClientPackage::Command(login));
    [Event::Connect(client), Event::Ask(client, login)]
}

fn ask(deed: Deed) -> Ask {
    let channel = None;
    let command = match deed {
        Say | Tell(_) => {
            let package = ClientPackage::Message {
                message: "hello".into(),
                username: "".into(),
                channel: None,
                to: match deed {
                    Tell(to) => Some(to.into()),
                    _ => None,
                },
            };
            return Ask::Package(Some("hello".into()), package);
        }
        Enter(channel) => Command::Join {
            channel: channel.into(),
            stay: true,
        },
        Leave => Command::Leave { channel },
        Private => Command::Private { channel },
        Invite(name) => Command::Invite {
            username: name.into(),
            channel,
        },
        Uninvite(name) => Command::Uninvite {
            username: name.into(),
            channel,
        },
        Kick(name) => Command::Kick {
            username: name.into(),
            reason: None,
            channel,
        },
        Ban(name) => Command::Ban {
            username: name.into(),
            reason: None,
            channel,
        },
        Mute(name) => Command::Mute {
            username: name.into(),
            channel,
        },
        Owner(name) => Command::Owner {
            username: name.into(),
            channel,
        },
        Rename(name) => Command::Rename {
            username: name.into(),
        },
        History => Command::History {
            channel,
            with: None,
            before: None,
            after: None,
            limit: None,
        },
        Break | Return | HangUp | Wait => unreachable!("nobody asks for that"),
    };
    Ask::Package(None, ClientPackage::Command(command))
}

#[test]
fn a_host_who_invites_and_kicks_a_guest_who_comes_back_and_a_third_who_leaves() {
    let sequences = [
        [
            &[Private, Invite("bob"), Kick("bob")][..],
            &[Enter("den"), Break, Return],
            &[Enter("den"), Leave],
        ],
        [
            &[Private, Invite("bob"), Uninvite("bob")],
            &[Break, Return, Enter("den")],
            &[Enter("den"), Say],
        ],
        [
            &[Ban("bob"), Owner("carol")],
            &[Enter("den"), Return, Say],
            &[Enter("den"), Break, Return],
        ],
        [
            &[Mute("bob"), Kick("bob")],
            &[Enter("den"), Say, Return, Say],
            &[Enter("den"), History],
        ],
    ];
    let worlds = explore("a host, a guest and a third", &sequences);
    assert_eq!(
        worlds,
        560 + 560 + 560 + 420,
        "every interleaving was played"
    );
}

#[test]
fn an_owner_whose_connection_breaks_and_those_who_wait_for_the_room() {
    let sequences = [
        [
            &[Break, Return, Leave][..],
            &[Enter("den"), Kick("alice"), HangUp],
            &[Enter("den"), Private],
        ],
        [
            &[Private, Break, Wait],
            &[Enter("den"), Invite("carol")],
            &[Enter("den"), Break, Return],
        ],
        [
            &[Invite("bob"), Break, Return],
            &[Enter("den"), Rename("dave"), Break],
            &[Rename("bob"), Wait, Return],
        ],
    ];
    let worlds = explore("an owner who breaks off", &sequences);
    assert_eq!(worlds, 560 + 560 + 1680, "every interleaving was played");
}

#[test]
fn words_that_are_sent_again_while_connections_break_and_hang() {
    let sequences = [
        [
            &[Say, Break, Return, Say][..],
            &[Enter("den"), History],
            &[Enter("den"), Return, History],
        ],
        [
            &[Tell("bob"), Return, Tell("bob")],
            &[Break, Return],
            &[Rename("dave"), Tell("bob")],
        ],
    ];
    let worlds = explore("words that are sent again", &sequences);
    assert_eq!(worlds, 1260 + 210, "every interleaving was played");
}
