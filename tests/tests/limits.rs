//! Every limit of the hub, in virtual time: what it allows, what it does beyond, and that nobody
//! else notices.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chatmaster_core::{CloseReason, Config, Input, Output, Time};
use chatmaster_tests::packages::{command, error, left, login, message, said};
use chatmaster_tests::wire::{Speech, Writer};
use chatmaster_tests::world::{Arrival, Bare, ClientId, World, id};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A client that is logged in, writes plain JSON, and has read all that came of it.
fn user(world: &mut Bare, name: &str) -> ClientId {
    let client = world.connect();
    world.send(client, login(name).as_bytes());
    let session = world.packages(client).remove(1);
    assert!(session.contains(r#""status":true"#), "{session}");
    client
}

/// Nothing that delays anyone.
fn unlimited() -> Config {
    Config {
        message_rate: 0,
        lag_pause: Duration::ZERO,
        ..Config::default()
    }
}

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
    user(&mut world, "alice");
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
fn flood_control_delays_and_drops_nothing() {
    let mut world = Bare::new(Config::default());
    let listener = user(&mut world, "listener");
    let flooder = user(&mut world, "flooder");
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
fn without_flood_control_what_comes_at_once_goes_in_turns_that_no_reader_is_closed_for() {
    // 5000 messages, and a stream of a few kilobytes that inflates to 400 messages of 4 KiB: more
    // than a send queue takes, for readers who take all they are sent.
    let short: String = (0..5000)
        .map(|number| message(&number.to_string()))
        .collect();
    let long: String = (0..400).map(|_| message(&"x".repeat(4096))).collect();
    let long = Writer::new(Speech::Zlib).package(&long);
    assert!(long.len() < 16 * 1024);
    let expected = (0..5000).map(|n| said(&n.to_string(), "talker"));
    let expected = expected.chain((0..400).map(|_| said(&"x".repeat(4096), "talker")));

    let mut world = Bare::new(unlimited());
    let listener = user(&mut world, "listener");
    let talker = user(&mut world, "talker");
    world.packages(listener);
    world.send(talker, short.as_bytes());
    world.send(talker, &long);
    let heard = world.packages(listener);
    assert!(heard.into_iter().eq(expected), "all arrive, in order");
    let closed = |output: &Output| matches!(output, Output::Close(..) | Output::Finish(_));
    assert!(!world.log.iter().any(closed), "nobody is closed");
    assert_eq!(world.log.last(), Some(&Output::ResumeRead(id(talker))));
}

#[test]
fn the_hub_says_when_its_outputs_are_to_be_drained() {
    let mut world = Bare::new(unlimited());
    user(&mut world, "listener");
    let talker = user(&mut world, "talker");
    let text = message(&"x".repeat(4000));
    let inputs = (1..).find(|_| {
        world
            .hub
            .handle(world.now, Input::Received(id(talker), text.as_bytes()));
        world.hub.wants_flush()
    });
    // 64 KiB are 17 frames of 4 KB.
    assert_eq!(inputs, Some(17));
    while world.hub.poll_output().is_some() {}
    assert!(!world.hub.wants_flush());
}

#[test]
fn a_paused_peer_that_hangs_up_is_heard_to_the_end() {
    let mut world = Bare::new(Config::default());
    let listener = user(&mut world, "listener");
    let hasty = user(&mut world, "hasty");
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
    let deluge = user(&mut world, "deluge");
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
    let client = user(&mut world, "alice");
    world.packages(client);
    world.send(client, br#"{"type":"mess"#);
    world.hang_up(client);
    let told = error("package", "The connection ended inside a package.");
    assert_eq!(world.packages(client), [told]);
}

#[test]
fn a_reader_that_never_reads_is_closed_and_announced_and_nobody_else_notices() {
    let mut world = Bare::new(unlimited());
    let talker = user(&mut world, "talker");
    let listener = user(&mut world, "listener");
    let stuck = user(&mut world, "stuck");
    for client in [talker, listener, stuck] {
        world.packages(client);
    }
    world.stall(stuck);
    let text = "x".repeat(800);
    let mut heard = Vec::new();
    for _ in 0..1000 {
        world.send(talker, message(&text).as_bytes());
        assert!(world.waiting(stuck) <= Config::default().send_queue_bytes);
        heard.extend(world.packages(listener));
    }
    let gone = heard
        .iter()
        .position(|package| *package == left("stuck", "general"));
    // 256 KiB take at most 312 such messages of 860 bytes, and seven eighths of that at least.
    let gone = gone.expect("it is announced");
    assert!((270..=312).contains(&gone), "after {gone} messages");
    heard.remove(gone);
    assert_eq!(heard, vec![said(&text, "talker"); 1000]);
    assert_eq!(
        world.log,
        [Output::Close(id(stuck), CloseReason::SlowConsumer)]
    );
    assert_eq!(world.packages(talker), [left("stuck", "general")]);
}

#[test]
fn a_reader_that_catches_up_misses_nothing() {
    let mut world = Bare::new(unlimited());
    let talker = user(&mut world, "talker");
    let slow = user(&mut world, "slow");
    world.packages(slow);
    for round in 0..20 {
        world.stall(slow);
        for number in 0..100 {
            world.send(talker, message(&format!("{round}.{number}")).as_bytes());
        }
        assert_eq!(world.packages(slow), [""; 0]);
        world.resume(slow);
        let expected: Vec<String> = (0..100)
            .map(|number| said(&format!("{round}.{number}"), "talker"))
            .collect();
        assert_eq!(world.packages(slow), expected);
    }
    assert_eq!(world.log, []);
}

#[test]
fn a_room_with_a_reader_that_lags_is_slowed_down_until_the_reader_catches_up_or_is_closed() {
    let config = Config {
        message_rate: 0,
        ..Config::default()
    };
    let mut world = Bare::new(config);
    let talker = user(&mut world, "talker");
    let slow = user(&mut world, "slow");
    world.stall(slow);
    let text = message(&"x".repeat(4000));
    // 128 KiB take 32 frames of 4 KB, and the next one is more than half of the queue.
    world.send(talker, text.repeat(40).as_bytes());
    let waiting = world.waiting(slow);
    assert!(
        (32 * 4000..34 * 4100).contains(&waiting),
        "{waiting} bytes wait"
    );
    assert_eq!(world.log.last(), Some(&Output::PauseRead(id(talker))));
    // One package each 2 ms while it lags, whoever sends it, and all at once when it has caught up.
    let other = world.connect();
    world.send(other, login("other").as_bytes());
    world.send(other, text.repeat(2).as_bytes());
    world.advance(2 * MS);
    assert_eq!(world.waiting(slow) / 4000, waiting / 4000 + 1);
    world.advance(MS);
    assert_eq!(world.waiting(slow) / 4000, waiting / 4000 + 1);
    world.resume(slow);
    world.advance(MS);
    assert_eq!(
        world.packages(slow).len(),
        40 + 1 + 2,
        "all, and that the other came"
    );
    assert!(world.log.contains(&Output::ResumeRead(id(talker))));
    // A reader that never catches up is closed, and slows nobody down any more.
    world.stall(slow);
    for _ in 0..4 {
        world.send(talker, text.repeat(20).as_bytes());
        world.advance(SECOND);
    }
    assert!(
        world
            .log
            .contains(&Output::Close(id(slow), CloseReason::SlowConsumer))
    );
    assert_eq!(world.log.last(), Some(&Output::ResumeRead(id(talker))));
}

#[test]
fn a_sender_that_catches_up_has_no_echo_between_what_others_said() {
    let mut world = Bare::new(unlimited());
    let alice = user(&mut world, "alice");
    let bob = user(&mut world, "bob");
    world.packages(alice);
    world.stall(alice);
    for (sender, text) in [
        (bob, "1"),
        (alice, "2"),
        (bob, "3"),
        (bob, "4"),
        (alice, "5"),
    ] {
        world.send(sender, message(text).as_bytes());
    }
    world.resume(alice);
    assert_eq!(
        world.packages(alice),
        ["1", "3", "4"].map(|text| said(text, "bob"))
    );
}

#[test]
fn a_queue_may_burst_with_the_last_word_to_a_peer_that_has_left() {
    // However full the queue is when the peer hangs up inside a package: one of these is just full.
    let users = r#"{"type":"command","data":{"command":"users"}}"#;
    let mut burst = 0;
    for asked in 0..150 {
        let config = Config {
            send_queue_bytes: 8 * 1024,
            ..unlimited()
        };
        let mut world = Bare::new(config);
        let client = user(&mut world, "client");
        world.stall(client);
        world.send(client, users.repeat(asked).as_bytes());
        if world.hub.connections() == 0 {
            break;
        }
        world.send(client, b"{");
        world.hang_up(client);
        burst += usize::from(world.hub.connections() == 0);
        world.advance(5 * SECOND);
        assert_eq!(world.hub.connections(), 0);
        let closes = |output: &&Output| matches!(output, Output::Close(..));
        assert_eq!(world.log.iter().filter(closes).count(), 1);
    }
    assert!(burst > 0, "the last word burst a queue");
}

#[test]
fn walking_between_rooms_with_a_stuck_reader_in_one_costs_the_walker_nothing() {
    // The stuck reader keeps the general room's segment alive and long; whoever is sent something
    // from it holds it too, but once and not once a visit.
    let mut world = Bare::new(unlimited());
    let stuck = user(&mut world, "stuck");
    let talker = user(&mut world, "talker");
    let walker = user(&mut world, "walker");
    world.stall(stuck);
    for _ in 0..30 {
        world.send(talker, message(&"x".repeat(800)).as_bytes());
    }
    let walk = format!(
        r#"{}{{"type":"command","data":{{"command":"leave"}}}}"#,
        command("join", "channel", "den")
    );
    world.send(walker, walk.repeat(60).as_bytes());
    assert_eq!(world.log, [], "nobody is closed");
}

#[test]
fn all_queues_together_are_bounded_and_the_heaviest_pays() {
    let config = Config {
        send_queue_bytes: 64 * 1024,
        total_queue_bytes: 128 * 1024,
        ..unlimited()
    };
    let mut world = Bare::new(config);
    let talker = user(&mut world, "talker");
    let heavy = user(&mut world, "heavy");
    world.stall(heavy);
    for _ in 0..50 {
        world.send(talker, message(&"x".repeat(800)).as_bytes());
    }
    // Others that hold little, each in a room of its own.
    let mut light = Vec::new();
    while !world
        .log
        .contains(&Output::Close(id(heavy), CloseReason::SlowConsumer))
    {
        let number = light.len();
        assert!(number < 60, "the bound is reached");
        let member = user(&mut world, &format!("member-{number}-x"));
        world.send(
            member,
            command("join", "channel", &format!("room-{number}-x")).as_bytes(),
        );
        world.stall(member);
        let asks = r#"{"type":"command","data":{"command":"users"}}"#.repeat(30);
        world.send(member, asks.as_bytes());
        light.push(member);
    }
    assert_eq!(world.log.len(), 1, "only the heaviest is closed");
}

#[test]
fn connections_beyond_the_limit_are_told_so_and_a_place_that_is_given_back_is_free() {
    let config = Config {
        max_connections: 2,
        ..Config::default()
    };
    let mut world = Bare::new(config);
    let first = user(&mut world, "first");
    user(&mut world, "second");
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
    user(&mut world, "third");
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
    let alice = user(&mut world, "alice");
    let bob = user(&mut world, "bob");
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
fn open_zlib_streams_are_limited_and_one_stream_for_each_package_is_not() {
    let config = Config {
        max_inflaters: 2,
        ..unlimited()
    };
    let mut world = Bare::new(config);
    for name in ["one", "two"] {
        let client = world.connect();
        world.send(client, &Writer::new(Speech::Stream).package(&login(name)));
    }
    let client = world.connect();
    world.packages(client);
    world.send(
        client,
        &Writer::new(Speech::Stream).package(&login("three")),
    );
    assert!(world.packages(client)[0].contains("too many open zlib streams"));
    user(&mut world, "plain");
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
        let client = user(&mut world, &format!("member-{number}-x"));
        world.send(client, command("join", "channel", &name(number)).as_bytes());
    }
    let asker = user(&mut world, "asker");
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
    let alice = user(&mut world, "alice");
    let newcomer = world.connect();
    let stuck = user(&mut world, "stuck");
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
    let alice = user(&mut world, "alice");
    let bob = user(&mut world, "bob");
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
