//! What a hub did in version 2 of its behaviour, which recordings of then are replayed by. Each rule is
//! that of another module here, as it was.

use std::time::Duration;

use chatmaster_core::recording::Header;
use chatmaster_core::testing::packages::{ask, login, message, said};
use chatmaster_core::testing::wire::{Framing, Reader, Writer};
use chatmaster_core::testing::{Harness, id, unlimited};
use chatmaster_core::{CloseReason, Config, Input, Output, Start};

use crate::{MS, SECOND};

/// A hub of that time, and one of today, with the same limits.
fn then_and_now(config: Config) -> [Harness; 2] {
    let mut then = Harness::new(config.clone());
    let mut header = Header::new(config.clone(), Start::default(), "test");
    header.behaviour = 2;
    then.hub = header.hub();
    [then, Harness::new(config)]
}

#[test]
fn a_server_that_stopped_waited_for_nobody_to_close_its_half() {
    let [mut then, mut now] = then_and_now(unlimited());
    for world in [&mut then, &mut now] {
        world.log_in("alice");
        world.handle(Input::Shutdown);
    }
    assert_eq!(then.log, [Output::Close(id(0), CloseReason::Shutdown)]);
    assert_eq!(now.log, [Output::Finish(id(0))]);
}

#[test]
fn a_deadline_that_was_slept_through_was_over() {
    let told = then_and_now(Config::default()).map(|mut world| {
        let idle = world.connect();
        world.packages(idle);
        world.now = world.now + 40 * SECOND;
        world.handle(Input::Tick);
        world.packages(idle).len()
    });
    assert_eq!(told, [1, 0]);
}

#[test]
fn controls_that_json_lets_pass_went_out_as_they_were() {
    let heard = then_and_now(unlimited()).map(|mut world| {
        let (alice, bob) = (world.log_in("alice"), world.log_in("bob"));
        world.packages(alice);
        world.send(bob, message("\u{85}").as_bytes());
        world.packages(alice).remove(0)
    });
    assert_eq!(heard[0], said("\u{85}", "bob"));
    assert_eq!(heard[1], said("\u{85}", "bob").replace('\u{85}', "\\u0085"));
}

#[test]
fn nobody_was_told_of_a_stream_without_a_package_that_just_ended() {
    let told = then_and_now(unlimited()).map(|mut world| {
        let client = world.connect();
        world.packages(client);
        world.send(client, &[0x78, 0x9c]);
        world.hang_up(client);
        world.packages(client).len()
    });
    assert_eq!(told, [0, 1]);
}

