//! How long the hub waits: for a login, and for a peer to take its leave.

use chatmaster_core::testing::packages::{error, login};
use chatmaster_core::testing::{Harness, id};
use chatmaster_core::{CloseReason, Config, Input, Output};

use crate::{MS, SECOND};

#[test]
fn who_does_not_log_in_is_told_at_the_deadline_and_closed() {
    let mut world = Harness::new(Config::default());
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
    let mut world = Harness::new(Config::default());
    world.log_in("alice");
    assert_eq!(world.hub.poll_timeout(), None);
    world.advance(3600 * SECOND);
    assert_eq!(world.log, []);
}

#[test]
fn a_peer_that_does_not_close_its_half_is_closed_at_the_linger_deadline() {
    let mut world = Harness::new(Config::default());
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
    let mut world = Harness::new(Config::default());
    let deaf = world.connect();
    world.stall(deaf);
    world.send(deaf, b"nonsense");
    assert_eq!(world.log, []);
    world.advance(5 * SECOND);
    assert_eq!(world.log, [Output::Close(id(deaf), CloseReason::Violation)]);
}

#[test]
fn a_deadline_that_was_slept_through_is_put_off_by_a_second() {
    let mut world = Harness::new(Config::default());
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
    let mut world = Harness::new(Config::default());
    let idle = world.connect();
    world.packages(idle);
    world.now = world.now + 30 * SECOND + 100 * MS;
    world.handle(Input::Tick);
    assert_eq!(world.packages(idle).len(), 1);
}
