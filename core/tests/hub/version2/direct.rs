//! Direct messages.

use super::{command, got, newer, say, tagged, world};

fn to(name: &str, text: &str) -> String {
    format!(r#"{{"type":"message","data":{{"message":"{text}","to":"{name}"}}}}"#)
}

#[test]
fn a_direct_message_goes_to_one_user_and_to_no_room() {
    let mut world = world();
    let (alice, bob) = (newer(&mut world, "alice"), newer(&mut world, "bob"));
    let carol = newer(&mut world, "carol");
    for client in [alice, bob, carol] {
        world.packages(client);
    }
    world.send(alice, tagged("t", &to("BOB", "psst")).as_bytes());
    assert_eq!(
        got(&mut world, bob),
        [r#""message":"psst","username":"alice","to":"bob","id":4,"time":0"#]
    );
    assert!(got(&mut world, alice)[0].contains("message_sent"));
    assert_eq!(world.packages(carol), [""; 0]);
    // In a room or not, it is the same.
    world.send(bob, command("join", r#""channel":"den""#).as_bytes());
    world.packages(bob);
    world.packages(alice);
    world.send(alice, to("bob", "again").as_bytes());
    assert!(got(&mut world, bob)[0].contains("again"));
    assert_eq!(world.packages(alice), [""; 0], "without a tag nobody asked");
}

#[test]
fn who_cannot_or_does_not_want_to_hear_it_is_named() {
    let mut world = world();
    let (alice, bob) = (newer(&mut world, "alice"), newer(&mut world, "bob"));
    let old = world.log_in("old");
    world.send(bob, command("ignore", r#""username":"ALICE""#).as_bytes());
    assert!(
        got(&mut world, bob)
            .pop()
            .unwrap()
            .contains(r#""event_type":"ignored","username":"ALICE""#)
    );
    world.packages(alice);
    world.packages(old);
    let refused = [
        ("nobody", "There is no user named nobody."),
        ("bob", "bob does not take messages from you."),
        (
            "old",
            "old has a client that does not know direct messages.",
        ),
        ("", "A name must have at least one character."),
    ];
    for (name, told) in refused {
        world.send(alice, to(name, "psst").as_bytes());
        let got = got(&mut world, alice);
        assert!(got[0].contains(told), "{got:?}");
        assert!(got[0].contains(r#""error_type":"message""#), "{got:?}");
    }
    let both = r#"{"type":"message","data":{"message":"hi","to":"bob","channel":"general"}}"#;
    world.send(alice, both.as_bytes());
    assert!(got(&mut world, alice)[0].contains("not both"));
    assert_eq!(world.packages(bob), [""; 0]);
    assert_eq!(world.packages(old), [""; 0]);
    // In a room everyone is heard.
    world.send(alice, say("hi").as_bytes());
    assert_eq!(world.packages(bob).len(), 1);
    world.send(bob, command("unignore", r#""username":"alice""#).as_bytes());
    world.packages(bob);
    world.send(alice, to("bob", "psst").as_bytes());
    assert!(got(&mut world, bob)[0].contains("psst"));
}

#[test]
fn direct_messages_are_under_flood_control_and_their_reader_bounded_like_any() {
    let mut world = chatmaster_core::testing::Harness::new(chatmaster_core::Config::default());
    let (alice, bob) = (newer(&mut world, "alice"), newer(&mut world, "bob"));
    world.packages(bob);
    let flood: String = (0..50)
        .map(|number| to("bob", &number.to_string()))
        .collect();
    world.send(alice, flood.as_bytes());
    // One login was taken out of the burst of thirty.
    assert_eq!(world.packages(bob).len(), 29);
}

#[test]
fn it_goes_to_who_has_the_name_and_not_to_who_only_looks_like_it() {
    let mut world = world();
    let alice = newer(&mut world, "alice");
    // As it is shown it looks like ALICE, and not like alice in any way.
    let other = newer(&mut world, "ALlCE");
    world.packages(alice);
    for name in ["alice", "ALICE"] {
        world.send(other, to(name, "psst").as_bytes());
        assert_eq!(world.packages(other), [""; 0], "{name} is there");
        assert!(got(&mut world, alice)[0].contains("psst"));
    }
    world.send(alice, to("ALLCE", "psst").as_bytes());
    assert!(got(&mut world, other)[0].contains("psst"));
}
