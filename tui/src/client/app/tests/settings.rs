//! What can be had otherwise, and the chat log for a file.

use super::*;
use crate::settings::{Setting, Theme};

#[test]
fn what_is_set_counts_at_once_and_is_to_be_kept() {
    let mut scene = Scene::chatting(58, 10);
    let mouse = scene.send("/set mouse off");
    assert_eq!(
        mouse,
        [
            Effect::Mouse(Mouse::Selects),
            Effect::Set(Setting::Mouse(false))
        ]
    );
    assert_eq!(scene.send("/mouse"), [Effect::Mouse(Mouse::Scrolls)]);
    let theme = Effect::Set(Setting::Theme(Theme::Light));
    assert_eq!(scene.send("/set theme light"), [theme]);
    assert_eq!(scene.send("/set"), [Effect::Settings]);
}

#[test]
fn what_cannot_be_set_is_explained_and_stays_in_the_box() {
    let mut scene = Scene::chatting(58, 10);
    assert_eq!(scene.send("/set thme dark"), []);
    let told = "12:00         !!   There is no setting thme. Did you mean";
    assert_eq!(scene.log()[0], told);
    assert_eq!(scene.input(), "> /set thme dark");
}

#[test]
fn settings_complete() {
    let mut scene = Scene::chatting(58, 10);
    scene.write("/set sc");
    scene.key(KeyCode::Tab);
    assert_eq!(scene.input(), "> /set scrollback");
}

#[test]
fn no_more_is_kept_to_scroll_back_to_than_is_set() {
    let mut scene = Scene::chatting(58, 10);
    (0..200).for_each(|n| scene.says("bob", &n.to_string()));
    scene.send("/set scrollback 100");
    scene.key(KeyCode::Home);
    assert_eq!(scene.log()[0], "12:00        bob │ 100");
    (0..5).for_each(|n| scene.says("bob", &n.to_string()));
    assert_eq!(scene.log()[0], "12:00        bob │ 105");
}

#[test]
fn one_reads_of_the_coming_and_going_of_those_one_wants_to() {
    for (joins, told) in [("all", 4), ("talkers", 2), ("none", 0)] {
        let mut scene = Scene::chatting(58, 16);
        scene.says("bob", "hi");
        scene.send(&format!("/set joins {joins}"));
        for name in ["bob", "carol"] {
            scene.event(left(name, "general", false));
            scene.event(joined(name, "general", false));
        }
        let passing = |row: &&String| row.contains("-->") || row.contains("<--");
        assert_eq!(scene.log().iter().filter(passing).count(), told, "{joins}");
        let members = scene.app.windows.here().members.names();
        assert_eq!(members, ["alice", "bob", "carol"], "but they are there");
    }
}

#[test]
fn the_rooms_one_is_in_are_kept_and_entered_the_next_time() {
    let kept = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::KeepRooms { server, rooms } => Some((server, rooms.join(" "))),
            _ => None,
        })
    };
    let server = || String::from("127.0.0.1:9000");
    let mut scene = Scene::together(80, 24);
    scene.app.remember_rooms(Vec::new());
    let effects = scene.tell(Msg::Focus(Focus::Here));
    assert_eq!(kept(effects), Some((server(), "general".into())));
    assert_eq!(
        kept(scene.send("/join tea")),
        Some((server(), "general tea".into()))
    );
    assert_eq!(
        kept(scene.event(joined("alice", "tea", true))),
        None,
        "they are the same"
    );
    assert_eq!(kept(scene.event(lost())), None, "she wants back");
    // The next time.
    let mut scene = Scene::connecting(80, 24);
    scene
        .app
        .remember_rooms(vec!["general".into(), "tea".into(), "den".into()]);
    let start = scene.tell(Msg::Start {
        room: Some("den".into()),
        login_name: None,
    });
    assert_eq!(
        start,
        connect("alice", None),
        "the client enters them itself"
    );
    scene.tell(Msg::Connected(Role::Guest));
    let effects = scene.event(logged_in_2("general", &["general"], false));
    let joins = effects.iter().filter_map(|effect| match effect {
        Effect::Act(_, Action::Other(Command::Join { channel, .. })) => Some(&**channel),
        _ => None,
    });
    assert_eq!(joins.collect::<Vec<_>>(), ["tea", "den"]);
    assert!(scene.title().starts_with(" den "), "{}", scene.title());
    scene.event(joined("alice", "tea", true));
    // One that lets her in no more is not tried again the next time.
    let effects = scene.event(error("join", "The room is private."));
    assert_eq!(kept(effects), Some((server(), "general tea".into())));
    assert!(!scene.title().starts_with(" den "), "{}", scene.title());
}

#[test]
fn each_entry_is_a_line_for_the_file_if_there_is_one() {
    let mut scene = Scene::chatting(58, 10);
    scene.app.set_log_file(LogFile::Kept);
    let mut logged = |event| match &scene.event(event)[..] {
        [Effect::Log(line)] => line.clone(),
        other => panic!("{other:?} is not one line"),
    };
    let message = |text: &str| message("bob", text);
    assert_eq!(
        logged(message("a\\b\nc\x1B")),
        r"2026-11-24 12:00:00 [general] <bob> a\\b\nc␛"
    );
    assert_eq!(
        logged(message("/me waves")),
        "2026-11-24 12:00:00 [general] * bob waves"
    );
    assert_eq!(
        logged(joined("carol", "general", false)),
        "2026-11-24 12:00:00 [general] --> carol joined general."
    );
    assert_eq!(
        logged(left("carol", "general", false)),
        "2026-11-24 12:00:00 [general] <-- carol left general."
    );
    assert_eq!(
        logged(error("message", "No.")),
        "2026-11-24 12:00:00 [general] !! Not delivered: No."
    );
    scene.send("/clear");
    assert_eq!(scene.tell(Msg::Resized(58, 10)), []);
}
