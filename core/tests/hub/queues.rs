//! The send queues of the hub, in virtual time: readers who are slow, readers who are stuck, and all that
//! comes at once; who takes what is sent misses nothing and is never closed.

use chatmaster_core::testing::packages::{command, left, login, message, said};
use chatmaster_core::testing::wire::{Framing, Writer};
use chatmaster_core::testing::{ClientId, Harness, id, unlimited};
use chatmaster_core::{CloseReason, Config, Input, Output};

use crate::{MS, SECOND};

#[test]
fn without_flood_control_what_comes_at_once_goes_in_turns_that_no_reader_is_closed_for() {
    // 5000 messages, and a stream of a few kilobytes that inflates to 400 messages of 4 KiB: more
    // than a send queue takes, for readers who take all they are sent.
    let short: String = (0..5000)
        .map(|number| message(&number.to_string()))
        .collect();
    let long: String = (0..400).map(|_| message(&"x".repeat(4096))).collect();
    let long = Writer::new(Framing::Zlib).package(&long);
    assert!(long.len() < 16 * 1024);
    let expected = (0..5000).map(|n| said(&n.to_string(), "talker"));
    let expected = expected.chain((0..400).map(|_| said(&"x".repeat(4096), "talker")));

    let mut world = Harness::new(unlimited());
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
    let mut world = Harness::new(unlimited());
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
    let mut world = Harness::new(unlimited());
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
    let mut world = Harness::new(unlimited());
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
    let mut world = Harness::new(config);
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
    let mut world = Harness::new(unlimited());
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
fn a_queue_may_burst_with_the_last_word_of_a_server_that_stops() {
    // However full the queue is when the server stops: one of these is just full.
    let mut burst = 0;
    for heard in 0..200 {
        let config = Config {
            send_queue_bytes: 8 * 1024,
            ..unlimited()
        };
        let mut world = Harness::new(config);
        let talker = world.log_in("talker");
        let client = world.log_in("client");
        world.stall(client);
        for _ in 0..heard {
            world.send(talker, message("x").as_bytes());
        }
        if world
            .log
            .contains(&Output::Close(id(client), CloseReason::SlowConsumer))
        {
            break;
        }
        world.handle(Input::Shutdown);
        burst += usize::from(world.hub.client(id(client)).is_none());
        world.advance(5 * SECOND);
        assert_eq!(world.hub.connections(), 0);
        let closes = |output: &&Output| matches!(output, Output::Close(..));
        assert_eq!(world.log.iter().filter(closes).count(), 2);
    }
    assert!(burst > 0, "the last word burst a queue");
}

/// A room with somebody whose queue is just more than half full and who does not read.
fn with_a_laggard(config: Config) -> (Harness, ClientId, ClientId) {
    let mut world = Harness::new(config);
    let talker = world.log_in("talker");
    let laggard = world.log_in("laggard");
    world.stall(laggard);
    let half = Config::default().send_queue_bytes / 2;
    for _ in 0..=half / 4000 {
        if world.waiting(laggard) <= half {
            world.send(talker, message(&"x".repeat(4000)).as_bytes());
        }
    }
    assert!(world.waiting(laggard) > half);
    world.advance(2 * MS);
    (world, talker, laggard)
}

#[test]
fn behind_a_reader_that_lags_whoever_waits_longest_goes_first() {
    let config = Config {
        message_rate: 0,
        lag_limit: 60 * SECOND,
        ..Config::default()
    };
    let (mut world, _, laggard) = with_a_laggard(config);
    let flooders: Vec<_> = (0..10)
        .map(|number| world.log_in(&format!("flooder-{number}-x")))
        .collect();
    let listener = world.log_in("listener");
    let late = world.log_in("late");
    for flooder in &flooders {
        world.send(*flooder, message("flood").repeat(20).as_bytes());
    }
    world.advance(20 * MS);
    world.packages(listener);
    for round in 0..3 {
        world.send(late, message(&round.to_string()).as_bytes());
        // Everybody before it has one turn of 2 ms, and it has its own.
        world.advance(11 * 2 * MS);
        let heard = world.packages(listener);
        let at = heard
            .iter()
            .position(|text| *text == said(&round.to_string(), "late"));
        assert!(
            at.is_some(),
            "in round {round} {} others were heard",
            heard.len()
        );
        assert!(heard.len() <= 12, "the room is as slow as it is to be");
        // And so are the flooders' turns: nobody had two before another had one.
        let by = |flooder: &str| heard.iter().filter(|text| text.contains(flooder)).count();
        for number in 0..10 {
            assert!(by(&format!("flooder-{number}-x")) <= 2);
        }
    }
    assert!(
        world.hub.client(id(laggard)).is_some(),
        "it lags to the end"
    );
}

#[test]
fn who_is_served_late_is_served_in_the_order_of_waiting_too() {
    // The server wakes rarely, and all timers are due at once: those of flood control, whose time has
    // come long ago, and that of somebody who waits for the room.
    let config = Config {
        message_rate: 100,
        message_burst: 1,
        lag_limit: 60 * SECOND,
        ..Config::default()
    };
    let (mut world, _, laggard) = with_a_laggard(Config {
        message_rate: 0,
        ..config
    });
    let flooders: Vec<_> = (0..10)
        .map(|number| world.log_in(&format!("flooder-{number}-x")))
        .collect();
    let listener = world.log_in("listener");
    let late = world.log_in("late");
    for flooder in &flooders {
        world.send(*flooder, message("flood").repeat(100).as_bytes());
    }
    world.packages(listener);
    world.send(late, message("hello").as_bytes());
    let heard = (0..20).position(|_| {
        world.now = world.now + 500 * MS;
        world.handle(Input::Tick);
        world.packages(listener).contains(&said("hello", "late"))
    });
    assert!(heard.is_some_and(|ticks| ticks <= 11), "{heard:?}");
    assert!(
        world.hub.client(id(laggard)).is_some(),
        "it lags to the end"
    );
}

#[test]
fn a_reader_that_lags_is_waited_for_for_so_long_and_then_only_bounded() {
    let config = Config {
        message_rate: 0,
        lag_limit: SECOND,
        ..Config::default()
    };
    let (mut world, talker, laggard) = with_a_laggard(config);
    world.advance(SECOND - 10 * MS);
    world.log.clear();
    world.send(talker, message("still").repeat(2).as_bytes());
    assert_eq!(
        world.log,
        [Output::PauseRead(id(talker))],
        "it is waited for"
    );
    world.advance(20 * MS);
    world.log.clear();
    world.send(talker, message("no more").repeat(100).as_bytes());
    assert_eq!(world.log, [], "it is not waited for any more");
    // Reading a little does not make it worth waiting again, reading all does.
    world.resume(laggard);
    assert!(world.packages(laggard).len() > 100, "it missed nothing");
    world.stall(laggard);
    world.send(talker, message(&"x".repeat(4000)).repeat(40).as_bytes());
    assert_eq!(world.log, [Output::PauseRead(id(talker))]);
    // Nobody waits for one that never reads, and in the end it is closed.
    world.advance(2 * SECOND);
    for _ in 0..10 {
        assert!(world.hub.client(id(laggard)).is_some() || world.hub.connections() == 1);
        world.log.clear();
        world.send(talker, message(&"x".repeat(4000)).repeat(10).as_bytes());
        world.advance(MS);
    }
    assert_eq!(world.hub.client(id(laggard)), None);
    assert!(!world.log.contains(&Output::PauseRead(id(talker))));
}

#[test]
fn who_does_not_take_its_answers_is_not_read_from_until_it_does() {
    let config = Config {
        send_queue_bytes: 16 * 1024,
        ..unlimited()
    };
    let ask = r#"{"type":"command","data":{"command":"users"}}"#;
    let mut world = Harness::new(config.clone());
    for number in 0..40 {
        let name = format!("somebody-with-a-long-name-{number}");
        world.log_in(&name);
    }
    let hasty = world.log_in("hasty");
    let listener = world.log_in("listener");
    world.packages(hasty);
    world.packages(listener);
    world.stall(hasty);
    world.send(hasty, ask.repeat(30).as_bytes());
    world.send(hasty, message("done").as_bytes());
    assert_eq!(world.log, [Output::PauseRead(id(hasty))]);
    let waiting = world.waiting(hasty);
    assert!(
        waiting > 8 * 1024 && waiting <= 12 * 1024,
        "{waiting} bytes wait"
    );
    assert_eq!(
        world.hub.poll_timeout(),
        None,
        "there is nothing to do meanwhile"
    );
    // What it takes makes room for as much: it reads slowly, and never is over its bound.
    let mut most = 0;
    let mut rest = 0;
    while !world.log.contains(&Output::ResumeRead(id(hasty))) {
        world.trickle(hasty, 900);
        most = most.max(world.waiting(hasty));
        rest += 1;
        assert!(rest < 10_000, "it comes to an end");
    }
    assert!(most <= 12 * 1024, "{most} bytes waited");
    world.resume(hasty);
    let answers = world.packages(hasty);
    assert_eq!(answers.len(), 30);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.packages(listener), [said("done", "hasty")]);
    let closed = |output: &Output| matches!(output, Output::Close(..) | Output::Finish(_));
    assert!(!world.log.iter().any(closed));
}

