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
fn an_ipv6_address_counts_by_its_network_and_a_link_local_one_as_a_whole() {
    let config = Config {
        max_connections_per_address: 2,
        ..Config::default()
    };
    let mut world = Bare::new(config);
    let mut connect = |address: &str| {
        let client = world.connect_from(address.parse().expect("it is an address"));
        let greeting = world.packages(client).remove(0);
        match greeting.contains("request") {
            true => Some(client),
            false => {
                assert!(greeting.contains("too many connections from its address"));
                None
            }
        }
    };
    assert!(connect("2001:db8:1:2::1").is_some());
    let second = connect("2001:db8:1:2:ffff:ffff:ffff:ffff").expect("there may be two");
    assert!(connect("2001:db8:1:2:3:4:5:6").is_none(), "one customer");
    assert!(connect("2001:db8:1:3::1").is_some(), "another");
    // All neighbours are in fe80::/64.
    for neighbour in 1..5 {
        assert!(connect(&format!("fe80::{neighbour}")).is_some());
        assert!(connect(&format!("fe80::{neighbour}")).is_some());
        assert!(connect(&format!("fe80::{neighbour}")).is_none());
    }
    // As a dual-stack socket shows them: all of IPv4 is in one /64 of IPv6.
    for last in 1..5 {
        assert!(connect(&format!("::ffff:203.0.113.{last}")).is_some());
    }
    for _ in 0..5 {
        assert!(connect("::1").is_some(), "loopback is exempt");
    }
    world.close(second);
    let back = world.connect_from("2001:db8:1:2::7".parse().expect("it is an address"));
    assert!(world.packages(back)[0].contains("request"));
    let seen = world.hub.client(id(back)).and_then(|client| client.address);
    let whole: IpAddr = "2001:db8:1:2::7".parse().expect("it is an address");
    assert_eq!(seen, Some(whole), "who looks at it sees all of it");
}

/// An address that is not exempt.
const AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

#[test]
fn connections_have_a_rate_for_each_address_whether_they_stay_or_not() {
    let config = Config {
        max_connections_per_address: 3,
        connect_rate: 2,
        ..Config::default()
    };
    let mut world = Bare::new(config);
    let refused = error(
        "login",
        "Not admitted: too many new connections from its address. Try again later.",
    );
    // It connects and goes at once: the count of connections is never reached.
    for _ in 0..6 {
        let client = world.connect_from(AWAY);
        assert!(world.packages(client)[0].contains("request"));
        world.close(client);
    }
    let client = world.connect_from(AWAY);
    assert_eq!(world.packages(client), [refused.as_str()]);
    assert_eq!(world.log, [Output::Finish(id(client))]);
    world.hang_up(client);
    assert_eq!(
        world.log[1..],
        [Output::Close(id(client), CloseReason::AddressRate)]
    );
    // Nobody else has to wait, and loopback never.
    let other = world.connect_from(Ipv4Addr::new(203, 0, 113, 8).into());
    assert!(world.packages(other)[0].contains("request"));
    for _ in 0..20 {
        let local = world.connect();
        assert!(world.packages(local)[0].contains("request"));
    }
    // Two a second, and no more for having been refused.
    for _ in 0..4 {
        world.advance(SECOND / 2);
        let client = world.connect_from(AWAY);
        assert!(world.packages(client)[0].contains("request"));
        world.close(client);
        let client = world.connect_from(AWAY);
        assert_eq!(world.packages(client), [refused.as_str()]);
    }
}

#[test]
fn addresses_that_were_here_are_forgotten_and_few_are_remembered() {
    let mut world = Bare::new(Config::default());
    let mut hub = chatmaster_core::Hub::new(Config::default(), chatmaster_core::Start::default());
    for number in 0..20_000_u32 {
        let address = IpAddr::V4(Ipv4Addr::from_bits(0x0b00_0000 + number));
        let conn = chatmaster_core::ConnId(u64::from(number));
        let peer = chatmaster_core::Peer(address);
        hub.handle(Time::ZERO, Input::Opened(conn, peer));
        hub.handle(Time::ZERO, Input::Closed(conn));
        while hub.poll_output().is_some() {}
    }
    hub.check_invariants();
    // One that comes back finds its rate as it was.
    for number in 0..129 {
        let client = world.connect_from(AWAY);
        let admitted = world.packages(client)[0].contains("request");
        assert_eq!(admitted, number < 128);
        world.close(client);
    }
}

