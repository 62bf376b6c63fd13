//! Messages: who hears them, in which order, and which there are not; and that every command has one
//! answer.

use chatmaster_core::Config;
use chatmaster_core::testing::packages::{ask, command, error, join, message, said};
use chatmaster_core::testing::unlimited;
use chatmaster_core::testing::wire::{Framing, Reader, Writer};

use crate::Chat;

#[test]
fn everyone_else_hears_what_is_said_in_the_order_in_which_it_came() {
    let mut chat = Chat::of(["alice", "bob", "carol"]);
    for (name, text) in [("alice", "1"), ("bob", "2"), ("alice", "3")] {
        chat.world
            .send(chat.clients[name], message(text).as_bytes());
    }
    let all = [said("1", "alice"), said("2", "bob"), said("3", "alice")];
    assert_eq!(chat.hears("carol"), all);
    assert_eq!(chat.hears("alice"), all[1..2]);
}

#[test]
fn a_message_is_by_whom_the_server_knows_whatever_it_claims() {
    let mut chat = Chat::of(["alice", "bob"]);
    let claim = r#"{"type":"message","data":{"message":"hi","username":"bob"}}"#;
    chat.does("alice", claim);
    assert_eq!(chat.hears("bob"), [said("hi", "alice")]);
}

#[test]
fn a_message_has_text_and_not_too_much_of_it() {
    let config = Config {
        max_message_bytes: 10,
        ..unlimited()
    };
    let mut chat = Chat::with(config, ["alice", "bob"]);
    let empty = error("message", "A message must have text.");
    assert_eq!(chat.does("alice", &message("")), [empty]);
    let long = error("message", "A message may have at most 10 bytes.");
    assert_eq!(
        chat.does("alice", &message("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}x")),
        [long]
    );
    assert_eq!(chat.hears("bob"), [""; 0]);
    chat.does("alice", &message("0123456789"));
    assert_eq!(chat.hears("bob"), [said("0123456789", "alice")]);
}

#[test]
fn every_command_has_one_answer_of_its_name_in_the_order_of_asking() {
    let mut chat = Chat::of(["alice"]);
    let unknown = error("fly", "Unknown command.");
    assert_eq!(chat.does("alice", &ask("fly")), [unknown.as_str()]);
    let all = [
        ask("users"),
        ask("fly"),
        join("den"),
        ask("leave"),
        ask("private"),
    ]
    .concat();
    let answers = chat.does("alice", &all);
    let expected = [
        "user_list",
        "fly",
        "user_joined",
        "user_left",
        "user_joined",
        "private",
    ];
    assert_eq!(
        answers.len(),
        expected.len(),
        "leaving has two: {answers:?}"
    );
    for (answer, expected) in answers.iter().zip(expected) {
        assert!(answer.contains(expected), "{answer} is no {expected}");
    }
    let shape = chat.does("alice", &command("users", "x", "y"));
    assert!(shape[0].contains("user_list"), "{shape:?}");
}

#[test]
fn everyone_is_answered_in_the_encoding_of_the_last_package() {
    let mut chat = Chat::of(["alice", "bob"]);
    let bob = chat.clients["bob"];
    for framing in [Framing::Zlib, Framing::Plain, Framing::Zlib] {
        let bytes = Writer::new(framing).package(&ask("users"));
        chat.world.send(bob, &bytes);
        chat.does("alice", &message("hi"));
        let mut reader = Reader::default();
        reader.feed(&chat.world.take(bob));
        for _ in 0..2 {
            let package = reader.next_package().expect("an answer, and what was said");
            assert_eq!(
                package.compressed,
                framing == Framing::Zlib,
                "{}",
                package.text
            );
        }
    }
}
