//! Talks with one person: in windows of their own, and a reply can never go to the wrong place.

use super::*;

#[test]
fn what_one_person_says_to_another_is_in_a_window_of_its_own() {
    let mut scene = Scene::together(58, 12);
    scene.write("half a li");
    let effects = scene.event(told("bob", "psst", 4));
    assert!(effects.contains(&Effect::Bell), "{effects:?}");
    assert_eq!(scene.log(), [""; 0], "nothing of it is in a room");
    assert!(scene.rule().ends_with(" 2 @bob (1!) ─"), "{}", scene.rule());
    scene.alt('a');
    assert!(scene.title().starts_with(" @bob "), "{}", scene.title());
    assert_eq!(scene.log()[1], "12:04        bob │ psst");
    assert_eq!(scene.send("what?"), [tell_alone("bob", "what?")]);
    assert_eq!(
        scene.send("/me listens"),
        [tell_alone("bob", "/me listens")]
    );
    scene.alt('1');
    assert_eq!(scene.input(), "> half a li");
}

#[test]
fn one_tells_somebody_something_without_going_there() {
    let mut scene = Scene::together(58, 12);
    let effects = scene.send("/msg bob over  here");
    assert!(
        effects.contains(&tell_alone("bob", "over  here")),
        "{effects:?}"
    );
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
    assert_eq!(scene.log(), ["12:00         --   Told @bob (Alt-2)."]);
    scene.alt('2');
    assert_eq!(scene.log(), ["12:00      alice │ over  here"]);
    scene.event(error("message", "There is no user named bob."));
    assert_eq!(scene.input(), "> over  here");
}

#[test]
fn one_talks_with_somebody_and_closes_that() {
    let mut scene = Scene::together(58, 12);
    let effects = scene.send("/query Bob");
    let asked = |effect: &Effect| matches!(effect, Effect::Act(_, Action::Other(Command::History { with, .. })) if with.as_deref() == Some("Bob"));
    assert!(effects.iter().any(asked), "{effects:?}");
    scene.event(history("@Bob", &[2, 3], false));
    assert_eq!(
        scene.log()[1..],
        ["12:02        bob │ 2", "12:03        bob │ 3"]
    );
    scene.write("se");
    // The name as the server has it is the same window.
    scene.event(told("bob", "hi", 4));
    assert_eq!(scene.send("cret"), [tell_alone("bob", "secret")]);
    assert_eq!(scene.send("/close"), []);
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
    assert_eq!(scene.app.windows.iter().count(), 1);
    scene.send("/query carol");
    assert_eq!(scene.send("/leave"), [], "there is nothing to leave");
    assert_eq!(scene.app.windows.iter().count(), 1);
}

#[test]
fn a_window_follows_its_person_through_a_change_of_name() {
    let mut scene = Scene::together(58, 12);
    let renamed = |old: &str, new: &str| Event::Renamed {
        old_username: old.into(),
        new_username: new.into(),
        channel: Some("general".into()),
        me: false,
        request: None,
    };
    scene.send("/query bob");
    scene.write("for b");
    scene.event(renamed("bob", "robert"));
    assert!(scene.title().starts_with(" @robert "), "{}", scene.title());
    assert_eq!(scene.send("ob"), [tell_alone("robert", "for bob")]);
    // What was typed for someone who had the name before is not for who has it now.
    scene.send("/query carol");
    scene.write("for carol");
    scene.event(renamed("robert", "carol"));
    assert_eq!(scene.key(KeyCode::Enter), []);
    assert!(
        scene
            .log()
            .concat()
            .contains("Not sent: carol is somebody else now.")
    );
    scene.alt('2');
    assert!(scene.title().starts_with(" @carol "), "{}", scene.title());
    assert_eq!(scene.send("for bob"), [tell_alone("carol", "for bob")]);
}

#[test]
fn what_was_told_while_one_was_away_is_there() {
    let mut scene = Scene::together(58, 12);
    scene.event(told("bob", "3", 3));
    scene.event(history("@bob", &[3], false));
    scene.event(lost());
    scene.control('r');
    scene.tell(Msg::Connected(Role::Guest));
    let mut event = logged_in_2("general", &["general"], true);
    if let Event::LoggedIn { with, .. } = &mut event {
        *with = vec!["bob".into(), "carol".into(), "dave".into()];
    }
    let effects = scene.event(event);
    let after = |name: &str| {
        effects.iter().find_map(|effect| match effect {
            Effect::Act(_, Action::Other(Command::History { with, after, .. })) => {
                after.filter(|_| with.as_deref() == Some(name))
            }
            _ => None,
        })
    };
    // Of others one knows nothing: what is newer than all one knows is new.
    assert_eq!(
        [after("bob"), after("carol"), after("dave")],
        [Some(2), Some(2), Some(2)]
    );
    scene.event(history("@bob", &[3, 5], false));
    scene.event(history("@carol", &[4], false));
    scene.event(history("@dave", &[], false));
    let talks = scene
        .app
        .windows
        .iter()
        .map(|window| (window.name(), window.log.unread().mentions));
    let expected = [
        ("general".into(), 0),
        ("@bob".into(), 2),
        ("@carol".into(), 1),
    ];
    assert_eq!(talks.collect::<Vec<_>>(), expected);
    scene.alt('3');
    assert_eq!(scene.log()[1..], ["12:04        bob │ 4"]);
}

#[test]
fn strangers_can_open_only_so_many_windows() {
    let mut scene = Scene::together(58, 12);
    scene.joins("tea");
    scene.event(told("bob", "hi", 1));
    scene.alt('3');
    scene.write("half an answer");
    scene.alt('2');
    for n in 0..200 {
        scene.event(told(&format!("stranger-{n}"), "buy!", 10 + n));
    }
    let windows = &scene.app.windows;
    assert_eq!(windows.iter().count(), super::super::windows::MAX_WINDOWS);
    assert!(windows.room("general").is_some() && windows.room("tea").is_some());
    let bob = windows.person("bob").expect("something is typed for him");
    assert_eq!(bob.editor.text(), "half an answer");
}