#[test]
fn logins_have_a_rate_for_each_address_and_those_over_it_wait() {
    let config = Config {
        max_connections_per_address: 4,
        login_rate: 2,
        ..Config::default()
    };
    let mut world = Bare::new(config);
    let local = world.log_in("local");
    let clients: Vec<_> = (0..4).map(|_| world.connect_from(AWAY)).collect();
    // A name that is taken costs as much as one that is not.
    for (client, name) in clients.iter().zip(["local", "local", "local", "bob"]) {
        world.send(*client, login(name).as_bytes());
        assert_eq!(
            world.packages(*client).len(),
            if name == "bob" { 3 } else { 2 }
        );
    }
    for client in [0, 1, 2, 0] {
        world.send(clients[client], login("local").as_bytes());
        assert_eq!(world.packages(clients[client]).len(), 1);
    }
    for (number, client) in clients[..3].iter().enumerate() {
        world.send(*client, login(&format!("name-{number}-x")).as_bytes());
        assert_eq!(world.packages(*client), [""; 0]);
    }
    assert_eq!(
        world.log.len(),
        3,
        "they are not read from: {:?}",
        world.log
    );
    // In the order in which they came, and one each half second.
    for client in &clients[..3] {
        world.advance(SECOND / 2 - MS);
        assert!(
            !world
                .packages(*client)
                .iter()
                .any(|text| text.contains("session"))
        );
        world.advance(MS);
        let answer = world.packages(*client).remove(0);
        assert!(answer.contains(r#""status":true"#), "{answer}");
    }
    // Who has logged in does not wait for those who have not, and loopback for nobody.
    world.send(clients[3], message("hi").as_bytes());
    assert_eq!(world.packages(local).pop(), Some(said("hi", "bob")));
    for number in 0..10 {
        world.log_in(&format!("local-{number}-x"));
    }
}

#[test]
fn renames_have_a_rate_for_each_address_and_the_refusal_says_when_to_try_again() {
    let config = Config {
        max_connections_per_address: 2,
        rename_rate: 1,
        message_rate: 0,
        ..Config::default()
    };
    let mut world = Bare::new(config);
    let local = world.log_in("local");
    let users: Vec<_> = ["one", "two"]
        .iter()
        .map(|name| {
            let client = world.connect_from(AWAY);
            world.send(client, login(name).as_bytes());
            client
        })
        .collect();
    let mut rename = |client, name: &str| {
        world.packages(client);
        world.send(client, command("rename", "username", name).as_bytes());
        world.packages(client).remove(0)
    };
    // Also a name that cannot be had costs one.
    assert!(rename(users[0], "local").contains("Username is already taken."));
    for name in ["second", "2nd", "next"] {
        assert!(rename(users[1], name).contains("user_rename"));
    }
    let told = "There were too many renames from your address. Try again in 1 s.";
    for user in &users {
        assert_eq!(rename(*user, "third"), error("rename", told));
    }
    for number in 0..10 {
        let name = format!("local-{number}-x");
        assert!(rename(local, &name).contains("user_rename"));
    }
    world.advance(SECOND);
    world.packages(users[0]);
    world.send(users[0], command("rename", "username", "third").as_bytes());
    assert!(world.packages(users[0])[0].contains("user_rename"));
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
fn a_stopping_server_tells_everyone_and_takes_leave_up_to_the_linger() {
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
    // To close before the peer has would reset what it has not read yet.
    assert_eq!(
        world.log,
        [Output::Finish(id(alice)), Output::Finish(id(newcomer))]
    );
    // What it has to say still changes nothing, and neither does being told twice.
    world.send(alice, message("wait!").as_bytes());
    world.handle(Input::Shutdown);
    world.hang_up(alice);
    let closed = |client| Output::Close(id(client), CloseReason::Shutdown);
    assert_eq!(world.log[2..], [closed(alice)]);
    let late = world.connect();
    assert_eq!(world.log[3..], [closed(late)]);
    world.advance(5 * SECOND - MS);
    assert_eq!(world.hub.connections(), 2, "two have time left");
    world.advance(MS);
    assert_eq!(world.log[4..], [closed(newcomer), closed(stuck)]);
    assert_eq!(world.hub.connections(), 0);
}

#[test]
fn who_is_behind_when_the_server_stops_gets_all_there_is_although_it_says_something() {
    let mut world = Bare::new(unlimited());
    let talker = world.log_in("talker");
    let behind = world.log_in("behind");
    world.packages(behind);
    world.stall(behind);
    let texts: Vec<String> = (0..2000).map(|number| number.to_string()).collect();
    for text in &texts {
        world.send(talker, message(text).as_bytes());
    }
    world.handle(Input::Shutdown);
    world.send(behind, message("a word").as_bytes());
    world.resume(behind);
    let mut heard = world.packages(behind);
    let told = error("shutdown", "The server is shutting down.");
    assert_eq!(heard.pop(), Some(told));
    let expected = texts.iter().map(|text| said(text, "talker"));
    assert!(heard.into_iter().eq(expected));
    assert!(
        !world
            .log
            .contains(&Output::Close(id(behind), CloseReason::Shutdown))
    );
    world.hang_up(behind);
    assert!(
        world
            .log
            .contains(&Output::Close(id(behind), CloseReason::Shutdown))
    );
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

/// As much as may come at once of the longest messages there may be, to a reader who takes all that is
/// sent, but shares a segment with one who does not. Says whether it is closed.
fn reader_is_closed_by_allowed_messages(config: &Config) -> bool {
    let mut world = Bare::new(config.clone());
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
        let mut world = Bare::new(config.clone());
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
