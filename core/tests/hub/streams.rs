//! Open zlib streams: there are fewer inflaters than connections, who needs one waits for it, and who
//! stands still with one gives way.

use std::time::Duration;

use chatmaster_core::testing::packages::{error, login, message, said};
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_core::testing::{ClientId, Harness, id, unlimited};
use chatmaster_core::{CloseReason, Config, Input, Output};

use crate::{MS, SECOND};

const GRACE: Duration = Duration::from_secs(2);

const RECLAIMED: &str = "Others wait for the room that this open zlib stream takes, and it stood \
     still. Connect again, with a stream for each package or with plain JSON.";

fn few(max_inflaters: usize) -> Harness {
    Harness::new(Config {
        max_inflaters,
        ..unlimited()
    })
}

/// One more client, which logs in in a stream that it keeps open.
fn log_in_with_a_stream(world: &mut Harness, name: &str) -> (ClientId, Writer) {
    let mut writer = Writer::new(Framing::Stream);
    let client = world.connect();
    world.send(client, &writer.package(&login(name)));
    let session = world.packages(client).remove(1);
    assert!(session.contains(r#""status":true"#), "{session}");
    (client, writer)
}

/// One more client, which begins a stream and says nothing in it.
fn open_a_stream(world: &mut Harness) -> ClientId {
    let client = world.connect();
    world.packages(client);
    world.send(client, &[0x78, 0x9c]);
    client
}

fn closes(world: &Harness) -> Vec<Output> {
    let is_close = |output: &&Output| matches!(output, Output::Finish(_) | Output::Close(..));
    world.log.iter().filter(is_close).copied().collect()
}

#[test]
fn one_byte_takes_no_inflater_from_anyone() {
    let mut world = few(1);
    for _ in 0..100 {
        let client = world.connect();
        world.send(client, &[0x78]);
    }
    let user = world.connect();
    world.send(user, &Writer::new(Framing::Zlib).package(&login("user")));
    assert!(world.packages(user)[1].contains(r#""status":true"#));
    assert_eq!(closes(&world), []);
}

#[test]
fn who_needs_one_more_stream_waits_and_nobody_is_closed_for_it_at_once() {
    let mut world = few(1);
    let (first, mut stream) = log_in_with_a_stream(&mut world, "first");
    let second = world.log_in("second");
    world.packages(first);
    world.log.clear();
    let mut writer = Writer::new(Framing::Zlib);
    for number in 0..3 {
        world.send(second, &writer.package(&message(&number.to_string())));
    }
    assert_eq!(world.packages(first), [""; 0]);
    assert_eq!(world.log, [Output::PauseRead(id(second))]);
    // Whoever has a stream goes on in it.
    for _ in 0..10 {
        world.advance(GRACE - MS);
        world.send(first, &stream.package(&message("mine")));
        assert_eq!(world.packages(second), [said("mine", "first")]);
    }
    assert_eq!(world.log, [Output::PauseRead(id(second))]);
    // When it goes, the other is heard to the end.
    let third = world.log_in("third");
    world.close(first);
    let heard = world.packages(third);
    let expected = [
        said("0", "second"),
        said("1", "second"),
        said("2", "second"),
    ];
    assert_eq!(heard[heard.len() - 3..], expected);
    assert_eq!(world.log.last(), Some(&Output::ResumeRead(id(second))));
}

#[test]
fn a_stream_that_stands_still_gives_way_after_the_grace_and_only_if_someone_waits() {
    let mut world = few(1);
    let (idle, _) = log_in_with_a_stream(&mut world, "idle");
    world.advance(1000 * SECOND);
    assert_eq!(closes(&world), [], "nobody waits");
    let (other, mut stream) = (world.log_in("other"), Writer::new(Framing::Stream));
    world.packages(idle);
    world.send(other, &stream.package(&message("hi")));
    assert_eq!(
        world.packages(idle),
        [said("hi", "other"), error("package", RECLAIMED)][1..]
    );
    assert_eq!(closes(&world), [Output::Finish(id(idle))]);
    world.hang_up(idle);
    let reclaimed = Output::Close(id(idle), CloseReason::Reclaimed);
    assert_eq!(closes(&world)[1..], [reclaimed]);
    // The next has to wait for the grace.
    let next = world.log_in("next");
    world.packages(next);
    world.send(next, &Writer::new(Framing::Zlib).package(&message("now?")));
    world.advance(GRACE - MS);
    assert_eq!(closes(&world).len(), 2);
    world.advance(MS);
    assert_eq!(closes(&world)[2..], [Output::Finish(id(other))]);
}

#[test]
fn of_those_who_stand_still_guests_give_way_first_and_then_the_idlest_user() {
    let mut world = few(4);
    let (oldest, mut stream) = log_in_with_a_stream(&mut world, "oldest");
    world.advance(SECOND);
    let (idlest, _) = log_in_with_a_stream(&mut world, "idlest");
    world.advance(SECOND);
    world.send(oldest, &stream.package(&message("still here")));
    let guests = [open_a_stream(&mut world), open_a_stream(&mut world)];
    world.advance(10 * SECOND);
    // A guest that keeps sending is as old as its stream.
    world.send(guests[0], &[0]);
    let mut talkers = Vec::new();
    for name in ["one", "two", "three", "four"] {
        let talker = world.log_in(name);
        world.send(
            talker,
            &Writer::new(Framing::Stream).package(&message("hi")),
        );
        talkers.push(talker);
    }
    let expected = [guests[0], guests[1], idlest, oldest];
    assert_eq!(
        closes(&world),
        expected.map(|client| Output::Finish(id(client)))
    );
    for client in expected {
        let last = world.packages(client).pop();
        assert_eq!(last, Some(error("package", RECLAIMED)));
    }
}

#[test]
fn who_logs_in_in_a_stream_that_was_open_has_it_as_a_user() {
    let mut world = few(2);
    let mut stream = Writer::new(Framing::Stream);
    let user = world.connect();
    let login = stream.package(&login("user"));
    // The header of the stream comes before what is in it.
    let (header, rest) = login.split_at(2);
    world.send(user, header);
    world.send(user, rest);
    let guest = open_a_stream(&mut world);
    world.advance(10 * SECOND);
    let other = world.log_in("other");
    world.send(other, &Writer::new(Framing::Zlib).package(&message("hi")));
    assert_eq!(closes(&world), [Output::Finish(id(guest))]);
}

#[test]
fn a_stream_that_stands_still_gives_way_as_soon_as_the_grace_is_over() {
    let mut world = few(1);
    let (idle, _) = log_in_with_a_stream(&mut world, "idle");
    let other = world.log_in("other");
    world.send(other, &Writer::new(Framing::Zlib).package(&message("hi")));
    world.advance(GRACE - MS);
    let due = world.hub.poll_timeout().expect("somebody waits");
    assert_eq!(due, world.now + MS);
    world.hub.handle(due, Input::Tick);
    let outputs: Vec<_> = std::iter::from_fn(|| world.hub.poll_output()).collect();
    assert!(outputs.contains(&Output::Write(id(idle))), "{outputs:?}");
}

#[test]
fn nothing_is_set_aside_for_who_waited_and_went() {
    let mut world = few(1);
    let holder = open_a_stream(&mut world);
    let (gone, next) = (world.log_in("gone"), world.log_in("next"));
    let mut writer = Writer::new(Framing::Zlib);
    world.send(gone, &writer.package(&message("hi")));
    world.close(gone);
    world.close(holder);
    world.log.clear();
    world.send(next, &writer.package(&message("hi")));
    assert_eq!(world.log, [], "it need not wait");
}

#[test]
fn no_user_gives_way_to_a_guest_and_the_guest_is_told_what_it_waited_for() {
    let mut world = few(1);
    let (user, _) = log_in_with_a_stream(&mut world, "user");
    world.advance(1000 * SECOND);
    let guest = world.connect();
    world.packages(guest);
    world.send(guest, &Writer::new(Framing::Zlib).package(&login("guest")));
    world.advance(30 * SECOND);
    let told = "The server has too many open zlib streams. Try again later, with a stream for each \
         package or with plain JSON.";
    assert_eq!(world.packages(guest), [error("login", told)]);
    assert_eq!(closes(&world), [Output::Finish(id(guest))]);
    assert!(world.hub.is_open(id(user)));
}

#[test]
fn users_go_before_guests_and_of_each_who_has_waited_longest() {
    let mut world = few(1);
    let holder = open_a_stream(&mut world);
    let listener = world.log_in("listener");
    let mut waiting = Vec::new();
    for number in 0..4 {
        let guest = world.connect();
        let name = format!("guest-{number}-x");
        world.send(guest, &Writer::new(Framing::Zlib).package(&login(&name)));
        let user = world.log_in(&format!("user-{number}-x"));
        let said = message(&number.to_string());
        world.send(user, &Writer::new(Framing::Zlib).package(&said));
        waiting.extend([guest, user]);
    }
    world.packages(listener);
    // One that goes away meanwhile leaves no gap.
    world.close(waiting[3]);
    world.packages(listener);
    world.close(holder);
    let heard = world.packages(listener);
    let order: Vec<bool> = [
        "0\"", "2\"", "3\"", "guest-0", "guest-1", "guest-2", "guest-3",
    ]
    .iter()
    .zip(&heard)
    .map(|(part, package)| package.contains(part))
    .collect();
    assert_eq!(order, [true; 7], "{heard:?}");
    assert_eq!(heard.len(), 7);
}

#[test]
fn who_has_a_stream_for_each_package_does_not_overtake_those_who_wait() {
    let mut world = few(1);
    let holder = open_a_stream(&mut world);
    let talkers = ["alice", "bob"].map(|name| world.log_in(name));
    let listener = world.log_in("listener");
    for talker in talkers {
        let mut writer = Writer::new(Framing::Zlib);
        let several: Vec<u8> = (0..3)
            .flat_map(|number| writer.package(&message(&number.to_string())))
            .collect();
        world.send(talker, &several);
    }
    world.packages(listener);
    world.close(holder);
    let expected = ["0", "1", "2"].map(|text| [said(text, "alice"), said(text, "bob")]);
    assert_eq!(world.packages(listener), expected.as_flattened());
    assert_eq!(closes(&world), []);
}

#[test]
fn a_peer_that_hangs_up_while_it_waits_is_heard_to_the_end() {
    let mut world = few(1);
    let holder = open_a_stream(&mut world);
    let listener = world.log_in("listener");
    let hasty = world.log_in("hasty");
    world.packages(listener);
    world.send(hasty, &Writer::new(Framing::Zlib).package(&message("bye")));
    world.hang_up(hasty);
    assert_eq!(world.packages(listener), [""; 0]);
    world.close(holder);
    assert_eq!(world.packages(listener)[0], said("bye", "hasty"));
    let left = Output::Close(id(hasty), CloseReason::Left);
    assert_eq!(world.log.last(), Some(&left));
}

#[test]
fn what_waits_for_a_stream_is_bounded() {
    let mut world = few(1);
    open_a_stream(&mut world);
    let deluge = world.log_in("deluge");
    let flood = Writer::new(Framing::Zlib).package(&message("x"));
    let most = Config::default().backlog_bytes;
    for _ in 0..=most / flood.len() + 1 {
        world.send(deluge, &flood);
    }
    let told = "Too many bytes came while reading was paused.";
    assert_eq!(world.packages(deluge).pop(), Some(error("package", told)));
}
