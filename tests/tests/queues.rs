//! The send queues of the hub, in virtual time: readers who are slow, readers who are stuck, and all that
//! comes at once; who takes what is sent misses nothing and is never closed.

use std::time::Duration;

use chatmaster_core::{CloseReason, Config, Input, Output};
use chatmaster_tests::packages::{command, left, login, message, said};
use chatmaster_tests::wire::{Speech, Writer};
use chatmaster_tests::world::{Bare, World, id, unlimited};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

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
    let listener = world.log_in("listener");
    let talker = world.log_in("talker");
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
    world.log_in("listener");
    let talker = world.log_in("talker");
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
fn a_reader_that_never_reads_is_closed_and_announced_and_nobody_else_notices() {
    let mut world = Bare::new(unlimited());
    let talker = world.log_in("talker");
    let listener = world.log_in("listener");
    let stuck = world.log_in("stuck");
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
    let talker = world.log_in("talker");
    let slow = world.log_in("slow");
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
    let talker = world.log_in("talker");
    let slow = world.log_in("slow");
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
    let alice = world.log_in("alice");
    let bob = world.log_in("bob");
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
        let client = world.log_in("client");
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
    let stuck = world.log_in("stuck");
    let talker = world.log_in("talker");
    let walker = world.log_in("walker");
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
    let talker = world.log_in("talker");
    let heavy = world.log_in("heavy");
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
        let member = world.log_in(&format!("member-{number}-x"));
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
