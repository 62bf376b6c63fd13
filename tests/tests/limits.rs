//! Every limit of the hub, in virtual time: what it allows, what it does beyond, and that nobody
//! else notices.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chatmaster_core::{CloseReason, Config, Input, Output, Time};
use chatmaster_tests::packages::{command, error, left, login, message, said};
use chatmaster_tests::world::{Arrival, Bare, World, id, unlimited};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn who_does_not_log_in_is_told_at_the_deadline_and_closed() {
    let mut world = Bare::new(Config::default());
    let idle = world.connect();
    world.packages(idle);
    world.advance(30 * SECOND - MS);
    assert_eq!(world.packages(idle), [""; 0]);
    assert_eq!(world.log, []);
    world.advance(MS);
    assert_eq!(
        world.packages(idle),
        [error("login", "No login within 30 seconds.")]
    );
    assert_eq!(world.log, [Output::Finish(id(idle))]);
    world.hang_up(idle);
    assert_eq!(
        world.log[1..],
        [Output::Close(id(idle), CloseReason::LoginTimeout)]
    );
}

#[test]
fn who_logged_in_has_no_deadline() {
    let mut world = Bare::new(Config::default());
    world.log_in("alice");
    assert_eq!(world.hub.poll_timeout(), None);
    world.advance(3600 * SECOND);
    assert_eq!(world.log, []);
}

#[test]
fn a_peer_that_does_not_close_its_half_is_closed_at_the_linger_deadline() {
    let mut world = Bare::new(Config::default());
    let rude = world.connect();
    world.send(rude, b"nonsense");
    assert_eq!(world.log, [Output::Finish(id(rude))]);
    world.send(rude, b"more of it");
    world.advance(5 * SECOND - MS);
    assert_eq!(world.hub.connections(), 1);
    world.advance(MS);
    assert_eq!(
        world.log[1..],
        [Output::Close(id(rude), CloseReason::Violation)]
    );
    assert_eq!(world.hub.connections(), 0);
}

#[test]
fn a_peer_that_does_not_take_its_last_packages_is_closed_at_the_linger_deadline() {
    let mut world = Bare::new(Config::default());
    let deaf = world.connect();
    world.stall(deaf);
    world.send(deaf, b"nonsense");
    assert_eq!(world.log, []);
    world.advance(5 * SECOND);
    assert_eq!(world.log, [Output::Close(id(deaf), CloseReason::Violation)]);
}

