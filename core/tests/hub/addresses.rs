//! What one address may do: its connections, and the rates of its connects, logins and renames.

use std::net::{IpAddr, Ipv4Addr};

use chatmaster_core::testing::packages::{command, error, login, message, said};
use chatmaster_core::testing::{Harness, id};
use chatmaster_core::{
    ClientState, CloseReason, Config, ConnId, Hub, Input, Output, Peer, Start, Time,
};

use crate::{MS, SECOND};

#[test]
fn connections_from_one_address_are_limited_but_for_loopback() {
    let config = Config {
        max_connections_per_address: 3,
        ..Config::default()
    };
    let mut world = Harness::new(config);
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
    let mut world = Harness::new(config);
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
    let mut world = Harness::new(config);
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
    let mut world = Harness::new(Config::default());
    // So many are remembered, and not one less: what the first has spent is known still.
    const REMEMBERED: u32 = 16 * 1024;
    for others in [REMEMBERED - 1, REMEMBERED] {
        let config = Config {
            max_connections_per_address: 1,
            ..Config::default()
        };
        let mut hub = Hub::new(config, Start::default());
        let mut conns = (0..).map(ConnId);
        let mut comes = |address: u32| {
            let conn = conns.next().expect("they count up");
            let peer = Peer(IpAddr::V4(Ipv4Addr::from_bits(0x0b00_0000 + address)));
            hub.handle(Time::ZERO, Input::Opened(conn, peer));
            let state = hub.client(conn).map(|client| client.state);
            let admitted = matches!(state, Some(ClientState::LoggingIn));
            hub.handle(Time::ZERO, Input::Closed(conn));
            while hub.poll_output().is_some() {}
            admitted
        };
        // Of those that have spent as much the lowest is forgotten first.
        (0..=others).for_each(|address| assert!(comes(address)));
        let forgotten = others == REMEMBERED;
        assert_eq!([0; 2].map(&mut comes), [true, forgotten], "{others} others");
        hub.check_invariants();
    }
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
    let mut world = Harness::new(config);
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
    let mut world = Harness::new(config);
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
