//! Tags, ids, times and channels, and who does not see them.

use chatmaster_core::Config;
use chatmaster_core::testing::packages::{joined, login, rename, said};

use super::{command, newer, say, tagged, with, world};
use crate::MS;

#[test]
fn an_answer_carries_the_tag_of_what_it_answers_and_nothing_else_does() {
    let mut world = world();
    let (old, new) = (world.log_in("old"), newer(&mut world, "new"));
    world.packages(old);
    let asked = [
        (tagged("1", &command("users", "")), "user_list"),
        (
            tagged("2", &command("join", r#""channel":"den""#)),
            "user_joined",
        ),
        (tagged("3", &command("private", "")), "channel_list"),
        (tagged("4", &command("ping", "")), "pong"),
        (tagged("5", &command("nonsense", "")), "Unknown command."),
        (
            tagged("6", &command("join", "")),
            "needs data.parameters.channel",
        ),
        (tagged("7", &command("leave", "")), "user_left"),
        (tagged("8", &rename("newer")), "user_rename"),
        (tagged("9", &say("hi")), "message_sent"),
        (tagged("10", &say("")), "A message must have text."),
    ];
    for (number, (package, answer)) in asked.iter().enumerate() {
        world.send(new, package.as_bytes());
        let got = world.packages(new);
        let tag = format!(r#","tag":"{}"}}"#, number + 1);
        let answers: Vec<_> = got.iter().filter(|text| text.contains("tag")).collect();
        assert_eq!(answers.len(), 1, "{package} has one answer: {got:?}");
        assert!(answers[0].ends_with(&tag), "{answers:?}");
        assert!(answers[0].contains(answer), "{answers:?}");
    }
    let heard = world.packages(old);
    assert!(heard.iter().all(|text| !text.contains("tag")), "{heard:?}");
    assert!(heard.contains(&said("hi", "newer")));
}

#[test]
fn the_answer_to_a_login_carries_its_tag_refused_or_not() {
    let mut world = world();
    world.log_in("alice");
    let bob = world.connect();
    world.packages(bob);
    world.send(bob, tagged("a", &login("alice")).as_bytes());
    let refused = world.packages(bob);
    assert!(refused[0].contains("false"), "{refused:?}");
    assert!(refused[0].ends_with(r#","tag":"a"}"#), "{refused:?}");
    world.send(bob, tagged("b", &login("bob")).as_bytes());
    let let_in = world.packages(bob);
    assert!(let_in[0].ends_with(r#","tag":"b"}"#), "{let_in:?}");
    assert_eq!(let_in[1], joined("bob", "general"));
}

#[test]
fn a_tag_is_a_string_and_bounded() {
    let mut world = world();
    let (client, new) = (world.log_in("alice"), newer(&mut world, "new"));
    world.packages(client);
    let told = r#"{"type":"error","data":{"error_type":"package","message":"A tag must be a string of at most 64 bytes."}}"#;
    for tag in ["5", "[]", "{}", &format!("\"{}\"", "x".repeat(65))] {
        let package = format!(r#"{{"type":"message","data":{{"message":"hi"}},"tag":{tag}}}"#);
        for client in [client, new] {
            world.send(client, package.as_bytes());
            assert_eq!(world.packages(client), [told], "{tag}");
        }
    }
    let most = "x".repeat(64);
    world.send(client, tagged(&most, &command("ping", "")).as_bytes());
    assert!(world.packages(client)[0].ends_with(&format!(r#","tag":"{most}"}}"#)));
    // None at all is none.
    let package = r#"{"type":"command","data":{"command":"ping"},"tag":null}"#;
    world.send(client, package.as_bytes());
    let pong = r#"{"type":"notification","data":{"event_type":"pong"}}"#;
    assert_eq!(world.packages(client), [pong]);
}

#[test]
fn who_speaks_version_2_is_told_ids_times_and_channels_and_the_others_see_what_they_saw() {
    let mut world = world();
    let (old, new) = (world.log_in("old"), newer(&mut world, "new"));
    let third = newer(&mut world, "third");
    world.packages(old);
    world.packages(new);
    world.advance(1234 * MS);
    world.send(third, say("hi").as_bytes());
    assert_eq!(world.packages(old), [said("hi", "third")]);
    assert_eq!(
        world.packages(new),
        [
            r#"{"type":"message","data":{"message":"hi","username":"third","channel":"general","id":4,"time":1234}}"#
        ]
    );
    world.send(old, tagged("t", &say("ho")).as_bytes());
    assert_eq!(
        world.packages(old),
        [
            r#"{"type":"notification","data":{"event_type":"message_sent","id":5,"time":1234},"tag":"t"}"#
        ]
    );
    world.packages(new);
    world.send(third, rename("fourth").as_bytes());
    let renamed = r#"{"type":"notification","data":{"event_type":"user_rename","old_username":"third","new_username":"fourth""#;
    assert_eq!(world.packages(old), [format!("{renamed}}}}}")]);
    let with_channel = format!(r#"{renamed},"channel":"general"}}}}"#);
    assert_eq!(world.packages(new), [with_channel]);
}

#[test]
fn a_message_that_comes_again_under_its_tag_is_heard_once() {
    let mut world = world();
    let (old, new) = (world.log_in("old"), newer(&mut world, "new"));
    world.packages(old);
    world.send(new, tagged("one", &say("hi")).as_bytes());
    let first = world.packages(new);
    world.advance(5 * MS);
    world.send(new, say("between").as_bytes());
    world.send(new, tagged("one", &say("hi")).as_bytes());
    assert_eq!(world.packages(new), first, "the same id, and the same time");
    assert_eq!(
        world.packages(old),
        [said("hi", "new"), said("between", "new")]
    );
    // It is known among the last 1,024.
    for number in 0..1023 {
        world.send(new, tagged(&format!("n{number}"), &say("more")).as_bytes());
    }
    world.packages(new);
    world.packages(old);
    world.send(new, tagged("one", &say("hi")).as_bytes());
    assert_eq!(world.packages(new), first);
    world.send(new, tagged("last", &say("more")).as_bytes());
    world.packages(old);
    world.send(new, tagged("one", &say("hi")).as_bytes());
    assert_eq!(world.packages(old), [said("hi", "new")]);
    // Another user's tags are theirs.
    world.send(old, tagged("last", &say("mine")).as_bytes());
    assert!(world.packages(new).iter().any(|text| text.contains("mine")));
}

#[test]
fn what_version_1_ignored_it_ignores_but_nobody_hears_what_is_for_one_alone() {
    let mut world = world();
    let (old, new) = (world.log_in("old"), newer(&mut world, "new"));
    let third = world.log_in("third");
    for client in [old, new, third] {
        world.packages(client);
    }
    let aloud = r#"{"type":"message","data":{"message":"hi","channel":"nowhere"}}"#;
    world.send(old, aloud.as_bytes());
    let aloud = r#"{"type":"message","data":{"message":"hi","channel":5}}"#;
    world.send(old, aloud.as_bytes());
    assert_eq!(
        world.packages(third),
        [said("hi", "old"), said("hi", "old")]
    );
    world.packages(new);
    let alone = r#"{"type":"message","data":{"message":"psst","to":"new"}}"#;
    world.send(old, alone.as_bytes());
    assert!(world.packages(new)[0].contains("psst"));
    assert_eq!(world.packages(third), [""; 0]);
    for parameters in [r#""channel":"nowhere""#, r#""channel":5"#] {
        world.send(old, command("users", parameters).as_bytes());
        let listed = world.packages(old);
        assert!(listed[0].contains(r#"["old","new","third"]"#), "{listed:?}");
    }
    let join = r#""channel":"den","stay":true"#;
    world.send(old, command("join", join).as_bytes());
    assert!(world.packages(third)[0].contains("user_left"));
    // A version that is no number is the first.
    let other = world.connect();
    world.packages(other);
    let login = command("login", r#""username":"other","version":"2.0""#);
    world.send(other, login.as_bytes());
    assert!(!world.packages(other)[0].contains("version"));
}

#[test]
fn a_server_that_knows_no_tags_again_takes_the_same_one_twice() {
    let mut world = with(Config {
        max_tags: 0,
        ..Config::default()
    });
    let (old, new) = (world.log_in("old"), newer(&mut world, "new"));
    world.packages(old);
    let hi = tagged("one", &say("hi"));
    world.send(new, hi.repeat(2).as_bytes());
    assert_eq!(world.packages(old), [said("hi", "new"), said("hi", "new")]);
}
