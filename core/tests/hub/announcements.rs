//! Who is told of comings and goings.

use chatmaster_core::Config;
use chatmaster_core::testing::Harness;
use chatmaster_core::testing::packages::{command, left, login, message, said};

#[test]
fn a_room_announces_up_to_its_limit_and_beyond_it_only_to_the_one_concerned() {
    let config = Config {
        announce_limit: 2,
        ..Config::default()
    };
    let mut world = Harness::new(config);
    let alice = world.log_in("alice");
    let bob = world.log_in("bob");
    let joined = |name: &str| {
        let data = format!(r#""event_type":"user_joined","username":"{name}","channel":"general""#);
        format!(r#"{{"type":"notification","data":{{{data}}}}}"#)
    };
    assert_eq!(world.packages(alice), [joined("bob")]);
    // The third is told of itself, and nobody else is.
    let carol = world.connect();
    world.send(carol, login("carol").as_bytes());
    assert_eq!(world.packages(carol)[2], joined("carol"));
    assert_eq!(world.packages(alice), [""; 0]);
    // A name is announced as little; a message goes to everyone.
    world.send(bob, command("rename", "username", "robert").as_bytes());
    assert_eq!(world.packages(bob).len(), 1);
    world.send(bob, message("hi").as_bytes());
    assert_eq!(world.packages(alice), [said("hi", "robert")]);
    assert_eq!(world.packages(carol), [said("hi", "robert")]);
    // Who goes is still one of three; the next is one of two.
    world.close(carol);
    assert_eq!(world.packages(alice), [""; 0]);
    world.close(bob);
    assert_eq!(world.packages(alice), [left("robert", "general")]);
}
