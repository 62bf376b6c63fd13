//! How the client comes into the chat, and back into it.

use std::time::Duration;

use super::*;

/// A client that nobody has told a name, with a login name to offer.
fn nameless() -> Scene {
    let mut scene = Scene::named(None, 58, 10);
    let login_name = Some("alice".into());
    let effects = scene.tell(Msg::Start {
        room: None,
        login_name,
    });
    assert_eq!(effects, []);
    scene
}

fn connect(name: &str, room: Option<&str>) -> Vec<Effect> {
    vec![Effect::Connect {
        address: None,
        name: Some(name.into()),
        room: room.map(Into::into),
    }]
}

fn logged_in(name: &str) -> Event {
    Event::LoggedIn {
        username: name.into(),
        channel: "general".into(),
        channels: vec!["general".into()],
        more: 0,
        request: None,
    }
}

fn taken() -> Event {
    Event::NameWanted {
        reason: Some("Username is already taken.".into()),
        request: None,
    }
}

/// The time that the only effect asks to be woken after.
fn wake(effects: &[Effect]) -> Duration {
    match effects {
        [Effect::Wake(after)] => *after,
        other => panic!("{other:?} is not a wake"),
    }
}

/// Lets the client sleep until it does something else; how long that was, and what it does.
fn sleep(scene: &mut Scene, effects: &[Effect]) -> (Duration, Vec<Effect>) {
    let mut slept = wake(effects);
    loop {
        let effects = scene.tell(Msg::Woke);
        match effects[..] {
            [Effect::Wake(after)] => slept += after,
            _ => return (slept, effects),
        }
    }
}

#[test]
fn a_name_is_asked_for_before_connecting_with_the_login_name_to_take() {
    let mut scene = nameless();
    assert_eq!(scene.input(), "Name: alice");
    assert!(scene.rule().contains("Choose a name."), "{}", scene.rule());
    assert_eq!(scene.key(KeyCode::Enter), connect("alice", None));
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(logged_in("alice"));
    assert_eq!(
        scene.log(),
        ["12:00         --   You are alice, in general. /help helps."]
    );
}

#[test]
fn another_name_can_be_typed_instead() {
    let mut scene = nameless();
    scene.control('u');
    assert_eq!(scene.key(KeyCode::Enter), [], "there is no name");
    assert_eq!(scene.send("bob"), connect("bob", None));
}

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
    scene.event(joined("alice", "dev", true));
    assert!(scene.screen()[2].contains("You are in dev now."));
}

