//! Several rooms at once: each in its window, and nothing typed in one goes to another.

use proptest::prelude::*;

use super::super::windows::Standing;
use super::*;

/// The names of the windows, in order, that there is something new in, with what is shown of it.
fn news(scene: &Scene) -> Vec<String> {
    let windows = scene.app.windows.iter();
    let counts = windows.map(|window| (window.name(), window.log.unread()));
    let news = counts.filter(|(_, count)| count.messages > 0);
    news.map(|(name, count)| format!("{name} {} {}", count.messages, count.mentions))
        .collect()
}

#[test]
fn what_is_said_is_in_the_window_of_its_room_and_counted_there() {
    let mut scene = Scene::together(58, 12);
    scene.joins("tea");
    assert_eq!(scene.event(said_in("general", "bob", "hi all", 3)), []);
    assert_eq!(scene.event(said_in("tea", "bob", "hi tea", 4)), []);
    let rings = scene.event(said_in("general", "bob", "alice?", 5));
    assert_eq!(rings, [Effect::Bell], "she looks at another window");
    assert_eq!(scene.log(), ["12:04        bob │ hi tea"]);
    assert_eq!(news(&scene), ["general 2 1"]);
    assert!(
        scene.rule().ends_with(" 1 general (2!) ─"),
        "{}",
        scene.rule()
    );
    scene.alt('a');
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
    let new = format!("─ new {}", "─".repeat(52));
    let expected = [
        &*new,
        "12:03        bob │ hi all",
        "12:05        bob │ alice?",
    ];
    assert_eq!(scene.log(), expected);
    assert_eq!(news(&scene), [""; 0]);
}

#[test]
fn what_is_typed_goes_to_the_room_of_its_window_and_the_server_is_told_of_it_once() {
    let mut scene = Scene::together(58, 12);
    scene.joins("tea");
    scene.joins("den");
    assert_eq!(scene.send("one"), [say_in("den", "one")]);
    assert_eq!(scene.alt('1'), [switch("general")]);
    // The answer takes its time, and nothing waits for it.
    assert_eq!(scene.send("two"), [say_in("general", "two")]);
    assert_eq!(scene.alt('2'), []);
    assert_eq!(scene.send("three"), [say_in("tea", "three")]);
    let switched = |room: &str| Event::Notified {
        notification: Notification::ChannelSwitched {
            channel: room.to_owned().into(),
        },
        request: None,
    };
    assert_eq!(scene.event(switched("general")), [switch("tea")]);
    assert_eq!(scene.event(switched("tea")), []);
    // The server may refuse it: it is not asked again and again.
    assert_eq!(scene.alt('3'), [switch("den")]);
    assert_eq!(scene.event(error("switch", "No.")), []);
    assert_eq!(scene.send("four"), [say_in("den", "four")]);
}

#[test]
fn one_stays_in_the_rooms_one_was_in_and_leaves_by_asking() {
    let mut scene = Scene::together(58, 12);
    let stay = |room: &str| {
        ask(Action::Other(Command::Join {
            channel: room.to_owned().into(),
            stay: true,
        }))
    };
    assert_eq!(scene.send("/join tea"), [stay("tea")]);
    // What is typed at once comes behind it.
    assert_eq!(scene.send("hello"), [say_in("tea", "hello")]);
    scene.event(joined("alice", "tea", true));
    let names = |scene: &Scene| {
        scene
            .app
            .windows
            .iter()
            .map(|window| window.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&scene), ["general", "tea"]);
    assert_eq!(
        scene.send("/join general"),
        [switch("general")],
        "she is in it"
    );
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
    scene.send("/join -");
    assert!(scene.title().starts_with(" tea "), "{}", scene.title());
    scene.event(left("alice", "general", true));
    assert_eq!(names(&scene), ["tea"]);
    // Out of the only one the way is to the general room.
    let leave = Action::Other(Command::Leave {
        channel: Some("tea".into()),
    });
    assert_eq!(scene.send("/close"), act(leave));
    assert!(scene.title().starts_with(" general "), "{}", scene.title());
    scene.write("typed ");
    scene.event(left("alice", "tea", true));
    scene.event(joined("alice", "general", true));
    assert_eq!(scene.send("early"), [say_in("general", "typed early")]);
    assert_eq!(names(&scene), ["general"]);
}

