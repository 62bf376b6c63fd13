//! Several rooms at once.

use chatmaster_core::Config;
use chatmaster_core::testing::packages::said;

use super::{command, got, newer, say, with, world};

#[test]
fn who_stays_hears_all_their_rooms_and_talks_in_the_one_they_say() {
    let mut world = world();
    let (old, new) = (world.log_in("old"), newer(&mut world, "new"));
    world.packages(old);
    let join = |channel: &str| command("join", &format!(r#""channel":"{channel}","stay":true"#));
    world.send(new, join("den").as_bytes());
    assert_eq!(
        got(&mut world, new),
        [r#""event_type":"user_joined","username":"new","channel":"den""#]
    );
    assert_eq!(world.packages(old), [""; 0], "nobody has left");
    world.send(new, say("in the den").as_bytes());
    assert_eq!(world.packages(old), [""; 0]);
    let aloud = r#"{"type":"message","data":{"message":"in general","channel":"general"}}"#;
    world.send(new, aloud.as_bytes());
    assert_eq!(world.packages(old), [said("in general", "new")]);
    world.send(old, say("hi").as_bytes());
    assert!(got(&mut world, new)[0].contains(r#""channel":"general""#));
    // Another room is looked at.
    world.send(new, command("switch", r#""channel":"GENERAL""#).as_bytes());
    assert_eq!(
        got(&mut world, new),
        [r#""event_type":"channel_switched","channel":"general""#]
    );
    world.send(new, say("here").as_bytes());
    assert_eq!(world.packages(old), [said("here", "new")]);
    world.send(new, command("users", r#""channel":"den""#).as_bytes());
    assert_eq!(
        got(&mut world, new),
        [r#""event_type":"user_list","channel":"den","users":["new"]"#]
    );
    // Out of the one, and then of the other.
    world.send(new, command("leave", "").as_bytes());
    let heard = got(&mut world, new);
    assert_eq!(
        heard,
        [
            r#""event_type":"user_left","username":"new","channel":"general""#,
            r#""event_type":"channel_switched","channel":"den""#,
        ]
    );
    world.send(new, command("leave", r#""channel":"den""#).as_bytes());
    let heard = got(&mut world, new);
    assert!(heard[0].contains("user_left"), "{heard:?}");
    assert!(heard[1].contains(r#"user_joined","username":"new","channel":"general""#));
}

#[test]
fn what_is_not_ones_own_room_is_refused_by_name() {
    let mut world = world();
    let new = newer(&mut world, "new");
    let elsewhere = [
        r#"{"type":"message","data":{"message":"hi","channel":"den"}}"#.to_owned(),
        command("switch", r#""channel":"den""#),
        command("leave", r#""channel":"den""#),
        command("users", r#""channel":"den""#),
        command("private", r#""channel":"den""#),
        command("history", r#""channel":"den""#),
    ];
    for package in elsewhere {
        world.send(new, package.as_bytes());
        let told = got(&mut world, new);
        assert_eq!(told.len(), 1, "{package}");
        assert!(
            told[0].contains("You are not in the channel den."),
            "{told:?}"
        );
    }
}

#[test]
fn a_user_is_in_so_many_rooms_and_a_room_that_is_refused_does_not_stay() {
    let mut world = with(Config {
        max_user_rooms: 2,
        ..Config::default()
    });
    let new = newer(&mut world, "new");
    let join = |channel: &str| command("join", &format!(r#""channel":"{channel}","stay":true"#));
    world.send(new, join("one").as_bytes());
    world.packages(new);
    world.send(new, join("two").as_bytes());
    let told = got(&mut world, new);
    assert!(told[0].contains("at most 2 channels"), "{told:?}");
    world.send(new, command("channels", "").as_bytes());
    let listed = got(&mut world, new);
    assert!(listed[0].contains(r#"["general","one"]"#), "{listed:?}");
    // To go elsewhere takes no more rooms than before.
    world.send(new, command("join", r#""channel":"two""#).as_bytes());
    assert!(got(&mut world, new)[0].contains(r#""channel":"two""#));
}

#[test]
fn a_rename_is_told_in_every_room_and_a_disconnect_leaves_them_all() {
    let mut world = with(Config {
        resume_window: std::time::Duration::ZERO,
        ..Config::default()
    });
    let new = newer(&mut world, "new");
    world.send(
        new,
        command("join", r#""channel":"den","stay":true"#).as_bytes(),
    );
    let (here, there) = (world.log_in("here"), world.log_in("there"));
    world.send(there, command("join", r#""channel":"den""#).as_bytes());
    world.packages(here);
    world.packages(there);
    world.send(new, command("rename", r#""username":"newer""#).as_bytes());
    assert!(got(&mut world, here)[0].contains("user_rename"));
    assert!(got(&mut world, there)[0].contains("user_rename"));
    world.close(new);
    assert!(
        got(&mut world, here)[0].contains(r#"user_left","username":"newer","channel":"general""#)
    );
    assert!(got(&mut world, there)[0].contains(r#"user_left","username":"newer","channel":"den""#));
}

#[test]
fn what_version_1_ignored_is_ignored_however_it_is_written() {
    let mut world = world();
    let old = world.log_in("old");
    world.send(old, command("join", r#""channel":"den""#).as_bytes());
    got(&mut world, old);
    let twice = command("leave", r#""channel":"attic","channel":"cellar""#);
    world.send(old, twice.as_bytes());
    let left = r#""event_type":"user_left","username":"old","channel":"den""#;
    assert_eq!(got(&mut world, old)[0], left);
}

#[test]
fn who_goes_to_a_room_of_theirs_leaves_the_one_they_were_in_unless_they_stay() {
    for stay in [false, true] {
        let mut world = world();
        let (new, other) = (newer(&mut world, "new"), newer(&mut world, "other"));
        let join = |channel: &str, stay: bool| {
            command("join", &format!(r#""channel":"{channel}","stay":{stay}"#))
        };
        world.send(other, join("den", true).as_bytes());
        world.send(new, join("den", true).as_bytes());
        world.packages(new);
        world.packages(other);
        world.send(new, join("general", stay).as_bytes());
        let heard = got(&mut world, new);
        assert!(heard.last().is_some_and(|last| last.contains("switched")));
        world.send(other, say("anyone?").as_bytes());
        let heard = got(&mut world, new);
        assert_eq!(heard.iter().any(|text| text.contains("anyone?")), stay);
    }
}

#[test]
fn who_leaves_a_room_they_do_not_look_at_looks_where_they_did() {
    let mut world = world();
    let new = newer(&mut world, "new");
    for channel in ["one", "two"] {
        let join = format!(r#""channel":"{channel}","stay":true"#);
        world.send(new, command("join", &join).as_bytes());
    }
    world.packages(new);
    world.send(new, command("leave", r#""channel":"one""#).as_bytes());
    let left = r#""event_type":"user_left","username":"new","channel":"one""#;
    assert_eq!(got(&mut world, new), [left]);
    world.send(new, command("users", "").as_bytes());
    assert!(got(&mut world, new)[0].contains(r#""channel":"two""#));
}

#[test]
fn there_is_room_for_a_new_room_where_one_ceases_to_exist_by_it_and_nowhere_else() {
    let mut world = with(Config {
        max_rooms: 2,
        ..Config::default()
    });
    let [alice, bob] = ["alice", "bob"].map(|name| newer(&mut world, name));
    let mut joins = |client, channel: &str| {
        world.packages(client);
        world.send(
            client,
            command("join", &format!(r#""channel":"{channel}""#)).as_bytes(),
        );
        let told = world.packages(client);
        told.iter().any(|text| text.contains("user_joined"))
    };
    assert!(joins(alice, "den"));
    assert!(!joins(bob, "attic"), "the general room stays");
    assert!(joins(bob, "den"));
    assert!(!joins(alice, "attic"), "bob is there");
    assert!(joins(bob, "general"));
    assert!(joins(alice, "attic"));
}
