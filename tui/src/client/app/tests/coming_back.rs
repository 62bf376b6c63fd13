//! How the client comes into the chat, and back into it.

use std::time::Duration;

use super::*;

#[test]
fn with_a_name_and_a_room_the_client_connects_at_once() {
    let mut scene = Scene::connecting(80, 24);
    let effects = scene.tell(Msg::Start {
        room: Some("dev".into()),
        login_name: Some("root".into()),
    });
    assert_eq!(effects, connect("alice", Some("dev")));
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(logged_in("alice"));
    scene.event(joined("alice", "general", true));
    scene.enters("dev");
    assert!(scene.screen()[2].contains("You are in dev now."));
}

#[test]
fn a_lost_connection_is_tried_again_by_itself_after_growing_pauses() {
    let mut scene = Scene::chatting(58, 10);
    let mut effects = scene.event(lost());
    // Doubled each time, from a second to a minute, and a fifth more or less.
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        let (slept, then) = sleep(&mut scene, &effects);
        let pause = Duration::from_secs(seconds);
        assert!(
            pause * 8 / 10 <= slept && slept <= pause * 12 / 10,
            "{slept:?} instead of about {pause:?}"
        );
        assert_eq!(then, connect("alice", None));
        assert!(scene.title().contains("connecting"));
        effects = scene.tell(Msg::NotConnected("Nobody is there.".into()));
    }
    let told = scene.log().join("\n");
    assert_eq!(told.matches("Nobody is there.").count(), 1, "{told}");
}

#[test]
fn the_pauses_of_two_clients_differ() {
    let pause = |seed| {
        let mut scene = Scene::chatting(58, 10);
        scene.app.set_seed(seed);
        let effects = scene.event(lost());
        sleep(&mut scene, &effects).0
    };
    assert_ne!(pause(1), pause(2));
    assert_eq!(pause(1), pause(1));
}

#[test]
fn the_seconds_until_the_next_try_are_counted_down() {
    let mut scene = Scene::chatting(80, 24);
    scene.event(lost());
    scene.tell(Msg::Woke);
    scene.tell(Msg::Woke);
    // The second pause, of 2 s times 0.8 and four tenths of the second number of SplitMix64 from 0,
    // 0x6E78_9E6A_A1B9_65F4 of 2^64, or 0.4315: 1.945 s.
    let effects = scene.tell(Msg::NotConnected("Nobody is there.".into()));
    assert_eq!(wake(&effects).as_millis(), 945);
    assert!(scene.rule().contains("again in 2 s"), "{}", scene.rule());
    let effects = scene.tell(Msg::Woke);
    assert_eq!(wake(&effects), Duration::from_secs(1));
    assert!(scene.rule().contains("again in 1 s"), "{}", scene.rule());
}

#[test]
fn a_connection_that_held_for_a_minute_starts_anew_with_a_short_pause() {
    for (minutes, expected) in [(0, 4), (1, 1)] {
        let mut scene = Scene::chatting(58, 10);
        scene.event(lost());
        scene.tell(Msg::NotConnected("No.".into()));
        scene.key(KeyCode::Enter);
        // The user has tried: from the start again.
        scene.tell(Msg::NotConnected("No.".into()));
        scene.tell(Msg::NotConnected("No.".into()));
        scene.tell(Msg::Connected(Role::Guest));
        scene.event(logged_in("alice"));
        scene.at = date(2026, 11, 24).at(12, minutes, 0, 0);
        let effects = scene.event(lost());
        let (slept, _) = sleep(&mut scene, &effects);
        let off = slept.as_secs_f64() / f64::from(expected);
        assert!((0.8..=1.2).contains(&off), "{slept:?}");
    }
}

#[test]
fn enter_does_not_wait_for_the_pause_and_a_late_waking_does_nothing() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(lost());
    assert_eq!(scene.key(KeyCode::Enter), connect("alice", None));
    assert_eq!(scene.tell(Msg::Woke), []);
}

#[test]
fn whoever_disconnects_is_not_connected_again() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(lost());
    assert_eq!(scene.send("/disconnect"), []);
    assert!(scene.rule().contains("Press Enter to connect"));
    assert_eq!(scene.tell(Msg::Woke), []);
    assert!(!scene.app.is_lost(), "it is as the user wants it");
}

#[test]
fn one_comes_back_into_the_room_one_was_in() {
    let mut scene = Scene::chatting(80, 24);
    scene.enters("tea");
    scene.event(channels(&["general", "tea"], Listing::Channels));
    let effects = scene.event(lost());
    assert_eq!(sleep(&mut scene, &effects).1, connect("alice", Some("tea")));
    scene.tell(Msg::Connected(Role::Guest));
    scene.send("/clear");
    scene.event(logged_in("alice"));
    scene.event(joined("alice", "general", true));
    scene.enters("tea");
    scene.event(channels(&["general", "tea"], Listing::Channels));
    let log = scene.log().join("\n");
    assert!(log.contains("You are back as alice, in general."), "{log}");
    assert!(log.contains("You are back in tea."), "{log}");
    assert!(!log.contains("public"), "{log}");
    assert!(scene.title().starts_with(" tea "), "{}", scene.title());
}

#[test]
fn one_still_wants_back_when_the_connection_is_lost_on_the_way() {
    let mut scene = Scene::chatting(80, 24);
    scene.enters("tea");
    for _ in 0..3 {
        let effects = scene.event(lost());
        assert_eq!(sleep(&mut scene, &effects).1, connect("alice", Some("tea")));
        scene.tell(Msg::Connected(Role::Guest));
        scene.event(logged_in("alice"));
        scene.event(joined("alice", "general", true));
    }
}

#[test]
fn a_private_room_that_has_become_public_is_warned_of() {
    let mut scene = Scene::chatting(110, 24);
    scene.enters("lair");
    scene.event(channels(&["general"], Listing::Private));
    scene.event(lost());
    scene.key(KeyCode::Enter);
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(logged_in("alice"));
    scene.enters("lair");
    scene.event(channels(&["general", "lair"], Listing::Channels));
    let log = scene.log().join("\n");
    let warning = "!!   lair was private and is public now";
    assert_eq!(log.matches(warning).count(), 1, "{log}");
    scene.event(channels(&["general", "lair"], Listing::Channels));
    let log = scene.log().join("\n");
    assert_eq!(log.matches(warning).count(), 1, "it is said once: {log}");
}

#[test]
fn a_private_room_that_lets_nobody_in_is_told_of() {
    let mut scene = Scene::chatting(110, 24);
    scene.enters("lair");
    scene.event(channels(&["general"], Listing::Private));
    scene.event(lost());
    scene.key(KeyCode::Enter);
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(logged_in("alice"));
    scene.event(error("join", "The room is private."));
    let log = scene.log().join("\n");
    assert!(
        log.contains("!!   You are not back in lair: The room is private."),
        "{log}"
    );
    // Later it is as with every room.
    scene.event(error("join", "No."));
    assert!(scene.log().join("\n").contains("!!   join: No."));
    scene.event(lost());
    assert_eq!(scene.key(KeyCode::Enter), connect("alice", None));
}

#[test]
fn what_does_not_speak_the_protocol_is_not_tried_again_by_itself() {
    let mut scene = Scene::connecting(58, 10);
    let violation = chatmaster_core::wire::Violation::NotAPackage(b'S');
    assert_eq!(scene.event(Event::Ended(End::Violation(violation))), []);
    assert!(scene.rule().contains("Press Enter to connect"));
    assert!(scene.app.is_lost());
}