#[test]
fn a_message_that_is_refused_comes_back_into_the_box_it_was_typed_in() {
    let mut scene = Scene::together(58, 12);
    scene.joins("tea");
    scene.send("hush");
    scene.alt('1');
    scene.event(error("message", "You are mute here."));
    assert_eq!(scene.input(), ">");
    scene.alt('2');
    assert_eq!(scene.input(), "> hush");
    assert!(
        scene.log()[2].contains("!!   Not delivered: You are mute here."),
        "{:?}",
        scene.log()
    );
}

#[test]
fn one_comes_back_into_all_rooms_one_was_in() {
    let mut scene = Scene::together(80, 24);
    scene.joins("tea");
    scene.joins("den");
    scene.event(said_in("tea", "bob", "first", 7));
    scene.alt('2');
    scene.write("half a tho");
    let effects = scene.event(lost());
    let connected = sleep(&mut scene, &effects).1;
    let connect = Effect::Connect {
        address: None,
        name: Some("alice".into()),
        // The client enters them itself.
        room: None,
        resume: Some("token".into()),
    };
    assert_eq!(connected, [connect]);
    scene.tell(Msg::Connected(Role::Guest));
    let effects = scene.event(logged_in_2("general", &["general"], false));
    let joins = effects.iter().filter_map(|effect| match effect {
        Effect::Act(
            _,
            Action::Other(Command::Join {
                channel,
                stay: true,
            }),
        ) => Some(&**channel),
        _ => None,
    });
    assert_eq!(joins.collect::<Vec<_>>(), ["tea", "den"]);
    scene.write("ught");
    scene.event(joined("alice", "tea", true));
    scene.event(error("join", "The room is private."));
    assert!(scene.title().starts_with(" tea "), "{}", scene.title());
    assert_eq!(scene.key(KeyCode::Enter), [say_in("tea", "half a thought")]);
    let log = scene.log().concat();
    assert!(
        log.contains("You are not back in den: The room is"),
        "{log}"
    );
    let standing = |room: &str| scene.app.windows.room(room).map(|window| window.standing);
    assert_eq!(
        (standing("tea"), standing("den")),
        (Some(Standing::In), None)
    );
}

#[test]
fn a_private_room_that_died_with_its_server_comes_back_with_a_warning() {
    let mut scene = Scene::together(120, 24);
    scene.joins("lair");
    scene.send("/private");
    scene.event(channels(&["general"], Listing::Private));
    scene.event(lost());
    scene.control('r');
    scene.tell(Msg::Connected(Role::Guest));
    scene.event(logged_in_2("general", &["general"], false));
    scene.event(joined("alice", "lair", true));
    for _ in 0..2 {
        scene.event(channels(&["general", "lair"], Listing::Channels));
        let log = scene.log().concat();
        assert_eq!(
            log.matches("lair was private and is public now").count(),
            1,
            "{log}"
        );
    }
    assert!(!scene.title().contains("private"), "{}", scene.title());
}

#[test]
fn nothing_is_said_of_a_place_that_was_taken_again() {
    let mut scene = Scene::together(58, 16);
    scene.joins("tea");
    scene.event(said_in("tea", "bob", "first", 7));
    scene.event(lost());
    let before = scene.log().len();
    scene.key(KeyCode::Enter);
    scene.tell(Msg::Connected(Role::Guest));
    let effects = scene.event(logged_in_2("tea", &["general", "tea"], true));
    let asks_to_join =
        |effect: &Effect| matches!(effect, Effect::Act(_, Action::Other(Command::Join { .. })));
    assert!(!effects.iter().any(asks_to_join), "{effects:?}");
    assert!(
        scene.title().starts_with(" tea · 2 members"),
        "{}",
        scene.title()
    );
    assert_eq!(
        scene.log().len(),
        before + 1,
        "but that it is tried: {:?}",
        scene.log()
    );
}

