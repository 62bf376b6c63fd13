//! What is remembered of what was said.

use chatmaster_core::Config;

use super::{command, got, newer, say, with, world};

/// The texts of a history package's messages, and whether there are more.
fn texts(package: &str) -> (Vec<&str>, bool) {
    let texts = package.split(r#""message":""#).skip(1);
    let texts = texts.map(|rest| rest.split('"').next().unwrap()).collect();
    (texts, package.contains(r#""more":true"#))
}

fn ask(world: &mut chatmaster_core::testing::Harness, client: usize, parameters: &str) -> String {
    world.send(client, command("history", parameters).as_bytes());
    let mut got = got(world, client);
    assert_eq!(got.len(), 1, "{got:?}");
    got.remove(0)
}

#[test]
fn who_comes_later_can_read_what_was_said() {
    let mut world = world();
    let old = world.log_in("old");
    for text in ["one", "two", "three", "four"] {
        world.send(old, say(text).as_bytes());
    }
    let new = newer(&mut world, "new");
    world.packages(new);
    let all = ask(&mut world, new, "");
    assert!(
        all.starts_with(
            r#""event_type":"history","channel":"general","messages":[{"id":2,"time":0,"username":"old","message":"one""#
        ),
        "{all}"
    );
    assert_eq!(texts(&all), (vec!["one", "two", "three", "four"], false));
    let cases = [
        (r#""limit":2"#, vec!["three", "four"], true),
        (r#""limit":2,"before":4"#, vec!["one", "two"], false),
        (r#""limit":1,"before":4"#, vec!["two"], true),
        (r#""after":2,"limit":2"#, vec!["two", "three"], true),
        (r#""after":4"#, vec!["four"], false),
        (r#""after":5"#, vec![], false),
        (r#""before":2"#, vec![], false),
        (r#""limit":0"#, vec![], true),
    ];
    for (parameters, expected, more) in cases {
        let answer = ask(&mut world, new, parameters);
        assert_eq!(texts(&answer), (expected, more), "{parameters}");
    }
    let both = ask(&mut world, new, r#""before":4,"after":2"#);
    assert!(both.contains("not both"), "{both}");
}

#[test]
fn each_room_remembers_so_many_and_the_server_so_much() {
    let mut world = with(Config {
        history_messages: 3,
        ..Config::default()
    });
    let alice = newer(&mut world, "alice");
    world.packages(alice);
    for text in ["one", "two", "three", "four"] {
        world.send(alice, say(text).as_bytes());
    }
    assert_eq!(
        texts(&ask(&mut world, alice, "")),
        (vec!["two", "three", "four"], false)
    );
    // The oldest of all goes first, wherever it was said.
    let mut world = with(Config {
        total_history_bytes: 8 * 1024,
        ..Config::default()
    });
    let alice = newer(&mut world, "alice");
    world.packages(alice);
    world.send(alice, say("first").as_bytes());
    world.send(
        alice,
        command("join", r#""channel":"den","stay":true"#).as_bytes(),
    );
    let long = "x".repeat(2000);
    for _ in 0..4 {
        world.send(alice, say(&long).as_bytes());
    }
    world.packages(alice);
    let general = ask(&mut world, alice, r#""channel":"general""#);
    assert_eq!(texts(&general), (vec![], false));
    let den = ask(&mut world, alice, r#""channel":"den""#);
    assert_eq!(texts(&den).0.len(), 3);
}

#[test]
fn a_room_takes_its_history_along_and_a_user_what_they_said_alone() {
    let mut world = world();
    let (alice, bob) = (newer(&mut world, "alice"), newer(&mut world, "bob"));
    world.send(alice, command("join", r#""channel":"den""#).as_bytes());
    world.send(alice, say("secret").as_bytes());
    let told = r#"{"type":"message","data":{"message":"psst","to":"bob"}}"#;
    world.send(alice, told.as_bytes());
    world.packages(bob);
    let with_alice = ask(&mut world, bob, r#""with":"alice""#);
    assert!(with_alice.contains(r#""with":"alice""#), "{with_alice}");
    assert_eq!(texts(&with_alice).0, ["psst"]);
    world.packages(alice);
    assert_eq!(
        texts(&ask(&mut world, alice, r#""with":"bob""#)).0,
        ["psst"]
    );
    // The room is closed and made again, the name given up and taken again.
    world.send(alice, command("leave", "").as_bytes());
    world.send(alice, command("quit", "").as_bytes());
    let other = newer(&mut world, "alice");
    world.send(other, command("join", r#""channel":"den""#).as_bytes());
    world.packages(other);
    assert_eq!(texts(&ask(&mut world, other, "")).0, [""; 0]);
    world.packages(bob);
    assert_eq!(texts(&ask(&mut world, bob, r#""with":"alice""#)).0, [""; 0]);
    assert_eq!(texts(&ask(&mut world, other, r#""with":"bob""#)).0, [""; 0]);
}

#[test]
fn what_was_said_alone_is_forgotten_by_its_age_too() {
    let mut world = with(Config {
        total_history_bytes: 16 * 1024,
        ..Config::default()
    });
    let [alice, bob, carol, dave] =
        ["alice", "bob", "carol", "dave"].map(|name| newer(&mut world, name));
    let told = |name: &str, text: &str| {
        format!(r#"{{"type":"message","data":{{"message":"{text}","to":"{name}"}}}}"#)
    };
    let long = say(&"x".repeat(1500));
    world.send(alice, told("bob", "old").as_bytes());
    world.send(alice, told("dave", "old").as_bytes());
    world.send(alice, long.repeat(6).as_bytes());
    world.send(alice, told("carol", "new").as_bytes());
    world.send(alice, long.repeat(4).as_bytes());
    for (client, expected) in [(bob, vec![]), (dave, vec![]), (carol, vec!["new"])] {
        world.packages(client);
        let with_alice = ask(&mut world, client, r#""with":"alice""#);
        assert_eq!(texts(&with_alice).0, expected);
    }
}

#[test]
fn a_server_that_keeps_none_says_so() {
    let mut world = with(Config {
        history_messages: 0,
        ..Config::default()
    });
    let alice = newer(&mut world, "alice");
    world.packages(alice);
    world.send(alice, say("hi").as_bytes());
    assert!(ask(&mut world, alice, "").contains("This server keeps no history."));
}

#[test]
fn an_answer_is_no_longer_than_a_list() {
    let config = Config::default();
    let most = config.list_bytes();
    let mut world = with(Config {
        history_bytes: 1 << 20,
        ..config
    });
    let alice = newer(&mut world, "alice");
    world.packages(alice);
    let long = "x".repeat(4000);
    for _ in 0..100 {
        world.send(alice, say(&long).as_bytes());
    }
    let all = ask(&mut world, alice, r#""limit":200"#);
    assert!(all.len() <= most + 5000, "{} of {most}", all.len());
    assert!(all.ends_with(r#""more":true"#) || all.contains(r#""more":true"#));
    // What a message counts as is 128 bytes, and twice its text and its author's name.
    let count = most / 2048;
    let mut world = with(Config::default());
    let alice = newer(&mut world, "alice");
    let text = "x".repeat((2048 - 128) / 2 - "alice".len());
    world.send(alice, say(&text).repeat(count + 1).as_bytes());
    world.packages(alice);
    for (limit, more) in [(count, true), (count + 1, true)] {
        let some = ask(&mut world, alice, &format!(r#""limit":{limit}"#));
        let texts = texts(&some);
        assert_eq!((texts.0.len(), texts.1), (count, more));
    }
}

#[test]
fn a_long_answer_counts_as_the_work_it_is() {
    let mut world = chatmaster_core::testing::Harness::new(Config {
        history_bytes: 1 << 20,
        message_rate: 1000,
        message_burst: 1000,
        ..Config::default()
    });
    let alice = newer(&mut world, "alice");
    let long = "x".repeat(4000);
    for _ in 0..16 {
        world.send(alice, say(&long).as_bytes());
    }
    world.advance(2 * crate::SECOND);
    world.packages(alice);
    // Each is between 16 and 32 KiB, and so counts as two packages: half of the burst is answered at once.
    let flood = command("history", "").repeat(1000);
    world.send(alice, flood.as_bytes());
    assert_eq!(world.packages(alice).len(), 500);
}
