//! Flood control: it delays, drops nothing, and what waits meanwhile is bounded.

use chatmaster_core::testing::packages::{error, left, message, said};
use chatmaster_core::testing::{Harness, id};
use chatmaster_core::{CloseReason, Config, Output};

use crate::{MS, SECOND};

#[test]
fn flood_control_delays_and_drops_nothing() {
    let mut world = Harness::new(Config::default());
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
    let mut world = Harness::new(Config::default());
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
    let mut world = Harness::new(config);
    let deluge = world.log_in("deluge");
    let flood = message("x").repeat(100);
    world.send(deluge, flood.as_bytes());
    for _ in 0..20 {
        world.send(deluge, flood.as_bytes());
    }
    assert_eq!(world.log.last(), Some(&Output::Finish(id(deluge))));
    let told = world.packages(deluge).pop().unwrap();
    assert_eq!(
        told,
        error("package", "Too many bytes came while reading was paused.")
    );
}

#[test]
fn what_is_left_of_one_read_may_be_as_much_as_a_backlog_and_no_more() {
    let text = message("x");
    let config = Config {
        backlog_bytes: 400 * text.len(),
        ..Config::default()
    };
    for (more, stays) in [("", true), (" ", false)] {
        let mut world = Harness::new(config.clone());
        let listener = world.log_in("listener");
        let flooder = world.log_in("flooder");
        world.advance(60 * SECOND);
        world.packages(listener);
        world.packages(flooder);
        // 30 are taken at once.
        world.send(flooder, (text.repeat(430) + more).as_bytes());
        assert_eq!(world.packages(flooder).is_empty(), stays);
        world.advance(60 * SECOND);
        let heard = world.packages(listener);
        let messages = heard.iter().filter(|heard| **heard == said("x", "flooder"));
        assert_eq!(messages.count(), if stays { 430 } else { 30 });
    }
}
