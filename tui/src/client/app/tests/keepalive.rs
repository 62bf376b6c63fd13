//! How the client notices that the server is gone.

use std::time::Duration;

use super::*;

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
