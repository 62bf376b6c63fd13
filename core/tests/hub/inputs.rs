//! Inputs that come too late, twice, or with a clock that goes back.

use std::net::Ipv4Addr;

use chatmaster_core::testing::packages::error;
use chatmaster_core::testing::{Harness, id};
use chatmaster_core::{Config, Input, Peer, Time};

use crate::SECOND;

#[test]
fn an_unfinished_package_at_the_end_is_an_error() {
    let mut world = Harness::new(Config::default());
    let client = world.log_in("alice");
    world.packages(client);
    world.send(client, br#"{"type":"mess"#);
    world.hang_up(client);
    let told = error("package", "The connection ended inside a package.");
    assert_eq!(world.packages(client), [told]);
}

#[test]
fn inputs_that_come_too_late_or_twice_are_ignored() {
    let mut world = Harness::new(Config::default());
    let alice = world.log_in("alice");
    let bob = world.log_in("bob");
    world.close(bob);
    world.packages(alice);
    world.handle(Input::Received(id(bob), b"{}"));
    world.handle(Input::Sent(id(bob), 100));
    world.handle(Input::Eof(id(bob)));
    world.handle(Input::Closed(id(bob)));
    world.handle(Input::Opened(id(bob), Peer(Ipv4Addr::LOCALHOST.into())));
    world.handle(Input::Sent(id(alice), u32::MAX));
    world.handle(Input::Received(id(alice), b""));
    assert_eq!(world.hub.connections(), 1);
    assert_eq!(world.packages(alice), [""; 0]);
    assert_eq!(world.log, []);
}

#[test]
fn no_output_names_a_connection_that_has_gone_before_the_outputs_are_drained() {
    let mut world = Harness::new(Config::default());
    let peer = Peer(Ipv4Addr::LOCALHOST.into());
    world.hub.handle(world.now, Input::Opened(id(0), peer));
    world.hub.handle(world.now, Input::Closed(id(0)));
    assert_eq!(world.hub.poll_output(), None);
    assert_eq!(world.hub.pending(id(0)).count(), 0);
}

#[test]
fn time_that_goes_back_stands_still() {
    let mut world = Harness::new(Config::default());
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
fn a_hub_shows_itself_in_a_line_however_much_it_holds() {
    let mut world = Harness::new(Config::default());
    for _ in 0..50 {
        world.connect();
    }
    let line = format!("{:?}", world.hub);
    assert!(line.starts_with("Hub { now: "), "{line}");
    assert!(line.contains("connections: 50, rooms: 1"), "{line}");
    assert!(line.len() < 200, "{line}");
}
