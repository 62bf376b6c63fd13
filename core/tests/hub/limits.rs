//! The limits of a [`Config`]: what they allow, what is done beyond, and which go together.

use chatmaster_core::testing::packages::{command, error, message};
use chatmaster_core::testing::{Harness, id, unlimited};
use chatmaster_core::{CloseReason, Config, Input, Output};

use crate::SECOND;

#[test]
fn connections_beyond_the_limit_are_told_so_and_a_place_that_is_given_back_is_free() {
    let config = Config {
        max_connections: 2,
        ..Config::default()
    };
    let mut world = Harness::new(config);
    let first = world.log_in("first");
    world.log_in("second");
    let third = world.connect();
    let told = error(
        "login",
        "Not admitted: too many connections. Try again later.",
    );
    assert_eq!(world.packages(third), [told]);
    world.hang_up(third);
    assert_eq!(
        world.log.last(),
        Some(&Output::Close(id(third), CloseReason::Full))
    );
    world.close(first);
    world.log_in("third");
}

#[test]
fn refused_connections_are_bounded_too() {
    let config = Config {
        max_connections: 1,
        ..Config::default()
    };
    let mut world = Harness::new(config);
    for _ in 0..1000 {
        world.connect();
    }
    assert_eq!(world.hub.connections(), 1 + 256);
    world.advance(5 * SECOND);
    assert_eq!(world.hub.connections(), 1);
}

#[test]
fn rooms_are_limited_and_the_one_that_is_left_counts_no_more() {
    let config = Config {
        max_rooms: 2,
        ..unlimited()
    };
    let mut world = Harness::new(config);
    let alice = world.log_in("alice");
    let bob = world.log_in("bob");
    world.send(alice, command("join", "channel", "den").as_bytes());
    world.packages(bob);
    world.send(bob, command("join", "channel", "lair").as_bytes());
    let told = error(
        "join",
        "There are too many channels. Join one of them instead.",
    );
    assert_eq!(world.packages(bob), [told]);
    world.packages(alice);
    world.send(alice, command("join", "channel", "lair").as_bytes());
    assert!(world.packages(alice)[0].contains(r#""username":"alice","channel":"lair""#));
}

#[test]
fn lists_are_cut_to_what_fits_and_say_so() {
    let config = Config {
        send_queue_bytes: 8 * 1024,
        ..unlimited()
    };
    assert_eq!(config.list_bytes(), 2048);
    let mut world = Harness::new(config);
    let name = |number: usize| format!("a-room-with-a-name-of-40-characters-{number:04}");
    for number in 0..60 {
        let client = world.log_in(&format!("member-{number}-x"));
        world.send(client, command("join", "channel", &name(number)).as_bytes());
    }
    let asker = world.log_in("asker");
    world.packages(asker);
    world.send(
        asker,
        br#"{"type":"command","data":{"command":"channels"}}"#,
    );
    // Each takes 40 bytes, two quotes and a comma: 47 of them fit into 2048 bytes, 14 do not.
    let listed: Vec<String> = (0..47)
        .map(|number| format!("{:?}", name(number)))
        .collect();
    let expected = format!(
        r#"{{"type":"notification","data":{{"event_type":"channel_list","channels":[{}],"more":14}}}}"#,
        listed.join(",")
    );
    assert_eq!(world.packages(asker), [expected]);
}

/// As much as may come at once of the longest messages there may be, to a reader who takes all that is
/// sent, but shares a segment with one who does not. Says whether it is closed.
fn reader_is_closed_by_allowed_messages(config: &Config) -> bool {
    let mut world = Harness::new(config.clone());
    let reader = world.log_in("reader");
    let stuck = world.log_in("stuck");
    // The longest name, each character of which takes as many bytes as it may.
    let talker = world.log_in(&"\u{1F600}".repeat(32));
    world.stall(stuck);
    let short = message("x");
    world.send(talker, short.as_bytes());
    let frame = world.waiting(stuck);
    // The segment that the room writes to is nearly full.
    world.send(
        talker,
        short.repeat(config.segment_bytes() / frame - 1).as_bytes(),
    );
    world.packages(reader);
    // Two turns before the outputs have to be drained, and one more that ends with the longest
    // message: each byte of its text takes six.
    let turn = (config.turn_bytes() - 1) / frame;
    let longest = message(&"\u{1}".repeat(config.max_message_bytes));
    for last in [String::new(), String::new(), longest] {
        assert!(!world.hub.wants_flush());
        let bytes = short.repeat(turn) + &last;
        world
            .hub
            .handle(world.now, Input::Received(id(talker), bytes.as_bytes()));
    }
    world.handle(Input::Tick);
    let longest = world.packages(reader).pop();
    let closed = Output::Close(id(reader), CloseReason::SlowConsumer);
    let closed = world.log.contains(&closed);
    assert!(closed || longest.is_some_and(|text| text.len() > 6 * config.max_message_bytes));
    closed
}

#[test]
fn limits_that_pass_let_every_message_reach_whoever_reads() {
    for max_message_bytes in [1, 100, 640, 4096, 20_000] {
        let limits = |send_queue_bytes| Config {
            max_message_bytes,
            max_package_bytes: 256 * 1024,
            send_queue_bytes,
            total_queue_bytes: 1 << 30,
            ..unlimited()
        };
        let least = limits(usize::MAX / 8);
        let least = (2 * least.message_frame_bytes()).max(Config::MIN_SEND_QUEUE_BYTES);
        let config = limits(least);
        assert_eq!(config.check(), Ok(()));
        assert!(!reader_is_closed_by_allowed_messages(&config), "{config:?}");
        let refused = limits(least - 1).check().unwrap_err();
        assert_eq!((refused.field, refused.least), ("send_queue_bytes", least));
        if max_message_bytes < 640 {
            continue;
        }
        // And a queue that is a good deal shorter is too short.
        let short = limits(least * 3 / 4);
        assert!(reader_is_closed_by_allowed_messages(&short), "{short:?}");
    }
}

#[test]
fn a_message_takes_no_more_on_the_wire_than_is_reckoned_with() {
    let config = Config {
        max_package_bytes: 64 * 1024,
        ..unlimited()
    };
    for text in [
        "\u{1}",
        "\"",
        "\\",
        "\n",
        "x",
        "\u{7f}",
        "\u{80}",
        "\u{fffd}",
        "\u{10ffff}",
    ] {
        let mut world = Harness::new(config.clone());
        let listener = world.log_in("listener");
        let talker = world.log_in(&"\u{1F600}".repeat(32));
        world.packages(listener);
        world.stall(listener);
        let text = text.repeat(config.max_message_bytes / text.len());
        world.send(talker, message(&text).as_bytes());
        let bytes = world.waiting(listener);
        assert!(bytes > config.max_message_bytes, "it was sent");
        assert!(
            bytes <= config.message_frame_bytes(),
            "{bytes} bytes of {text:.1?}"
        );
    }
}

#[test]
fn a_limit_that_another_makes_necessary_is_refused_with_both_names() {
    let tight = Config {
        total_queue_bytes: 1,
        ..Config::default()
    };
    let refused = tight.check().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "total_queue_bytes must be at least 524288, for this send_queue_bytes"
    );
    assert_eq!(Config::default().check(), Ok(()));
}
