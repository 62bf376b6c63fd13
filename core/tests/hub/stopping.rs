//! A server that stops: everyone is told, and gets what there is.

use chatmaster_core::testing::packages::{error, message, said};
use chatmaster_core::testing::{Harness, id, unlimited};
use chatmaster_core::{CloseReason, Config, Input, Output};

use crate::{MS, SECOND};

#[test]
fn a_stopping_server_tells_everyone_and_takes_leave_up_to_the_linger() {
    let mut world = Harness::new(Config::default());
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
    let mut world = Harness::new(unlimited());
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
fn who_is_paused_when_the_server_stops_is_read_from_again_unless_there_is_nothing_to_come() {
    let mut world = Harness::new(Config::default());
    let [open, done] = ["open", "done"].map(|name| world.log_in(name));
    for flooder in [open, done] {
        world.send(flooder, message("x").repeat(60).as_bytes());
    }
    world.hang_up(done);
    let paused = [open, done].map(|client| Output::PauseRead(id(client)));
    assert_eq!(world.log, paused);
    world.handle(Input::Shutdown);
    let rest = [
        Output::ResumeRead(id(open)),
        Output::Finish(id(open)),
        Output::Close(id(done), CloseReason::Shutdown),
    ];
    assert_eq!(world.log[2..], rest);
    // What it says now is read, and nobody's business: not even once a pause would be over.
    world.send(open, message("x").repeat(60).as_bytes());
    world.advance(SECOND);
    assert_eq!(world.log.len(), 5);
    let backlog = world.hub.client(id(open)).map(|client| client.backlog);
    assert_eq!(backlog, Some(0));
}
