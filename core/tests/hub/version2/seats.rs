//! A lost connection is not a lost place.

use std::time::Duration;

use chatmaster_core::testing::packages::{left, said};
use chatmaster_core::testing::{ClientId, Harness};
use chatmaster_core::{CloseReason, Config, Output};

use super::{attribute, command, got, log_in, newer, say, with, world};
use crate::{MS, SECOND};

fn login(name: &str, token: &str) -> String {
    let parameters = format!(r#""username":"{name}","version":2,"resume":"{token}""#);
    command("login", &parameters)
}

/// Connects anew with a token; what comes of it.
fn resume(world: &mut Harness, name: &str, token: &str) -> (ClientId, Vec<String>) {
    let client = world.connect();
    world.packages(client);
    world.send(client, login(name, token).as_bytes());
    (client, world.packages(client))
}

#[test]
fn who_comes_back_in_time_has_their_place_and_nobody_has_noticed() {
    let mut world = world();
    let old = world.log_in("old");
    let (alice, session) = log_in(&mut world, "alice");
    world.send(
        alice,
        command("join", r#""channel":"den","stay":true"#).as_bytes(),
    );
    world.send(alice, command("private", "").as_bytes());
    world.packages(old);
    world.close(alice);
    world.advance(59 * SECOND);
    world.send(old, say("meanwhile").as_bytes());
    assert_eq!(world.packages(old), [""; 0], "nobody has left");
    let (again, told) = resume(&mut world, "alice", &attribute(&session, "resume"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(r#""joined":["general","den"]"#),
        "{told:?}"
    );
    assert!(told[0].contains(r#""channel":"den""#), "{told:?}");
    assert!(told[0].contains(r#""username":"alice""#), "{told:?}");
    assert_eq!(world.packages(old), [""; 0], "nobody has come");
    // The room is still theirs, and they are heard and hear.
    world.send(again, command("public", "").as_bytes());
    assert!(got(&mut world, again)[0].contains("channel_list"));
    let aloud = r#"{"type":"message","data":{"message":"back","channel":"general"}}"#;
    world.send(again, aloud.as_bytes());
    assert_eq!(world.packages(old), [said("back", "alice")]);
    world.send(old, say("welcome").as_bytes());
    assert!(got(&mut world, again)[0].contains("welcome"));
    world.send(
        again,
        command("history", r#""channel":"general""#).as_bytes(),
    );
    assert!(got(&mut world, again)[0].contains("meanwhile"));
}

#[test]
fn after_the_window_the_place_is_lost() {
    let mut world = world();
    let old = world.log_in("old");
    let (alice, session) = log_in(&mut world, "alice");
    world.packages(old);
    world.close(alice);
    world.advance(60 * SECOND - MS);
    assert_eq!(world.packages(old), [""; 0]);
    world.advance(MS);
    assert_eq!(world.packages(old), [left("alice", "general")]);
    // The token counts as none, and the name is free.
    let (_, told) = resume(&mut world, "alice", &attribute(&session, "resume"));
    assert!(told[0].contains(r#""joined":["general"]"#), "{told:?}");
    assert!(told[1].contains("user_joined"), "{told:?}");
}

#[test]
fn the_seat_is_taken_from_a_connection_that_hangs() {
    let mut world = world();
    let old = world.log_in("old");
    let (alice, session) = log_in(&mut world, "alice");
    world.packages(old);
    world.stall(alice);
    let (again, told) = resume(&mut world, "alice", &attribute(&session, "resume"));
    assert!(told[0].contains(r#""resumed":true"#), "{told:?}");
    world.resume(alice);
    let last = got(&mut world, alice);
    assert!(last[0].contains(r#""error_type":"resumed""#), "{last:?}");
    world.hang_up(alice);
    let closed = Output::Close(chatmaster_core::testing::id(alice), CloseReason::Resumed);
    assert!(world.log.contains(&closed));
    assert_eq!(world.packages(old), [""; 0]);
    world.send(old, say("hi").as_bytes());
    assert_eq!(world.packages(again).len(), 1);
}

#[test]
fn a_token_counts_as_long_as_there_is_the_seat() {
    let mut world = world();
    let (mut alice, session) = log_in(&mut world, "alice");
    let token = attribute(&session, "resume");
    assert!(!session.contains("resumed"), "{session}");
    // As if the answer was lost with its connection each time.
    for _ in 0..3 {
        world.close(alice);
        let told;
        (alice, told) = resume(&mut world, "alice", &token);
        assert!(told[0].contains(r#""resumed":true"#), "{told:?}");
        assert_eq!(attribute(&told[0], "resume"), token);
    }
    world.send(alice, command("quit", "").as_bytes());
    let (_, told) = resume(&mut world, "alice", &token);
    assert!(told[0].contains(r#""status":true"#), "{told:?}");
    assert!(!told[0].contains("resumed"), "the seat was given up");
    assert_ne!(attribute(&told[0], "resume"), token);
}

#[test]
fn who_says_that_they_leave_leaves() {
    for leave in [
        |world: &mut Harness, client: ClientId| world.hang_up(client),
        |world: &mut Harness, client: ClientId| {
            world.send(client, command("quit", "").as_bytes());
        },
        |world: &mut Harness, client: ClientId| world.send(client, b"nonsense"),
    ] {
        let mut world = world();
        let old = world.log_in("old");
        let (alice, session) = log_in(&mut world, "alice");
        world.packages(old);
        leave(&mut world, alice);
        assert_eq!(world.packages(old), [left("alice", "general")]);
        let (_, told) = resume(&mut world, "alice", &attribute(&session, "resume"));
        assert!(told[1].contains("user_joined"), "{told:?}");
    }
}

#[test]
fn who_speaks_version_1_and_who_may_not_leaves_at_once() {
    let mut world = with(Config {
        resume_window: Duration::ZERO,
        ..Config::default()
    });
    let old = world.log_in("old");
    let (alice, session) = log_in(&mut world, "alice");
    assert!(!session.contains("resume"), "{session}");
    world.packages(old);
    world.close(alice);
    assert_eq!(world.packages(old), [left("alice", "general")]);
    let mut world = self::world();
    let (old, other) = (world.log_in("old"), world.log_in("other"));
    world.packages(old);
    world.close(other);
    assert_eq!(world.packages(old), [left("other", "general")]);
}

#[test]
fn a_slow_reader_that_is_closed_keeps_its_seat() {
    let mut world = with(Config {
        send_queue_bytes: 64 * 1024,
        lag_pause: Duration::ZERO,
        ..Config::default()
    });
    let old = world.log_in("old");
    let (alice, session) = log_in(&mut world, "alice");
    world.packages(old);
    world.stall(alice);
    let long = "x".repeat(4000);
    while !world
        .log
        .iter()
        .any(|output| matches!(output, Output::Close(..)))
    {
        world.send(old, say(&long).as_bytes());
    }
    assert_eq!(world.packages(old), [""; 0], "nobody has left");
    let (_, told) = resume(&mut world, "alice", &attribute(&session, "resume"));
    assert!(told[0].contains(r#""joined":["general"]"#), "{told:?}");
}

#[test]
fn tokens_are_from_the_seed_and_no_two_are_the_same() {
    let mut world = world();
    let (_, one) = log_in(&mut world, "one");
    let (_, two) = log_in(&mut world, "two");
    let (one, two) = (attribute(&one, "resume"), attribute(&two, "resume"));
    assert_ne!(one, two);
    assert_eq!(one.len(), 48);
    let mut again = self::world();
    let (_, session) = log_in(&mut again, "one");
    assert_eq!(attribute(&session, "resume"), one, "the same in every run");
    // What is nearly a token is none.
    let mut nearly = one.clone();
    let last = if nearly.ends_with('0') { "1" } else { "0" };
    nearly.replace_range(47.., last);
    for token in ["", "zz", &nearly, &one[..46], &format!("{one}00")] {
        let (client, told) = resume(&mut world, "one", token);
        assert!(told[0].contains("Username is already taken."), "{token}");
        world.close(client);
    }
}

#[test]
fn a_direct_message_to_who_is_away_is_found_in_the_history() {
    let mut world = world();
    let bob = newer(&mut world, "bob");
    let (alice, session) = log_in(&mut world, "alice");
    world.close(alice);
    let told = r#"{"type":"message","data":{"message":"psst","to":"alice"}}"#;
    world.send(bob, told.as_bytes());
    let (again, told) = resume(&mut world, "alice", &attribute(&session, "resume"));
    assert!(told[0].contains(r#""with":["bob"]"#), "{told:?}");
    world.send(again, command("history", r#""with":"bob""#).as_bytes());
    assert!(got(&mut world, again)[0].contains("psst"));
    // Who logs in anew shares nothing with anyone.
    let (_, session) = log_in(&mut world, "carol");
    assert!(!session.contains("with"), "{session}");
}

#[test]
fn a_stopping_server_keeps_no_seats() {
    let mut world = world();
    let (alice, _) = log_in(&mut world, "alice");
    world.handle(chatmaster_core::Input::Shutdown);
    world.close(alice);
    assert_eq!(world.hub.connections(), 0);
    assert_eq!(world.hub.poll_timeout(), None);
}

#[test]
fn facts_say_who_is_back_and_who_did_not_come_back() {
    let mut world = world();
    let (alice, session) = log_in(&mut world, "alice");
    let (bob, _) = log_in(&mut world, "bob");
    world.hub.keep_facts(true);
    world.close(bob);
    world.close(alice);
    let (again, _) = resume(&mut world, "alice", &attribute(&session, "resume"));
    world.advance(61 * SECOND);
    let facts: Vec<_> = std::iter::from_fn(|| world.hub.poll_fact()).collect();
    let of = |client| {
        let conn = chatmaster_core::testing::id(client);
        let of_conn = facts.iter().filter(move |fact| fact.conn == conn);
        of_conn
            .map(|fact| format!("{:?}", fact.what))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(alice), ["Closed(None)"]);
    assert!(
        of(again).contains(&r#"Resumed(Username("alice"))"#.to_owned()),
        "{:?}",
        of(again)
    );
    let gone = of(bob);
    assert_eq!(gone[0], "Closed(None)");
    assert!(
        gone[1].contains("Left") && gone[1].contains("Gone"),
        "{gone:?}"
    );
    assert_eq!(gone.len(), 2);
}

#[test]
fn as_many_seats_wait_as_there_may_be_connections_and_the_first_is_given_up() {
    let mut world = with(Config {
        max_connections: 2,
        ..Config::default()
    });
    let is_free = |world: &mut Harness, client, name: &str| {
        world.packages(client);
        let rename = command("rename", &format!(r#""username":"{name}""#));
        world.send(client, rename.as_bytes());
        world.packages(client)[0].contains("user_rename")
    };
    let [alice, bob] = ["alice", "bob"].map(|name| newer(&mut world, name));
    world.close(alice);
    world.advance(MS);
    world.close(bob);
    let carol = newer(&mut world, "carol");
    assert!(!is_free(&mut world, carol, "alice"));
    world.close(carol);
    let dave = newer(&mut world, "dave");
    assert!(!is_free(&mut world, dave, "bob"));
    assert!(is_free(&mut world, dave, "alice"));
}
