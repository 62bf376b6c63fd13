//! Under which name the client comes into the chat, and back into it.

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
        channel: None,
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