#[test]
fn who_does_not_take_its_answers_and_hangs_up_gets_them_all_and_is_dealt_with_to_the_end() {
    let config = Config {
        send_queue_bytes: 8 * 1024,
        ..unlimited()
    };
    let ask = r#"{"type":"command","data":{"command":"users"}}"#;
    let mut world = Harness::new(config);
    let listener = world.log_in("listener");
    let hasty = world.log_in("hasty");
    world.packages(hasty);
    world.packages(listener);
    world.stall(hasty);
    world.send(hasty, ask.repeat(100).as_bytes());
    world.send(hasty, message("done").as_bytes());
    world.hang_up(hasty);
    assert_eq!(world.packages(listener), [""; 0]);
    world.resume(hasty);
    assert_eq!(world.packages(hasty).len(), 100);
    assert_eq!(
        world.packages(listener),
        [said("done", "hasty"), left("hasty", "general")]
    );
    assert_eq!(
        world.log.last(),
        Some(&Output::Close(id(hasty), CloseReason::Left))
    );
}

#[test]
fn walking_between_rooms_with_a_stuck_reader_in_one_costs_the_walker_nothing() {
    // The stuck reader keeps the general room's segment alive and long; whoever is sent something
    // from it holds it too, but once and not once a visit.
    let mut world = Harness::new(unlimited());
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
    let mut world = Harness::new(config);
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

#[test]
fn all_whose_queues_overflow_at_once_are_closed() {
    let mut world = Harness::new(unlimited());
    let talker = world.log_in("talker");
    let stuck = ["one", "two", "three"].map(|name| world.log_in(name));
    for client in stuck {
        world.stall(client);
    }
    world.packages(talker);
    let text = message(&"x".repeat(4000));
    for _ in 0..70 {
        world.send(talker, text.as_bytes());
    }
    let closes = stuck.map(|client| Output::Close(id(client), CloseReason::SlowConsumer));
    assert_eq!(world.log, closes);
    let told = ["one", "two", "three"].map(|name| left(name, "general"));
    assert_eq!(world.packages(talker), told);
    assert_eq!(world.hub.connections(), 1);
}