#[test]
fn a_server_of_version_1_has_the_user_in_one_room() {
    let mut scene = Scene::chatting(80, 24);
    assert_eq!(scene.send("/join tea"), act(Action::Join("tea".into())));
    scene.event(joined("alice", "tea", true));
    assert_eq!(scene.alt('1'), []);
    assert_eq!(scene.send("hello"), []);
    assert!(
        scene
            .log()
            .concat()
            .contains("Not sent: you are not in general.")
    );
    scene.control('u');
    assert_eq!(scene.send("/msg bob psst"), []);
    assert!(
        scene
            .log()
            .concat()
            .contains("This server knows no direct messages.")
    );
}

/// Two rooms and a talk, with something new in two of them.
fn busy(width: u16, height: u16) -> Scene {
    let mut scene = Scene::together(width, height);
    scene.joins("tea");
    scene.joins("lair");
    scene.alt('2');
    scene.notified(Notification::TopicChanged {
        channel: "tea".into(),
        topic: "Oolong, and nothing but oolong".into(),
        username: "bob".into(),
    });
    scene.notified(Notification::ChannelPrivate {
        channel: "lair".into(),
        username: "bob".into(),
    });
    scene.event(channels(&["general", "tea", "dev"], Listing::Channels));
    scene.event(said_in("lair", "bob", "anybody?", 2));
    scene.event(said_in("tea", "bob", "a cup?", 3));
    scene.event(told("carol", "psst", 4));
    scene.send("yes");
    scene.write("half a li");
    scene
}

fn assert_shows(scene: &Scene, picture: &[&str]) {
    let screen = scene.screen();
    let rows: Vec<&str> = screen
        .iter()
        .map(|row| row.trim_end_matches([' ', '│']))
        .collect();
    let rows: Vec<&str> = rows.into_iter().filter(|row| !row.is_empty()).collect();
    assert_eq!(rows, picture, "{screen:#?}");
}

#[test]
fn two_rooms_and_a_talk_at_80_by_24() {
    assert_shows(
        &busy(80, 24),
        &[
            " tea · 2 members · Oolong, and nothing but oolong       alice on 127.0.0.1:9000",
            "12:00         --   bob says that tea is about: Oolong, and     │ Rooms",
            "                   nothing but oolong                          │ 1 general",
            "12:03        bob │ a cup?                                      │ > tea",
            "12:00      alice │ yes                                         │ 3 lair (1)",
            "                                                               │ 4 @carol (1!)",
            "                                                               │   dev",
            "                                                               │ Members",
            "                                                               │ bob",
            "                                                               │ alice",
            "────────────────────────────────────────────────────────────────────────────────",
            "> half a li",
        ],
    );
}

#[test]
fn two_rooms_and_a_talk_at_120_by_40() {
    let rule = "─".repeat(120);
    assert_shows(
        &busy(120, 40),
        &[
            " tea · 2 members · Oolong, and nothing but oolong                                               alice on 127.0.0.1:9000",
            "12:00             --   bob says that tea is about: Oolong, and nothing but oolong               │ Rooms",
            "12:03            bob │ a cup?                                                                   │ 1 general",
            "12:00          alice │ yes                                                                      │ > tea",
            "                                                                                                │ 3 lair (1)",
            "                                                                                                │ 4 @carol (1!)",
            "                                                                                                │   dev",
            "                                                                                                │ Members",
            "                                                                                                │ bob",
            "                                                                                                │ alice",
            &rule,
            "> half a li",
        ],
    );
}

#[test]
fn two_rooms_and_a_talk_at_40_by_10() {
    let mut scene = busy(40, 10);
    assert_shows(
        &scene,
        &[
            " tea · 2 members · Oolong, and n… alice",
            "12:00       --   bob says that tea is",
            "                 about: Oolong, and",
            "                 nothing but oolong",
            "12:03      bob │ a cup?",
            "12:00    alice │ yes",
            "──────────────────── 4 @carol (1!), 3… ─",
            "> half a li",
        ],
    );
    scene.alt('4');
    assert_shows(
        &scene,
        &[
            " @carol         alice on 127.0.0.1:9000",
            "─ new ──────────────────────────────────",
            "12:04    carol │ psst",
            "─────────────────────────── 3 lair (1) ─",
            ">",
        ],
    );
}

