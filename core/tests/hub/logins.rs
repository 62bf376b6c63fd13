//! Logins: what a server asks first, and how often.

use chatmaster_core::testing::packages::{
    admitted, ask, error, join, joined, login, message, refused, rename,
};
use chatmaster_core::testing::{Harness, id, unlimited};
use chatmaster_core::{CloseReason, Config, Encoding, Output};

use crate::Chat;

const REQUEST: &str = r#"{"type":"request","data":{"request":"login"}}"#;

#[test]
fn who_connects_is_asked_for_a_login_and_then_in_the_general_room() {
    let mut chat = Chat::with(
        Config {
            encoding: Encoding::Plain,
            ..unlimited()
        },
        ["alice"],
    );
    chat.did("alice", &join("den"));
    let client = chat.world.connect();
    assert_eq!(chat.world.packages(client), [REQUEST]);
    chat.world.send(client, login("bob").as_bytes());
    let told = [
        admitted("bob", &["den", "general"]),
        joined("bob", "general"),
    ];
    assert_eq!(chat.world.packages(client), told);
    assert_eq!(chat.hears("alice"), [""; 0], "she is in another room");
    chat.did("alice", &ask("leave"));
    chat.enter("carol");
    assert_eq!(chat.hears("alice"), [joined("carol", "general")]);
}

#[test]
fn a_login_that_is_refused_may_be_tried_again_and_the_last_try_is_said_to_be_the_last() {
    let mut world = Harness::new(Config {
        login_tries: 3,
        ..unlimited()
    });
    world.log_in("alice");
    let client = world.connect();
    world.packages(client);
    let mut tries = |package: &str| {
        world.send(client, package.as_bytes());
        world.packages(client)
    };
    assert_eq!(
        tries(&login("Alice")),
        [refused("Username is already taken.")]
    );
    let missing = "login needs data.parameters.username, a string.";
    assert_eq!(tries(&ask("login")), [refused(missing)]);
    let last = "A name must have at least one character. That was the last try.";
    assert_eq!(tries(&login("")), [refused(last)]);
    assert_eq!(world.log, [Output::Finish(id(client))]);
    world.hang_up(client);
    assert_eq!(
        world.log[1..],
        [Output::Close(id(client), CloseReason::LoginTries)]
    );
}

#[test]
fn before_login_there_is_nothing_but_login_and_after_it_no_other_one() {
    let mut chat = Chat::of(["alice"]);
    let client = chat.world.connect();
    chat.world.packages(client);
    let commands =
        ["leave", "private", "public", "channels", "users"].map(|name| (name, ask(name)));
    let others = [
        ("rename", rename("bob")),
        ("join", join("den")),
        ("message", message("hi")),
    ];
    for (name, package) in commands.into_iter().chain(others) {
        chat.world.send(client, package.as_bytes());
        let told = error(name, "Log in first.");
        assert_eq!(chat.world.packages(client), [told]);
    }
    let told = error("login", "You are already logged in.");
    assert_eq!(chat.does("alice", &login("alice")), [told]);
    // Who goes before was never there.
    chat.world.close(client);
    assert_eq!(chat.hears("alice"), [""; 0]);
}

#[test]
fn errors_do_not_count_as_tries() {
    let mut world = Harness::new(Config {
        login_tries: 1,
        ..unlimited()
    });
    let client = world.connect();
    for _ in 0..3 {
        world.send(client, ask("users").as_bytes());
        world.send(client, ask("fly").as_bytes());
    }
    world.send(client, login("alice").as_bytes());
    assert_eq!(
        world.packages(client).pop(),
        Some(joined("alice", "general"))
    );
}

#[test]
fn what_comes_behind_the_last_try_in_the_same_read_is_nobodys_business() {
    let mut world = Harness::new(Config {
        login_tries: 2,
        ..unlimited()
    });
    let alice = world.log_in("alice");
    let client = world.connect();
    world.packages(client);
    let all = [login("alice"), login(""), login("bob"), message("hi")].concat();
    world.send(client, all.as_bytes());
    let told = world.packages(client);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].contains("That was the last try."));
    assert_eq!(world.packages(alice), [""; 0]);
    assert_eq!(world.log, [Output::Finish(id(client))]);
}