#[test]
fn a_deadline_that_was_slept_through_is_put_off_by_a_second() {
    let mut world = Bare::new(Config::default());
    let in_time = world.connect();
    let idle = world.connect();
    let deaf = world.connect();
    world.stall(deaf);
    world.send(deaf, b"nonsense");
    for client in [in_time, idle] {
        world.packages(client);
    }
    world.now = world.now + 40 * SECOND;
    world.handle(Input::Tick);
    assert_eq!(world.log, []);
    // What came meanwhile is read now.
    world.send(in_time, login("alice").as_bytes());
    assert!(world.packages(in_time)[0].contains(r#""status":true"#));
    world.resume(deaf);
    assert_eq!(world.log, [Output::Finish(id(deaf))]);
    world.advance(SECOND - MS);
    assert_eq!(world.log.len(), 1);
    world.advance(MS);
    assert_eq!(
        world.packages(idle),
        [error("login", "No login within 30 seconds.")]
    );
}

#[test]
fn a_deadline_that_is_noticed_a_little_late_is_kept() {
    let mut world = Bare::new(Config::default());
    let idle = world.connect();
    world.packages(idle);
    world.now = world.now + 30 * SECOND + 100 * MS;
    world.handle(Input::Tick);
    assert_eq!(world.packages(idle).len(), 1);
}

#[test]
fn flood_control_delays_and_drops_nothing() {
    let mut world = Bare::new(Config::default());
    let listener = world.log_in("listener");
    let flooder = world.log_in("flooder");
    world.packages(listener);
    world.advance(SECOND * 60);
    world.log.clear();

    let flood: String = (0..50).map(|number| message(&number.to_string())).collect();
    world.send(flooder, flood.as_bytes());
    let heard = world.packages(listener);
    assert_eq!(heard.len(), 30, "the burst passes at once");
    assert_eq!(world.log, [Output::PauseRead(id(flooder))]);
    // What was on its way when reading was paused waits its turn.
    world.send(flooder, message("50").as_bytes());
    for number in 30..51 {
        world.advance(99 * MS);
        assert_eq!(world.packages(listener), [""; 0], "nothing is early");
        world.advance(MS);
        assert_eq!(
            world.packages(listener),
            [said(&number.to_string(), "flooder")]
        );
    }
    assert_eq!(
        world.log[1..],
        [Output::ResumeRead(id(flooder))],
        "reading goes on once"
    );
    // The bucket fills again at its rate.
    world.advance(SECOND);
    world.send(flooder, flood.as_bytes());
    assert_eq!(world.packages(listener).len(), 10);
}

#[test]
fn a_paused_peer_that_hangs_up_is_heard_to_the_end() {
    let mut world = Bare::new(Config::default());
    let listener = world.log_in("listener");
    let hasty = world.log_in("hasty");
    world.packages(listener);
    let flood: String = (0..40).map(|number| message(&number.to_string())).collect();
    world.send(hasty, flood.as_bytes());
    world.hang_up(hasty);
    world.advance(SECOND * 60);
    let heard = world.packages(listener);
    assert_eq!(heard.len(), 41);
    assert_eq!(heard[39], said("39", "hasty"));
    assert_eq!(heard[40], left("hasty", "general"));
    assert_eq!(
        world.log.last(),
        Some(&Output::Close(id(hasty), CloseReason::Left))
    );
}

#[test]
fn a_backlog_is_bounded() {
    let config = Config {
        backlog_bytes: 20_000,
        ..Config::default()
    };
    let mut world = Bare::new(config);
    let deluge = world.log_in("deluge");
    let flood = message("x").repeat(100);
    world.send(deluge, flood.as_bytes());
    while world.hub.connections() == 1 && !world.log.contains(&Output::Finish(id(deluge))) {
        world.send(deluge, flood.as_bytes());
    }
    let told = world.packages(deluge).pop().unwrap();
    assert_eq!(
        told,
        error("package", "Too many bytes came while reading was paused.")
    );
}

#[test]
fn an_unfinished_package_at_the_end_is_an_error() {
    let mut world = Bare::new(Config::default());
    let client = world.log_in("alice");
    world.packages(client);
    world.send(client, br#"{"type":"mess"#);
    world.hang_up(client);
    let told = error("package", "The connection ended inside a package.");
    assert_eq!(world.packages(client), [told]);
}

#[test]
fn connections_beyond_the_limit_are_told_so_and_a_place_that_is_given_back_is_free() {
    let config = Config {
        max_connections: 2,
        ..Config::default()
    };
    let mut world = Bare::new(config);
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
    let mut world = Bare::new(config);
    for _ in 0..1000 {
        world.connect();
    }
    assert_eq!(world.hub.connections(), 1 + 256);
    world.advance(5 * SECOND);
    assert_eq!(world.hub.connections(), 1);
}

#[test]
fn connections_from_one_address_are_limited_but_for_loopback() {
    let config = Config {
        max_connections_per_address: 3,
        ..Config::default()
    };
    let mut world = Bare::new(config);
    let address = Ipv4Addr::new(203, 0, 113, 7);
    let first = world.connect_from(address.into());
    // The same address, as a dual-stack socket shows it.
    world.connect_from(IpAddr::V6(address.to_ipv6_mapped()));
    world.connect_from(address.into());
    let fourth = world.connect_from(address.into());
    let told = "Not admitted: too many connections from its address. Try again later.";
    assert_eq!(world.packages(fourth), [error("login", told)]);
    world.connect_from(Ipv4Addr::new(203, 0, 113, 8).into());
    world.close(first);
    let fifth = world.connect_from(address.into());
    assert!(world.packages(fifth)[0].contains("request"));
    for client in 0..=fifth {
        // Nothing is kept of an address without connections, which the invariants check.
        world.close(client);
    }
    for _ in 0..10 {
        let local = world.connect();
        assert!(world.packages(local)[0].contains("request"));
    }
}

#[test]
fn rooms_are_limited_and_the_one_that_is_left_counts_no_more() {
    let config = Config {
        max_rooms: 2,
        ..unlimited()
    };
    let mut world = Bare::new(config);
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
    let mut world = Bare::new(config);
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

#[test]
fn a_stopping_server_tells_everyone_and_closes() {
    let mut world = Bare::new(Config::default());
    let alice = world.log_in("alice");
    let newcomer = world.connect();
    let stuck = world.log_in("stuck");
    for client in [alice, newcomer, stuck] {
        world.packages(client);
    }
    world.stall(stuck);
    world.handle(Input::Shutdown);
    let told = error("shutdown", "The server is shutting down.");
    assert_eq!(world.packages(alice), [told.as_str()]);
    assert_eq!(world.packages(newcomer), [told.as_str()]);
    assert_eq!(
        world.hub.connections(),
        1,
        "only who does not read is waited for"
    );
    let late = world.connect();
    assert_eq!(
        world.log.last(),
        Some(&Output::Close(id(late), CloseReason::Shutdown))
    );
    world.advance(5 * SECOND);
    assert_eq!(world.hub.connections(), 0);
}

#[test]
fn inputs_that_come_too_late_or_twice_are_ignored() {
    let mut world = Bare::new(Config::default());
    let alice = world.log_in("alice");
    let bob = world.log_in("bob");
    world.close(bob);
    world.packages(alice);
    world.handle(Input::Received(id(bob), b"{}"));
    world.handle(Input::Sent(id(bob), 100));
    world.handle(Input::Eof(id(bob)));
    world.handle(Input::Closed(id(bob)));
    world.handle(Input::Opened(
        id(bob),
        chatmaster_core::Peer(Ipv4Addr::LOCALHOST.into()),
    ));
    world.handle(Input::Sent(id(alice), u32::MAX));
    world.handle(Input::Received(id(alice), b""));
    assert_eq!(world.hub.connections(), 1);
    assert_eq!(world.packages(alice), [""; 0]);
    assert_eq!(world.log, []);
}

#[test]
fn no_output_names_a_connection_that_has_gone_before_the_outputs_are_drained() {
    let mut world = Bare::new(Config::default());
    let peer = chatmaster_core::Peer(Ipv4Addr::LOCALHOST.into());
    world.hub.handle(world.now, Input::Opened(id(0), peer));
    world.hub.handle(world.now, Input::Closed(id(0)));
    assert_eq!(world.hub.poll_output(), None);
    assert_eq!(world.hub.pending(id(0)).count(), 0);
}

#[test]
fn time_that_goes_back_stands_still() {
    let mut world = Bare::new(Config::default());
    world.advance(10 * SECOND);
    let idle = world.connect();
    world.packages(idle);
    let due = world.hub.poll_timeout();
    assert_eq!(due, Some(Time::from_micros(40_000_000)));
    world.close(idle);
    world.now = Time::ZERO;
    world.connect();
    assert_eq!(world.hub.poll_timeout(), due);
    world.hub.handle(Time::from_micros(u64::MAX), Input::Tick);
    assert_eq!(
        world.hub.poll_timeout(),
        None,
        "there is no time after the last"
    );
}

#[test]
fn the_memory_bound_is_the_sum_of_the_limits() {
    let config = Config::default();
    let kib = 1024;
    let per_connection = kib + 16 * kib + 256 * kib;
    let inflaters = 8192 * chatmaster_core::wire::INFLATER_BYTES;
    assert!(chatmaster_core::wire::INFLATER_BYTES <= 44 * kib);
    assert_eq!(
        config.memory_bound(),
        100_000 * per_connection + inflaters + 256 * kib * kib
    );
    assert_eq!(config.check(), Ok(()));
    let tight = Config {
        total_queue_bytes: 1,
        ..config
    };
    let refused = tight.check().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "total_queue_bytes must be at least 262144"
    );
}

#[test]
fn a_closed_connection_reads_as_closed() {
    let mut world = Bare::new(Config::default());
    let client = world.connect();
    world.send(client, b"nonsense");
    assert!(matches!(world.receive(client), Arrival::Bytes(_)));
    assert_eq!(world.receive(client), Arrival::Closed);
}

#[test]
fn a_room_announces_up_to_its_limit_and_beyond_it_only_to_the_one_concerned() {
    let config = Config {
        announce_limit: 2,
        ..Config::default()
    };
    let mut world = Bare::new(config);
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