/// What a user does, and what happens to one.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Types a character that tells the window it is typed in.
    Type,
    Paste,
    Enter,
    Look(char),
    Join(&'static str),
    Query(&'static str),
    Close,
    /// Something comes, the user is put out or let in or moved, the connection is lost.
    Hear(&'static str),
    Told(&'static str),
    Kicked(&'static str),
    LetIn(&'static str),
    Refused,
    Switched(&'static str),
    Reconnect(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let room = || prop::sample::select(vec!["general", "tea", "lair"]);
    let name = || prop::sample::select(vec!["bob", "carol", "dave"]);
    prop_oneof![
        5 => Just(Step::Type),
        1 => Just(Step::Paste),
        4 => Just(Step::Enter),
        4 => prop::sample::select(vec!['1', '2', '3', '4', 'n', 'p', 'a']).prop_map(Step::Look),
        2 => room().prop_map(Step::Join),
        1 => name().prop_map(Step::Query),
        1 => Just(Step::Close),
        1 => room().prop_map(Step::Hear),
        1 => name().prop_map(Step::Told),
        1 => room().prop_map(Step::Kicked),
        2 => room().prop_map(Step::LetIn),
        1 => Just(Step::Refused),
        1 => room().prop_map(Step::Switched),
        1 => any::<bool>().prop_map(Step::Reconnect),
    ]
}

fn take(scene: &mut Scene, step: Step, id: u64) -> Vec<Effect> {
    let here = scene.app.windows.here();
    let mark = mark_of(&here.name());
    let is_clear = here.editor.is_empty();
    match step {
        Step::Type => scene.write(&mark.to_string()),
        Step::Paste => {
            scene.tell(Msg::Paste(format!("{mark}\n{mark}")));
            return scene.key(KeyCode::Char('m'));
        }
        Step::Enter => return scene.key(KeyCode::Enter),
        Step::Look(key) => return scene.alt(key),
        Step::Join(room) if is_clear => return scene.send(&format!("/join {room}")),
        Step::Query(name) if is_clear => return scene.send(&format!("/query {name}")),
        Step::Close if is_clear => return scene.send("/close"),
        Step::Join(_) | Step::Query(_) | Step::Close => {}
        Step::Hear(room) => drop(scene.event(said_in(room, "bob", "hi", id))),
        Step::Told(name) => drop(scene.event(told(name, "hi", id))),
        Step::Kicked(room) => drop(scene.notified(Notification::UserKicked {
            channel: room.into(),
            username: "alice".into(),
            by: "bob".into(),
            reason: "".into(),
        })),
        Step::LetIn(room) => return scene.event(joined("alice", room, true)),
        Step::Refused => return scene.event(error("join", "No.")),
        Step::Switched(room) => {
            return scene.notified(Notification::ChannelSwitched {
                channel: room.into(),
            });
        }
        Step::Reconnect(resumed) => {
            scene.event(lost());
            scene.control('r');
            scene.tell(Msg::Connected(Role::Guest));
            return scene.event(logged_in_2("general", &["general"], resumed));
        }
    }
    Vec::new()
}

/// The character for what is typed in the window of this name.
fn mark_of(name: &str) -> char {
    let mut chars = name.chars();
    match chars.next() {
        Some('@') => chars.next().expect("it has a name").to_ascii_uppercase(),
        first => first.expect("it has a name"),
    }
}

proptest! {
    #[test]
    fn what_is_typed_in_a_window_goes_nowhere_else(
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut scene = Scene::together(80, 24);
        for (id, step) in (10..).zip(steps) {
            for effect in take(&mut scene, step, id) {
                let (mark, text) = match effect {
                    Effect::Act(_, Action::SayIn { channel, text }) => (mark_of(&channel), text),
                    Effect::Act(_, Action::Tell { to, text }) => (mark_of(&format!("@{to}")), text),
                    Effect::Act(_, Action::Say(text)) => {
                        return Err(TestCaseError::fail(format!("{text:?} does not say where")));
                    }
                    _ => continue,
                };
                let strange = |c: char| c != mark && c != '\n';
                prop_assert!(!text.contains(strange), "{text:?} goes to {mark}");
            }
        }
    }
}
