//! What a queue holds, to the byte: frames lie in segments that readers share, and a bound is a bound.

use std::net::Ipv4Addr;

use chatmaster_core::testing::packages::{ask, command, login, message, said};
use chatmaster_core::testing::{ClientId, Harness, id, unlimited};
use chatmaster_core::{CloseReason, Config, ConnId, Hub, Input, Output, Peer, Start, Time};

use crate::{MS, SECOND};

/// What a segment takes here: an eighth of a queue.
const SEGMENT: usize = 8 * 1024;

const CONFIG: fn() -> Config = || Config {
    send_queue_bytes: 8 * SEGMENT,
    ..unlimited()
};

/// A hub with a `talker`, and a `reader` who has taken all it was sent and takes nothing more.
fn with_a_stuck_reader(config: Config) -> (Harness, ClientId, ClientId) {
    let mut world = Harness::new(config);
    let talker = world.log_in("talker");
    let reader = world.log_in("reader");
    world.stall(reader);
    (world, talker, reader)
}

/// A message of `talker` whose frame, a line, is so long.
fn frame(length: usize) -> String {
    message(&"x".repeat(length - said("", "talker").len() - "\n".len()))
}

/// The pieces that wait for a client.
fn pieces(world: &Harness, client: ClientId) -> Vec<usize> {
    world.hub.pending(id(client)).map(<[u8]>::len).collect()
}

#[test]
fn frames_lie_together_until_a_segment_is_full() {
    let (mut world, talker, reader) = with_a_stuck_reader(CONFIG());
    let eight = frame(SEGMENT / 8).repeat(8);
    for segments in 1..=8 {
        world.send(talker, eight.as_bytes());
        assert_eq!(pieces(&world, reader), vec![SEGMENT; segments]);
    }
}

#[test]
fn a_queue_may_be_as_full_as_its_bound_and_no_fuller() {
    for over in [0, 1] {
        let (mut world, talker, reader) = with_a_stuck_reader(CONFIG());
        world.send(talker, frame(SEGMENT / 8).repeat(63).as_bytes());
        world.send(talker, frame(SEGMENT / 8 + over).as_bytes());
        let closed = Output::Close(id(reader), CloseReason::SlowConsumer);
        assert_eq!(world.log.contains(&closed), over == 1);
    }
}

#[test]
fn a_reader_lags_once_more_than_half_of_its_queue_is_full() {
    for over in [0, 1] {
        let config = Config {
            lag_pause: 2 * MS,
            ..CONFIG()
        };
        let (mut world, talker, _) = with_a_stuck_reader(config);
        // The last one begins a segment.
        let three = frame(3200).repeat(3);
        let shorter = [frame(3200), frame(3200), frame(3168)].concat();
        world.send(talker, [&three[..], &three, &shorter].concat().as_bytes());
        world.log.clear();
        world.send(talker, frame(4000 + over).as_bytes());
        world.send(talker, frame(SEGMENT / 8).as_bytes());
        let waits = world.log.contains(&Output::PauseRead(id(talker)));
        assert_eq!(waits, over == 1, "with half of the queue and {over} more");
    }
}

#[test]
fn a_reader_that_lags_is_waited_for_up_to_the_limit_and_not_at_it() {
    for late in [false, true] {
        let config = Config {
            lag_pause: 2 * MS,
            lag_limit: SECOND,
            ..CONFIG()
        };
        let (mut world, talker, _) = with_a_stuck_reader(config);
        world.send(talker, frame(SEGMENT / 8).repeat(33).as_bytes());
        world.advance(if late { SECOND } else { SECOND - MS });
        world.log.clear();
        world.send(talker, frame(SEGMENT / 8).repeat(2).as_bytes());
        let waits = world.log.contains(&Output::PauseRead(id(talker)));
        assert_eq!(waits, !late);
    }
}

#[test]
fn nothing_more_is_taken_from_who_has_more_than_half_of_its_queue_in_answers() {
    for over in [0, 1] {
        let (mut world, talker, reader) = with_a_stuck_reader(CONFIG());
        world.send(talker, frame(SEGMENT / 8).repeat(31).as_bytes());
        world.send(talker, frame(SEGMENT / 8 + over).as_bytes());
        world.send(reader, message("hi").as_bytes());
        let waits = world.log.contains(&Output::PauseRead(id(reader)));
        assert_eq!(waits, over == 1, "with half of the queue and {over} more");
    }
}

#[test]
fn a_segment_takes_no_more_memory_than_the_frames_that_fill_it_need() {
    // Nine frames of 1000 bytes fill one; a vector that doubles would take 16,000 for them.
    let config = Config {
        total_queue_bytes: 16 * SEGMENT,
        ..CONFIG()
    };
    let (mut world, talker, _) = with_a_stuck_reader(config);
    world.send(talker, frame(1000).repeat(6 * 9).as_bytes());
    let away = command("join", "channel", "away");
    let second = world.log_in("second");
    for member in [talker, second] {
        world.send(member, away.as_bytes());
    }
    world.stall(second);
    world.send(talker, frame(1000).repeat(6 * 9).as_bytes());
    assert_eq!(world.hub.connections(), 3, "twelve segments fit");
}

#[test]
fn what_is_held_stays_when_all_that_others_held_is_given_back() {
    // So many that the places of segments are given back once there are none.
    const SEGMENTS: usize = 1100;
    let mut hub = Hub::new(
        Config {
            send_queue_bytes: 8 * 1024,
            ..unlimited()
        },
        Start::default(),
    );
    let mut held = 0;
    let mut stuck = Vec::new();
    while held < SEGMENTS {
        let number = stuck.len();
        let conn = ConnId(number as u64);
        let mut asks = vec![
            login(&format!("number-{number}-x")),
            command("join", "channel", &format!("room-{number}-x")),
        ];
        asks.resize(40, ask("users"));
        let address = Ipv4Addr::LOCALHOST.into();
        hub.handle(Time::ZERO, Input::Opened(conn, Peer(address)));
        for asked in &asks {
            hub.handle(Time::ZERO, Input::Received(conn, asked.as_bytes()));
        }
        // Those of its room are its own.
        let whole = |piece: &&[u8]| piece.len() > 1024;
        held += hub.pending(conn).filter(whole).count();
        stuck.push(conn);
    }
    let last = stuck.pop().expect("there are many");
    let pending: Vec<u8> = hub.pending(last).flatten().copied().collect();
    for conn in stuck {
        hub.handle(Time::ZERO, Input::Closed(conn));
    }
    hub.check_invariants();
    // More of its answers may have come meanwhile.
    let mut now = hub.pending(last).flatten();
    assert!(pending.iter().all(|byte| now.next() == Some(byte)));
}