#[test]
fn a_name_that_can_be_none_is_asked_for_again_as_it_was_typed() {
    let mut scene = Scene::named(Some("a b"), 58, 10);
    scene.event(Event::NameWanted {
        reason: Some("No spaces.".into()),
        request: None,
    });
    assert_eq!(scene.input(), "Name: a b");
    let longest = "x".repeat(32);
    let mut scene = Scene::named(Some(&longest), 58, 10);
    scene.event(taken());
    assert_eq!(scene.input(), format!("Name: {}_", &longest[1..]));
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
    scene.event(joined("alice", "tea", true));
    scene.event(channels(&["general", "tea"], Listing::Channels));
    let effects = scene.event(lost());
    assert_eq!(sleep(&mut scene, &effects).1, connect("alice", Some("tea")));
    scene.tell(Msg::Connected(Role::Guest));
    scene.send("/clear");
    scene.event(logged_in("alice"));
    scene.event(joined("alice", "general", true));
    scene.event(joined("alice", "tea", true));
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
    scene.event(joined("alice", "tea", true));
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
    scene.event(joined("alice", "lair", true));
    scene.event(channels(&["general"], Listing::Private));
    scene.event(lost());
    scene.key(KeyCode::Enter);
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(logged_in("alice"));
    scene.event(joined("alice", "lair", true));
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
    scene.event(joined("alice", "lair", true));
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

/// A client that has lost its connection and is back at its server, which refuses its name from now on.
fn haunted() -> Scene {
    let mut scene = Scene::chatting(80, 24);
    scene.write("draft");
    scene.event(lost());
    scene.key(KeyCode::Enter);
    scene.tell(Msg::Connected(Role::Guest));
    scene
}

/// Lets the client try its name until it hangs up: what it does then.
fn refuse(scene: &mut Scene) -> Vec<Effect> {
    for seconds in [1, 3, 6] {
        let effects = scene.event(taken());
        let rule = scene.rule();
        assert!(rule.contains("Your name is taken"), "{rule}");
        let (slept, then) = sleep(scene, &effects);
        assert_eq!(slept, Duration::from_secs(seconds));
        assert_eq!(then, act(Action::Login("alice".into())));
    }
    let mut effects = scene.event(taken());
    assert_eq!(effects.remove(0), Effect::Disconnect);
    assert!(
        scene
            .rule()
            .contains("alice is still taken. Trying again in"),
        "{}",
        scene.rule()
    );
    effects
}

#[test]
fn a_name_that_the_lost_connection_may_still_hold_is_tried_for_ever_and_no_other() {
    let mut scene = haunted();
    for _ in 0..20 {
        let effects = refuse(&mut scene);
        let (slept, then) = sleep(&mut scene, &effects);
        assert!(slept <= Duration::from_secs(72), "{slept:?}");
        assert_eq!(then, connect("alice", None));
        scene.tell(Msg::Connected(Role::Guest));
    }
    let log = scene.log().join("\n");
    assert_eq!(
        log.matches("You are not back as alice yet").count(),
        1,
        "{log}"
    );
    scene.event(logged_in("alice"));
    assert!(
        scene
            .log()
            .join("\n")
            .contains("You are back as alice, in general.")
    );
    assert_eq!(scene.input(), "> draft");
}

#[test]
fn a_server_that_closes_whoever_waits_for_a_name_is_tried_again_under_the_same() {
    for closed in [
        End::ClosedByServer {
            reason: Some("No login within 30 seconds.".into()),
        },
        End::ClosedByServer { reason: None },
        End::Lost,
        End::Violation(chatmaster_core::wire::Violation::NotAPackage(b'H')),
    ] {
        let mut scene = haunted();
        for _ in 0..20 {
            scene.event(taken());
            scene.event(error("login", "No login within 30 seconds."));
            let effects = scene.event(Event::Ended(closed.clone()));
            assert_eq!(sleep(&mut scene, &effects).1, connect("alice", None));
            scene.tell(Msg::Connected(Role::Guest));
        }
        let log = scene.log().join("\n");
        assert_eq!(log.matches("No login within 30").count(), 1, "{log}");
    }
}

#[test]
fn a_login_that_finds_the_session_gone_asks_for_no_name() {
    let mut scene = haunted();
    let effects = scene.event(taken());
    assert_eq!(
        sleep(&mut scene, &effects).1,
        act(Action::Login("alice".into()))
    );
    let login = Action::Login("alice".into());
    assert_eq!(scene.not_done(&login, "The connection is closed."), []);
    assert_eq!(scene.input(), "> draft");
    let effects = scene.event(lost());
    assert_eq!(sleep(&mut scene, &effects).1, connect("alice", None));
}

#[test]
fn whoever_wants_another_name_and_chooses_none_comes_back_under_the_one_there_was() {
    let minute = Effect::Wake(Duration::from_secs(60));
    let mut scene = haunted();
    scene.event(taken());
    assert_eq!(scene.key(KeyCode::Enter), std::slice::from_ref(&minute));
    // Nor does the client, if the server does.
    assert_eq!(scene.tell(Msg::Woke), connect("alice", None));
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(taken());
    scene.key(KeyCode::Enter);
    scene.write("_or");
    // The server does not wait for ever; the user may go on, with all that was typed.
    let effects = scene.event(lost());
    assert_eq!(scene.input(), "Name: alice_or");
    assert_eq!(wake(&effects), Duration::from_secs(60));
    assert_eq!(scene.tell(Msg::Woke), connect("alice", None));
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(taken());
    scene.key(KeyCode::Enter);
    scene.write("2");
    scene.event(lost());
    assert_eq!(scene.key(KeyCode::Enter), connect("alice2", None));
    // It is the user's choice; if it is taken, too, that is for the user to decide on again.
    scene.tell(Msg::Connected(Role::Guest));
    assert_eq!(scene.event(taken()), [minute]);
    assert_eq!(scene.input(), "Name: alice2_");
    let effects = scene.event(lost());
    assert_eq!(wake(&effects), Duration::from_secs(60));
    assert_eq!(scene.tell(Msg::Woke), connect("alice", None));
}

#[test]
fn a_name_that_was_changed_is_the_one_to_come_back_under() {
    let mut scene = Scene::chatting(80, 24);
    scene.event(Event::Renamed {
        old_username: "alice".into(),
        new_username: "Eve".into(),
        me: true,
        request: None,
    });
    scene.event(lost());
    assert_eq!(scene.key(KeyCode::Enter), connect("Eve", None));
    scene.tell(Msg::Connected(Role::Guest));
    assert_eq!(wake(&scene.event(taken())), Duration::from_secs(1));
    // At another server it is nobody's yet.
    scene.key(KeyCode::Enter);
    scene.event(lost());
    scene.tell(Msg::Woke);
    scene.send("/connect chat.example.org");
    scene.tell(Msg::Connected(Role::Guest));
    assert_eq!(scene.event(taken()), []);
    assert_eq!(scene.input(), "Name: Eve_");
}

#[test]
fn whoever_does_not_want_to_wait_for_the_name_takes_another() {
    let mut scene = Scene::chatting(58, 10);
    scene.event(lost());
    scene.key(KeyCode::Enter);
    scene.event(taken());
    scene.key(KeyCode::Enter);
    assert_eq!(scene.input(), "Name: alice");
    assert_eq!(scene.send("2"), act(Action::Login("alice2".into())));
}

#[test]
fn a_first_name_is_chosen_by_the_user_however_long_that_takes() {
    let mut scene = Scene::connecting(58, 10);
    scene.event(taken());
    let closed = Event::Ended(End::ClosedByServer {
        reason: Some("No login within 30 seconds.".into()),
    });
    assert_eq!(scene.event(closed.clone()), []);
    assert_eq!(scene.input(), "Name: alice_");
    assert_eq!(scene.tell(Msg::Woke), []);
    assert_eq!(scene.send("2"), connect("alice_2", None));
    // Full, or shutting down: later it may be another matter.
    let effects = scene.event(closed);
    assert!(wake(&effects) > Duration::ZERO);
}

#[test]
fn what_does_not_speak_the_protocol_is_not_tried_again_by_itself() {
    let mut scene = Scene::connecting(58, 10);
    let violation = chatmaster_core::wire::Violation::NotAPackage(b'S');
    assert_eq!(scene.event(Event::Ended(End::Violation(violation))), []);
    assert!(scene.rule().contains("Press Enter to connect"));
    assert!(scene.app.is_lost());
}

#[test]
fn a_line_is_followed_by_a_sync_unless_one_is_on_its_way() {
    let mut scene = Scene::chatting(58, 10);
    let say = |text: &str| ask(Action::Say(text.into()));
    let effects = scene.send_alone("one");
    assert_eq!(with_wake(15, effects), [say("one"), ask(Action::Sync)]);
    assert_eq!(scene.send_alone("two"), [say("two")]);
    let synced = |scene: &Scene| {
        let is_sync = |asked: &&Asked| asked.action == Action::Sync;
        let sync = scene.asked.iter().rfind(is_sync).expect("there is one");
        let request = Some(sync.id);
        Msg::Update(Update::Event(Event::Synced { request }))
    };
    assert_eq!(scene.tell_alone(synced(&scene)), act(Action::Sync));
    assert_eq!(scene.tell_alone(synced(&scene)), []);
}

/// Says these texts, with no answer of the server.
fn unanswered(texts: &[&str]) -> Scene {
    let mut scene = Scene::chatting(58, 12);
    for text in texts {
        scene.send_alone(text);
    }
    scene
}

#[test]
fn what_is_not_known_to_have_arrived_is_told_when_the_connection_ends() {
    let mut scene = unanswered(&["one", "/join dev"]);
    scene.event(lost());
    let expected = [
        "12:00      alice │ one",
        "12:00         !!   The connection to the server was lost.",
        "12:00         !!   May not have been delivered: one",
        "12:00         !!   May not have been done: /join dev",
    ];
    assert_eq!(scene.log(), expected);
    assert_eq!(scene.input(), ">", "to send it again is for the user");
    scene.key(KeyCode::Enter);
    scene.event(lost());
    assert_eq!(scene.log().len(), 6, "it is told once: {:?}", scene.log());
}

#[test]
fn what_never_left_comes_back_into_the_box() {
    let mut scene = unanswered(&["one", "//two", "three"]);
    scene.event(scene.unsent(2));
    scene.event(lost());
    let log = scene.log();
    assert_eq!(
        log[4..],
        [
            "12:00         !!   May not have been delivered: one",
            "12:00         !!   Not sent: //two",
            "12:00         !!   Not sent: three",
        ]
    );
    assert_eq!(scene.input(), "> //two");

    let mut scene = unanswered(&["one"]);
    scene.write("draft");
    scene.event(scene.unsent(1));
    scene.event(lost());
    assert_eq!(scene.input(), "> draft", "what is in the box stays");
}

#[test]
fn what_arrived_is_not_told_again() {
    let mut scene = Scene::chatting(58, 10);
    scene.send("one");
    scene.event(lost());
    assert_eq!(scene.log().len(), 2, "{:?}", scene.log());
}

#[test]
fn a_server_that_lists_no_rooms_answers_a_sync_by_its_error() {
    let mut scene = unanswered(&["one"]);
    scene.event(error("channels", "Unknown command."));
    scene.event(lost());
    let expected = [
        "12:00      alice │ one",
        "12:00         !!   The connection to the server was lost.",
    ];
    assert_eq!(scene.log(), expected);
}

/// The effects but for the last, which asks to be woken after so many seconds.
fn with_wake(seconds: u64, mut effects: Vec<Effect>) -> Vec<Effect> {
    let wake = Effect::Wake(Duration::from_secs(seconds));
    assert_eq!(effects.pop(), Some(wake), "after {effects:?}");
    effects
}

#[test]
fn a_server_that_says_nothing_for_long_is_asked_whether_it_is_there() {
    let mut scene = Scene::connecting(58, 10);
    scene.tell(Msg::Connected(Role::Guest));
    let effects = scene.tell_alone(Msg::Update(Update::Event(logged_in("alice"))));
    assert_eq!(with_wake(20, effects), act(Action::Users));
    scene.says("bob", "hi");
    assert_eq!(with_wake(20, scene.tell_alone(Msg::Woke)), []);
    // Now nothing comes for as long.
    assert_eq!(
        with_wake(15, scene.tell_alone(Msg::Woke)),
        act(Action::Sync)
    );
    scene.event(Event::Synced { request: None });
    assert_eq!(with_wake(20, scene.tell_alone(Msg::Woke)), []);
}

#[test]
fn a_server_that_is_gone_is_noticed_within_a_minute_whenever_it_went() {
    for heard in [0, 1] {
        let mut scene = Scene::connecting(58, 12);
        scene.tell(Msg::Connected(Role::Guest));
        let mut effects = scene.tell_alone(Msg::Update(Update::Event(logged_in("alice"))));
        // At best the last word comes right after the client was woken.
        if heard == 1 {
            effects = scene.tell_alone(Msg::Woke);
            scene.says("bob", "hi");
        }
        let mut slept = Duration::ZERO;
        while !effects.contains(&Effect::Disconnect) {
            let Some(Effect::Wake(after)) = effects.last() else {
                panic!("{effects:?} waits for nothing");
            };
            slept += *after;
            effects = scene.tell_alone(Msg::Woke);
        }
        assert!(slept <= Duration::from_secs(60), "{slept:?}");
    }
}

#[test]
fn a_server_that_accepts_connections_and_says_nothing_is_given_up() {
    let mut scene = Scene::connecting(80, 12);
    let effects = scene.tell_alone(Msg::Connected(Role::Guest));
    assert_eq!(with_wake(15, effects), []);
    assert_eq!(scene.tell(Msg::Woke)[0], Effect::Disconnect);
    assert!(scene.title().contains("not connected"));
    // One that wanted a name and then says nothing, too.
    scene.key(KeyCode::Enter);
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(taken());
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    let effects = scene.tell_alone(Msg::Key(enter));
    assert_eq!(with_wake(15, effects), act(Action::Login("alice_".into())));
    assert_eq!(scene.tell(Msg::Woke)[0], Effect::Disconnect);
}

#[test]
fn a_server_that_does_not_answer_is_given_up_and_tried_again() {
    let mut scene = Scene::chatting(80, 12);
    scene.write("hello?");
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    let effects = scene.tell_alone(Msg::Key(enter));
    assert_eq!(
        with_wake(15, effects),
        [ask(Action::Say("hello?".into())), ask(Action::Sync)]
    );
    // What else is said does not make it wait longer.
    scene.write("hello??");
    let effects = scene.tell_alone(Msg::Key(enter));
    assert_eq!(effects, act(Action::Say("hello??".into())));
    let effects = scene.tell(Msg::Woke);
    assert_eq!(effects[0], Effect::Disconnect);
    let log = scene.log().join("\n");
    for told in [
        "!!   The server has not answered for 15 seconds.",
        "!!   May not have been delivered: hello?",
        "!!   May not have been delivered: hello??",
    ] {
        assert!(log.contains(told), "{told} is not in\n{log}");
    }
    let (_, then) = sleep(&mut scene, &effects[1..]);
    assert_eq!(then, connect("alice", None));
}
