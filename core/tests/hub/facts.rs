//! What happened, told as facts: the same things that packages tell, once each, in order.

use std::fmt::Write as _;

use chatmaster_core::testing::packages::{command, login, message};
use chatmaster_core::testing::{Harness, unlimited};
use chatmaster_core::{CloseReason, Departure, Fact, HubFact, HubWhat, Seq, What};

/// The facts since this was last asked, as a line each.
fn told(world: &mut Harness) -> String {
    let mut lines = String::new();
    while let Some(HubFact { conn, what, .. }) = world.hub.poll_fact() {
        let what = match what {
            HubWhat::World(fact) => line(&fact),
            other => format!("{other:?}"),
        };
        writeln!(lines, "{}: {what}", conn.0).unwrap();
    }
    lines
}

fn line(fact: &Fact<'_>) -> String {
    let Fact {
        seq: Seq(seq),
        username,
        channel,
        what,
        ..
    } = fact;
    let what = match what {
        What::Renamed { from } => format!("Renamed from {from}"),
        other => format!("{other:?}"),
    };
    format!("{seq} {username} in {channel} {what}")
}

#[test]
fn whatever_happens_is_told_once_with_who_and_where() {
    let mut world = Harness::new(unlimited());
    world.hub.keep_facts(true);
    let (alice, bob) = (world.log_in("alice"), world.log_in("bob"));
    assert_eq!(
        told(&mut world),
        "1: Connected(127.0.0.1)\n\
         1: 1 alice in general LoggedIn\n\
         1: 1 alice in general Joined\n\
         2: Connected(127.0.0.1)\n\
         2: 2 bob in general LoggedIn\n\
         2: 2 bob in general Joined\n"
    );
    world.send(alice, message("hi").as_bytes());
    world.send(bob, command("rename", "username", "ALICE").as_bytes());
    world.send(bob, command("rename", "username", "rob").as_bytes());
    world.send(alice, command("join", "channel", "den").as_bytes());
    world.send(alice, command("private", "", "").as_bytes());
    world.send(bob, command("join", "channel", "den").as_bytes());
    world.send(bob, command("users", "", "").as_bytes());
    world.send(alice, command("public", "", "").as_bytes());
    world.send(alice, command("leave", "", "").as_bytes());
    assert_eq!(
        told(&mut world),
        "1: 3 alice in general Said(\"hi\")\n\
         2: Refused { error_type: \"rename\", reason: \"Username is already taken.\" }\n\
         2: 5 rob in general Renamed from bob\n\
         1: 6 alice in general Left { why: Moved, closed: false }\n\
         1: 6 alice in den Joined\n\
         1: 7 alice in den WentPrivate\n\
         2: Refused { error_type: \"join\", reason: \"Channel is private.\" }\n\
         2: Listed(\"users\")\n\
         1: 9 alice in den WentPublic\n\
         1: 10 alice in den Left { why: Left, closed: true }\n\
         1: 10 alice in general Joined\n"
    );
    world.close(bob);
    world.send(alice, b"nonsense");
    let end = told(&mut world);
    let expected = [
        "2: 11 rob in general Left { why: Gone, closed: false }",
        "2: Closed(None)",
        "1: Refused { error_type: \"package\"",
        "1: 12 alice in general Left { why: Gone, closed: false }",
        "1: Leaving(Violation)",
    ];
    assert_eq!(end.lines().count(), expected.len(), "{end}");
    for (line, expected) in end.lines().zip(expected) {
        assert!(line.starts_with(expected), "{line} is {expected}");
    }
    world.hang_up(alice);
    let closed = HubWhat::Closed(Some(CloseReason::Violation));
    assert_eq!(world.hub.poll_fact().map(|fact| fact.what), Some(closed));
}

#[test]
fn a_failed_login_is_told_and_nobody_comes_of_it() {
    let mut world = Harness::new(unlimited());
    world.hub.keep_facts(true);
    world.log_in("alice");
    let mallory = world.connect();
    told(&mut world);
    world.send(mallory, login("alice").as_bytes());
    world.send(mallory, message("hi").as_bytes());
    assert_eq!(
        told(&mut world),
        "2: Refused { error_type: \"login\", reason: \"Username is already taken.\" }\n\
         2: Refused { error_type: \"message\", reason: \"Log in first.\" }\n"
    );
}

#[test]
fn facts_are_kept_only_while_somebody_wants_them() {
    let mut world = Harness::new(unlimited());
    let alice = world.log_in("alice");
    assert_eq!(world.hub.poll_fact(), None);
    world.hub.keep_facts(true);
    world.send(alice, command("join", "channel", "den").as_bytes());
    let first = world.hub.poll_fact().unwrap();
    assert!(matches!(
        first.what,
        HubWhat::World(Fact {
            what: What::Left {
                why: Departure::Moved,
                closed: false
            },
            ..
        })
    ));
    world.hub.keep_facts(false);
    assert_eq!(world.hub.poll_fact(), None);
}