#[test]
fn however_much_work_a_package_was_it_counted_as_one() {
    // What can hardly be compressed.
    let digits = (0..2600_u32).map(|n| format!("{},", n.wrapping_mul(2_654_435_761) >> 16));
    let digits = digits.collect::<String>();
    let heavy = format!(r#"{{"x":[{digits}0],{}"#, &message("heavy")[1..]);
    let bytes = Writer::new(Framing::Zlib).package(&heavy);
    let heard = then_and_now(Config::default()).map(|mut world| {
        let (alice, bob) = (world.log_in("alice"), world.log_in("bob"));
        world.advance(60 * SECOND);
        world.packages(alice);
        for _ in 0..30 {
            world.send(bob, &bytes);
        }
        world.packages(alice).len()
    });
    assert_eq!(heard[0], 30);
    assert!(heard[1] < 30, "{} were heard", heard[1]);
}

#[test]
fn who_did_not_take_its_answers_was_closed_for_them() {
    let config = Config {
        send_queue_bytes: 8 * 1024,
        ..unlimited()
    };
    let open = then_and_now(config).map(|mut world| {
        let hasty = world.log_in("hasty");
        world.packages(hasty);
        world.stall(hasty);
        world.send(hasty, ask("users").repeat(200).as_bytes());
        world.hub.connections()
    });
    assert_eq!(open, [0, 1]);
}

#[test]
fn each_address_of_ipv6_counted_for_itself() {
    let config = Config {
        max_connections_per_address: 1,
        ..unlimited()
    };
    let asked = then_and_now(config).map(|mut world| {
        let clients = ["2001:db8::1", "2001:db8::2"].map(|address| {
            let address = address.parse().expect("it is an address");
            world.connect_from(address)
        });
        world.packages(clients[1])[0].contains("request")
    });
    assert_eq!(asked, [true, false]);
}

#[test]
fn an_array_was_taken_for_an_object() {
    let heard = then_and_now(unlimited()).map(|mut world| {
        let (alice, bob) = (world.log_in("alice"), world.log_in("bob"));
        world.packages(alice);
        world.send(bob, br#"{"type":"message","data":["hello"]}"#);
        world.packages(alice)
    });
    assert_eq!(heard[0], [said("hello", "bob")]);
    assert_eq!(heard[1], [""; 0]);
}

#[test]
fn what_began_with_an_x_was_a_zlib_stream() {
    let compressed = then_and_now(unlimited()).map(|mut world| {
        let client = world.log_in("person");
        world.send(client, b"x\n");
        let mut reader = Reader::default();
        reader.feed(&world.take(client));
        reader.next_package().expect("it is told").compressed
    });
    assert_eq!(compressed, [true, false]);
}

#[test]
fn whoever_had_the_lowest_slot_went_first_when_many_had_waited() {
    let config = Config {
        message_rate: 0,
        lag_limit: 60 * SECOND,
        ..Config::default()
    };
    let heard = then_and_now(config).map(|mut world| {
        let laggard = world.log_in("laggard");
        let flooder = world.log_in("flooder");
        let late = world.log_in("late");
        let listener = world.log_in("listener");
        world.stall(laggard);
        world.send(flooder, message(&"x".repeat(4000)).repeat(60).as_bytes());
        world.send(late, message("hello").as_bytes());
        world.packages(listener);
        // The room is slow, and the server wakes rarely: one turn each time.
        for _ in 0..3 {
            world.now = world.now + 500 * MS;
            world.handle(Input::Tick);
        }
        world.packages(listener).contains(&said("hello", "late"))
    });
    assert_eq!(heard, [false, true]);
}

#[test]
fn names_and_their_refusals_were_others() {
    let told = then_and_now(unlimited()).map(|mut world| {
        world.log_in("alice");
        let client = world.connect();
        world.packages(client);
        world.send(client, login("\u{430}lice").as_bytes());
        world.packages(client).remove(0)
    });
    assert!(
        told[0].contains("Username is already taken."),
        "{}",
        told[0]
    );
    assert!(told[1].contains("looks like alice"), "{}", told[1]);
}

#[test]
fn what_was_due_came_before_what_a_write_had_made_room_for() {
    let config = Config {
        send_queue_bytes: 8 * 1024,
        lag_pause: Duration::ZERO,
        ..Config::default()
    };
    let long = message(&"x".repeat(1000));
    let closed = then_and_now(config).map(|mut world| {
        let [listener, talker, flooder] =
            ["listener", "talker", "flooder"].map(|name| world.log_in(name));
        world.advance(60 * SECOND);
        // One message of the flood waits for its time.
        for _ in 0..31 {
            world.send(flooder, long.as_bytes());
        }
        world.stall(listener);
        for _ in 0..7 {
            world.send(talker, long.as_bytes());
        }
        let sent = world.waiting(listener) as u32;
        assert!(sent > 7000, "there is no room for one more");
        let due = world.hub.poll_timeout().expect("a message waits");
        world.hub.handle(due, Input::Sent(id(listener), sent));
        world.hub.client(id(listener)).is_none()
    });
    assert_eq!(closed, [true, false]);
}

#[test]
fn a_segment_took_the_memory_of_a_vector_that_doubles() {
    let config = Config {
        send_queue_bytes: 64 * 1024,
        total_queue_bytes: 84 * 1024,
        ..unlimited()
    };
    let open = then_and_now(config).map(|mut world| {
        let (talker, reader) = (world.log_in("talker"), world.log_in("reader"));
        world.stall(reader);
        // Nine frames of 1000 bytes fill one, of 8 KiB.
        let text = "x".repeat(1000 - said("", "talker").len() - "\n".len());
        world.send(talker, message(&text).repeat(6 * 9).as_bytes());
        world.hub.connections()
    });
    assert_eq!(open, [1, 2]);
}

#[test]
fn what_is_wrong_with_a_stream_was_told_in_fewer_words() {
    let inner = Writer::new(Framing::Zlib).package("{}");
    let twice = miniz_oxide::deflate::compress_to_vec_zlib(&inner, 6);
    let blank = miniz_oxide::deflate::compress_to_vec_zlib(&[b' '; 100_000], 6);
    let begun = format!(r#"{{"a":"{}"#, "x".repeat(100));
    let flushes = [0, 0, 0, 0xff, 0xff].repeat(10_000);
    let empty = [&Writer::new(Framing::Stream).package(&begun)[..], &flushes].concat();
    for (bytes, once, today) in [
        (
            &twice,
            "neither starts with the byte 0x78",
            "Compress each package once",
        ),
        (&blank, "is too large.", "without a package"),
        (&empty, "is too large.", "takes more bytes"),
    ] {
        let [then, now] = then_and_now(unlimited()).map(|mut world| {
            let client = world.connect();
            world.packages(client);
            world.send(client, bytes);
            world.packages(client).remove(0)
        });
        assert!(then.contains(once), "{then}");
        assert!(now.contains(today), "{now}");
    }
}
